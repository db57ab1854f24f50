import { isJson, items, textAt, type Json } from '../../lib/fhir'
import { formatDecimal } from '../../lib/quantity'

export interface DoseQuantity { readonly value?: string | null; readonly comparator?: string | null; readonly unit?: string | null }
export interface Repeat { readonly frequency?: number | null; readonly period?: string | null; readonly periodUnit?: string | null; readonly asNeeded?: boolean | null }

/** Units that are misread, as words. Source: ISMP, List of Error-Prone Abbreviations. */
const UNITS: Readonly<Record<string, string>> = { U: 'units', u: 'units', IU: 'units', '[iU]': 'units', '[IU]': 'units', ug: 'micrograms', 'µg': 'micrograms', 'μg': 'micrograms', mcg: 'micrograms', cc: 'mL' }

/** `0.5 mg`: no zero trails, for `5.0` is read as 50; empty where no number is recorded. Source: as above. */
export function doseText(dose: DoseQuantity | null | undefined): string {
  if (!dose?.value) return ''
  const value = dose.value.includes('.') ? dose.value.replace(/\.?0+$/, '') : dose.value
  return [`${dose.comparator ?? ''}${formatDecimal(value)}`, dose.unit && (UNITS[dose.unit] ?? dose.unit)].filter(Boolean).join('\u00a0')
}

/** Source: FHIR R4, value set units-of-time. */
const SPANS: Readonly<Record<string, string>> = { s: 'second', min: 'minute', h: 'hour', d: 'day', wk: 'week', mo: 'month', a: 'year' }
const TIMES = ['', 'once', 'twice', 'three times', 'four times']

/** `twice daily`, `every 8 hours, when needed`; empty where the record does not say it in numbers. A frequency that is not stated is once per period. Source: FHIR R4, Timing.repeat. */
export function frequencyText({ frequency, period, periodUnit, asNeeded }: Repeat): string {
  const span = SPANS[periodUnit ?? '']
  const times = TIMES[frequency ?? 1] ?? `${frequency} times`
  const length = Number(period)
  const often = !span || !period || !times ? ''
    : length !== 1 ? (times === 'once' ? `every ${formatDecimal(period)} ${span}s` : `${times} in ${formatDecimal(period)} ${span}s`)
    : span === 'day' ? `${times} daily` : `${times} ${span === 'hour' ? 'an' : 'a'} ${span}`
  return [often, asNeeded && 'when needed'].filter(Boolean).join(', ')
}

/** Since when and until when the instructions of a prescription hold, where they say so: the first start; the last end, if each has one. Source: FHIR R4, MedicationRequest.dosageInstruction.timing.repeat.boundsPeriod. */
export function boundsOf(fhir: unknown): { start?: string; end?: string } {
  const all = items(isJson(fhir) ? fhir.dosageInstruction : undefined).map((d) => at(at(at(d, 'timing'), 'repeat'), 'boundsPeriod'))
  const times = (name: string) => all.flatMap((period) => textAt(period, name) || []).sort()
  const ends = times('end')
  return { start: times('start')[0], end: ends.length === all.length ? ends.at(-1) : undefined }
}
const at = (of: Json | undefined, name: string): Json | undefined => { const one = of?.[name]; return isJson(one) ? one : undefined }

/** Whether an end, as precise as it is recorded, lies before that day. */
export const isOver = (end: string | null | undefined, day: string): boolean => !!end && end.slice(0, 10) < day.slice(0, Math.min(10, end.length))
