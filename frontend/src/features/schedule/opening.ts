import { dayAfter, localNow } from '../../lib/date'

/** The stretches of time that are opened together. Knows wall-clock times of this browser; their offsets are the caller's. */
export type Repeat = 'once' | 'week' | 'four'
export const REPEATS: readonly (readonly [Repeat, string])[] = [['once', 'That day only'], ['week', 'Each weekday from then, for one week'], ['four', 'Each weekday from then, for four weeks']]
const DAYS: Readonly<Record<Repeat, number>> = { once: 1, week: 7, four: 28 }

const isWeekday = (day: string): boolean => { const of = new Date(`${day}T12:00:00Z`).getUTCDay(); return of > 0 && of < 6 }

/** From and to as `2026-11-30T08:00`, of each day that is meant; a day that is named by itself may be one of a weekend. */
export function stretches(start: string, end: string, repeat: Repeat): { start: string; end: string }[] {
  const [first, last] = [start.slice(0, 10), end.slice(0, 10)]
  if (repeat === 'once') return [{ start, end }]
  const over = Math.round((Date.parse(`${last}T12:00:00Z`) - Date.parse(`${first}T12:00:00Z`)) / 86_400_000)
  return Array.from({ length: DAYS[repeat] }, (_, n) => dayAfter(first, n)).filter(isWeekday)
    .map((day) => ({ start: `${day}${start.slice(10)}`, end: `${dayAfter(day, over)}${end.slice(10)}` }))
}

/** The hours that are proposed for a day: of the morning, of the next day once that has begun. */
export function morning(day: string, now: string = localNow()): { start: string; end: string } {
  const today = now.slice(0, 10)
  const of = `${day}T09:00` > now ? day : `${today}T09:00` > now ? today : dayAfter(today, 1)
  return { start: `${of}T09:00`, end: `${of}T12:00` }
}
