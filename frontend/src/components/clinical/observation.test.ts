import { expect, it } from 'vitest'
import { flagsOf, isAbnormal } from './observation'

it('a result that says nothing of itself is flagged by its parts, the worst first', () => {
  expect(flagsOf({ interpretation: null, components: [{ interpretation: 'HIGH' }, { interpretation: 'NORMAL' }] })).toEqual(['HIGH'])
  expect(flagsOf({ interpretation: null, components: [{ interpretation: 'LOW' }, { interpretation: 'CRITICAL_HIGH' }, { interpretation: 'LOW' }] })).toEqual(['CRITICAL_HIGH', 'LOW'])
  expect(flagsOf({ interpretation: 'LOW', components: [{ interpretation: 'HIGH' }] })).toEqual(['LOW'])
  expect(isAbnormal({ interpretation: 'NORMAL', components: [{ interpretation: 'NORMAL' }] })).toBe(false)
})
