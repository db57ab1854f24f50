import { Fragment } from 'react'
import { formatDateTime, formatInstant } from '../../lib/date'

/** A moment that may take two lines in a narrow column: the day and the time of day, neither broken; to the second where one follows the other closely. */
export function Moment({ at, seconds = false }: { at: string; seconds?: boolean }) {
  return (seconds ? formatInstant(at) : formatDateTime(at)).split(' ').map((part, i) => <Fragment key={i}>{i > 0 && ' '}<span className="whole">{part}</span></Fragment>)
}
