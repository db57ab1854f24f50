import { createContext, use, useEffect, useMemo, useRef, useState, type ReactNode } from 'react'
import { createEvents, NOTICES, type Events, type Topic } from '../lib/events'

/** Open forms: while there is one, what changed elsewhere waits. */
interface Holds { hold: () => () => void; any: () => boolean; released: () => number; onRelease: (listener: () => void) => () => void }
function createHolds(): Holds {
  let count = 0
  let released = Number.NEGATIVE_INFINITY
  const listeners = new Set<() => void>()
  return {
    hold() {
      count += 1
      return () => {
        count -= 1
        released = Date.now()
        if (count === 0) listeners.forEach((tell) => tell())
      }
    },
    any: () => count > 0,
    released: () => released,
    onRelease: (listener) => { listeners.add(listener); return () => listeners.delete(listener) },
  }
}

interface Live { events: Events; holds: Holds }
const LiveContext = createContext<Live | null>(null)

/** One line to the server for all pages of a person. Without it nothing is live, and nothing else is different. */
export function LiveProvider({ events, children }: { events?: Events; children: ReactNode }) {
  const [made] = useState(() => events ?? createEvents())
  const value = useMemo(() => ({ events: made, holds: createHolds() }), [made])
  return <LiveContext value={value}>{children}</LiveContext>
}

/**
 * How many tasks and messages have come for who is signed in since they last looked at the inbox in this window, by the server's own word. What waited before is not among them: that
 * would have to be read. `refused`: the server does not tell of any at the moment, so there may be more.
 */
export function useNotices(on: boolean, looking: boolean): { count: number; refused: boolean } {
  const live = use(LiveContext)
  const [come, setCome] = useState<ReadonlySet<string>>(() => new Set())
  const [refused, setRefused] = useState(false)
  if (looking && come.size > 0) setCome(new Set())
  useEffect(() => {
    if (!live || !on || looking) return undefined
    const toldLine = () => setRefused(live.events.refuses(NOTICES))
    const off = live.events.onLine(toldLine)
    const stop = live.events.watch(NOTICES, (_, id) => { if (id) setCome((before) => (before.has(id) ? before : new Set([...before, id]))) })
    toldLine()
    return () => { stop(); off() }
  }, [live, on, looking])
  return { count: come.size, refused: refused && on && !looking }
}

/** While this is drawn, and `on`, the chart under it is not read anew: a form in a row that moved would be gone with what was written in it. */
export function useHold(on = true): void {
  const live = use(LiveContext)
  useEffect(() => (on ? live?.holds.hold() : undefined), [live, on])
}

/** Says that somebody has acted without a form: a list that is read next shows it. */
export function useActed(): () => void {
  const live = use(LiveContext)
  return useMemo(() => () => live?.holds.hold()(), [live])
}

/** What is read so soon after a form was closed shows what its writer did. */
const OWN_MS = 5000
/** Whether lists are read anew by themselves here. `acted` tells of a form that was closed just now, or of an act without one. */
export function useLiveLists(): { on: boolean; acted: () => boolean } {
  const live = use(LiveContext)
  return useMemo(() => ({ on: live !== null, acted: () => !!live && Date.now() - live.holds.released() < OWN_MS }), [live])
}

/** Since when the line has been lost, in ms since 1970; null when it is not, or nobody tells. */
export const useLostSince = (): number | null => use(LiveContext)?.events.lostSince() ?? null

/** `off`: nothing is told here; `held`: the record has changed and is read when the open form is closed. */
export type LiveState = 'off' | 'trying' | 'open' | 'lost' | 'held'

/** How many events of one moment are read at once, and how long the first read waits for the line. */
const TOGETHER_MS = 60
const FIRST_MS = 400

/**
 * Follows a patient, or types of records. `ready` is when to read first: as soon as nothing can be missed, or when the line takes too long. After that `read` is
 * called for everything that changed, and when the line is back; of what changes without end, such as the measurements of a house, at most every `everyMs`.
 */
export function useLive(topic: Topic | null, read: () => void, everyMs = 0): { state: LiveState; ready: boolean } {
  const live = use(LiveContext)
  const on = live !== null && topic !== null
  const [ready, setReady] = useState(() => !on || live.events.follows(topic) || live.events.line() === 'lost')
  const [line, setLine] = useState(() => live?.events.line() ?? 'trying')
  const [held, setHeld] = useState(false)
  const latest = useRef({ read, ready })
  useEffect(() => { latest.current = { read, ready } }, [read, ready])
  useEffect(() => {
    if (!live || topic === null) return undefined
    let timer: ReturnType<typeof setTimeout> | undefined
    let waiting = false
    let readAt = Number.NEGATIVE_INFINITY
    const go = () => {
      timer = undefined
      if (live.holds.any()) { waiting = true; setHeld(true); return }
      waiting = false
      setHeld(false)
      readAt = Date.now()
      latest.current.read()
    }
    const soon = () => { timer ??= setTimeout(go, Math.max(TOGETHER_MS, readAt + everyMs - Date.now())) }
    const stop = live.events.watch(topic, (event) => {
      if (event === 'started' && !latest.current.ready) { setReady(true); return }
      soon()
    })
    const toldLine = () => {
      setLine(live.events.line())
      if (live.events.line() === 'lost') setReady(true)
    }
    const off = live.events.onLine(toldLine)
    toldLine()
    const released = () => { if (waiting) soon() }
    const free = live.holds.onRelease(released)
    const late = setTimeout(() => setReady(true), FIRST_MS)
    return () => { clearTimeout(timer); clearTimeout(late); stop(); off(); free() }
  }, [live, topic, everyMs])
  return { ready, state: !on ? 'off' : line !== 'open' ? line : held ? 'held' : 'open' }
}
