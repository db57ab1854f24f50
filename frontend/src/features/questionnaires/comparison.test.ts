import { expect, it } from 'vitest'
import { isJson, parseExact } from '../../lib/fhir'
import { itemsOf, pairs, type Said } from './comparison'

const said = (linkId: string, values: string[], parent: number | null = null): Said => ({ parent, linkId, text: linkId, values: values.map((text) => ({ text })) })
const told = (before: Said[], after: Said[]) => pairs(before, after).map(({ text, depth, group, before: from, after: to, differs }) => [text, depth, group, from, to, differs])

it('pairs by question, marks what differs, and keeps what only one side has at its place', () => {
  expect(told([said('a', ['no']), said('b', ['x']), said('c', ['1'])], [said('a', ['no']), said('c', ['2']), said('d', ['y'])])).toEqual([
    ['a', 0, false, 'no', 'no', false], ['b', 0, false, 'x', null, true], ['c', 0, false, '1', '2', true], ['d', 0, false, null, 'y', true],
  ])
  expect(told([], [said('a', [])])).toEqual([['a', 0, false, null, null, false]])
})

it('tells repetitions of a group apart, and is deep as the form is', () => {
  const trips = (...countries: string[]) => countries.flatMap((country, i) => [said('trip', []), said('country', [country], i * 2)])
  expect(told(trips('KE'), trips('KE', 'NO'))).toEqual([
    ['trip: 1', 0, true, null, null, false], ['country', 1, false, 'KE', 'KE', false], ['trip: 2', 0, true, null, null, false], ['country', 1, false, null, 'NO', true],
  ])
  expect(told(trips('KE'), trips('KE'))[0]?.[0]).toBe('trip')
})

it('says that a question was asked in other words', () => {
  expect(pairs([{ ...said('a', ['no']), text: 'Do you smoke?' }], [{ ...said('a', ['no']), text: 'Do you smoke now?' }])).toMatchObject([{ text: 'Do you smoke now?', asked: 'Do you smoke?', differs: false }])
})

it('reads a stored version as the server tells it, with the digits that were written', () => {
  const stored = parseExact(JSON.stringify({ item: [
    { linkId: 'g', text: 'Group', item: [{ linkId: 'a', text: 'Smoker?', answer: [{ valueBoolean: false, item: [{ linkId: 'since', answer: [{ valueDate: '2019-05' }] }] }] }] },
    { linkId: 'b', answer: [{ valueCoding: { system: 's', code: 'c', display: 'Several days' } }, { valueCoding: { code: 'd' } }] },
    { linkId: 'w', answer: [{ valueQuantity: { value: 'W', unit: 'kg' } }, { valueDecimal: 'D' }] },
  ] }).replace('"W"', '71.50').replace('"D"', '7.10'))
  expect(itemsOf(isJson(stored) ? stored : {}).map(({ parent, linkId, text, values }) => [parent, linkId, text, ...values.map((v) => v.text)])).toEqual([
    [null, 'g', 'Group'], [0, 'a', 'Smoker?', 'No'], [1, 'since', null, 'May-2019'], [null, 'b', null, 'Several days', 'd'], [null, 'w', null, '71.50 kg', '7.10'],
  ])
})
