import { ACVPU, news2, NEWS2_FROM_YEARS, NEWS2_MOST, NEWS2_NUMBERS, OXYGEN_FLOW, pointsOf, RESPONSIVENESS, type News, type NewsNumber, type NewsSigns } from '../../components/clinical/news2'
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

/** Why it is not made for somebody at an instant; null where nothing on record says so. */
function unfit({ birthDate, pregnancies }: Person, instant: number): string | null {
  const years = yearsAt(birthDate, instant)
  if (years && years[1] < NEWS2_FROM_YEARS) return `under ${NEWS2_FROM_YEARS} years`
  return pregnancies.some(({ from, to }) => instant >= from && instant < to) ? 'pregnancy' : null
}
/** Whether somebody is old enough for it on each day that a birth date allows. */
const isOfAge = ({ birthDate }: Person, instant: number): boolean => (yearsAt(birthDate, instant)?.[0] ?? 0) >= NEWS2_FROM_YEARS

/** A sign that has points of its own: a number, or how somebody responds. */
export type Part = NewsNumber['name'] | 'consciousness'
/**
 * Whether one sign is extreme at a moment (`2026-11-30T14:05Z`) for whom NEWS2 is made: it alone gives 3 points, the most there are. `value` is the number as it is written, in the unit
 * of NEWS2_NUMBERS, or an answer's LOINC code. What is beyond what is believed is not extreme but wrong, which is for the server to say.
 */
export function isExtreme(part: Part, value: string, at: string, person: Person): boolean {
  const instant = axisTime(at)
  if (Number.isNaN(instant) || unfit(person, instant) !== null || !isOfAge(person, instant)) return false
  if (part === 'consciousness') return ACVPU[value] === 'yes'
  const bounds = NEWS2_NUMBERS.find(({ name }) => name === part)
  const number = value.trim() === '' ? Number.NaN : Number(value)
  return !!bounds && number >= bounds.least && number <= bounds.most && pointsOf(part, number) === NEWS2_MOST
}
export const extremeWords = (part: Part): string => `Extreme value: NEWS2 gives ${NEWS2_MOST} points${part === 'saturation' ? ' on scale 1' : ''}.`

export function scoreOf(readings: readonly Reading[], at: string, person: Person): MomentScore {
  const numbers = NEWS2_NUMBERS.map((of) => ({ of, found: numberOf(readings, of) }))
  // Where none of it was taken, nothing is asked for: a weight is not an attempt at a score.
  if (numbers.every(({ found }) => found === null)) return null
  const instant = axisTime(at)
  if (Number.isNaN(instant)) return { kind: 'missing', what: ['time'] }
  const why = unfit(person, instant)
  if (why !== null) return { kind: 'inapplicable', why }
  const flow = readings.filter((r) => r.codes.includes(OXYGEN_FLOW.loinc))
  const level = readings.filter((r) => r.codes.includes(RESPONSIVENESS))
  const said = new Set(level.flatMap((r) => r.answers.flatMap((code) => ACVPU[code] ?? [])))
  const missing = [
    ...(isOfAge(person, instant) ? [] : ['certain age']),
    ...numbers.flatMap(({ of, found }) => (found === null ? [of.label.toLowerCase()] : 'missing' in found ? [found.missing] : [])),
    ...(flow.some((r) => r.number === null || r.ucum !== OXYGEN_FLOW.ucum) ? ['readable oxygen flow'] : []),
    ...(level.length > 0 && said.size !== 1 ? ['readable level of responsiveness'] : []),
  ]
  if (missing.length > 0) return { kind: 'missing', what: missing }
  const value = Object.fromEntries(numbers.map(({ of, found }) => [of.name, found && 'value' in found ? found.value : Number.NaN])) as Record<(typeof NEWS2_NUMBERS)[number]['name'], number>
  const signs: NewsSigns = { ...value, oxygen: flow.some((r) => (r.number ?? 0) > 0), notAlert: said.has('yes'), scale2: false }
  return { kind: 'score', score: news2(signs), assumed: [...(flow.length === 0 ? ['oxygen'] : []), ...(level.length === 0 ? ['consciousness'] : [])] }
}
