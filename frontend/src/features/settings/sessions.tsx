import Button from '@mui/material/Button'
import { useEffect, useState } from 'react'
import { Loading, NotLoaded } from '../../components/ui/states'
import { endSession, loadSessions, type OwnSession } from '../../lib/auth'
import { deviceName } from './device'
import { formatDateTime } from '../../lib/date'
import css from './settings.module.css'

/** Where one is signed in, and a way to end it. */
export function Sessions() {
  const [own, setOwn] = useState<OwnSession[] | 'loading' | 'failed'>('loading')
  const [trouble, setTrouble] = useState('')
  const load = async () => { setOwn(await loadSessions().catch(() => 'failed' as const)) }
  useEffect(() => {
    let current = true
    void loadSessions().catch(() => 'failed' as const).then((found) => { if (current) setOwn(found) })
    return () => { current = false }
  }, [])
  const end = async (session: OwnSession) => {
    setTrouble('')
    if (!await endSession(session.id).catch(() => false)) setTrouble('The session could not be ended. Try again.')
    await load()
  }
  return (
    <section aria-labelledby="sessions" className={css.part}>
      <h2 id="sessions">Where you are signed in</h2>
      {trouble && <p role="alert">{trouble}</p>}
      {own === 'loading' ? <Loading rows={2} label="sessions" />
        : own === 'failed' ? <NotLoaded what="Sessions" onRetry={() => { void load() }} />
        : (
          <ul className={css.sessions} aria-label="Sessions">
            {own.map((session) => (
              <li key={session.id}>
                <span title={session.device}>{deviceName(session.device)}</span>
                <small>since {formatDateTime(session.createdAt)}, last used {formatDateTime(session.lastSeenAt)}</small>
                {session.current ? <small>This one</small> : <Button variant="outlined" onClick={() => { void end(session) }}>End<span className="visually-hidden"> {deviceName(session.device)}, since {formatDateTime(session.createdAt)}</span></Button>}
              </li>
            ))}
          </ul>
        )}
    </section>
  )
}
