import Button from '@mui/material/Button'
import OutlinedInput from '@mui/material/OutlinedInput'
import { useId, useRef, useState, type FormEvent, type KeyboardEvent } from 'react'
import { check, commonOutcome, given, useAct, type FieldSpec, type Problem, type Values } from '../../components/act/act'
import { useReadAgain } from '../../components/ui/part'
import { useHold } from '../../contexts/live'
import { graphql } from '../../gql'
import { useAnnounce } from '../../hooks/use-announce'
import { useUnsavedGuard } from '../../hooks/use-unsaved-guard'
import { localNow, withOffset } from '../../lib/date'
import css from './vitals.module.css'

const RecordVitals = graphql(`
  mutation RecordVitals($input: VitalsRecordInput!) {
    vitalsRecord(input: $input) {
      outcome {
        __typename
        ... on VitalsSaved { observations { id interpretation code { text } } }
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
const LOST = 'What you wrote is not recorded. Press “Discard” to give it up.'
const words = (name: string) => { const sign = SIGNS.find((s) => s.name === name); return sign ? `${sign.label} in ${sign.unit ?? ''}` : name }

/** Takes down the vital signs of one moment. Enter and the arrows go from row to row; a value that no body has is refused by the server, an abnormal one is recorded and flagged. */
export function VitalsEntry({ patient, onDone }: { patient: string; onDone: () => void }) {
  const id = useId()
  const act = useAct()
  const announce = useAnnounce()
  const again = useReadAgain()
  const grid = useRef<HTMLDivElement>(null)
  const [values, setValues] = useState<Values>({ takenAt: localNow() })
  const [problems, setProblems] = useState<readonly Problem[]>([])
  const [busy, setBusy] = useState(false)
  const key = useRef<string>(null)
  key.current ??= crypto.randomUUID()

  const written = SIGNS.some((s) => given(values[s.name])) || !!given(values.note)
  const guard = useUnsavedGuard(written)
  const [leaving, setLeaving] = useState(false)
  useHold()
  const leave = () => {
    if (written && !leaving) { setLeaving(true); announce(LOST) } else { guard.release(); onDone() }
  }

  const move = (event: KeyboardEvent<HTMLElement>) => {
    const step = { ArrowDown: 1, Enter: 1, ArrowUp: -1 }[event.key]
    if (!step || event.ctrlKey || event.metaKey) return
    const inputs = [...(grid.current?.querySelectorAll('input') ?? [])]
    const to = inputs[inputs.indexOf(event.target as HTMLInputElement) + step]
    if (!to && event.key === 'Enter') return
    event.preventDefault()
    to?.focus()
    to?.select()
  }
  const send = async (event: FormEvent) => {
    event.preventDefault()
    const wrong = check(SIGNS, values)
    if (!SIGNS.some((s) => given(values[s.name]))) wrong.push({ text: 'Nothing was measured yet: write at least one value.' })
    setProblems(wrong)
    if (wrong.length > 0) { announce(wrong[0]?.text ?? ''); return }
    setBusy(true)
    const signs = Object.fromEntries(SIGNS.map((s) => [s.name, given(values[s.name])]))
    const outcome = await act(RecordVitals, { input: { patient, takenAt: values.takenAt ? withOffset(values.takenAt) : undefined, ...signs, note: given(values.note), idempotencyKey: key.current } }, ({ vitalsRecord: { outcome } }) =>
      commonOutcome(outcome) ?? (outcome.__typename === 'ImplausibleValue'
        ? { kind: 'refused', problems: outcome.values.map((v) => { const field = v.input.replace(/^input\./, ''); return { field, text: `${words(field)}: ${v.value} is not believed. Between ${v.least} and ${v.most} ${v.unit} (${v.source}).` } }) }
        : { kind: 'saved', told: outcome.__typename === 'VitalsSaved' ? `${outcome.observations.length} measurements are recorded${outcome.observations.some((o) => o.interpretation && o.interpretation !== 'NORMAL') ? `, abnormal: ${outcome.observations.filter((o) => o.interpretation && o.interpretation !== 'NORMAL').map((o) => o.code?.text).join(', ')}` : ''}` : '' }))
    setBusy(false)
    if (outcome.kind === 'refused') { setProblems(outcome.problems); announce(outcome.problems[0]?.text ?? '') }
    if (outcome.kind === 'saved') { announce(outcome.told); guard.release(); again(); onDone() }
  }
  const set = (name: string) => (value: string) => { setLeaving(false); setValues((before) => ({ ...before, [name]: value })) }
  const bad = (name: string) => problems.find((p) => p.field === name)
  return (
    <form className={css.entry} onSubmit={(e) => { void send(e) }} aria-label="New measurements" noValidate ref={toFirstSign}>
      {problems.length > 0 && <div className={css.problems} role="alert"><strong>Nothing was recorded.</strong>{problems.map((p) => <span key={p.text}>{p.text}</span>)}</div>}
      <div className={css.grid} ref={grid}>
        {SIGNS.map((sign) => (
          <div key={sign.name}>
            <label htmlFor={`${id}${sign.name}`}>{sign.label}</label>
            <OutlinedInput
              value={values[sign.name] ?? ''} error={!!bad(sign.name)} endAdornment={<span className={css.unit}>{sign.unit}</span>} onChange={(e) => set(sign.name)(e.target.value)} onKeyDown={move}
              inputProps={{ id: `${id}${sign.name}`, inputMode: 'decimal', 'aria-invalid': !!bad(sign.name) || undefined, 'data-sign': true }}
            />
          </div>
        ))}
      </div>
      <div className={css.foot}>
        <label htmlFor={`${id}at`}>Taken</label>
        <input id={`${id}at`} type="datetime-local" value={values.takenAt ?? ''} onChange={(e) => set('takenAt')(e.target.value)} />
        <label htmlFor={`${id}note`}>Remark (optional)</label>
        <OutlinedInput className={css.note} value={values.note ?? ''} onChange={(e) => set('note')(e.target.value)} inputProps={{ id: `${id}note` }} />
        {leaving && <strong role="alert">{LOST}</strong>}
        <Button type="button" variant="text" onClick={leave}>{leaving ? 'Discard' : 'Cancel'}</Button>
        <Button type="submit" variant="contained" disabled={busy}>{busy ? 'Recording …' : 'Record'}</Button>
      </div>
      {guard.dialog}
    </form>
  )
}

const toFirstSign = (form: HTMLFormElement | null) => form?.querySelector<HTMLElement>('[data-sign]')?.focus()
