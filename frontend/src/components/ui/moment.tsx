import { Fragment } from 'react'
import { formatDateTime } from '../../lib/date'

/** A moment that may take two lines in a narrow column: the day and the time of day, neither broken. */
export function Moment({ at }: { at: string }) {
  return formatDateTime(at).split(' ').map((part, i) => <Fragment key={i}>{i > 0 && ' '}<span className="whole">{part}</span></Fragment>)
}
