import { commonOutcome, useAct, type FieldSpec } from '../../components/act/act'
import { graphql } from '../../gql'
import type { Consciousness } from '../../gql/graphql'
import { ColumnEntry, notBelieved, recorded, type Column, type Pair } from './column-entry'

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

/** How somebody responds, by the ACVPU scale. */
const LEVELS: readonly (readonly [Consciousness, string])[] = [
  ['ALERT', 'Alert'], ['CONFUSED', 'New confusion'], ['VOICE', 'Responds to voice'], ['PAIN', 'Responds to pain'], ['UNRESPONSIVE', 'Unresponsive'],
]
const SIGNS: readonly FieldSpec[] = [
  { name: 'systolic', label: 'Systolic pressure', unit: 'mmHg', kind: 'number' },
  { name: 'diastolic', label: 'Diastolic pressure', unit: 'mmHg', kind: 'number' },
  { name: 'heartRate', label: 'Heart rate', unit: '/min', kind: 'number' },
  { name: 'respiratoryRate', label: 'Respiratory rate', unit: '/min', kind: 'number' },
  { name: 'temperature', label: 'Temperature', unit: '°C', kind: 'number' },
  { name: 'oxygenSaturation', label: 'Oxygen saturation', unit: '%', kind: 'number' },
  { name: 'oxygenFlow', label: 'Oxygen flow', unit: 'L/min', kind: 'number', help: '0 is room air.' },
  { name: 'consciousness', label: 'Level of responsiveness', kind: 'choice', options: LEVELS, none: 'Not assessed' },
  { name: 'weight', label: 'Weight', unit: 'kg', kind: 'number' },
  { name: 'height', label: 'Height', unit: 'cm', kind: 'number' },
]

const PRESSURE: Pair = { label: 'Blood pressure', of: ['systolic', 'diastolic'] }

/** Takes down the vital signs of one moment. */
export function VitalsEntry({ patient, onDone }: { patient: string; onDone: () => void }) {
  const act = useAct()
  const send = ({ takenAt, note, value, key }: Column) => {
    const numbers = Object.fromEntries(SIGNS.filter((s) => s.kind === 'number').map((s) => [s.name, value(s.name)]))
    const consciousness = LEVELS.find(([level]) => level === value('consciousness'))?.[0]
    return act(RecordVitals, { input: { patient, takenAt, ...numbers, consciousness, note, idempotencyKey: key } }, ({ vitalsRecord: { outcome } }) =>
      commonOutcome(outcome) ?? (outcome.__typename === 'ImplausibleValue'
        ? { kind: 'refused', problems: outcome.values.map((v) => notBelieved(SIGNS.find((s) => s.name === v.input.replace(/^input\./, '')), v)) }
        : { kind: 'saved', told: outcome.__typename === 'VitalsSaved' ? recorded(outcome.observations) : '' }))
  }
  return <ColumnEntry fields={SIGNS} pair={PRESSURE} send={send} onDone={onDone} />
}
