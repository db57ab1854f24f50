import { expect, it } from 'vitest'
import type { Entry } from './entry'
import { firstSpan, lanesOf, LEAST_MS, marksOf, MOST_ROWS, nearer, panned, ticksOf, zoomed } from './lanes'

const DAY = 86_400_000
const NOW = new Date(2026, 10, 30).getTime()
const made = (kind: string, id: string, node: object, begins: string | null = null) => ({ kind, begins, title: id, node: { id, versionId: '1', ...node } }) as Entry
const problem = (id: string, onsetAt: string, conditionStatus = 'RESOLVED', abatementAt: string | null = null) => made('CONDITION', id, { __typename: 'Condition', onsetAt, abatementAt, conditionStatus, conditionVerification: 'CONFIRMED' })
const result = (id: string, effectiveAt: string) => made('OBSERVATION', id, { __typename: 'Observation', effectiveAt })
const lanes = (...all: Entry[]) => lanesOf(all, NOW, () => [])
/** One pixel for a day, from a day on. */
const days = (from: Date) => (at: number) => (at - from.getTime()) / DAY

it('a period is a bar as far as the record says, and one that goes on ends now', () => {
  const [lane] = lanes(problem('ended', '2026-01', 'RESOLVED', '2026-03'), problem('on', '2026-02-01', 'ACTIVE'), problem('over', '2025-05-01'))
  const of = Object.fromEntries(lane?.items.map((i) => [i.id, i]) ?? [])
  expect([of.ended?.from, of.ended?.to]).toEqual([new Date(2026, 0, 1).getTime(), new Date(2026, 3, 1).getTime()])
  expect([of.on?.to, of.on?.goesOn]).toEqual([NOW, true])
  // That it is over is known, not when: no end is drawn.
  expect([of.over?.to, of.over?.goesOn]).toEqual([null, false])
  expect([of.ended?.row, of.on?.row, of.over?.row]).toEqual([0, 1, null])
})

it('what was entered in error goes on nowhere, and what has no date is on no axis', () => {
  const wrong = made('CONDITION', 'w', { __typename: 'Condition', onsetAt: '2026', conditionStatus: 'ACTIVE', conditionVerification: 'ENTERED_IN_ERROR' })
  expect(lanes(wrong)[0]?.items[0]).toMatchObject({ to: null, goesOn: false })
  expect(lanes(made('GOAL', 'g', { __typename: 'Goal', startDate: null }))).toEqual([])
})

it('periods without a row of their own are counted among the points, none is dropped', () => {
  const [lane] = lanes(...Array.from({ length: MOST_ROWS + 3 }, (_, i) => problem(`p${i}`, '2026-01-01', 'ACTIVE')))
  expect(lane?.rows).toBe(MOST_ROWS)
  const marks = marksOf(lane ?? { kind: 'CONDITION', name: '', items: [], rows: 0 }, days(new Date(2026, 0, 1)), 400)
  expect(marks.flatMap((m) => m.items)).toHaveLength(MOST_ROWS + 3)
  expect(marks.filter((m) => m.row === null).map((m) => m.items.length)).toEqual([3])
})

it('points nearer than a finger tells apart are one, and stand apart when one is nearer', () => {
  const [lane] = lanes(result('a', '2026-05-01'), result('b', '2026-05-11'), result('c', '2026-07-01'))
  if (!lane) throw new Error('no lane')
  const x = days(new Date(2026, 4, 1))
  expect(marksOf(lane, x, 100).map((m) => m.items.map((i) => i.id))).toEqual([['a', 'b'], ['c']])
  expect(marksOf(lane, (at) => 4 * x(at), 400).map((m) => m.items.length)).toEqual([1, 1, 1])
  expect(marksOf(lane, (at) => x(at) - 100, 300)).toEqual([])
})

it('zooms in on what stands together until nothing is to be told apart', () => {
  const [lane] = lanes(result('a', '2026-05-01T08:00:00Z'), result('b', '2026-05-03T08:00:00Z'), result('c', '2026-05-03T08:00:00Z'))
  const items = lane?.items ?? []
  const year = { from: NOW - 365 * DAY, to: NOW }
  const span = nearer(items, year)
  expect(span && span.to - span.from).toBeCloseTo(2.8 * DAY)
  expect(nearer(items.slice(1), year)).toBeNull()
  expect(nearer(items, span ?? year)).toBeNull()
})

it('zooms about a place and stops at the least, and pans by a share', () => {
  expect(zoomed({ from: 0, to: 100 * DAY }, 0.5, 0)).toEqual({ from: 0, to: 50 * DAY })
  expect(zoomed({ from: 0, to: LEAST_MS }, 0.5)).toEqual({ from: 0, to: LEAST_MS })
  expect(panned({ from: 0, to: 10 }, -1)).toEqual({ from: -10, to: 0 })
})

it('begins at the last year, that of the newest entry when all are older', () => {
  expect(firstSpan([{ from: NOW - DAY, to: null }], NOW).to).toBeGreaterThan(NOW)
  const old = NOW - 900 * DAY
  expect(firstSpan([{ from: old, to: null }], NOW)).toMatchObject({ from: old - 365.25 * DAY })
  expect(firstSpan([], NOW).to).toBeGreaterThan(NOW)
})

it('ticks are as exact as their distance, and say of what they are where that changes', () => {
  const said = (...times: Date[]) => ticksOf(times).map(({ text, head }) => (head ? `${head} ${text}` : text))
  expect(said(new Date(2019, 0), new Date(2020, 0))).toEqual(['2019', '2020'])
  expect(said(new Date(2019, 10), new Date(2019, 11), new Date(2020, 0))).toEqual(['2019 Nov', 'Dec', '2020 Jan'])
  expect(said(new Date(2019, 4, 1), new Date(2019, 4, 8))).toEqual(['2019 01-May', '08-May'])
  expect(said(new Date(2019, 4, 1, 18), new Date(2019, 4, 2, 0))).toEqual(['01-May-2019 18:00', '02-May-2019 00:00'])
})
