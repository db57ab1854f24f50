import { describe, expect, it } from 'vitest'
import { doseText, frequencyText, keys, sharing } from './line'

describe('a dose', () => {
  it.each([
    [{ value: '100', unit: 'mg' }, '100\u00a0mg'], [{ value: '5.0', unit: 'mg' }, '5\u00a0mg'], [{ value: '0.50', unit: 'mg' }, '0.5\u00a0mg'], [{ value: '1000', unit: 'U' }, '1,000\u00a0units'],
    [{ value: '50', unit: 'ug' }, '50\u00a0micrograms'], [{ value: '10', comparator: '<=', unit: 'mL' }, '<=10\u00a0mL'], [{ value: '2' }, '2'], [{ unit: 'mg' }, ''], [null, ''],
  ])('%j reads “%s”', (dose, text) => expect(doseText(dose)).toBe(text))
})

describe('how often', () => {
  it.each([
    [{ frequency: 1, period: '1', periodUnit: 'd' }, 'once daily'], [{ frequency: 2, period: '1', periodUnit: 'd' }, 'twice daily'], [{ frequency: 6, period: '1', periodUnit: 'd' }, '6 times daily'],
    [{ frequency: 1, period: '8', periodUnit: 'h', asNeeded: true }, 'every 8 hours, when needed'], [{ period: '8', periodUnit: 'h' }, 'every 8 hours'], [{ frequency: 1, period: '1', periodUnit: 'wk' }, 'once a week'],
    [{ frequency: 1, period: '1', periodUnit: 'h' }, 'once an hour'], [{ frequency: 3, period: '7', periodUnit: 'd' }, 'three times in 7 days'], [{ frequency: 1, period: '1.0', periodUnit: 'd' }, 'once daily'],
    [{ asNeeded: true }, 'when needed'], [{ frequency: 2, period: '1', periodUnit: null }, ''], [{ frequency: 0, period: '1', periodUnit: 'd' }, ''], [{ asNeeded: false }, ''],
  ])('%j reads “%s”', (repeat, text) => expect(frequencyText(repeat)).toBe(text))
})

it('finds what shares a code, and never what shares words', () => {
  const [a, b, c, d] = [{ text: 'ceftriaxone', codings: [{ system: 'rx', code: '2193' }] }, { text: 'Rocephin', codings: [{ system: 'rx', code: '2193' }, { system: 'rx', code: '9' }] }, { text: 'ceftriaxone', codings: [] }, { text: 'other', codings: [{ system: 'other', code: '2193' }] }]
  const found = sharing([a, b, c, d], keys)
  expect([a, b, c, d].map((one) => found.get(one))).toEqual([[b], [a], [], []])
  expect(keys({ codings: [{ code: '1' }, { system: 'rx' }] })).toEqual([])
})
