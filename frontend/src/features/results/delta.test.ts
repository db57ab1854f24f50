import { expect, it } from 'vitest'
import { commonStart, deltaOf, subtract } from './delta'

it.each([['6.10', '5.3', '0.80'], ['5.3', '6.10', '-0.80'], ['140', '140', '0'], ['0.5', '12', '-11.5'], ['-1', '2.25', '-3.25'], ['-0.5', '-0.5', '0.0'], ['0.05', '0.1', '-0.05']])('%s − %s is %s', (a, b, is) => expect(subtract(a, b)).toBe(is))

const of = (value: string, effectiveAt: string | null, more: object = {}, unit = 'mmol/L') => ({ status: 'FINAL' as const, effectiveAt, value: { __typename: 'Quantity' as const, value, unit, comparator: null, ...more } })
const now = of('6.1', '2026-11-22T07:40:00Z')

it('is the change from the newest comparable result before', () => {
  const before = of('5.3', '2026-11-21T07:40:00Z')
  const skipped = [
    now, of('5.9', '2026-11-22T08:00:00Z'), of('5.8', '2026-11-22T07:40:00Z'), { ...of('5.7', '2026-11-21T09:00:00Z'), status: 'ENTERED_IN_ERROR' as const },
    of('5.6', '2026-11-21T09:00:00Z', { comparator: '>' }), of('21', '2026-11-21T09:00:00Z', {}, 'mg/dL'), of('5', null),
  ]
  expect(deltaOf(now, [...skipped, before, of('4', '2026-11-20')], true)).toEqual({ by: '0.8', from: { value: '5.3', unit: 'mmol/L', at: '2026-11-21T07:40:00Z' } })
})

it('says why there is none', () => {
  expect(deltaOf(now, [now], true)).toBe('none before')
  expect(deltaOf(now, [now], false)).toBe('not loaded')
  expect(deltaOf(of('6', '2026-11-22', { comparator: '>' }), [], true)).toBe('no number')
  expect(deltaOf({ status: 'FINAL', effectiveAt: '2026-11-22', value: { __typename: 'Text', text: 'Few' } }, [], true)).toBe('no number')
})

it('what most are compared with stands in the head; the latest of as many; nothing where none is compared', () => {
  const from = (at: string) => ({ by: '1', from: { value: '1', unit: '', at } })
  expect(commonStart([from('2026-11-20'), from('2026-11-20'), from('2026-11-21'), 'no number'])).toBe('2026-11-20')
  expect(commonStart([from('2026-11-20'), from('2026-11-21')])).toBe('2026-11-21')
  expect(commonStart(['none before', 'not loaded'])).toBeNull()
})
