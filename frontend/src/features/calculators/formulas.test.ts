import { describe, expect, it } from 'vitest'
import { calculate, CALCULATORS, unanswered, type Given } from './formulas'

const by = (id: string) => { const found = CALCULATORS.find((c) => c.id === id); if (!found) throw new Error(id); return found }

/** Worked examples; where one is published, its place stands beside it. The others are the formula done by hand, and say so. */
const EXAMPLES: [id: string, given: Given, text: string, where: string][] = [
  ['news2', { age: 60, breaths: 22, saturation: 93, oxygen: true, systolic: 98, pulse: 112, temperature: 38.4 }, '11', 'by hand from the chart: 2 + 2 + 2 + 2 + 2 + 0 + 1'],
  ['news2', { age: 60, breaths: 22, saturation: 93, oxygen: true, systolic: 98, pulse: 112, temperature: 38.4, notAlert: true }, '14', 'the same, newly confused: 11 + 3'],
  ['egfr', { creatinine: 1.2, age: 55, sex: 'MALE' }, '71', 'National Kidney Foundation calculator'],
  ['egfr', { creatinine: 1.0, age: 50, sex: 'FEMALE' }, '69', '68.6 in the R package tabletools'],
  ['egfr', { creatinine: 0.8, age: 70, sex: 'MALE' }, '95', '95.2 in the R package tabletools'],
  ['crcl', { creatinine: 1, age: 40, weight: 72, sex: 'MALE' }, '100', 'by hand: 100 × 72 / 72'],
  ['crcl', { creatinine: 1, age: 40, weight: 72, sex: 'FEMALE' }, '85', 'by hand: 0.85 of a man’s'],
  ['bmi', { weight: 68, height: 165, age: 30 }, '25.0', 'CDC: 24.98'],
  ['bsa', { weight: 70, height: 175 }, '1.84', 'public worked example'],
  ['anion-gap', { sodium: 140, chloride: 104, bicarbonate: 24 }, '12', 'by hand'],
  ['calcium', { calcium: 8, albumin: 2 }, '9.6', 'by hand: 8 + 0.8 × 2'],
  ['meld-na', { creatinine: 1, bilirubin: 1.5, inr: 1.5, sodium: 135 }, '15', 'public worked example: MELD 13, MELD-Na 15'],
  ['meld-na', { creatinine: 0.5, bilirubin: 0.5, inr: 0.9, sodium: 140 }, '6', 'by hand: every bound'],
  ['meld-na', { creatinine: 9, bilirubin: 40, inr: 6, sodium: 120 }, '40', 'by hand: the cap'],
  ['cha2ds2-vasc', { age: 72, sex: 'FEMALE', hypertension: true, diabetes: true }, '4', 'public worked example'],
  ['cha2ds2-vasc', { age: 64, sex: 'MALE', failure: true, hypertension: true, diabetes: true, stroke: true }, '5', 'public worked example'],
  ['cha2ds2-vasc', { age: 75, sex: 'FEMALE', failure: true, hypertension: true, diabetes: true, stroke: true, vascular: true }, '9', 'the most there is'],
  ['wells-dvt', { cancer: true, calf: true, oedema: true, alternative: true }, '1', 'by hand: 3 − 2'],
  ['wells-dvt', { alternative: true }, '−2', 'the least there is'],
  ['curb-65', { age: 68, urea: 44, breaths: 20, systolic: 110, diastolic: 70, confusion: false }, '2', 'published examination item'],
]

describe('worked examples', () => {
  it.each(EXAMPLES)('%s %o is %s (%s)', (id, given, text) => expect(calculate(by(id), given)).toMatchObject({ text }))
  it('stand for every calculator', () => expect(CALCULATORS.filter((c) => !EXAMPLES.some(([id]) => id === c.id))).toEqual([]))
})

const WELL = { age: 60, breaths: 16, saturation: 98, systolic: 120, pulse: 70, temperature: 37 }
/** Every cell of the chart by its edges. Source: RCP 2017, chart 1. */
const CELLS: [Given, number][] = [
  ...([[8, 3], [9, 1], [11, 1], [12, 0], [20, 0], [21, 2], [24, 2], [25, 3]] as const).map(([breaths, n]): [Given, number] => [{ breaths }, n]),
  ...([[91, 3], [92, 2], [93, 2], [94, 1], [95, 1], [96, 0]] as const).map(([saturation, n]): [Given, number] => [{ saturation }, n]),
  ...([[83, 3], [84, 2], [85, 2], [86, 1], [87, 1], [88, 0], [92, 0], [93, 0], [97, 0]] as const).map(([saturation, n]): [Given, number] => [{ saturation, scale2: true }, n]),
  ...([[92, 2], [93, 3], [94, 3], [95, 4], [96, 4], [97, 5]] as const).map(([saturation, n]): [Given, number] => [{ saturation, scale2: true, oxygen: true }, n]),
  ...([[90, 3], [91, 2], [100, 2], [101, 1], [110, 1], [111, 0], [219, 0], [220, 3]] as const).map(([systolic, n]): [Given, number] => [{ systolic }, n]),
  ...([[40, 3], [41, 1], [50, 1], [51, 0], [90, 0], [91, 1], [110, 1], [111, 2], [130, 2], [131, 3]] as const).map(([pulse, n]): [Given, number] => [{ pulse }, n]),
  ...([[35, 3], [35.1, 1], [36, 1], [36.1, 0], [38, 0], [38.1, 1], [39, 1], [39.1, 2]] as const).map(([temperature, n]): [Given, number] => [{ temperature }, n]),
  [{ oxygen: true }, 2], [{ notAlert: true }, 3], [{}, 0],
]
it.each(CELLS)('NEWS2 of a well person but for %o is %i', (but, n) => expect(calculate(by('news2'), { ...WELL, ...but })).toMatchObject({ text: String(n) }))
it('NEWS2 tells a 3 in one part from a low sum', () => {
  expect(calculate(by('news2'), { ...WELL, notAlert: true })).toMatchObject({ band: expect.stringMatching(/^Low to medium/) as string })
  expect(calculate(by('news2'), { ...WELL, age: 15 })).toMatch(/does not apply/)
})

it('names the findings that nobody answered, and none that were', () => {
  expect(unanswered(by('news2'), { ...WELL, oxygen: true, notAlert: false })).toEqual(['Saturation on scale 2'])
  expect(unanswered(by('bmi'), {})).toEqual([])
})
it('says what is missing, and computes with nothing else', () => expect(calculate(by('egfr'), { age: 50 })).toEqual({ missing: ['Creatinine', 'Sex for the formula'] }))
it('computes with no value that no body has', () => expect(calculate(by('bmi'), { weight: 7000, height: 165, age: 30 })).toMatch(/Weight: not computed/))
it('does not apply to children where the equation does not', () => expect(calculate(by('egfr'), { creatinine: 1, age: 17, sex: 'MALE' })).toMatch(/Under 18/))
it('names the source of every formula', () => expect(CALCULATORS.filter((c) => !c.source)).toEqual([]))
