/** Dates and times as clinicians read them: `14-Jul-1945`, 24-hour time, partial dates stay partial. Missing is the caller's to word. */

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const

const two = (n: number) => String(n).padStart(2, '0')
const localDay = (at: Date): string => `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`

/** This day here, as `2019-05-17`. */
export const today = (): string => localDay(new Date())

/** A moment as a `datetime-local` input has it, with this browser's offset: `2019-05-17T08:00:00+02:00`. */
export function withOffset(local: string): string {
  const minutes = -new Date(local).getTimezoneOffset()
  const at = Math.abs(minutes)
  return `${local.length === 16 ? `${local}:00` : local}${minutes < 0 ? '-' : '+'}${two(Math.floor(at / 60))}:${two(at % 60)}`
}
/** Now as a `datetime-local` input has it. */
export const localNow = (): string => { const now = new Date(); return `${localDay(now)}T${two(now.getHours())}:${two(now.getMinutes())}` }

/** A FHIR date or dateTime as a day: `2019` · `May-2019` · `17-May-2019`. Text of another form is returned as it is. */
export function formatDay(value: string): string {
  // An instant falls on the day it was here, as `formatDateTime` says it.
  if (/T.*(Z|[+-]\d{2}:\d{2})$/.test(value)) {
    const instant = new Date(value)
    if (!Number.isNaN(instant.getTime())) return formatDay(localDay(instant))
  }
  const match = /^(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?/.exec(value)
  if (!match) return value
  const [, year = '', month, day] = match
  const name = month ? MONTHS[Number(month) - 1] : undefined
  if (!name) return year
  return day ? `${day}-${name}-${year}` : `${name}-${year}`
}

/** Day and, where the record has one, the time of day as it was recorded, with its zone when that is not this browser's. */
export function formatDateTime(value: string): string {
  const match = /T(\d{2}:\d{2})(?::\d{2}(?:\.\d+)?)?(Z|[+-]\d{2}:\d{2})?$/.exec(value)
  if (!match) return formatDay(value)
  const instant = new Date(value)
  if (Number.isNaN(instant.getTime())) return formatDay(value)
  return `${formatDay(localDay(instant))} ${two(instant.getHours())}:${two(instant.getMinutes())}`
}

/** An instant to the second, for what was written when: `17-May-2019 08:00:05`. */
export function formatInstant(value: string): string {
  const at = new Date(value)
  return Number.isNaN(at.getTime()) ? value : `${formatDay(localDay(at))} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`
}

/** Why an instant of an address cannot be one that the record is shown as of; null when it can. */
export function notPast(value: string, now: number = Date.now()): string | null {
  const at = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/.test(value) ? Date.parse(value) : Number.NaN
  if (Number.isNaN(at)) return 'The address names no instant that could be read.'
  return at > now ? 'That instant is still to come.' : null
}
/** An instant as a `datetime-local` input has it, to the second, by this browser's clock. */
export function localInput(value: string): string {
  const at = new Date(value)
  return Number.isNaN(at.getTime()) ? '' : `${localDay(at)}T${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`
}

/** A period: one day once, an open end as “ongoing” when it goes on. Empty when nothing of it is recorded. */
export function formatPeriod(period: { start?: string | null; end?: string | null } | null | undefined, ongoing = false): string {
  const [start, end] = [period?.start, period?.end].map((at) => (at ? formatDay(at) : ''))
  if (!start && !end) return ''
  if (!start) return `until ${end}`
  if (!end) return ongoing ? `${start} – ongoing` : start
  return start === end ? start : `${start} – ${end}`
}

/** A period with the times of day on record, the day once when it begins and ends on one: `26-Nov-2026 08:00 – 09:30`. */
export function formatSpan(period: { start?: string | null; end?: string | null } | null | undefined, ongoing = false): string {
  const [start = '', end = ''] = [period?.start, period?.end].map((at) => (at ? formatDateTime(at) : ''))
  if (!start) return end && `until ${end}`
  if (!end) return ongoing ? `${start} – ongoing` : start
  const [day = '', time] = end.split(' ')
  return start === end ? start : `${start} – ${time && start.startsWith(`${day} `) ? time : end}`
}

/** Where a date stands on a time axis: the beginning of what it says. `NaN` for text that is no date. */
export function axisTime(value: string): number {
  return new Date(/^\d{4}$/.test(value) ? `${value}-01-01` : value).getTime()
}
