/**
 * Growth references and which of them a measurement is judged by: the WHO's below two years, the CDC's from two to twenty, as the CDC
 * recommends for the United States (Grummer-Strawn LM et al. MMWR Recomm Rep 2010;59(RR-9):1-15). Beyond a table nothing is told.
 */
import cdc from './cdc-2-20.json'
import { below, restrictedZ, zScore, type Lms } from './lms'
import who from './who-0-2.json'

export type Measure = 'weight' | 'height' | 'head' | 'bmi'
export type Sex = 'male' | 'female'
export type Source = 'WHO' | 'CDC'

/** Mean days of a month, as both references reckon. */
export const MONTH = 30.4375
const WHO_DAYS = 730

/** What a chart of one reference is: its ages in months, `[from, to]`, and where it is published. */
export interface Reference { source: Source; name: string; from: number; to: number; published: string }
export const referenceOf = (source: Source, measure: Measure): Reference => (source === 'WHO'
  ? { source, name: 'WHO 2006, birth to 2 years', from: 0, to: 24, published: who.source }
  : { source, name: measure === 'head' ? 'CDC 2000, 2 to 3 years' : 'CDC 2000, 2 to 20 years', from: 24, to: measure === 'head' ? 36 : 240, published: cdc.source })

const between = (from: number, to: number, part: number) => from + (to - from) * part

/** The parameters at an age in days; null beyond the tables. */
export function lmsAt(measure: Measure, sex: Sex, days: number): (Lms & { source: Source }) | null {
  if (days < 0) return null
  if (days <= WHO_DAYS) {
    const { L, M, S } = who.tables[measure][sex]
    const day = Math.floor(days)
    const [l, m, s] = [L[L.length === 1 ? 0 : day], M[day], S[day]]
    return l === undefined || m === undefined || s === undefined ? null : { source: 'WHO', l, m, s }
  }
  const { age, L, M, S } = cdc.tables[measure][sex]
  const months = days / MONTH
  const next = age.findIndex((a) => a >= months)
  if (months > referenceOf('CDC', measure).to || next < 0) return null
  const before = Math.max(0, next - 1)
  const [a, b] = [age[before] ?? 0, age[next] ?? 0]
  const part = a === b ? 0 : (months - a) / (b - a)
  const [l, m, s] = [L, M, S].map((column) => between(column[before] ?? 0, column[next] ?? 0, part))
  return l === undefined || m === undefined || s === undefined ? null : { source: 'CDC', l, m, s }
}

/** A measurement's place: `percentile` in (0, 100). `ofNinetyFifth` is the per cent of the 95th percentile of BMI, told above it. */
export interface Place { source: Source; z: number; percentile: number; ofNinetyFifth?: number }

/** Where a measurement stands; null beyond the reference. `value` in kg, cm or kg/m². */
export function placeOf(measure: Measure, sex: Sex, days: number, value: number): Place | null {
  const at = lmsAt(measure, sex, days)
  if (!at || !(value > 0)) return null
  const z = at.source === 'WHO' && (measure === 'weight' || measure === 'bmi') ? restrictedZ(at, value) : zScore(at, value)
  const place: Place = { source: at.source, z, percentile: below(z) * 100 }
  if (at.source === 'CDC' && measure === 'bmi' && place.percentile > 95) place.ofNinetyFifth = (value / (at.m * (1 + at.l * at.s * 1.6448536) ** (1 / at.l))) * 100
  return place
}

/** The day of a date or of an instant, as it was here; null when it is not known to the day. */
function day(text: string): number | null {
  const match = /^(\d{4})-(\d{2})-(\d{2})/.exec(text)
  if (!match) return null
  if (!text.includes('T')) return Date.UTC(Number(match[1]), Number(match[2]) - 1, Number(match[3]))
  const at = new Date(text)
  return Number.isNaN(at.getTime()) ? null : Date.UTC(at.getFullYear(), at.getMonth(), at.getDate())
}

/** Age in days at a measurement, from the day of birth; null when either is not known to the day. */
export function ageDays(born: string, at: string): number | null {
  const [from, to] = [day(born), day(at)]
  return from === null || to === null ? null : Math.round((to - from) / 86_400_000)
}
