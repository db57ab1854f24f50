import { expect, it } from 'vitest'
import { correctedDays, correctionOf, weeksText } from './correction'
import { pointsOf } from './points'
import { MONTH, placeOf } from './reference'

it('the example of its source: born at 28 weeks, at 24 months the corrected age is 21', () => {
  const correction = correctionOf([{ at: '2024-01-01', value: '28' }])
  expect(correction?.earlyDays).toBe(84)
  expect(Math.round((correctedDays(730, correction) ?? 0) / MONTH)).toBe(21)
  expect(correction?.told).toBe('Born at 28 weeks (recorded 01-Jan-2024): 12 weeks before term')
})

it.each([
  ['at term nothing is corrected', '37', null],
  ['a day before 37 weeks it is', '36.857142857', 22],
  ['late too', '41', null],
  ['what nobody can have been born at is not believed', '12', null],
  ['nor a number of days that was written down as weeks', '222', null],
])('%s', (_, value, early) => {
  expect(correctionOf([{ at: '2024-01-01', value }])?.earlyDays ?? null).toBe(early)
})

it('the latest record counts, and none is no correction', () => {
  expect(correctionOf([{ at: '2024-02-01', value: '33' }, { at: '2024-01-01', value: '30' }])?.earlyDays).toBe(49)
  expect(correctionOf([])).toBeNull()
  expect(correctedDays(100, null)).toBeNull()
})

it('ends at 24 months, and is negative before term', () => {
  const correction = correctionOf([{ at: '2024-01-01', value: '30' }])
  expect([70, 69, 730, 731].map((days) => correctedDays(days, correction))).toEqual([0, -1, 660, null])
})

it('a measurement stands where its corrected age puts it; before term there is no place for it', () => {
  const recorded = [{ at: '2024-07-01', value: '6.1', observation: { id: 'a' } }, { at: '2024-02-01', value: '2.4', observation: { id: 'b' } }, { at: '2026-06-01', value: '12', observation: { id: 'c' } }]
  const correction = correctionOf([{ at: '2024-01-01', value: '30' }])
  const { points } = pointsOf('weight', 'female', '2024-01-01', recorded, correction)
  expect(points.map((p) => [p.id, Math.round(p.months * MONTH), p.corrected === null ? null : Math.round(p.corrected * MONTH)])).toEqual([['b', 31, -39], ['a', 182, 112], ['c', 882, null]])
  expect(points[0]?.place).toBeNull()
  expect(points[1]?.place).toEqual(placeOf('weight', 'female', 112, 6.1))
  expect(points[1]?.place?.percentile).toBeGreaterThan(placeOf('weight', 'female', 182, 6.1)?.percentile ?? 100)
})

it.each([[222, '31 weeks and 5 days'], [7, '1 week'], [1, '1 day'], [84, '12 weeks'], [0, '0 weeks']])('%d days are %s', (days, text) => {
  expect(weeksText(days)).toBe(text)
})
