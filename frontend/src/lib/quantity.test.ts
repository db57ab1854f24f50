import { describe, expect, it } from 'vitest'
import { formatUnit, unbroken } from './quantity'

describe('formatUnit', () => {
  it.each([
    ['10*3/uL', '×10³/µL'], ['10^9/L', '×10⁹/L'], ['10*-3/uL', '×10⁻³/µL'], ['kg/m2', 'kg/m²'], ['umol/L', 'µmol/L'],
    ['mL/min/1.73m2', 'mL/min/1.73\u00a0m²'], ['mL/min/1.73 m2', 'mL/min/1.73\u00a0m²'], ['mL/min/{1.73_m2}', 'mL/min/1.73\u00a0m²'], ['{score}', 'score'], ['{beats}/min', 'beats/min'],
  ])('writes %s as people do', (unit, shown) => { expect(formatUnit(unit)).toBe(shown) })
  // The error-prone list is of orders, labels and doses; a laboratory's unit is part of its result, so `ug/L` and `U/L` stay as reported. Doses: dose-words.ts.
  it.each(['IU/L', 'mU/L', 'ug/dL', 'µg/L'])('leaves the laboratory unit %s as it was reported', (unit) => { expect(formatUnit(unit)).toBe(unit) })
  it.each(['mg/dL', '/min', 'mmHg', '%', 'ug/L', 'U/L', 'm', '10', 'cm', ''])('leaves %s as it is', (unit) => { expect(formatUnit(unit)).toBe(unit) })
})

it('keeps a number on one line with its unit', () => {
  expect(unbroken('100 mg – 100 mg every 12 hours, 1,000 micrograms')).toBe('100\u00a0mg – 100\u00a0mg every 12\u00a0hours, 1,000\u00a0micrograms')
})
