import Button from '@mui/material/Button'
import OutlinedInput from '@mui/material/OutlinedInput'
import { Fragment, useId, useRef, useState, type FormEvent, type KeyboardEvent } from 'react'
import { check, given, type FieldSpec, type Outcome, type Problem, type Values } from '../../components/act/act'
import { isAbnormal } from '../../components/clinical/observation'
import { DateField } from '../../components/ui/date-field'
import { useReadAgain } from '../../components/ui/part'
import { useHold } from '../../contexts/live'
import { useAnnounce } from '../../hooks/use-announce'
import { useUnsavedGuard } from '../../hooks/use-unsaved-guard'
import { localNow, withOffset } from '../../lib/date'
import css from './vitals.module.css'

/** What is sent of one moment. `takenAt` has this browser's offset; what was not measured is undefined. */
export interface Column { takenAt: string | undefined; note: string | undefined; value: (field: string) => string | undefined; key: string }

/** A value that was refused, in the words of its field. */
export const notBelieved = (field: FieldSpec | undefined, of: { value: string; unit: string; least: number; most: number; source: string }): Problem =>
  ({ field: field?.name, text: `${field ? `${field.label} in ${field.unit ?? ''}` : 'A value'}: ${of.value} is not believed. Between ${of.least} and ${of.most} ${of.unit} (${of.source}).` })

/** What is told of measurements that are on record: how many, and which of them are abnormal. */
export function recorded(all: readonly (Parameters<typeof isAbnormal>[0] & { code?: { text: string } | null })[]): string {
  const abnormal = all.filter(isAbnormal).map((o) => o.code?.text)
  return `${all.length === 1 ? 'One measurement is' : `${all.length} measurements are`} recorded${abnormal.length > 0 ? `, abnormal: ${abnormal.join(', ')}` : ''}`
}

const TAKEN: FieldSpec = { name: 'takenAt', label: 'Taken', kind: 'moment' }
const LOST = 'What you wrote is not recorded. Press “Discard” to give it up.'

/** Two numbers that are told in one breath, `120/80`, and written in one place. */
export interface Pair { label: string; of: readonly [first: string, second: string] }

