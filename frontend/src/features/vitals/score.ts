import { ACVPU, news2, NEWS2_FROM_YEARS, NEWS2_NUMBERS, OXYGEN_FLOW, RESPONSIVENESS, type News, type NewsSigns } from '../../components/clinical/news2'
import { axisTime } from '../../lib/date'

/** NEWS2 of the signs of one moment, or why there is none. Only what was taken at that moment counts; it never takes a part from elsewhere. */
export interface Reading { codes: readonly string[]; number: number | null; ucum: string; answers: readonly string[] }
/** `assumed`: what was not recorded and would only add; the score is then a least one. */
export type MomentScore = { kind: 'score'; score: News; assumed: readonly string[] } | { kind: 'missing'; what: readonly string[] } | { kind: 'inapplicable'; why: string } | null

/** Of whom: a birth date that may be partial, and when a pregnancy is on record, `[from, to)`. */
export interface Person { birthDate: string | null; pregnancies: readonly { from: number; to: number }[] }

/** Completed years at an instant, the least and the most that a partial birth date allows; null without one. */
export function yearsAt(birthDate: string | null, at: number): [least: number, most: number] | null {
  const match = birthDate && /^(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?/.exec(birthDate)
  if (!match) return null
  const on = new Date(at)
  const years = (month: number, day: number) => on.getFullYear() - Number(match[1]) - (on.getMonth() + 1 < month || (on.getMonth() + 1 === month && on.getDate() < day) ? 1 : 0)
  const month = match[2] ? Number(match[2]) : null
  const day = match[3] ? Number(match[3]) : null
  return [years(month ?? 12, day ?? 31), years(month ?? 1, day ?? 1)]
}

/** The reading of a number: the one there is, or in words why it is not to be used. */
function numberOf(readings: readonly Reading[], { loinc, ucum, label, least, most }: (typeof NEWS2_NUMBERS)[number]): { value: number } | { missing: string } | null {
  const of = readings.filter((r) => r.codes.some((code) => loinc.includes(code)))
  const name = label.toLowerCase()
  if (of.length === 0) return null
  const usable = of.flatMap((r) => (r.number !== null && r.ucum === ucum ? [r.number] : []))
  const [value] = usable
  if (value === undefined) return { missing: `${name} without a number in its unit` }
  if (new Set(usable).size > 1) return { missing: `several values of ${name}` }
  return value < least || value > most ? { missing: `${name} beyond what is believed` } : { value }
}

export function scoreOf(readings: readonly Reading[], at: string, { birthDate, pregnancies }: Person): MomentScore {
  const numbers = NEWS2_NUMBERS.map((of) => ({ of, found: numberOf(readings, of) }))
  // Where none of it was taken, nothing is asked for: a weight is not an attempt at a score.
  if (numbers.every(({ found }) => found === null)) return null
  const instant = axisTime(at)
  if (Number.isNaN(instant)) return { kind: 'missing', what: ['time'] }
  const years = yearsAt(birthDate, instant)
  if (years && years[1] < NEWS2_FROM_YEARS) return { kind: 'inapplicable', why: `under ${NEWS2_FROM_YEARS} years` }
  if (pregnancies.some(({ from, to }) => instant >= from && instant < to)) return { kind: 'inapplicable', why: 'pregnancy' }
  const flow = readings.filter((r) => r.codes.includes(OXYGEN_FLOW.loinc))
  const level = readings.filter((r) => r.codes.includes(RESPONSIVENESS))
  const said = new Set(level.flatMap((r) => r.answers.flatMap((code) => ACVPU[code] ?? [])))
  const missing = [
    ...(years && years[0] >= NEWS2_FROM_YEARS ? [] : ['certain age']),
    ...numbers.flatMap(({ of, found }) => (found === null ? [of.label.toLowerCase()] : 'missing' in found ? [found.missing] : [])),
    ...(flow.some((r) => r.number === null || r.ucum !== OXYGEN_FLOW.ucum) ? ['readable oxygen flow'] : []),
    ...(level.length > 0 && said.size !== 1 ? ['readable level of responsiveness'] : []),
  ]
  if (missing.length > 0) return { kind: 'missing', what: missing }
  const value = Object.fromEntries(numbers.map(({ of, found }) => [of.name, found && 'value' in found ? found.value : Number.NaN])) as Record<(typeof NEWS2_NUMBERS)[number]['name'], number>
  const signs: NewsSigns = { ...value, oxygen: flow.some((r) => (r.number ?? 0) > 0), notAlert: said.has('yes'), scale2: false }
  return { kind: 'score', score: news2(signs), assumed: [...(flow.length === 0 ? ['oxygen'] : []), ...(level.length === 0 ? ['consciousness'] : [])] }
}
