import { expect, it } from 'vitest'
import { beside, isWithin, spanOf, stretchOf, untilOf } from './span'

const NOW = '2026-11-29T10:30'

it('a stretch of days has both its ends, and the next one has none of its days', () => {
  const week = stretchOf('week', '2026-11-29', NOW)
  expect(week).toMatchObject({ from: '2026-11-23T00:00', to: '2026-11-30T00:00' })
  expect(stretchOf('week', beside(week, -1, NOW), NOW)).toMatchObject({ from: '2026-11-16T00:00', to: '2026-11-23T00:00' })
  expect(stretchOf('all', '2026-11-29', NOW).from).toBeNull()
})

it('hours end now, also with what is taken after, or with the moment that is named', () => {
  const now = stretchOf('4h', null, NOW)
  expect(now).toMatchObject({ from: '2026-11-29T06:30', to: null })
  expect([isWithin(now, '2026-11-29T06:30:00'), isWithin(now, '2026-11-29T10:45:00'), isWithin(now, '2026-11-29T06:29:00')]).toEqual([true, true, false])
  const named = stretchOf('12h', '2026-11-29T08:00', NOW)
  expect([isWithin(named, '2026-11-29T08:00:00'), isWithin(named, '2026-11-29T08:01:00'), isWithin(named, '2026-11-28T20:01:00')]).toEqual([true, false, true])
  expect(beside(now, -1, NOW)).toBe('2026-11-29T06:30')
  expect(beside(named, 1, NOW)).toBe('2026-11-29T20:00')
  expect(stretchOf('24h', '2026-11-28', NOW)).toMatchObject({ from: '2026-11-28T00:00', to: '2026-11-29T00:00' })
})

it('what is only known by its day lies in each stretch that has a part of it', () => {
  const morning = stretchOf('4h', '2026-11-29T08:00', NOW)
  expect([isWithin(morning, '2026-11-29'), isWithin(morning, '2026-11-28'), isWithin(morning, '2026-11-30'), isWithin(morning, '')]).toEqual([true, false, false, false])
})

it('takes nothing from an address that it does not understand', () => {
  expect([spanOf('month', 'week'), spanOf('always', 'week'), spanOf(null, 'all'), spanOf('day', 'all')]).toEqual(['month', 'week', 'all', '24h'])
  expect(['2026-11-02', '2026-11-02T08:15', '2026-13-02', '2026-11-02T25:00', 'today', null].map(untilOf)).toEqual(['2026-11-02', '2026-11-02T08:15', null, null, null, null])
})
