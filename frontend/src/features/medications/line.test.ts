import { describe, expect, it } from 'vitest'
import { boundsOf, doseText, frequencyText, isOver } from './line'

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

it('reads the span of all instructions, its end only where each has one', () => {
  const fhir = (...bounds: (object | undefined)[]) => ({ dosageInstruction: bounds.map((boundsPeriod) => ({ timing: { repeat: { boundsPeriod } } })) })
  expect(boundsOf(fhir({ start: '2026-02', end: '2026-03' }, { start: '2026-01-05', end: '2026-05' }))).toEqual({ start: '2026-01-05', end: '2026-05' })
  expect(boundsOf(fhir({ start: '2026-02', end: '2026-03' }, undefined))).toEqual({ start: '2026-02', end: undefined })
  expect([boundsOf({}), boundsOf(null)]).toEqual([{ start: undefined, end: undefined }, { start: undefined, end: undefined }])
})

it('an end is over when all of it is', () => {
  expect([isOver('2026-11-29', '2026-11-30'), isOver('2026-11-30', '2026-11-30'), isOver('2026-11', '2026-11-30'), isOver('2025', '2026-11-30'), isOver(null, '2026-11-30')]).toEqual([true, false, false, true, false])
})
