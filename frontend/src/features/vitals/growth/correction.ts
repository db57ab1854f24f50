/** Ages of children born before term, corrected by what they were born too early. Source and figures stand in the data beside this file. */
import { formatDay } from '../../../lib/date'
import from from './correction.json'

/** A gestational age at birth as recorded, in weeks; `at` is the day of the record. */
export interface Gestation { at: string; value: string }

/** By how many days ages are corrected, and what it rests on. */
export interface Correction { earlyDays: number; told: string }

/** `31 weeks and 5 days`, of a number of days. */
export function weeksText(days: number): string {
  const [weeks, rest] = [Math.floor(days / 7), days % 7]
  const count = (n: number, one: string) => `${n} ${one}${n === 1 ? '' : 's'}`
  return [weeks > 0 || rest === 0 ? count(weeks, 'week') : '', rest > 0 ? count(rest, 'day') : ''].filter(Boolean).join(' and ')
}

/** None when the child was born at term, or when nothing that can be believed is recorded. The record of the latest day counts. */
export function correctionOf(recorded: readonly Gestation[]): Correction | null {
  const [least, most] = from.believedWeeks as [number, number]
  const latest = recorded.filter(({ value }) => Number(value) >= least && Number(value) < most).toSorted((a, b) => a.at.localeCompare(b.at)).at(-1)
  if (!latest) return null
  const days = Math.round(Number(latest.value) * 7)
  if (days >= from.pretermBelowWeeks * 7) return null
  const earlyDays = from.termWeeks * 7 - days
  return { earlyDays, told: `Born at ${weeksText(days)} (recorded ${formatDay(latest.at)}): ${weeksText(earlyDays)} before term` }
}

/** The corrected age in days, which is negative before the day of term; null where ages are not corrected any more. */
export const correctedDays = (days: number, correction: Correction | null): number | null => (correction && days <= from.untilDays ? days - correction.earlyDays : null)

export const CORRECTION_SOURCE = `${from.source} ${from.until}`
