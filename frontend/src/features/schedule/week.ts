import { dayAfter } from '../../lib/date'

/** Days of a week as a schedule shows them, and what stands on each. Days are this browser's. */

/** Monday to Sunday of the week that has the day. Source: ISO 8601, the week begins on Monday. */
export function weekOf(day: string): string[] {
  const monday = dayAfter(day, -((new Date(`${day}T12:00:00Z`).getUTCDay() + 6) % 7))
  return Array.from({ length: 7 }, (_, n) => dayAfter(monday, n))
}

export const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const
export const weekday = (day: string): string => WEEKDAYS[new Date(`${day}T12:00:00Z`).getUTCDay()] ?? ''
/** The day on which an instant falls here. */
export function dayHere(at: string): string {
  const on = new Date(at)
  return `${on.getFullYear()}-${String(on.getMonth() + 1).padStart(2, '0')}-${String(on.getDate()).padStart(2, '0')}`
}

interface Timed { start?: string | null; end?: string | null }
/** What begins on each day here, by its beginning. */
export function byDay<T extends Timed>(all: readonly T[]): Map<string, T[]> {
  const days = new Map<string, T[]>()
  for (const one of [...all].sort((a, b) => Date.parse(a.start ?? '') - Date.parse(b.start ?? ''))) {
    if (!one.start) continue
    const day = dayHere(one.start)
    days.set(day, [...(days.get(day) ?? []), one])
  }
  return days
}
/** Those that can still be booked: the past is over. */
export const toCome = <T extends Timed>(slots: readonly T[], now: number): T[] => slots.filter((s) => s.start && Date.parse(s.start) > now)
