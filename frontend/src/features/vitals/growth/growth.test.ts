import { describe, expect, it } from 'vitest'
import cdc from './cdc-2-20.json'
import { below, PERCENTILES, restrictedZ, valueAt, zScore } from './lms'
import { agesNear, ageWords, percentileText, pointsOf } from './points'
import { ageDays, lmsAt, MONTH, placeOf, type Measure, type Sex } from './reference'
import who from './who-0-2.json'

/** The example of the CDC's page of data files: a boy of nine and a half months who weighs 9.7 kg. */
it('the published example: z 0.207, percentile 58', () => {
  const lms = { l: -0.1600954, m: 9.476500305, s: 0.11218624 }
  expect(zScore(lms, 9.7)).toBeCloseTo(0.20739941, 7)
  expect(below(zScore(lms, 9.7)) * 100).toBeCloseTo(58.215103, 4)
  expect(valueAt(lms, -1.645)).toBeCloseTo(7.9006292, 6)
})

describe('LMS', () => {
  it('a power of zero is the logarithm', () => {
    expect(zScore({ l: 0, m: 10, s: 0.1 }, 10 * Math.exp(0.2))).toBeCloseTo(2, 12)
    expect(valueAt({ l: 0, m: 10, s: 0.1 }, 2)).toBeCloseTo(10 * Math.exp(0.2), 12)
    expect(zScore({ l: 1e-7, m: 10, s: 0.1 }, 12)).toBeCloseTo(zScore({ l: 0, m: 10, s: 0.1 }, 12), 5)
  })
  it.each([[0, 0.5], [1, 0.8413447], [-1.959964, 0.025], [3, 0.9986501], [-3.5, 0.0002326]])('below %f lies %f', (z, share) => expect(below(z)).toBeCloseTo(share, 6))
  it('value and z-score undo each other', () => {
    for (const z of [-4, -1.3, 0, 0.7, 2.5]) expect(zScore({ l: -0.9, m: 16, s: 0.12 }, valueAt({ l: -0.9, m: 16, s: 0.12 }, z))).toBeCloseTo(z, 9)
  })
  it('beyond three standard deviations the distance is that of the second to the third', () => {
    const lms = { l: -0.6, m: 16, s: 0.09 }
    expect(restrictedZ(lms, valueAt(lms, 2.999))).toBeCloseTo(2.999, 9)
    expect(restrictedZ(lms, valueAt(lms, 3) + 2 * (valueAt(lms, 3) - valueAt(lms, 2)))).toBeCloseTo(5, 9)
    expect(restrictedZ(lms, valueAt(lms, -3) - (valueAt(lms, -2) - valueAt(lms, -3)))).toBeCloseTo(-4, 9)
  })
})

/** Percentiles that the CDC prints beside L, M and S in its data files: 3 5 10 25 50 75 90 95 97, for BMI 85 too. */
const PRINTED: [Measure, Sex, number, Record<number, number>][] = [
  ['weight', 'male', 48.5, { 3: 13.29110715, 5: 13.61005739, 10: 14.13085804, 25: 15.0916281, 50: 16.31676727, 75: 17.74766896, 90: 19.25695041, 95: 20.28339348, 97: 21.00792648 }],
  ['height', 'female', 120.5, { 3: 125.9599043, 5: 127.4524005, 10: 129.7752299, 25: 133.7239135, 50: 138.2111552, 75: 142.8050794, 90: 147.0322225, 95: 149.6043767, 97: 151.2919534 }],
  ['bmi', 'female', 180.5, { 3: 15.93785473, 5: 16.30973602, 10: 16.93767383, 25: 18.17359792, 50: 19.9305662, 75: 22.33090272, 85: 24.04502533, 90: 25.46204417, 95: 28.12369169, 97: 30.3852018 }],
  ['head', 'female', 30.5, { 3: 45.31181411, 5: 45.68394345, 10: 46.25042633, 25: 47.18009439, 50: 48.18961365, 75: 49.17606748, 90: 50.04539729, 95: 50.55769018, 97: 50.88731003 }],
]
it.each(PRINTED)('%s of a %s at %f months gives the printed percentiles', (measure, sex, months, printed) => {
  const lms = lmsAt(measure, sex, months * MONTH)
  for (const [percentile, z] of PERCENTILES) if (printed[percentile] !== undefined) expect(lms && valueAt(lms, z)).toBeCloseTo(printed[percentile], 5)
})

