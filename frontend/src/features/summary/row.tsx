import type { ReactNode } from 'react'
import { Link } from 'react-router'
import css from './summary.module.css'

/** How many a list leaves out, beside its head. */
export const hidden = (total: number | null | undefined, shown: number): string => (total && total > shown ? `, ${total - shown} more not shown` : '')

/** What was recorded by mistake keeps its place, struck through. */
export const Struck = ({ when, children }: { when: boolean; children: ReactNode }) => (when ? <s>{children}</s> : children)

/** What a row is about; it leads to the record's row in its tab, or to the tab where the row is not known. */
export const Named = ({ to, record, children }: { to: string; record?: string | null; children: ReactNode }) => <Link className={css.link} to={record ? `${to}#${record}` : to}>{children}</Link>
