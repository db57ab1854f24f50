import { commonOutcome, useAct, type FieldSpec, type Values } from '../../components/act/act'
import { NEWS2_NUMBERS, OXYGEN_FLOW, RESPONSIVENESS } from '../../components/clinical/news2'
import { graphql } from '../../gql'
import type { Consciousness } from '../../gql/graphql'
import { withOffset } from '../../lib/date'
import { formatUnit } from '../../lib/quantity'
import { notBelieved, recorded, useColumn, type Column, type Writing } from './column'
import { extremeWords, isExtreme, scoreOf, type MomentScore, type Part, type Person } from './score'
import { rowKey } from './sheet'

const RecordVitals = graphql(`
  mutation RecordVitals($input: VitalsRecordInput!) {
    vitalsRecord(input: $input) {
      outcome {
        __typename
        ... on VitalsSaved { observations { id interpretation components { interpretation } code { text } } }
        ... on ImplausibleValue { values { input value unit least most source } }
        ... on Stale { id currentVersion } ... on NotPermitted { message } ... on Invalid { issues { text expression } }
      }
    }
  }
`)

/** How somebody responds, by the ACVPU scale, and the LOINC answer that is recorded of it. */
const LEVELS: readonly (readonly [Consciousness, string, answer: string])[] = [
  ['ALERT', 'Alert', 'LA9340-6'], ['CONFUSED', 'New confusion', 'LA6560-2'], ['VOICE', 'Responds to voice', 'LA17108-4'], ['PAIN', 'Responds to pain', 'LA17107-6'], ['UNRESPONSIVE', 'Unresponsive', 'LA9343-0'],
]
const answerOf = (level: string | undefined): string => LEVELS.find(([one]) => one === level)?.[2] ?? ''

interface Sign extends FieldSpec { part?: Part }
const SYSTOLIC: Sign = { name: 'systolic', label: 'Systolic pressure', unit: 'mmHg', kind: 'number', part: 'systolic' }
const DIASTOLIC: Sign = { name: 'diastolic', label: 'Diastolic pressure', unit: 'mmHg', kind: 'number' }
const one = (code: string, title: string, sign: Sign) => ({ code, title, unit: sign.unit ?? '', signs: [sign] })
/** The rows of the sheet that can be written, by the code and the unit that they are recorded in, and one that is computed of them. */
export const ROWS: readonly { code: string; title: string; unit: string; signs: readonly Sign[] }[] = [
  { code: '85354-9', title: 'Blood pressure', unit: 'mmHg', signs: [SYSTOLIC, DIASTOLIC] },
  one('8867-4', 'Heart rate', { name: 'heartRate', label: 'Heart rate', unit: '/min', kind: 'number', part: 'pulse' }),
  one('9279-1', 'Respiratory rate', { name: 'respiratoryRate', label: 'Respiratory rate', unit: '/min', kind: 'number', part: 'breaths' }),
  one('8310-5', 'Temperature', { name: 'temperature', label: 'Temperature', unit: '°C', kind: 'number', part: 'temperature' }),
  one('2708-6', 'Oxygen saturation', { name: 'oxygenSaturation', label: 'Oxygen saturation', unit: '%', kind: 'number', part: 'saturation' }),
  one(OXYGEN_FLOW.loinc, 'Oxygen flow', { name: 'oxygenFlow', label: 'Oxygen flow', unit: OXYGEN_FLOW.ucum, kind: 'number', help: '0 is room air.' }),
  one(RESPONSIVENESS, 'Level of responsiveness', { name: 'consciousness', label: 'Level of responsiveness', kind: 'choice', options: LEVELS.map(([level, words]) => [level, words] as const), none: 'Not assessed', part: 'consciousness' }),
  one('29463-7', 'Weight', { name: 'weight', label: 'Weight', unit: 'kg', kind: 'number' }),
  one('8302-2', 'Height', { name: 'height', label: 'Height', unit: 'cm', kind: 'number' }),
  { code: '39156-5', title: 'Body mass index', unit: formatUnit('kg/m2'), signs: [] },
]
const SIGNS = ROWS.flatMap((row) => row.signs)
const BY_ROW = new Map(ROWS.map((row) => [rowKey(row.code, row.title, row.unit), row]))
/** What is written in a row of the sheet; undefined where nothing is. */
export const writtenIn = (key: string) => BY_ROW.get(key)

/** Takes down the vital signs of one moment. Of whom NEWS2 is made for, an extreme sign is asked about. */
export function useVitalsColumn(patient: string, person: Person, may: boolean): ReturnType<typeof useColumn> {
  const act = useAct()
  const ask = (name: string, value: string, at: string) => {
    const part = SIGNS.find((sign) => sign.name === name)?.part
    return part && isExtreme(part, part === 'consciousness' ? answerOf(value) : value, at, person) ? extremeWords(part) : null
  }
  const boundsOf = (name: string) => NEWS2_NUMBERS.find((one) => one.name === SIGNS.find((sign) => sign.name === name)?.part)
  const send = ({ takenAt, note, value, key }: Column) => {
    const numbers = Object.fromEntries(SIGNS.filter((s) => s.kind === 'number').map((s) => [s.name, value(s.name)]))
    const consciousness = LEVELS.find(([level]) => level === value('consciousness'))?.[0]
    return act(RecordVitals, { input: { patient, takenAt, ...numbers, consciousness, note, idempotencyKey: key } }, ({ vitalsRecord: { outcome } }) =>
      commonOutcome(outcome) ?? (outcome.__typename === 'ImplausibleValue'
        ? { kind: 'refused', problems: outcome.values.map((v) => notBelieved(SIGNS.find((s) => s.name === v.input.replace(/^input\./, '')), v)) }
        : { kind: 'saved', told: outcome.__typename === 'VitalsSaved' ? recorded(outcome.observations) : '' }))
  }
  return useColumn({ may, signs: SIGNS, ask, boundsOf, send })
}

/** The score of what is written so far; null while no part of it is. */
export function scoreOfColumn({ values }: Pick<Writing, 'values'>, person: Person): { at: string; score: MomentScore } {
  const at = withOffset(values.takenAt ?? '')
  return { at, score: scoreOf(readingsOf(values), at, person) }
}
function readingsOf(values: Values) {
  const number = (text: string | undefined) => (text && /^\s*\d+(\.\d+)?\s*$/.test(text) ? Number(text) : null)
  const numbers = SIGNS.flatMap(({ name, part }) => {
    const of = name === 'oxygenFlow' ? { loinc: [OXYGEN_FLOW.loinc], ucum: OXYGEN_FLOW.ucum } : NEWS2_NUMBERS.find((one) => one.name === part)
    const value = number(values[name])
    return of && value !== null ? [{ codes: of.loinc, number: value, ucum: of.ucum, answers: [] }] : []
  })
  const answer = answerOf(values.consciousness)
  return [...numbers, ...(answer ? [{ codes: [RESPONSIVENESS], number: null, ucum: '', answers: [answer] }] : [])]
}
