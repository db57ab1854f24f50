import { expect, it } from 'vitest'
import { morning, stretches } from './opening'

it('opens a day that is named, also one of a weekend', () => {
  expect(stretches('2026-11-29T08:00', '2026-11-29T12:00', 'once')).toEqual([{ start: '2026-11-29T08:00', end: '2026-11-29T12:00' }])
})

it('repeats on weekdays, from the day that is named', () => {
  expect(stretches('2026-11-27T08:00', '2026-11-27T12:00', 'week').map((s) => s.start)).toEqual(['2026-11-27T08:00', '2026-11-30T08:00', '2026-12-01T08:00', '2026-12-02T08:00', '2026-12-03T08:00'])
  expect(stretches('2026-11-30T08:00', '2026-11-30T12:00', 'four')).toHaveLength(20)
  expect(stretches('2026-11-30T22:00', '2026-12-01T02:00', 'week')[1]).toEqual({ start: '2026-12-01T22:00', end: '2026-12-02T02:00' })
})

it.each([
  ['2026-11-30', '2026-11-30T08:00', '2026-11-30T09:00'],
  ['2026-11-30', '2026-11-30T16:10', '2026-12-01T09:00'],
  ['2026-11-23', '2026-11-30T16:10', '2026-12-01T09:00'],
  ['2026-12-07', '2026-11-30T16:10', '2026-12-07T09:00'],
])('proposes no hours that are over: for %s at %s, %s', (day, now, start) => expect(morning(day, now).start).toBe(start))
