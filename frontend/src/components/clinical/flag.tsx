import { Fragment } from 'react'
import type { Interpretation } from '../../gql/graphql'
import css from './flag.module.css'

const Up = () => <svg width="9" height="8" viewBox="0 0 9 8" aria-hidden><path d="M4.5 0L9 8H0z" fill="currentColor" /></svg>
const Down = () => <svg width="9" height="8" viewBox="0 0 9 8" aria-hidden><path d="M4.5 8L0 0h9z" fill="currentColor" /></svg>

/** How a result stands: letter, shape, weight, then colour. Normal has no mark. */
export function Flag({ of }: { of: Interpretation | null | undefined }) {
  switch (of) {
    case 'HIGH': return <span className={css.high}><abbr title="High">H</abbr> <Up /></span>
    case 'LOW': return <span className={css.low}><abbr title="Low">L</abbr> <Down /></span>
    case 'CRITICAL_HIGH': return <span className={css.critical}><abbr title="Critically high">HH</abbr> !!</span>
    case 'CRITICAL_LOW': return <span className={css.critical}><abbr title="Critically low">LL</abbr> !!</span>
    case 'CRITICAL_ABNORMAL': return <span className={css.critical}><abbr title="Critically abnormal">AA</abbr> !!</span>
    case 'ABNORMAL': case 'POSITIVE': return <span className={css.abnormal}><abbr title={of === 'POSITIVE' ? 'Positive' : 'Abnormal'}>{of === 'POSITIVE' ? 'POS' : 'A'}</abbr></span>
    default: return null
  }
}

/** How a result stands of itself and in its parts; see `flagsOf`. */
export const Flags = ({ of }: { of: readonly Interpretation[] }) => of.map((one, i) => <Fragment key={one}>{i > 0 && ' '}<Flag of={one} /></Fragment>)
