import { expect, it } from 'vitest'
import { isExtreme, scoreOf, yearsAt, type Part, type Reading } from './score'

const one = (code: string, number: number | null, ucum: string, answers: string[] = []): Reading => ({ codes: [code], number, ucum, answers })
// The moment of formulas.test.ts, by hand from chart 1: 2 + 2 + 2 + 2 + 2 + 0 + 1.
const breaths = one('9279-1', 22, '/min')
const saturation = one('2708-6', 93, '%')
const systolic = one('8480-6', 98, 'mm[Hg]')
const pulse = one('8867-4', 112, '/min')
const temperature = one('8310-5', 38.4, 'Cel')
const oxygen = one('3151-8', 2, 'L/min')
const alert = one('67775-7', null, '', ['LA9340-6'])
const ALL = [breaths, saturation, systolic, pulse, temperature, oxygen, alert]
const AT = '2026-11-22T08:00:00Z'
const adult = { birthDate: '1945-07-14', pregnancies: [] }

it('sums the parts of one moment, and says what each gives', () => {
  expect(scoreOf(ALL, AT, adult)).toMatchObject({ kind: 'score', score: { value: 11, risk: 'High', parts: expect.arrayContaining([['oxygen', 2], ['temperature', 1]]) as unknown }, assumed: [] })
  const confused = [...ALL.slice(0, 6), one('67775-7', null, '', ['LA6560-2'])]
  expect(scoreOf(confused, AT, adult)).toMatchObject({ score: { value: 14 } })
})

it('a missing number gives no sum, and is named', () => {
  expect(scoreOf([breaths, saturation, systolic, pulse, oxygen, alert], AT, adult)).toEqual({ kind: 'missing', what: ['temperature'] })
  expect(scoreOf([one('29463-7', 72, 'kg')], AT, adult)).toBeNull()
  expect(scoreOf([...ALL.slice(0, 4), one('8310-5', 101, '[degF]'), oxygen, alert], AT, adult)).toEqual({ kind: 'missing', what: ['temperature without a number in its unit'] })
  expect(scoreOf([...ALL, one('8867-4', 80, '/min')], AT, adult)).toEqual({ kind: 'missing', what: ['several values of heart rate'] })
  expect(scoreOf([...ALL.slice(0, 6), one('67775-7', null, '', ['LA1-1'])], AT, adult)).toEqual({ kind: 'missing', what: ['readable level of responsiveness'] })
})

it('what was not recorded of oxygen and consciousness counts as none, and the score is a least one', () => {
  expect(scoreOf(ALL.slice(0, 5), AT, adult)).toMatchObject({ kind: 'score', score: { value: 9 }, assumed: ['oxygen', 'consciousness'] })
})

it('is not applied under 16 years at that moment, nor in a pregnancy on record', () => {
  const born = (birthDate: string | null) => scoreOf(ALL, AT, { birthDate, pregnancies: [] })?.kind
  expect([born('2010-11-23'), born('2010-11-22'), born('2012'), born('2010'), born('2009'), born(null)]).toEqual(['inapplicable', 'score', 'inapplicable', 'missing', 'score', 'missing'])
  const pregnant = (from: string, to: string) => scoreOf(ALL, AT, { ...adult, pregnancies: [{ from: Date.parse(from), to: Date.parse(to) }] })?.kind
  expect([pregnant('2026-05-01', '2027-02-01'), pregnant('2026-01-01', '2026-10-01')]).toEqual(['inapplicable', 'score'])
})

it('of a partial birth date both ends of it count', () => {
  const at = new Date(2026, 5, 15).getTime()
  expect([yearsAt('2010-06-15', at), yearsAt('2010-06', at), yearsAt('2010', at), yearsAt(null, at)]).toEqual([[16, 16], [15, 16], [15, 16], null])
})

it('a sign is extreme where it alone gives 3 points by chart 1', () => {
  const extreme = (part: Part, ...values: string[]) => values.map((value) => isExtreme(part, value, AT, adult))
  expect(extreme('breaths', '8', '9', '24', '25')).toEqual([true, false, false, true])
  expect(extreme('saturation', '91', '92', '100')).toEqual([true, false, false])
  expect(extreme('systolic', '90', '91', '219', '220')).toEqual([true, false, false, true])
  expect(extreme('pulse', '40', '41', '130', '131')).toEqual([true, false, false, true])
  expect(extreme('temperature', '35.0', '35.1', '39.1')).toEqual([true, false, false])
  expect(extreme('consciousness', 'LA9340-6', 'LA6560-2', 'LA9343-0', '')).toEqual([false, true, true, false])
})

it('what is not believed, or no number, is not extreme; nor is anything of whom NEWS2 is not made for', () => {
  expect(['481', '', ' ', 'x', '40.'].map((value) => isExtreme('pulse', value, AT, adult))).toEqual([false, false, false, false, true])
  const of = (birthDate: string | null, at = AT) => isExtreme('pulse', '131', at, { birthDate, pregnancies: [] })
  expect([of('2010-11-23'), of('2010-11-22'), of('2010'), of('2009'), of(null), of('1945', '')]).toEqual([false, true, false, true, false, false])
  expect(isExtreme('pulse', '131', AT, { ...adult, pregnancies: [{ from: Date.parse('2026-05-01'), to: Infinity }] })).toBe(false)
})
