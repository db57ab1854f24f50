/** Dates and times as clinicians read them: `14-Jul-1945`, 24-hour time, partial dates stay partial. Missing is the caller's to word. */

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const

const two = (n: number) => String(n).padStart(2, '0')
const localDay = (at: Date): string => `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`

/** This day here, as `2019-05-17`. */
export const today = (): string => localDay(new Date())

/** The day that lies so many days after (before, when negative). */
export function dayAfter(day: string, days: number): string {
  const at = new Date(`${day}T12:00:00Z`)
  at.setUTCDate(at.getUTCDate() + days)
  return at.toISOString().slice(0, 10)
}

/** A moment as a field has it, with this browser's offset: `2019-05-17T08:00:00+02:00`. */
export function withOffset(local: string): string {
  const minutes = -new Date(local).getTimezoneOffset()
  const at = Math.abs(minutes)
  return `${local.length === 16 ? `${local}:00` : local}${minutes < 0 ? '-' : '+'}${two(Math.floor(at / 60))}:${two(at % 60)}`
}
/** Now as a field has it, `2019-05-17T08:00`. */
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

/** Minutes east of Greenwich of an offset such as `+02:00`. */
const eastOf = (offset: string): number => (offset.startsWith('-') ? -1 : 1) * (Number(offset.slice(1, 3)) * 60 + Number(offset.slice(4)))

/**
 * Day and, where the record has one, the time of day by this browser's clock, so that times can be compared; where it was recorded under another offset, that time too: `25-Nov-2026 06:05 (08:05 UTC+02:00)`.
 * UTC names no place: machines write it.
 */
export function formatDateTime(value: string): string {
  const match = /^(.+)T(\d{2}:\d{2})(?::\d{2}(?:\.\d+)?)?(Z|[+-]\d{2}:\d{2})?$/.exec(value)
  if (!match) return formatDay(value)
  const instant = new Date(value)
  if (Number.isNaN(instant.getTime())) return formatDay(value)
  const [, day = '', time = '', offset = 'Z'] = match
  const here = `${formatDay(localDay(instant))} ${two(instant.getHours())}:${two(instant.getMinutes())}`
  if (offset === 'Z' || eastOf(offset) === 0 || eastOf(offset) === -instant.getTimezoneOffset()) return here
  return `${here} (${day === localDay(instant) ? '' : `${formatDay(day)} `}${time} UTC${offset})`
}

/** A moment of this page: the time alone on its own day. */
export function momentOf(ms: number): string {
  const [at, day] = [new Date(ms), localDay(new Date(ms))]
  const time = `${two(at.getHours())}:${two(at.getMinutes())}`
  return day === today() ? time : `${formatDay(day)} ${time}`
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
/** An instant as a field has it, to the second, by this browser's clock. */
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
  const [day = '', ...time] = end.split(' ')
  return start === end ? start : `${start} – ${time.length > 0 && start.startsWith(`${day} `) ? time.join(' ') : end}`
}

const DAY_MS = 86_400_000
/** Whether what has a time of day was within two days of `now`, so that the time matters. */
export const isRecent = (value: string, now: number = Date.now()): boolean => value.includes('T') && Math.abs(now - axisTime(value)) < 2 * DAY_MS

/** Where a date stands on a time axis: the beginning of what it says. `NaN` for text that is no date. */
export function axisTime(value: string): number {
  return new Date(/^\d{4}$/.test(value) ? `${value}-01-01` : value).getTime()
}

/** What a field asks for: a whole day, a date of which only a part may be known, a day with the time, or a time of day. */
export type DateKind = 'day' | 'partial' | 'moment' | 'time'
/** What was written as the value it stands for (`2026-11-30`, `2026-11`, `2026`, `2026-11-30T14:05`, `14:05`; empty for nothing), or what is wrong with it. */
export type ReadDate = { value: string } | { wrong: string }

export const DATE_FORMS: Readonly<Record<DateKind, string>> = {
  day: 'Write a day, such as 30-Nov-2026.',
  partial: 'Write a year (2019), a month (May-2019) or a day (17-May-2019).',
  moment: 'Write a day and a time, such as 30-Nov-2026 14:05.',
  time: 'Write a time of day, such as 14:05.',
}
const MONTHS_IN_FULL = ['january', 'february', 'march', 'april', 'may', 'june', 'july', 'august', 'september', 'october', 'november', 'december']
/** `1` to `12` for a month in letters, three at least; 0 for no month. */
const monthOf = (word: string): number => (word.length < 3 ? 0 : MONTHS_IN_FULL.findIndex((name) => name.startsWith(word.toLowerCase())) + 1)
const daysOf = (year: number, month: number): number => new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate()

