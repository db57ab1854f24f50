/**
 * Clinical calculators as data: what goes in, in which unit, what comes out, and where the formula is published.
 * Pure: knows no chart and no clock. A missing input gives no result, never a guess.
 */
import { ACVPU, news2, NEWS2_FROM_YEARS, NEWS2_NUMBERS, NEWS2_SOURCE, newsParts, OXYGEN_FLOW, RESPONSIVENESS } from '../../components/clinical/news2'

export interface Input {
  name: string
  label: string
  unit?: string
  /** `yes`: a finding that is there or not; one that nobody answered counts as not there, and `unanswered` names it. */
  kind: 'number' | 'yes' | 'sex'
  /** LOINC codes whose newest value, in exactly this UCUM unit, may be taken from the chart; a finding is there when it is above 0. */
  loinc?: readonly string[]
  ucum?: readonly string[]
  /** What a coded value of the chart says of the finding, by its LOINC answer; one that is not here says nothing. */
  answers?: Readonly<Record<string, 'yes' | 'no'>>
  /** Values beyond these are not computed with. */
  least?: number
  most?: number
}
export type Given = Readonly<Record<string, number | boolean | 'FEMALE' | 'MALE' | undefined>>
export interface Score { text: string; unit: string; band?: string }
export interface Calculator { id: string; name: string; inputs: readonly Input[]; source: string; note?: string; compute: (given: Reader) => Score | string }
/** Reads inputs that are known to be there. */
export interface Reader { n: (name: string) => number; is: (name: string) => boolean; female: () => boolean }

const fixed = (value: number, digits: number): string => {
  // Half away from zero on the decimal value, not on its binary neighbour.
  const shift = 10 ** digits
  return (Math.round((value + Number.EPSILON * Math.abs(value)) * shift) / shift).toFixed(digits)
}

const AGE: Input = { name: 'age', label: 'Age', unit: 'years', kind: 'number', least: 0, most: 130 }
const SEX: Input = { name: 'sex', label: 'Sex for the formula', kind: 'sex' }
const WEIGHT: Input = { name: 'weight', label: 'Weight', unit: 'kg', kind: 'number', loinc: ['29463-7'], ucum: ['kg'], least: 0.2, most: 635 }
const HEIGHT: Input = { name: 'height', label: 'Height', unit: 'cm', kind: 'number', loinc: ['8302-2'], ucum: ['cm'], least: 20, most: 272 }
const CREATININE: Input = { name: 'creatinine', label: 'Creatinine', unit: 'mg/dL', kind: 'number', loinc: ['2160-0', '38483-4'], ucum: ['mg/dL'], least: 0.05, most: 40 }
const SODIUM: Input = { name: 'sodium', label: 'Sodium', unit: 'mmol/L', kind: 'number', loinc: ['2951-2', '2947-0'], ucum: ['mmol/L', 'meq/L'], least: 80, most: 200 }
const CHLORIDE: Input = { name: 'chloride', label: 'Chloride', unit: 'mmol/L', kind: 'number', loinc: ['2075-0', '2069-3'], ucum: ['mmol/L', 'meq/L'], least: 50, most: 180 }
const BICARBONATE: Input = { name: 'bicarbonate', label: 'Bicarbonate (total CO₂)', unit: 'mmol/L', kind: 'number', loinc: ['2028-9', '20565-8', '1963-8'], ucum: ['mmol/L', 'meq/L'], least: 1, most: 80 }
const ALBUMIN: Input = { name: 'albumin', label: 'Albumin', unit: 'g/dL', kind: 'number', loinc: ['1751-7'], ucum: ['g/dL'], least: 0.5, most: 8 }
const CALCIUM: Input = { name: 'calcium', label: 'Calcium, total', unit: 'mg/dL', kind: 'number', loinc: ['17861-6', '49765-1'], ucum: ['mg/dL'], least: 2, most: 25 }
const BILIRUBIN: Input = { name: 'bilirubin', label: 'Bilirubin, total', unit: 'mg/dL', kind: 'number', loinc: ['1975-2'], ucum: ['mg/dL'], least: 0, most: 80 }
const INR: Input = { name: 'inr', label: 'INR', unit: '', kind: 'number', loinc: ['6301-6', '34714-6'], ucum: ['1', '{INR}', ''], least: 0.5, most: 20 }
const yes = (name: string, label: string): Input => ({ name, label, kind: 'yes' })
const points = (given: Reader, weights: Readonly<Record<string, number>>) => Object.entries(weights).reduce((sum, [name, weight]) => sum + (given.is(name) ? weight : 0), 0)
const plural = (n: number) => (Math.abs(n) === 1 ? 'point' : 'points')

