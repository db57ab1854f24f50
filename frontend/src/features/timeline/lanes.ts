import type { Interpretation, TimelineKind } from '../../gql/graphql'
import { dayAfter } from '../../lib/date'
import { afterPartial, KINDS, type Entry } from './entry'

/** Where entries lie on a time axis and which of them are drawn as one. Instants are milliseconds; it knows a scale, not a drawing. */
export interface Item { entry: Entry; id: string; from: number; to: number | null; goesOn: boolean; row: number | null; flags: readonly Interpretation[] }
export interface Lane { kind: TimelineKind; name: string; items: readonly Item[]; rows: number }
export interface Mark { items: readonly Item[]; x: number; width: number; row: number | null }
export interface Span { from: number; to: number }

/** The most rows of periods of one lane; further ones stand among the points, where they are counted. */
export const MOST_ROWS = 8
/** How far apart two points stand at least: a count of three digits has room. */
export const NEAR_PX = 36
/** How long a period is to be drawn as one: what a finger can press. */
const BAR_PX = 24
export const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** Nothing on record is told apart within less. */
export const LEAST_MS = 6 * HOUR_MS
export const MOST_MS = 200 * 365.25 * DAY_MS

/** The beginning of what a date says, a day that of this browser; undefined where it is none. */
function instant(text: string | null | undefined): number | undefined {
  const date = text && /^(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?$/.exec(text)
  const at = !text ? Number.NaN : date ? new Date(Number(date[1]), Number(date[2] ?? 1) - 1, Number(date[3] ?? 1)).getTime() : Date.parse(text)
  return Number.isNaN(at) ? undefined : at
}
/** A period ends with the last day, month or year of its end. */
const ended = (text: string | null | undefined): number | undefined => (text && !text.includes('T') ? instant(text.length === 10 ? dayAfter(text, 1) : afterPartial(text)) : instant(text))

interface Extent { start?: string | null; end?: string | null; goesOn?: boolean }
/** From when to when, by the dates on record; `goesOn` only where its state says that it does. */
function extentOf({ node }: Entry): Extent {
  const during = (period: Extent | null | undefined, goesOn = false): Extent => ({ start: period?.start ?? null, end: period?.end ?? null, goesOn: goesOn && !period?.end })
  switch (node.__typename) {
    case 'Condition': return during({ start: node.onsetAt ?? null, end: node.abatementAt ?? null }, node.conditionVerification !== 'ENTERED_IN_ERROR' && ['ACTIVE', 'RECURRENCE', 'RELAPSE'].includes(node.conditionStatus ?? ''))
    case 'Encounter': return during(node.period, ['ARRIVED', 'TRIAGED', 'IN_PROGRESS', 'ONLEAVE'].includes(node.encounterStatus ?? ''))
    case 'MedicationRequest': return { start: node.authoredOn ?? null, goesOn: node.requestStatus === 'ACTIVE' }
    case 'MedicationStatement': return node.effectiveAt ? { start: node.effectiveAt } : during(node.effectivePeriod, node.statementStatus === 'ACTIVE')
    case 'MedicationAdministration': return node.givenAt ? { start: node.givenAt } : during(node.givenPeriod)
    case 'CarePlan': return during(node.planPeriod, node.planStatus === 'ACTIVE')
    case 'Procedure': return node.performedAt ? { start: node.performedAt } : during(node.performedPeriod)
    case 'Observation': return node.effectiveAt ? { start: node.effectiveAt } : during(node.effectivePeriod)
    case 'DiagnosticReport': return node.effectiveAt ? { start: node.effectiveAt } : during(node.effectivePeriod)
    case 'Immunization': return { start: node.occurredAt ?? null }
    case 'ClinicalDocument': return { start: node.documentDate ?? null }
    case 'Goal': return { start: node.startDate ?? null }
    case 'Appointment': return during(node)
    default: return {}
  }
}

/** Lanes by kind, each in the order of time. Periods have rows of their own, whatever the scale, so that nothing jumps while one looks around; what has no date is on no axis. */
export function lanesOf(entries: readonly Entry[], now: number, flagsOf: (entry: Entry) => readonly Interpretation[]): Lane[] {
  return KINDS.flatMap(([kind, , name]) => {
    const items = entries.filter((entry) => entry.kind === kind).flatMap((entry): Item[] => {
      const { start, end, goesOn = false } = extentOf(entry)
      const from = instant(start) ?? instant(entry.begins)
      if (from === undefined) return []
      const to = goesOn ? Math.max(now, from) : ended(end) ?? null
      return [{ entry, id: entry.node.id, from, to: to !== null && to > from ? to : null, goesOn, row: null, flags: flagsOf(entry) }]
    }).sort((a, b) => a.from - b.from)
    const rows: number[] = []
    for (const item of items) {
      if (item.to === null) continue
      let row = rows.findIndex((end) => end <= item.from)
      if (row < 0 && rows.length < MOST_ROWS) row = rows.length
      if (row < 0) continue
      rows[row] = item.to
      item.row = row
    }
    return items.length > 0 ? [{ kind, name, items, rows: rows.length }] : []
  })
}

/** What of a lane is drawn within `[0, width]`: periods that are long enough as bars, and the rest as points, those too near each other as one. */
export function marksOf({ items }: Lane, x: (at: number) => number, width: number): Mark[] {
  const bars: Mark[] = []
  const points: { items: Item[]; first: number; last: number }[] = []
  for (const item of items) {
    const [start, end] = [x(item.from), x(item.to ?? item.from)]
    if (start > width || end < 0) continue
    if (item.row !== null && end - start >= BAR_PX) {
      const left = Math.max(start, -8)
      bars.push({ items: [item], x: left, width: Math.min(end, width + 8) - left, row: item.row })
      continue
    }
    const at = Math.max(start, 0)
    const last = points.at(-1)
    if (last && at - last.first < NEAR_PX) { last.items.push(item); last.last = at } else points.push({ items: [item], first: at, last: at })
  }
  return [...bars, ...points.map(({ items: of, first, last }) => ({ items: of, x: Math.min((first + last) / 2, first + NEAR_PX / 6), width: 0, row: null }))].sort((a, b) => (a.items[0]?.from ?? 0) - (b.items[0]?.from ?? 0))
}

/** The span of what stands together, wide enough to tell it apart; null when that is no nearer than `shown`. */
export function nearer(items: readonly Item[], shown: Span): Span | null {
  const [first, last] = [Math.min(...items.map((i) => i.from)), Math.max(...items.map((i) => i.from))]
  const length = Math.max(LEAST_MS, (last - first) * 1.4)
  if (last === first || length > (shown.to - shown.from) * 0.8) return null
  const middle = (first + last) / 2
  return { from: middle - length / 2, to: middle + length / 2 }
}

/** A span by a factor longer or shorter about a place of it, from 0 to 1, within what can be looked at. */
export function zoomed({ from, to }: Span, by: number, about = 0.5): Span {
  const length = Math.min(MOST_MS, Math.max(LEAST_MS, (to - from) * by))
  const at = from + (to - from) * about
  return { from: at - length * about, to: at + length * (1 - about) }
}
export const panned = ({ from, to }: Span, share: number): Span => ({ from: from + (to - from) * share, to: to + (to - from) * share })

const YEAR_MS = 365.25 * DAY_MS
/** What is looked at first: the year before now, or before the newest entry when that is older; and a little of what is to come. */
export function firstSpan(items: readonly Pick<Item, 'from' | 'to'>[], now: number): Span {
  const newest = Math.max(...items.map((i) => Math.min(now, i.to ?? i.from)))
  const end = Number.isFinite(newest) && newest < now - YEAR_MS ? newest : now
  return { from: end - YEAR_MS, to: end + YEAR_MS / 20 }
}

export interface Tick { at: number; text: string; head: string | null }
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const two = (n: number) => String(n).padStart(2, '0')
/** Words of ticks, each no more exact than their distance: a year, a month, a day or a time; above the first, and where it changes, what they are of. */
export function ticksOf(times: readonly Date[]): Tick[] {
  const step = (times[1]?.getTime() ?? 0) - (times[0]?.getTime() ?? 0)
  const byYear = step >= 360 * DAY_MS
  const byMonth = !byYear && step >= 27 * DAY_MS
  const byDay = !byYear && !byMonth && times.every((t) => t.getHours() === 0)
  let before: string | null = null
  return times.map((t) => {
    const [year, month, day] = [String(t.getFullYear()), MONTHS[t.getMonth()] ?? '', two(t.getDate())]
    const text = byYear ? year : byMonth ? month : byDay ? `${day}-${month}` : `${two(t.getHours())}:${two(t.getMinutes())}`
    const of = byYear ? null : byMonth || byDay ? year : `${day}-${month}-${year}`
    const head = of === before ? null : of
    before = of
    return { at: t.getTime(), text, head }
  })
}