/** The year, month and day of a text with a date at its beginning, and what follows them; null when no date stands there. Those not stated are null. */
function splitDate(text: string): { year: string; month: number | null; day: number | null; rest: string } | { wrong: string } | null {
  const iso = /^(\d{4})(?:([-/.])(\d{2})(?:\2(\d{2}))?)?(?!\d|[-/.])/.exec(text)
  if (iso) return { year: iso[1] ?? '', month: iso[3] ? Number(iso[3]) : null, day: iso[4] ? Number(iso[4]) : null, rest: text.slice(iso[0].length) }
  const words = /^(?:(\d{1,2})(?:st|nd|rd|th)?[-/.\s]*)?([a-z]+)[-/.,\s]*(?:(\d{1,2})(?:st|nd|rd|th)?(?!\d)[-/.,\s]+)?(\d+)/i.exec(text)
  const month = monthOf(words?.[2] ?? '')
  if (words && month > 0 && !(words[1] && words[3])) {
    if (words[4]?.length !== 4) return { wrong: 'Write the year with four digits, such as 2026.' }
    const day = words[1] ?? words[3]
    return { year: words[4], month, day: day ? Number(day) : null, rest: text.slice(words[0].length) }
  }
  const numbers = /^(\d{1,2})[-/.](\d{1,2})[-/.](\d{2,4})(?!\d)/.exec(text)
  if (!numbers) return null
  const [first, second, year = ''] = [Number(numbers[1]), Number(numbers[2]), numbers[3]]
  if (year.length !== 4) return { wrong: 'Write the year with four digits, and the month as a word, such as 30-Nov-2026.' }
  // Which of two small numbers is the month differs from country to country.
  const [asFirst, asSecond] = [first, second].map((n) => MONTHS[n - 1])
  if (asFirst && asSecond && first !== second) return { wrong: `${numbers[0]} can be ${two(first)}-${asSecond}-${year} or ${two(second)}-${asFirst}-${year}: write the month as a word.` }
  return { year, ...(second > 12 ? { month: first, day: second } : { month: second, day: first }), rest: text.slice(numbers[0].length) }
}

/** A time of day of 24 hours, to the minute or the second, as `14:05`; null for other text. */
function timeOf(text: string): string | null {
  const [, hour, minute, second] = /^(\d{1,2}):(\d{2})(?::(\d{2}))?$/.exec(text) ?? /^(\d{2})(\d{2})(\d{2})?$/.exec(text) ?? []
  if (hour === undefined || minute === undefined || Number(hour) > 23 || Number(minute) > 59 || Number(second ?? 0) > 59) return null
  return [hour.padStart(2, '0'), minute, ...(second === undefined ? [] : [second])].join(':')
}

/**
 * Reads a date as people write it: `30-Nov-2026`, `30 nov 2026`, `Nov 30, 2026`, `2026-11-30`, `30.11.2026`; in a moment a time follows, `14:05` or `1405`.
 * Numbers alone are read only where the day cannot be taken for the month.
 */
export function readDate(text: string, kind: DateKind): ReadDate {
  const written = text.trim()
  if (written === '') return { value: '' }
  if (kind === 'time') {
    const time = timeOf(written)
    return time ? { value: time } : { wrong: /^\d{1,2}:?\d{2}(:?\d{2})?$/.test(written) ? 'Write the time from 00:00 to 23:59.' : DATE_FORMS.time }
  }
  const split = splitDate(written)
  if (!split) return { wrong: DATE_FORMS[kind] }
  if ('wrong' in split) return split
  const { year, month, day, rest } = split
  if (year === '0000' || (month !== null && (month < 1 || month > 12))) return { wrong: DATE_FORMS[kind] }
  if (month !== null && day !== null && (day < 1 || day > daysOf(Number(year), month))) return { wrong: `There is no ${two(day)}-${MONTHS[month - 1] ?? ''}-${year}.` }
  if (kind !== 'partial' && day === null) return { wrong: DATE_FORMS[kind] }
  const value = [year, ...[month, day].flatMap((part) => (part === null ? [] : [two(part)]))].join('-')
  if (kind !== 'moment') return rest === '' ? { value } : { wrong: DATE_FORMS[kind] }
  const after = /^(?:T|[\s,]+)(.+)$/i.exec(rest)?.[1]
  if (after === undefined) return { wrong: rest === '' ? `Write the time too, such as ${formatDay(value)} 14:05.` : DATE_FORMS.moment }
  const time = timeOf(after)
  return time ? { value: `${value}T${time}` } : { wrong: 'Write the time as 14:05, from 00:00 to 23:59.' }
}

/** The value of a field as it reads: `30-Nov-2026`, `Nov-2026`, `30-Nov-2026 14:05`. Text that is no such value is returned as it is. */
export function dateText(value: string, kind: DateKind): string {
  if (kind === 'time' || 'wrong' in readDate(value, kind)) return value
  const [day = '', time] = value.split('T')
  return time ? `${formatDay(day)} ${time}` : formatDay(day)
}

/** The value that a field gives of what is written: what could be read, else the text itself, which is then refused by `readDate`. */
export const dateValue = (text: string, kind: DateKind): string => { const read = readDate(text, kind); return 'wrong' in read ? text.trim() : read.value }

/** Whether a value is one whole day, `2026-11-30`. */
export function isDay(value: string): boolean {
  const read = readDate(value, 'day')
  return value !== '' && 'value' in read && read.value === value
}