export const CALCULATORS: readonly Calculator[] = [
  {
    id: 'news2', name: 'NEWS2', source: NEWS2_SOURCE, note: 'From 16 years, not in pregnancy. Scale 2 only for known hypercapnic failure with a target of 88 to 92 %, as prescribed.',
    inputs: [
      // The systolic pressure stands in a part of a measurement, which is found by its name.
      AGE, ...NEWS2_NUMBERS.map(({ name, label, unit, loinc, ucum, least, most }): Input => ({ name, label, unit, kind: 'number', ...(name !== 'systolic' && { loinc, ucum: [ucum] }), least, most })),
      { ...yes('oxygen', 'Breathes supplemental oxygen'), loinc: [OXYGEN_FLOW.loinc], ucum: [OXYGEN_FLOW.ucum] }, yes('scale2', 'Saturation on scale 2'), { ...yes('notAlert', 'Not alert: new confusion, or responds to voice or pain only, or is unresponsive'), loinc: [RESPONSIVENESS], answers: ACVPU },
    ],
    compute: (g) => {
      if (g.n('age') < NEWS2_FROM_YEARS) return 'Under 16 years the score does not apply.'
      const score = news2({ breaths: g.n('breaths'), saturation: g.n('saturation'), systolic: g.n('systolic'), pulse: g.n('pulse'), temperature: g.n('temperature'), oxygen: g.is('oxygen'), scale2: g.is('scale2'), notAlert: g.is('notAlert') })
      return { text: String(score.value), unit: plural(score.value), band: `${score.risk}${score.risk === 'Low to medium' ? ': 3 in one part' : ''} (${newsParts(score)})` }
    },
  },
  {
    id: 'egfr', name: 'eGFR (CKD-EPI 2021)', inputs: [CREATININE, AGE, SEX], source: 'Inker et al., N Engl J Med 2021;385:1737',
    compute: (g) => {
      if (g.n('age') < 18) return 'Under 18 years the equation does not apply.'
      const [kappa, alpha] = g.female() ? [0.7, -0.241] : [0.9, -0.302]
      const ratio = g.n('creatinine') / kappa
      const value = 142 * Math.min(ratio, 1) ** alpha * Math.max(ratio, 1) ** -1.2 * 0.9938 ** g.n('age') * (g.female() ? 1.012 : 1)
      // Bands: KDIGO 2012, GFR categories.
      const band = value >= 90 ? 'G1' : value >= 60 ? 'G2' : value >= 45 ? 'G3a' : value >= 30 ? 'G3b' : value >= 15 ? 'G4' : 'G5'
      return { text: fixed(value, 0), unit: 'mL/min/1.73 m²', band: `${band} (KDIGO 2012)` }
    },
  },
  {
    id: 'crcl', name: 'Creatinine clearance (Cockcroft-Gault)', inputs: [CREATININE, AGE, SEX, WEIGHT], source: 'Cockcroft and Gault, Nephron 1976;16:31', note: 'With the weight as measured.',
    compute: (g) => (g.n('age') < 18 ? 'Under 18 years the formula does not apply.' : { text: fixed((140 - g.n('age')) * g.n('weight') / (72 * g.n('creatinine')) * (g.female() ? 0.85 : 1), 0), unit: 'mL/min' }),
  },
  {
    id: 'bmi', name: 'Body mass index', inputs: [WEIGHT, HEIGHT, AGE], source: 'CDC, About adult BMI: weight in kg divided by the square of height in m',
    compute: (g) => {
      const value = g.n('weight') / (g.n('height') / 100) ** 2
      const band = g.n('age') < 20 ? 'Under 20 years read by percentile for age and sex' : value < 18.5 ? 'Underweight' : value < 25 ? 'Healthy weight' : value < 30 ? 'Overweight' : 'Obesity'
      return { text: fixed(value, 1), unit: 'kg/m²', band: `${band} (CDC)` }
    },
  },
  { id: 'bsa', name: 'Body surface area', inputs: [WEIGHT, HEIGHT], source: 'Mosteller, N Engl J Med 1987;317:1098', compute: (g) => ({ text: fixed(Math.sqrt(g.n('height') * g.n('weight') / 3600), 2), unit: 'm²' }) },
  {
    id: 'anion-gap', name: 'Anion gap', inputs: [SODIUM, CHLORIDE, BICARBONATE], source: 'Emmett and Narins, Medicine 1977;56:38: sodium − (chloride + bicarbonate)',
    compute: (g) => ({ text: fixed(g.n('sodium') - g.n('chloride') - g.n('bicarbonate'), 0), unit: 'mmol/L' }),
  },
  {
    id: 'calcium', name: 'Calcium corrected for albumin', inputs: [CALCIUM, ALBUMIN], source: 'Payne et al., Br Med J 1973;4:643, in mg/dL: calcium + 0.8 × (4.0 − albumin)', note: 'Where it matters, measure ionised calcium.',
    compute: (g) => ({ text: fixed(g.n('calcium') + 0.8 * (4 - g.n('albumin')), 1), unit: 'mg/dL' }),
  },
  {
    id: 'meld-na', name: 'MELD-Na', inputs: [CREATININE, BILIRUBIN, INR, SODIUM, yes('dialysis', 'Dialysis twice or more in the last week')], source: 'OPTN policy of January 2016',
    compute: (g) => {
      const bounded = (value: number, least: number, most: number) => Math.min(most, Math.max(least, value))
      const creatinine = g.is('dialysis') ? 4 : bounded(g.n('creatinine'), 1, 4)
      const first = Math.round(10 * (0.957 * Math.log(creatinine) + 0.378 * Math.log(Math.max(1, g.n('bilirubin'))) + 1.12 * Math.log(Math.max(1, g.n('inr'))) + 0.643))
      const gap = 137 - bounded(g.n('sodium'), 125, 137)
      const value = first > 11 ? Math.round(first + 1.32 * gap - 0.033 * first * gap) : first
      return { text: String(Math.min(40, Math.max(6, value))), unit: 'points', band: `MELD without sodium ${Math.min(40, Math.max(6, first))}` }
    },
  },
  {
    id: 'cha2ds2-vasc', name: 'CHA₂DS₂-VASc', inputs: [AGE, SEX, yes('failure', 'Heart failure or reduced ejection fraction'), yes('hypertension', 'Hypertension'), yes('diabetes', 'Diabetes'), yes('stroke', 'Stroke, TIA or thromboembolism'), yes('vascular', 'Vascular disease')], source: 'Lip et al., Chest 2010;137:263', note: 'For atrial fibrillation that is not valvular.',
    compute: (g) => {
      const age = g.n('age') >= 75 ? 2 : g.n('age') >= 65 ? 1 : 0
      const value = age + (g.female() ? 1 : 0) + points(g, { failure: 1, hypertension: 1, diabetes: 1, stroke: 2, vascular: 1 })
      return { text: String(value), unit: `${plural(value)} of 9` }
    },
  },
  {
    id: 'wells-dvt', name: 'Wells score for deep vein thrombosis', source: 'Wells et al., N Engl J Med 2003;349:1227',
    inputs: [
      yes('cancer', 'Active cancer'), yes('paralysis', 'Paralysis, paresis or recent plaster of a leg'), yes('bedridden', 'Bedridden for 3 days or more, or major surgery within 12 weeks'), yes('tender', 'Tenderness along the deep veins'),
      yes('leg', 'Whole leg swollen'), yes('calf', 'Calf more than 3 cm larger than the other'), yes('oedema', 'Pitting oedema of that leg only'), yes('collateral', 'Collateral superficial veins'), yes('previous', 'Earlier deep vein thrombosis'), yes('alternative', 'Another diagnosis is at least as likely'),
    ],
    compute: (g) => {
      const value = points(g, { cancer: 1, paralysis: 1, bedridden: 1, tender: 1, leg: 1, calf: 1, oedema: 1, collateral: 1, previous: 1, alternative: -2 })
      return { text: String(value).replace('-', '−'), unit: plural(value), band: value >= 2 ? 'Likely' : 'Unlikely' }
    },
  },
  {
    id: 'curb-65', name: 'CURB-65', source: 'Lim et al., Thorax 2003;58:377',
    inputs: [
      AGE, yes('confusion', 'New confusion'), { name: 'urea', label: 'Urea nitrogen (BUN)', unit: 'mg/dL', kind: 'number', loinc: ['3094-0', '6299-2'], ucum: ['mg/dL'], least: 0, most: 300 },
      { name: 'breaths', label: 'Respiratory rate', unit: '/min', kind: 'number', loinc: ['9279-1'], ucum: ['/min'], least: 0, most: 200 }, { name: 'systolic', label: 'Systolic pressure', unit: 'mmHg', kind: 'number', least: 0, most: 480 }, { name: 'diastolic', label: 'Diastolic pressure', unit: 'mmHg', kind: 'number', least: 0, most: 350 },
    ],
    compute: (g) => {
      // Urea above 7 mmol/L; 1 mmol/L of urea is 2.801 mg/dL of urea nitrogen.
      const value = [g.is('confusion'), g.n('urea') / 2.801 > 7, g.n('breaths') >= 30, g.n('systolic') < 90 || g.n('diastolic') <= 60, g.n('age') >= 65].filter(Boolean).length
      return { text: String(value), unit: `${plural(value)} of 5` }
    },
  },
]

/** The findings that were not answered: the result counts them as not there. */
export const unanswered = (of: Calculator, given: Given): readonly string[] => of.inputs.filter((i) => i.kind === 'yes' && given[i.name] === undefined).map((i) => i.label)

export interface Missing { missing: readonly string[] }
/** The result, or what is missing, or in words why there is none. */
export function calculate(of: Calculator, given: Given): Score | Missing | string {
  const missing = of.inputs.filter((i) => i.kind !== 'yes' && given[i.name] === undefined)
  if (missing.length > 0) return { missing: missing.map((i) => i.label) }
  const beyond = of.inputs.find((i) => { const v = given[i.name]; return typeof v === 'number' && (!Number.isFinite(v) || v < (i.least ?? -Infinity) || v > (i.most ?? Infinity)) })
  if (beyond) return `${beyond.label}: not computed with, it lies beyond ${beyond.least ?? ''} to ${beyond.most ?? ''} ${beyond.unit ?? ''}.`
  return of.compute({
    n: (name) => { const v = given[name]; if (typeof v !== 'number') throw new Error(`${of.id} reads ${name}, which is no number of its inputs`); return v },
    is: (name) => given[name] === true,
    female: () => given.sex === 'FEMALE',
  })
}
