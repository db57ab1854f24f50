/** What a child's chart has of one measure, each with its age and its place. */
import { formatDay } from '../../../lib/date'
import { formatDecimal } from '../../../lib/quantity'
import { correctedDays, type Correction } from './correction'
import { ageDays, MONTH, placeOf, type Measure, type Place, type Reference, type Sex } from './reference'

/** `text` is the value as recorded in the unit of the chart; ages are decimal months, `corrected` for birth before term; `place` is null beyond the reference. */
export interface Point { id: string; at: string; when: string; months: number; corrected: number | null; value: number; text: string; place: Place | null }
interface Recorded { at: string; value: string; observation: { id: string } }

/** The age by which a measurement is judged. */
export const judgedAt = (p: Pick<Point, 'months' | 'corrected'>): number => p.corrected ?? p.months

/** Oldest first; those without a day are counted only. Where ages are corrected, the place is that of the corrected age. */
export function pointsOf(measure: Measure, sex: Sex, born: string, recorded: readonly Recorded[], correction: Correction | null = null): { points: Point[]; undated: number } {
  let undated = 0
  const points = recorded.flatMap(({ at, value, observation }): Point[] => {
    const days = ageDays(born, at)
    const number = Number(value)
    if (days === null || !Number.isFinite(number)) { undated += 1; return [] }
    const corrected = correctedDays(days, correction)
    return [{ id: observation.id, at, when: formatDay(at), months: days / MONTH, corrected: corrected === null ? null : corrected / MONTH, value: number, text: formatDecimal(value), place: placeOf(measure, sex, corrected ?? days, number) }]
  })
  return { points: points.sort((a, b) => a.months - b.months), undated }
}

/** A z-score to a hundredth. */
export const zText = (z: number): string => z.toFixed(2).replace('-', '−')

/** An age of decimal months: `6.0 months`, and from two years `6 years`, `6 years 3 months`. A birthday may lie a day short of the mean months. */
export function ageWords(months: number): string {
  if (months < 24) return `${months.toFixed(1)} months`
  const whole = Math.floor(months + 0.05)
  return [`${Math.floor(whole / 12)} years`, whole % 12 === 0 ? '' : `${whole % 12} ${whole % 12 === 1 ? 'month' : 'months'}`].filter(Boolean).join(' ')
}

/** The age, and beside it the corrected one where there is one. */
export const ageText = (p: Pick<Point, 'months' | 'corrected'>): string => `${ageWords(p.months)}${p.corrected === null ? '' : ` (corrected ${p.corrected.toFixed(1).replace('-', '−')})`}`

/** The ages in months around the points, with some before the first and after the last, in whole quarters below two years and whole years after. All of the reference when there is no point. */
export function agesNear({ from, to }: Pick<Reference, 'from' | 'to'>, points: readonly Pick<Point, 'months' | 'corrected'>[]): { from: number; to: number } {
  const ages = points.map(judgedAt)
  if (ages.length === 0) return { from, to }
  const step = to - from > 24 ? 12 : 3
  return { from: Math.max(from, Math.floor((Math.min(...ages) - 2 * step) / step) * step), to: Math.min(to, Math.ceil((Math.max(...ages) + 2 * step) / step) * step) }
}

/** A percentile to a tenth; the ends, where a tenth says nothing any more, as bounds. */
export const percentileText = (percentile: number): string => (percentile < 0.1 ? '<0.1' : percentile > 99.9 ? '>99.9' : percentile.toFixed(1))
