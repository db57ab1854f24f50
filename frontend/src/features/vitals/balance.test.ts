import { expect, it } from 'vitest'
import { balances, difference } from './balance'

it('subtracts without losing a digit', () => {
  expect([difference('2100', '1500'), difference('1500', '2100'), difference('0.3', '0.10'), difference('5', '5')]).toEqual(['600', '-600', '0.20', '0'])
  expect(difference('1e3', '1')).toBeNull()
})

it('tells a balance only of totals that end together, one each', () => {
  const at = (time: string, value: string) => ({ at: time, value })
  expect([...balances([at('mon', '2100'), at('tue', '1800'), at('wed', '1000'), at('wed', '900')], [at('mon', '1500'), at('wed', '700'), at('thu', '1')])]).toEqual([['mon', '600']])
})
