import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { nextOrder } from './coverage-forms'

beforeEach(() => { vi.useFakeTimers({ now: new Date('2026-11-30T12:00:00') }) })
afterEach(() => { vi.useRealTimers() })

const pays = (order: number | null, more: object = {}) => ({ status: 'ACTIVE' as const, order, period: { start: '2020-01-01', end: null }, ...more })

it.each([
  ['none', [], 1],
  ['a primary one', [pays(1)], 2],
  ['two', [pays(2), pays(1)], 3],
  ['one that is over', [pays(1, { period: { start: '2020-01-01', end: '2025-12-31' } })], 1],
  ['one entered in error', [pays(1, { status: 'ENTERED_IN_ERROR' as const })], 1],
  ['one without an order', [pays(null)], 1],
])('beside %s, proposes the next order of payment that is free', (_, on, order) => expect(nextOrder(on)).toBe(order))
