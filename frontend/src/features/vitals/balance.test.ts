import { expect, it } from 'vitest'
import { balances, daySums, difference } from './balance'

it('subtracts without losing a digit', () => {
  expect([difference('2100', '1500'), difference('1500', '2100'), difference('0.3', '0.10'), difference('5', '5')]).toEqual(['600', '-600', '0.20', '0'])
  expect(difference('1e3', '1')).toBeNull()
})

it('tells a balance only of totals that end together, one each', () => {
  const at = (time: string, value: string) => ({ at: time, value })
  expect([...balances([at('mon', '2100'), at('tue', '1800'), at('wed', '1000'), at('wed', '900')], [at('mon', '1500'), at('wed', '700'), at('thu', '1')])]).toEqual([['mon', '600']])
})

it('adds up by day what went in and what came out', () => {
  const at = (time: string, value: string) => ({ at: time, value })
  const sources = [
    { way: 'INTAKE', volumes: [at('2026-03-01T08:00', '200'), at('2026-03-01T20:00', '150.5'), at('2026-03-02T08:00', '100')] },
    { way: 'INTAKE', volumes: [at('2026-03-01T09:00', '500')] },
    { way: 'OUTPUT', volumes: [at('2026-03-01T12:00', '1000')] },
  ] as const
  expect(daySums(sources, (time) => time.slice(0, 10))).toEqual([
    { day: '2026-03-02', intake: '100', output: '0', balance: '100', entries: 1 },
    { day: '2026-03-01', intake: '850.5', output: '1000', balance: '-149.5', entries: 4 },
  ])
  expect(daySums([{ way: 'OUTPUT', volumes: [at('2026-03-01T12:00', '1e3')] }], (time) => time)).toBeNull()
})
