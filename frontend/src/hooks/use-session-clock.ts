import { useCallback, useEffect, useRef, useState } from 'react'
import { isOver, keepSession, loadSession } from '../lib/auth'

/** How long before the end one is warned. */
const WARNING_MS = 60_000
/** Someone at work is told to the server at most this often; it counts idle time from what it hears. */
const TELL_MS = 60_000
/** How long the server's word on the end is waited for. */
const WORD_MS = 5000
const CHANNEL = 'wintehr.session'

export type SessionState = 'open' | 'warned' | 'ended'

/**
 * When this session ends, by the server's word. Keys and presses anywhere in the page keep it open; without them one is warned a minute before,
 * and any key extends it. Tabs of one browser share their session, so they tell each other. It has ended when the server says so, or says nothing at its time.
 */
export function useSessionClock(remainingMs: number | null, onEnd: () => void) {
  const [endsAt, setEndsAt] = useState(() => (remainingMs === null ? null : Date.now() + remainingMs))
  const [state, setState] = useState<SessionState>('open')
  const told = useRef(0)
  const channel = useRef<BroadcastChannel | null>(null)

  const opened = useCallback((until: number | null) => {
    setEndsAt(until)
    setState('open')
  }, [])
  const ask = useCallback(async () => {
    told.current = Date.now()
    const session = await keepSession().catch(() => undefined)
    // Without an answer nothing is known: the last word of the server stands.
    if (session === undefined) return
    if (isOver(session)) { setState('ended'); return }
    const until = session.remainingMs === null ? null : Date.now() + session.remainingMs
    opened(until)
    channel.current?.postMessage(until)
  }, [opened])

  useEffect(() => {
    told.current = Date.now()
    if (typeof BroadcastChannel === 'undefined') return undefined
    channel.current = new BroadcastChannel(CHANNEL)
    channel.current.addEventListener('message', (event: MessageEvent<unknown>) => { if (typeof event.data === 'number') opened(event.data) })
    return () => channel.current?.close()
  }, [opened])

  useEffect(() => {
    if (state === 'ended') return undefined
    const active = () => { if (state === 'warned' || Date.now() - told.current >= TELL_MS) void ask() }
    document.addEventListener('keydown', active, true)
    document.addEventListener('pointerdown', active, true)
    return () => {
      document.removeEventListener('keydown', active, true)
      document.removeEventListener('pointerdown', active, true)
    }
  }, [state, ask])

  useEffect(() => {
    if (endsAt === null || state === 'ended') return undefined
    const until = (at: number) => Math.max(0, at - Date.now())
    const warn = state === 'open' ? setTimeout(() => setState('warned'), until(endsAt - WARNING_MS)) : undefined
    let current = true
    const end = setTimeout(() => {
      void loadSession(AbortSignal.timeout(WORD_MS)).catch(() => null).then((session) => {
        if (!current) return
        if (!session || isOver(session)) { setState('ended'); return }
        // It goes on: another window keeps it, or the two clocks differ by less than a second.
        const left = session.remainingMs === null ? null : Math.max(1000, session.remainingMs)
        if (left === null || left > WARNING_MS) opened(left === null ? null : Date.now() + left)
        else setEndsAt(Date.now() + left)
      })
    }, until(endsAt))
    return () => { current = false; clearTimeout(warn); clearTimeout(end) }
  }, [endsAt, state, opened])

  useEffect(() => { if (state === 'ended') onEnd() }, [state, onEnd])
  return { state, endsAt, ask }
}