/** Takes down what was measured at one moment. Enter and the arrows go from field to field; a value that no body has is refused by the server, an abnormal one is recorded and flagged. */
export function ColumnEntry({ fields, pair, note, send: put, onDone }: { fields: readonly FieldSpec[]; pair?: Pair; note?: string; send: (column: Column) => Promise<Outcome>; onDone: () => void }) {
  const id = useId()
  const announce = useAnnounce()
  const again = useReadAgain()
  const grid = useRef<HTMLDivElement>(null)
  const [values, setValues] = useState<Values>({ takenAt: localNow() })
  const [problems, setProblems] = useState<readonly Problem[]>([])
  const [busy, setBusy] = useState(false)
  const key = useRef<string>(null)
  key.current ??= crypto.randomUUID()

  const written = fields.some((s) => given(values[s.name])) || !!given(values.note)
  const guard = useUnsavedGuard(written)
  const [leaving, setLeaving] = useState(false)
  useHold()
  const leave = () => {
    if (written && !leaving) { setLeaving(true); announce(LOST) } else { guard.release(); onDone() }
  }

  const beside = (from: HTMLElement, step: number) => {
    const all = [...(grid.current?.querySelectorAll<HTMLInputElement | HTMLSelectElement>('input, select') ?? [])]
    return all[all.indexOf(from as HTMLInputElement | HTMLSelectElement) + step]
  }
  const goTo = (to: HTMLInputElement | HTMLSelectElement | undefined) => {
    to?.focus()
    if (to instanceof HTMLInputElement) to.select()
  }
  const toNext = (from: HTMLElement) => goTo(beside(from, 1))
  const move = (event: KeyboardEvent<HTMLElement>) => {
    const step = { ArrowDown: 1, Enter: 1, ArrowUp: -1 }[event.key]
    if (!step || event.ctrlKey || event.metaKey) return
    // In a choice the arrows go from answer to answer.
    if (event.target instanceof HTMLSelectElement && event.key !== 'Enter') return
    const to = beside(event.target as HTMLElement, step)
    if (!to && event.key === 'Enter') return
    event.preventDefault()
    goTo(to)
  }
  const send = async (event: FormEvent) => {
    event.preventDefault()
    const wrong = check([...fields, TAKEN], values)
    if (!fields.some((s) => given(values[s.name]))) wrong.push({ text: 'Nothing was measured yet: write at least one value.' })
    setProblems(wrong)
    if (wrong.length > 0) { announce(wrong[0]?.text ?? ''); return }
    setBusy(true)
    const outcome = await put({ takenAt: values.takenAt ? withOffset(values.takenAt) : undefined, note: given(values.note), value: (field) => given(values[field]), key: key.current ?? '' })
    setBusy(false)
    if (outcome.kind === 'refused') { setProblems(outcome.problems); announce(outcome.problems[0]?.text ?? '') }
    if (outcome.kind === 'saved') { announce(outcome.told); guard.release(); again(); onDone() }
  }
  const set = (name: string) => (value: string) => { setLeaving(false); setValues((before) => ({ ...before, [name]: value })) }
  /** Both numbers at once, as when they are pasted into the first. */
  const setPair = (place: number, text: string) => {
    const both = place === 0 ? /^\s*(\d+)\s*\/\s*(\d+)\s*$/.exec(text) : null
    if (!pair) return
    if (both) pair.of.forEach((name, i) => set(name)(both[i + 1] ?? ''))
    else set(pair.of[place] ?? '')(text)
  }
  const bad = (name: string) => problems.find((p) => p.field === name)
  return (
    <form className={css.entry} onSubmit={(e) => { void send(e) }} aria-label="New measurements" noValidate ref={toFirstSign}>
      {problems.length > 0 && <div className={css.problems} role="alert"><strong>Nothing was recorded.</strong>{problems.map((p) => <span key={p.text}>{p.text}</span>)}</div>}
      {note && <p className={css.hint}>{note}</p>}
      <div className={css.grid} ref={grid}>
        {fields.map((sign) => (pair && sign.name === pair.of[1] ? null : pair && sign.name === pair.of[0] ? (
          <div key={sign.name} role="group" aria-labelledby={`${id}pair`}>
            <span id={`${id}pair`} className={css.pairName}>{pair.label}</span>
            <span className={css.pair}>
              {pair.of.map((name, i) => {
                const of = fields.find((f) => f.name === name)
                return (
                  <Fragment key={name}>
                    {i > 0 && <span aria-hidden>/</span>}
                    <OutlinedInput
                      value={values[name] ?? ''} error={!!bad(name)} endAdornment={i > 0 && <span className={css.unit}>{of?.unit}</span>} onChange={(e) => setPair(i, e.target.value)} onKeyDown={(e) => { if (i === 0 && e.key === '/') { e.preventDefault(); toNext(e.target as HTMLElement) } else move(e) }}
                      inputProps={{ inputMode: 'decimal', 'aria-label': of?.label, 'aria-invalid': !!bad(name) || undefined, 'data-sign': true }}
                    />
                  </Fragment>
                )
              })}
            </span>
          </div>
        ) : (
          <div key={sign.name}>
            <label htmlFor={`${id}${sign.name}`}>{sign.label}</label>
            {sign.kind === 'choice' ? (
              <select id={`${id}${sign.name}`} value={values[sign.name] ?? ''} aria-invalid={!!bad(sign.name) || undefined} aria-describedby={sign.help && `${id}${sign.name}-help`} data-sign onChange={(e) => set(sign.name)(e.target.value)} onKeyDown={move}>
                {/* Nothing is chosen for the writer. */}
                <option value="">{sign.none ?? 'Not stated'}</option>
                {sign.options?.map(([code, words]) => <option key={code} value={code}>{words}</option>)}
              </select>
            ) : (
              <OutlinedInput
                value={values[sign.name] ?? ''} error={!!bad(sign.name)} endAdornment={<span className={css.unit}>{sign.unit}</span>} onChange={(e) => set(sign.name)(e.target.value)} onKeyDown={move}
                inputProps={{ id: `${id}${sign.name}`, inputMode: 'decimal', 'aria-invalid': !!bad(sign.name) || undefined, 'aria-describedby': sign.help && `${id}${sign.name}-help`, 'data-sign': true }}
              />
            )}
            {sign.help && <small id={`${id}${sign.name}-help`}>{sign.help}</small>}
          </div>
        )))}
      </div>
      <div className={css.foot}>
        <label htmlFor={`${id}at`}>Taken</label>
        <DateField id={`${id}at`} kind="moment" value={values.takenAt ?? ''} onChange={set('takenAt')} />
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
