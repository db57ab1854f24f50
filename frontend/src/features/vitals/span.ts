import { axisTime, dayAfter, isDay, localInput } from '../../lib/date'

/** The stretch of time that a sheet shows. It knows moments of this browser, `2026-11-29T08:00`, not what stands in them. */
export type Span = '4h' | '12h' | '24h' | 'days' | 'week' | 'month' | 'year' | 'all'
export const SPANS: readonly (readonly [Span, string])[] = [['4h', '4 h'], ['12h', '12 h'], ['24h', '24 h'], ['days', '3 days'], ['week', 'Week'], ['month', '30 days'], ['year', 'Year'], ['all', 'All']]
const HOURS: Readonly<Partial<Record<Span, number>>> = { '4h': 4, '12h': 12, '24h': 24 }
const DAYS: Readonly<Partial<Record<Span, number>>> = { days: 3, week: 7, month: 30, year: 365 }
const HOUR_MS = 3_600_000
const MINUTE_MS = 60_000

export const isHours = (span: Span): boolean => HOURS[span] !== undefined
export const spanOf = (text: string | null, other: Span): Span => SPANS.find(([span]) => span === (text === 'day' ? '24h' : text))?.[0] ?? other
const MOMENT = /^\d{4}-\d{2}-\d{2}T([01]\d|2[0-3]):[0-5]\d$/
/** The end of an address: a day, or a moment to the minute, which still counts; null for other text. */
export const untilOf = (text: string | null): string | null => (text && (isDay(text) || (MOMENT.test(text) && isDay(text.slice(0, 10)))) ? text : null)

/** `[from, to)` as moments here; null is no end on that side. `until` is what the address said, else null, which is now. */
export interface Stretch { span: Span; from: string | null; to: string | null; until: string | null }
const moved = (moment: string, ms: number): string => localInput(new Date(axisTime(moment) + ms).toISOString()).slice(0, 16)

/** `now` is a moment; what comes after it while one looks is shown too. */
export function stretchOf(span: Span, until: string | null, now: string): Stretch {
  const hours = HOURS[span]
  if (hours !== undefined) {
    const to = until && (isDay(until) ? `${dayAfter(until, 1)}T00:00` : moved(until, MINUTE_MS))
    return { span, until, to, from: moved(to ?? now, -hours * HOUR_MS) }
  }
  const last = (until ?? now).slice(0, 10)
  const days = DAYS[span]
  return { span, until, from: days === undefined ? null : `${dayAfter(last, 1 - days)}T00:00`, to: `${dayAfter(last, 1)}T00:00` }
}
/** The end of the stretch before or after, of the same length, as an address has it. */
export function beside({ span, until, to }: Stretch, step: -1 | 1, now: string): string | null {
  const [hours, days] = [HOURS[span], DAYS[span]]
  if (hours !== undefined) return moved(to ? moved(to, -MINUTE_MS) : now, step * hours * HOUR_MS)
  return days === undefined ? until : dayAfter((until ?? now).slice(0, 10), step * days)
}
/** Whether what was taken then lies within, at least in part: a day is as long as a day. */
export function isWithin({ from, to }: Stretch, at: string): boolean {
  const day = /^\d{4}-\d{2}-\d{2}$/.test(at)
  const begins = day ? axisTime(`${at}T00:00`) : axisTime(at)
  const ends = day ? axisTime(`${dayAfter(at, 1)}T00:00`) : begins
  return !Number.isNaN(begins) && (to === null || begins < axisTime(to)) && (from === null || (day ? ends > axisTime(from) : begins >= axisTime(from)))
}
