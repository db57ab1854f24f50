import { describe, expect, it } from 'vitest'
import { doseLine, doseWords } from './dose-words'

describe('the words of a dose', () => {
  it.each([
    ['50 µg', '50 micrograms'], ['50 μg', '50 micrograms'], ['50ug', '50 micrograms'], ['75 mcg once daily', '75 micrograms once daily'], ['1 mcg', '1 microgram'], ['0.1 mcg/kg/min', '0.1 micrograms/kg/min'],
    ['10-20 mcg', '10-20 micrograms'], ['in mcg', 'in micrograms'],
    ['100 IU', '100 units'], ['5000 IU/mL', '5,000 units/mL'], ['14 U at night', '14 units at night'], ['10U', '10 units'], ['4u', '4 units'], ['1 U', '1 unit'], ['14 [iU]', '14 units'], ['18 U/h', '18 units/h'],
    ['10 mg QD', '10 mg daily'], ['10 mg qd', '10 mg daily'], ['10 mg q.d.', '10 mg daily'], ['10 mg Q.D. with food', '10 mg daily with food'], ['5 mg QOD', '5 mg every other day'], ['5 mg q.o.d.', '5 mg every other day'],
    ['5 cc', '5 mL'], ['2.5cc twice daily', '2.5 mL twice daily'],
    ['.5 mg', '0.5 mg'], ['5.0 mg', '5 mg'], ['5.00 mg', '5 mg'], ['1.0-2.0 mg', '1-2 mg'], ['give .25 to .5 mL', 'give 0.25 to 0.5 mL'],
    ['1000 mg', '1,000 mg'], ['100000 units', '100,000 units'], ['1500.5 mg', '1,500.5 mg'], ['1000-2000 mg', '1,000-2,000 mg'], ['10000U', '10,000 units'], ['500mg', '500 mg'],
    ['.5 mcg/kg, then 1000.0 mL QD', '0.5 micrograms/kg, then 1,000 mL daily'],
  ])('“%s” is shown as “%s”', (stored, shown) => expect(doseWords(stored)).toBe(shown))
  it.each([
    // Two meanings each: nobody guesses.
    'MS 2 mg', 'MSO4 2 mg', 'MgSO4 2 g', '1 drop OD',
    // Not those signs.
    '10 mg QID', '10 mg q6h', '2 mU/min', 'insulin U-100', 'Tylenol', 'access', '20 mg', '0.25 mg', '2.50 mg', '10.05 mg', '20.0.1', 'until 2027', 'since 2026-11-30', '1,000 mg', '14 units', '100 mg/5 mL', 'sugar', '',
  ])('“%s” is left as it is', (stored) => expect(doseWords(stored)).toBe(stored))
  it('says the same when it is said twice', () => {
    const once = doseWords('.5 mcg QD, 5000 IU, 5.0 cc')
    expect(doseWords(once)).toBe(once)
  })
})

it('keeps a number on one line with its unit', () => { expect(doseLine('1000 µg qd')).toBe('1,000\u00a0micrograms daily') })
