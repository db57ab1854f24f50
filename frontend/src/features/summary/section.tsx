import type { ReactNode } from 'react'
import css from './summary.module.css'

/** A part of the ruled sheet: a head with what it is and how much, then its rows. */
export function Section({ title, note, children }: { title: string; note?: string; children: ReactNode }) {
  return (
    <section className={css.section} aria-label={title}>
      <div className={css.head}><h2>{title}</h2>{note && <span>{note}</span>}</div>
      {children}
    </section>
  )
}
