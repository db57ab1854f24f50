/**
 * The National Early Warning Score 2 of one set of signs. Knows no chart; a missing sign is the caller's to refuse.
 * Source: Royal College of Physicians, National Early Warning Score (NEWS) 2, London 2017, chart 1 (points) and chart 2 (thresholds).
 */
export const NEWS2_SOURCE = 'Royal College of Physicians, National Early Warning Score (NEWS) 2, 2017, chart 1'
/** It is not made for the young, nor for pregnancy (same source). */
export const NEWS2_FROM_YEARS = 16

/** A number that it needs: LOINC codes of the measurement, or of the part of one, in exactly this UCUM unit; beyond the bounds it is not computed with. */
export interface NewsNumber { name: 'breaths' | 'saturation' | 'systolic' | 'pulse' | 'temperature'; label: string; unit: string; loinc: readonly string[]; ucum: string; least: number; most: number }
export const NEWS2_NUMBERS: readonly NewsNumber[] = [
  { name: 'breaths', label: 'Respiratory rate', unit: '/min', loinc: ['9279-1'], ucum: '/min', least: 0, most: 200 },
  { name: 'saturation', label: 'Oxygen saturation', unit: '%', loinc: ['2708-6', '59408-5'], ucum: '%', least: 0, most: 100 },
  { name: 'systolic', label: 'Systolic pressure', unit: 'mmHg', loinc: ['8480-6'], ucum: 'mm[Hg]', least: 0, most: 480 },
  { name: 'pulse', label: 'Heart rate', unit: '/min', loinc: ['8867-4'], ucum: '/min', least: 0, most: 480 },
  { name: 'temperature', label: 'Temperature', unit: '°C', loinc: ['8310-5'], ucum: 'Cel', least: 11.8, most: 46.5 },
]
export const OXYGEN_FLOW = { loinc: '3151-8', ucum: 'L/min' } as const
export const RESPONSIVENESS = '67775-7'
/** LOINC answers of it, whether somebody is not alert: alert, then confused, to voice, to pain, unresponsive, which all count. */
export const ACVPU: Readonly<Record<string, 'yes' | 'no'>> = { 'LA9340-6': 'no', 'LA6560-2': 'yes', 'LA17108-4': 'yes', 'LA17107-6': 'yes', 'LA9343-0': 'yes' }

/** Bands that ask for an urgent answer, as the server names them (same source, chart 2). */
export const NEWS2_URGENT: readonly string[] = ['High', 'Medium']

/** The most points that one sign has. */
export const NEWS2_MOST = 3

/** Points of a value: the first row whose upper end it does not pass. Rows are the columns of the chart, from low to high. */
const step = (value: number, rows: readonly (readonly [upTo: number, points: number])[]): number => rows.find(([upTo]) => value <= upTo)?.[1] ?? 0
const POINTS = {
  breaths: [[8, 3], [11, 1], [20, 0], [24, 2], [Infinity, 3]],
  scale1: [[91, 3], [93, 2], [95, 1], [Infinity, 0]],
  scale2Air: [[83, 3], [85, 2], [87, 1], [Infinity, 0]],
  scale2Oxygen: [[83, 3], [85, 2], [87, 1], [92, 0], [94, 1], [96, 2], [Infinity, 3]],
  systolic: [[90, 3], [100, 2], [110, 1], [219, 0], [Infinity, 3]],
  pulse: [[40, 3], [50, 1], [90, 0], [110, 1], [130, 2], [Infinity, 3]],
  temperature: [[35, 3], [36, 1], [38, 0], [39, 1], [Infinity, 2]],
} as const

/** What a number by itself gives; a saturation on scale 1. */
export const pointsOf = (name: NewsNumber['name'], value: number): number => step(value, name === 'saturation' ? POINTS.scale1 : POINTS[name])

export interface NewsSigns extends Readonly<Record<NewsNumber['name'], number>> { oxygen: boolean; scale2: boolean; notAlert: boolean }
export interface News { value: number; risk: 'Low' | 'Low to medium' | 'Medium' | 'High'; parts: readonly (readonly [name: string, points: number])[] }
export function news2(s: NewsSigns): News {
  const parts: readonly (readonly [string, number])[] = [
    ['respiratory rate', pointsOf('breaths', s.breaths)], ['saturation', s.scale2 ? step(s.saturation, s.oxygen ? POINTS.scale2Oxygen : POINTS.scale2Air) : pointsOf('saturation', s.saturation)], ['oxygen', s.oxygen ? 2 : 0],
    ['systolic pressure', pointsOf('systolic', s.systolic)], ['heart rate', pointsOf('pulse', s.pulse)], ['consciousness', s.notAlert ? NEWS2_MOST : 0], ['temperature', pointsOf('temperature', s.temperature)],
  ]
  const value = parts.reduce((sum, [, n]) => sum + n, 0)
  return { value, risk: value >= 7 ? 'High' : value >= 5 ? 'Medium' : parts.some(([, n]) => n === 3) ? 'Low to medium' : 'Low', parts }
}
export const newsParts = ({ parts }: Pick<News, 'parts'>): string => parts.map(([name, n]) => `${name} ${n}`).join(', ')
