import Button from '@mui/material/Button'
import { useEffect, useRef, type ReactNode } from 'react'
import css from './results.module.css'

/** What is read beside the table: closed by Escape, too. */
export function Pane({ title, onClose, children }: { title: string; onClose: () => void; children: ReactNode }) {
  const close = useRef<HTMLButtonElement>(null)
  useEffect(() => close.current?.focus(), [])
  return (
    <aside className={css.pane} aria-label={title} onKeyDown={(e) => { if (e.key === 'Escape') onClose() }}>
      <div className={css.paneHead}><h2>{title}</h2><Button ref={close} variant="outlined" onClick={onClose}>Close</Button></div>
      {children}
    </aside>
  )
}

/** One thing that the record says, or that it says nothing. */
export function Fact({ name, children, none = 'Not recorded' }: { name: string; children?: ReactNode; none?: string }) {
  return <><dt>{name}</dt><dd>{children || <span className={css.absent}>{none}</span>}</dd></>
}

/** Text in paragraphs, as it was written. */
export const Prose = ({ of }: { of: string }) => of.split(/\n\s*\n/).map((part, i) => <p key={i} className={css.prose}>{part.trim()}</p>)
