import { commonOutcome, useAct, type FieldSpec } from '../../components/act/act'
import { graphql } from '../../gql'
import { ColumnEntry, notBelieved, recorded, type Column } from './column-entry'

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

const SIGNS: readonly FieldSpec[] = [
  { name: 'systolic', label: 'Systolic pressure', unit: 'mmHg', kind: 'number' },
  { name: 'diastolic', label: 'Diastolic pressure', unit: 'mmHg', kind: 'number' },
  { name: 'heartRate', label: 'Heart rate', unit: '/min', kind: 'number' },
  { name: 'respiratoryRate', label: 'Respiratory rate', unit: '/min', kind: 'number' },
  { name: 'temperature', label: 'Temperature', unit: '°C', kind: 'number' },
  { name: 'oxygenSaturation', label: 'Oxygen saturation', unit: '%', kind: 'number' },
  { name: 'weight', label: 'Weight', unit: 'kg', kind: 'number' },
  { name: 'height', label: 'Height', unit: 'cm', kind: 'number' },
]

/** Takes down the vital signs of one moment. */
export function VitalsEntry({ patient, onDone }: { patient: string; onDone: () => void }) {
  const act = useAct()
  const send = ({ takenAt, note, value, key }: Column) => {
    const signs = Object.fromEntries(SIGNS.map((s) => [s.name, value(s.name)]))
    return act(RecordVitals, { input: { patient, takenAt, ...signs, note, idempotencyKey: key } }, ({ vitalsRecord: { outcome } }) =>
      commonOutcome(outcome) ?? (outcome.__typename === 'ImplausibleValue'
        ? { kind: 'refused', problems: outcome.values.map((v) => notBelieved(SIGNS.find((s) => s.name === v.input.replace(/^input\./, '')), v)) }
        : { kind: 'saved', told: outcome.__typename === 'VitalsSaved' ? recorded(outcome.observations) : '' }))
  }
  return <ColumnEntry fields={SIGNS} send={send} onDone={onDone} />
}
