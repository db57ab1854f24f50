import { expect, it } from 'vitest'
import { byDay, toCome, weekday, weekOf } from './week'

it('a week is from Monday to Sunday, also over the end of a year', () => {
  expect(weekOf('2027-01-01')).toEqual(['2026-12-28', '2026-12-29', '2026-12-30', '2026-12-31', '2027-01-01', '2027-01-02', '2027-01-03'])
  expect([weekOf('2026-11-29')[0], weekOf('2026-11-30')[0]]).toEqual(['2026-11-23', '2026-11-30'])
  expect([weekday('2026-11-30'), weekday('2026-11-29')]).toEqual(['Mon', 'Sun'])
})

it('sorts what begins on a day by its instant, not by its text', () => {
  const days = byDay([{ start: '2026-11-30T12:30:00+02:00' }, { start: '2026-11-30T10:00:00Z' }, { start: null }])
  expect([...days.values()].flat().map((s) => s.start)).toEqual(['2026-11-30T10:00:00Z', '2026-11-30T12:30:00+02:00'])
})

it('offers no slot that has begun', () => {
  const slots = [{ start: '2026-11-30T10:00:00Z' }, { start: '2026-11-30T10:20:00Z' }]
  expect(toCome(slots, Date.parse('2026-11-30T10:00:00Z'))).toEqual([slots[1]])
})
