import Button from '@mui/material/Button'
import { useSyncExternalStore, type ReactNode } from 'react'
import { lastFailure, onFailure } from '../../lib/failures'
import css from './states.module.css'

/** Bars of the size of the rows to come. */
export function Loading({ rows, label }: { rows: number; label: string }) {
  return (
    <div className={css.loading} role="status" aria-label={`Loading ${label}`}>
      {Array.from({ length: rows }, (_, i) => <div key={i} className={css.bar} />)}
    </div>
  )
}

/** What is not there, in words. */
export function Empty({ children }: { children: ReactNode }) {
  return <p className={css.empty}>{children}</p>
}

/** What could not be loaded, what not to take from that, and another try. */
export function NotLoaded({ what, onRetry }: { what: string; onRetry: () => void }) {
  const request = useSyncExternalStore(onFailure, lastFailure)
  return (
    <div className={css.error} role="alert">
      <strong>{what}: not loaded.</strong>
      <span>This does not mean that there is nothing on record.</span>
      {request && <span>The last request that failed, for who looks after the system: <code>{request}</code></span>}
      <Button variant="outlined" onClick={onRetry}>Try again</Button>
    </div>
  )
}
