import type { ReactNode } from 'react'
import { Link } from 'react-router'
import { Boundary } from './boundary'
import css from './section.module.css'

/** A part of the ruled sheet: a head with what it is and how much, then its rows. `to` is where all of it is. */
export function Section({ title, note, to, children }: { title: string; note?: string; to?: string; children: ReactNode }) {
  return (
    <section className={css.section} aria-label={title}>
      <div className={css.head}>
        <h2>{title}</h2>
        {note && <span>{note}</span>}
        {to && <Link to={to} aria-label={`All ${title.toLowerCase()}`}>All</Link>}
      </div>
      <Boundary what={title}>{children}</Boundary>
    </section>
  )
}
