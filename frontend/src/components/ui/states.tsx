import Button from '@mui/material/Button'
import type { ReactNode } from 'react'
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
  return (
    <div className={css.error} role="alert">
      <strong>{what}: not loaded.</strong>
      <span>This does not mean that there is nothing on record.</span>
      <Button variant="outlined" onClick={onRetry}>Try again</Button>
    </div>
  )
}
