import { expect, it } from 'vitest'
import { beside, dayOf, spanOf, stretchOf } from './span'

it('a stretch has both its ends, and the next one has none of its days', () => {
  const week = stretchOf('week', '2026-11-29')
  expect(week).toEqual({ span: 'week', first: '2026-11-23', last: '2026-11-29' })
  expect(stretchOf('week', beside(week, -1))).toEqual({ span: 'week', first: '2026-11-16', last: '2026-11-22' })
  expect(stretchOf('day', '2026-11-29').first).toBe('2026-11-29')
  expect(stretchOf('all', '2026-11-29').first).toBeNull()
})

it('takes nothing from an address that it does not understand', () => {
  expect([spanOf('month'), spanOf('always'), spanOf(null)]).toEqual(['month', 'week', 'week'])
  expect([dayOf('2026-11-02', 'x'), dayOf('2026-13-02', 'x'), dayOf('today', 'x'), dayOf(null, 'x')]).toEqual(['2026-11-02', 'x', 'x', 'x'])
})