/** What the WHO's own macro gives (R package anthro 1.1.0), in two decimals of the third beyond ±3. */
it.each<[Measure, Sex, number, number, number]>([
  ['weight', 'male', 365, 9.5, -0.1395], ['height', 'male', 365, 75.2, -0.2269], ['weight', 'female', 365, 5, -4.6574], ['height', 'female', 365, 64, -3.886],
  ['weight', 'male', 200, 13, 4.5642], ['bmi', 'male', 200, 28.114186851, 6.1441], ['bmi', 'female', 365, 12.20703125, -3.4711], ['weight', 'female', 30, 4.3, 0.2212],
])('the WHO’s z-score: %s of a %s at %i days, %f', (measure, sex, days, value, z) => {
  const place = placeOf(measure, sex, days, value)
  expect(place?.source).toBe('WHO')
  expect(place?.z).toBeCloseTo(z, 3)
})

describe('the range of the references', () => {
  it('the WHO’s ends with the second year, the CDC’s with the twentieth, of the head with the third', () => {
    expect(lmsAt('weight', 'male', -1)).toBeNull()
    expect(lmsAt('weight', 'male', 730)?.source).toBe('WHO')
    expect(lmsAt('weight', 'male', 731)?.source).toBe('CDC')
    expect(lmsAt('bmi', 'female', 240 * MONTH)?.source).toBe('CDC')
    expect(lmsAt('bmi', 'female', 241 * MONTH)).toBeNull()
    expect(lmsAt('head', 'male', 36 * MONTH)?.source).toBe('CDC')
    expect(lmsAt('head', 'male', 37 * MONTH)).toBeNull()
  })
  it('every table is whole, and its medians are those of children', () => {
    for (const measure of ['weight', 'height', 'head', 'bmi'] as const) for (const sex of ['male', 'female'] as const) {
      const { L, M, S } = who.tables[measure][sex]
      expect([M.length, S.length]).toEqual([731, 731])
      expect([1, 731]).toContain(L.length)
      const { age, ...columns } = cdc.tables[measure][sex]
      for (const column of Object.values(columns)) expect(column.length).toBe(age.length)
      expect(age.every((a, i) => i === 0 || a > (age[i - 1] ?? a))).toBe(true)
      for (let days = 0; days < (measure === 'head' ? 36 : 240) * MONTH; days += 30) {
        const lms = lmsAt(measure, sex, days)
        if (!lms) throw new Error(`nothing at ${days}`)
        const all = PERCENTILES.map(([, z]) => valueAt(lms, z))
        expect(all.every((v, i) => v > 0 && (i === 0 || v > (all[i - 1] ?? v)))).toBe(true)
      }
    }
  })
  it('above the 95th percentile of BMI the share of it is told', () => {
    expect(placeOf('bmi', 'female', 180.5 * MONTH, 28.12369169 * 1.2)?.ofNinetyFifth).toBeCloseTo(120, 4)
    expect(placeOf('bmi', 'female', 180.5 * MONTH, 20)?.ofNinetyFifth).toBeUndefined()
  })
})

describe('ages', () => {
  it('are in whole days, of dates and of instants as they were here', () => {
    expect(ageDays('2020-01-31', '2020-03-01')).toBe(30)
    expect(ageDays('2020-01-31', '2021-01-31T08:00:00Z')).toBe(366)
    expect(ageDays('2020-01', '2020-03-01')).toBeNull()
    expect(ageDays('2020-01-31', '2020-03')).toBeNull()
  })
  it('a measurement without a day is counted, one beyond the reference is kept without a place', () => {
    const of = (at: string, value: string) => ({ at, value, observation: { id: at } })
    const { points, undated } = pointsOf('head', 'female', '2018-05-10', [of('2024-05-10', '52.10'), of('2019-05', '46'), of('2018-11-10', '42.5')])
    expect(undated).toBe(1)
    expect(points.map((p) => [p.text, p.months.toFixed(1), p.place?.source ?? null])).toEqual([['42.5', '6.0', 'WHO'], ['52.10', '72.0', null]])
  })
  it('are told in months below two years, and then as people say them', () => expect([11.99, 23.9, 36.01, 71.98, 75.2, 85].map(ageWords)).toEqual(['12.0 months', '23.9 months', '3 years', '6 years', '6 years 3 months', '7 years 1 month']))
  it('that are shown lie around the measurements, within the reference', () => {
    const at = (months: number) => ({ months, corrected: null })
    expect(agesNear({ from: 24, to: 240 }, [at(24), at(72)])).toEqual({ from: 24, to: 96 })
    expect(agesNear({ from: 24, to: 240 }, [at(150), at(230)])).toEqual({ from: 120, to: 240 })
    expect(agesNear({ from: 0, to: 24 }, [at(2)])).toEqual({ from: 0, to: 9 })
    expect(agesNear({ from: 24, to: 240 }, [])).toEqual({ from: 24, to: 240 })
  })
  it('the ends of the percentiles are bounds', () => expect([0.04, 0.1, 58.2151, 99.95].map(percentileText)).toEqual(['<0.1', '0.1', '58.2', '>99.9']))
})
