import Button from '@mui/material/Button'
import OutlinedInput from '@mui/material/OutlinedInput'
import { useState } from 'react'
import { ActDialog } from '../../components/form/act-dialog'
import { Field, TextField } from '../../components/form/fields'
import css from '../../components/form/form.module.css'
import { useSession } from '../../contexts/session'
import { graphql } from '../../gql'
import type { VitalsRecordInput } from '../../gql/graphql'
import { useAct } from '../../hooks/use-act'
import { useAnnounce } from '../../hooks/use-announce'
import { fieldOf } from '../../lib/act'
import { mayChart } from '../../lib/permissions'

const RecordVitals = graphql(`
  mutation RecordVitals($input: VitalsRecordInput!) {
    vitalsRecord(input: $input) {
      outcome {
        __typename
        ... on VitalsSaved { observations { id versionId } }
        ... on ImplausibleValue { values { input value unit least most } }
        ... on Invalid { issues { expression text } } ... on NotPermitted { permission } ... on Stale { currentVersion }
      }
    }
  }
`)

type Sign = Exclude<keyof VitalsRecordInput, 'patient' | 'takenAt' | 'encounter' | 'note' | 'idempotencyKey'>
/** In the order they are taken; the unit is the only one the field accepts. */
const SIGNS: readonly (readonly [Sign, string, string])[] = [
  ['systolic', 'Systolic', 'mmHg'], ['diastolic', 'Diastolic', 'mmHg'], ['heartRate', 'Heart rate', '/min'], ['respiratoryRate', 'Respiratory rate', '/min'],
  ['temperature', 'Temperature', '°C'], ['oxygenSaturation', 'Oxygen saturation', '%'], ['weight', 'Weight', 'kg'], ['height', 'Height', 'cm'],
]
const SAVED = ['VitalsSaved']
const NAMES = new Map<string, string>(SIGNS.map(([sign, name]) => [sign, name]))

/** One row of vital signs, taken now. What is left empty was not taken. */
export function RecordVitalsButton({ patientId }: { patientId: string }) {
  const [open, setOpen] = useState(false)
  if (!mayChart(useSession().session)) return null
  return (
    <>
      <Button variant="outlined" size="small" onClick={() => setOpen(true)}>Record vital signs</Button>
      {open && <VitalsDialog patientId={patientId} onClose={() => setOpen(false)} />}
    </>
  )
}

function VitalsDialog({ patientId, onClose }: { patientId: string; onClose: () => void }) {
  const announce = useAnnounce()
  const [values, setValues] = useState<Partial<Record<Sign, string>>>({})
  const [note, setNote] = useState('')
  const { send, busy, result } = useAct(RecordVitals, (data) => data.vitalsRecord.outcome, SAVED, () => { announce('Vital signs are recorded'); onClose() })
  const taken = SIGNS.flatMap(([sign]) => { const value = values[sign]?.trim().replace(',', '.'); return value ? [[sign, value] as const] : [] })
  const input = (): Omit<VitalsRecordInput, 'idempotencyKey'> => ({ patient: patientId, ...Object.fromEntries(taken), ...(note.trim() && { note }) })
  const wrong = (sign: Sign) => {
    if (result?.kind === 'invalid') return result.issues.find((i) => fieldOf(i) === sign)?.text
    if (result?.kind !== 'other' || result.outcome.__typename !== 'ImplausibleValue') return undefined
    const value = result.outcome.values.find((v) => v.input === sign)
    return value && `Believed from ${value.least} to ${value.most} ${value.unit}`
  }
  return (
    <ActDialog title="Record vital signs" submit="Record" busy={busy} dirty={taken.length > 0 || !!note} result={result} onClose={onClose} onSubmit={() => { void send(input()) }}
      renderOwn={(outcome) => (outcome.__typename === 'ImplausibleValue'
        ? <p>{outcome.values.map((v) => `${NAMES.get(v.input) ?? v.input} ${v.value} ${v.unit}`).join(', ')} cannot be: look at the number and the unit. Nothing was recorded.</p> : null)}>
      <div className={css.row}>
        {SIGNS.map(([sign, name, unit]) => (
          <Field key={sign} label={name} wrong={wrong(sign)}>
            {(ids) => (
              <div className={css.measure}>
                <OutlinedInput id={ids.id} size="small" value={values[sign] ?? ''} error={!!wrong(sign)} onChange={(e) => setValues((v) => ({ ...v, [sign]: e.target.value }))}
                  inputProps={{ 'aria-describedby': ids['aria-describedby'], inputMode: 'decimal', pattern: '\\d{1,3}([.,]\\d{1,3})?', autoComplete: 'off' }} />
                <span>{unit}</span>
              </div>
            )}
          </Field>
        ))}
      </div>
      <TextField label="Note" value={note} onChange={setNote} rows={2} />
    </ActDialog>
  )
}
