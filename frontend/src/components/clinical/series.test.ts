import { expect, it } from 'vitest'
import { bands, breaks, gapWords, lately, slowMs } from './series'

it('breaks where a gap is over four times the usual one', () => {
  expect([...breaks([0, 1, 2, 3, 10, 11])]).toEqual([4])
  expect([...breaks([0, 1, 5])]).toEqual([])
  expect([...breaks([0, 0, 0])]).toEqual([])
  expect([...breaks([7])]).toEqual([])
  expect([...breaks([])]).toEqual([])
})

it('a weight that is taken daily in hospital and monthly at home is one line', () => {
  const day = 86_400_000
  const taken = [0, 1, 2, 3, 31, 62].map((d) => d * day)
  expect([...breaks(taken)]).toEqual([4, 5])
  expect([...breaks(taken, slowMs('29463-7'))]).toEqual([])
  expect([...breaks([0, day, 2 * day, 200 * day], slowMs('29463-7'))]).toEqual([3])
  expect(slowMs('8867-4')).toBe(0)
})

it.each([[1, '1 hour'], [26, '26 hours'], [11 * 24, '11 days'], [90 * 24, '3 months'], [4 * 365.25 * 24, '4 years']])('%d hours without a result are told as %s', (hours, words) => {
  expect(gapWords(hours * 3_600_000)).toBe(`${words}, no result`)
})

it('years of visits are not joined to days in hospital', () => {
  expect([...breaks([0, 365, 366])]).toEqual([1])
  expect([...breaks([0, 365, 730, 1095, 1460, 1461, 1462])]).toEqual([4])
  // One result that was repeated at once does not break the others.
  expect([...breaks([0, 100, 101, 200, 300, 400])]).toEqual([])
})

it('a short series is of the 30 days up to its newest value, where they hold three', () => {
  const on = (...days: number[]) => days.map((day) => ({ x: day * 86_400_000 }))
  expect(lately([on(0, 100, 390, 391, 400)])).toEqual([on(390, 391, 400)])
  expect(lately([on(0, 100, 399, 400)])).toEqual([on(0, 100, 399, 400)])
  expect(lately([on(0, 390, 395, 400), on(0, 390, 395)])).toEqual([on(390, 395, 400), on(390, 395)])
  expect(lately([])).toEqual([])
})

it('draws a range as long as it stays the same, to both edges, and none where a result came without one', () => {
  const [old, now] = [{ low: '96', high: '106' }, { low: '98', high: '107' }]
  const of = (...limits: (typeof old | null)[]) => bands(limits.map((one, x) => ({ x, limits: one })))
  expect(of(old, old)).toEqual([{ from: null, to: null, limits: old }])
  expect(of(old, old, now)).toEqual([{ from: null, to: 2, limits: old }, { from: 2, to: null, limits: now }])
  expect(of(old, null, old)).toEqual([{ from: null, to: 1, limits: old }, { from: 2, to: null, limits: old }])
  expect(of(null, null)).toEqual([])
})
