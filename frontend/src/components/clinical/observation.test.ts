import { expect, it } from 'vitest'
import { flagsOf, isAbnormal, rangeOf } from './observation'

it('a result that says nothing of itself is flagged by its parts, the worst first', () => {
  expect(flagsOf({ interpretation: null, components: [{ interpretation: 'HIGH' }, { interpretation: 'NORMAL' }] })).toEqual(['HIGH'])
  expect(flagsOf({ interpretation: null, components: [{ interpretation: 'LOW' }, { interpretation: 'CRITICAL_HIGH' }, { interpretation: 'LOW' }] })).toEqual(['CRITICAL_HIGH', 'LOW'])
  expect(flagsOf({ interpretation: 'LOW', components: [{ interpretation: 'HIGH' }] })).toEqual(['LOW'])
  expect(isAbnormal({ interpretation: 'NORMAL', components: [{ interpretation: 'NORMAL' }] })).toBe(false)
})

it('a result without a range of its own has those of its parts, when each has one', () => {
  const range = (low: string, high: string) => ({ referenceRanges: [{ low: { value: low }, high: { value: high }, text: null }] })
  const none = { referenceRanges: [] }
  expect(rangeOf(none, [range('90', '129'), range('60', '79')])).toBe('90–129 / 60–79')
  expect(rangeOf(none, [range('90', '129'), none])).toBe('')
  expect(rangeOf(range('3.5', '5.0'), [none])).toBe('3.5–5.0')
})
