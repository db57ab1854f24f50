import ToggleButton from '@mui/material/ToggleButton'
import ToggleButtonGroup from '@mui/material/ToggleButtonGroup'
import { useId, useState, type KeyboardEvent } from 'react'
import { DateField } from '../../components/ui/date-field'
import { useAnnounce } from '../../hooks/use-announce'
import { formatDateTime, formatDay, isDay } from '../../lib/date'
import { beside, isHours, SPANS, untilOf, type Span, type Stretch } from './span'
import css from './vitals.module.css'

/** Where a sheet goes: another length, or another end; null is now. */
export interface Goal { span?: Span; until?: string | null }
interface Shown { stretch: Stretch; now: string; go: (to: Goal) => void }

/** Of when it is, in words. */
export function stretchWords({ from, to, until, span }: Stretch): string {
  const last = to && formatDay(until?.slice(0, 10) ?? new Date(new Date(to).getTime() - 1).toISOString())
  if (isHours(span)) return `${formatDateTime(from ?? '')} to ${until && !isDay(until) ? formatDateTime(until) : until ? `the end of ${formatDay(until)}` : 'now'}`
  return from === null ? `until ${last}` : formatDay(from) === last ? last : `${formatDay(from)} to ${last}`
}

/** How much of the time a sheet shows, and up to when. `newest` finds the moment of the last value. */
export function StretchBar({ stretch, now, go, newest }: Shown & { newest: () => Promise<string | null> }) {
  const id = useId()
  const announce = useAnnounce()
  const [written, setWritten] = useState<string | null>(null)
  const hours = isHours(stretch.span)
  const end = stretch.until ?? now
  const value = hours ? (isDay(end) ? `${end}T23:59` : end) : end.slice(0, 10)
  const put = (to: string) => {
    const until = hours && isDay(to) ? null : untilOf(to)
    setWritten(until === null ? to : null)
    if (until !== null) go({ until })
  }
  const toNewest = async () => {
    const at = await newest()
    if (at) go({ until: hours ? at : at.slice(0, 10) })
    else announce('No value with a time could be found')
  }
  return (
    <div className={`${css.pager} ${css.stretch}`} role="group" aria-label="Time">
      <ToggleButtonGroup exclusive size="small" value={stretch.span} aria-label="How much" onChange={(_, to: Span | null) => { if (to) go({ span: to }) }}>
        {SPANS.map(([span, name]) => <ToggleButton key={span} value={span}>{name}</ToggleButton>)}
      </ToggleButtonGroup>
      <label htmlFor={`${id}until`}>Until</label>
      <DateField id={`${id}until`} kind={hours ? 'moment' : 'day'} value={written ?? value} onChange={put} />
      {stretch.from !== null && <button type="button" onClick={() => go({ until: beside(stretch, -1, now) })}>Earlier</button>}
      {stretch.from !== null && <button type="button" disabled={isLatest(stretch, now)} onClick={() => go({ until: later(stretch, now) })}>Later</button>}
      {(stretch.from !== null || stretch.until !== null) && <button type="button" disabled={stretch.until === null} onClick={() => go({ until: null })}>Now</button>}
      {stretch.from !== null && <button type="button" onClick={() => { void toNewest() }}>Last value</button>}
    </div>
  )
}

/** No later moment has anything on record. */
const isLatest = ({ until, to }: Stretch, now: string): boolean => until === null || (to !== null && to > now)
/** What would end after now ends now. */
function later(stretch: Stretch, now: string): string | null {
  const to = beside(stretch, 1, now)
  return to === null || to >= now.slice(0, to.length) ? null : to
}

/** Keys of a sheet that has the focus itself: a screen earlier or later. */
export const stretchKeys = ({ stretch, now, go }: Shown) => (event: KeyboardEvent) => {
  if (event.target !== event.currentTarget || stretch.from === null || event.ctrlKey || event.altKey || event.metaKey) return
  if (event.key === 'PageUp') go({ until: beside(stretch, -1, now) })
  else if (event.key === 'PageDown' && !isLatest(stretch, now)) go({ until: later(stretch, now) })
  else return
  event.preventDefault()
}
