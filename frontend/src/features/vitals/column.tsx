import Button from '@mui/material/Button'
import OutlinedInput from '@mui/material/OutlinedInput'
import { useId, useLayoutEffect, useRef, useState, type FormEvent, type KeyboardEvent, type MouseEvent, type ReactNode, type RefObject } from 'react'
import { check, given, type FieldSpec, type Outcome, type Problem, type Values } from '../../components/act/act'
import { NEWS2_SOURCE, type NewsNumber } from '../../components/clinical/news2'
import { isAbnormal } from '../../components/clinical/observation'
import { DateField } from '../../components/ui/date-field'
import { useReadAgain } from '../../components/ui/part'
import { useHold } from '../../contexts/live'
import { useAnnounce } from '../../hooks/use-announce'
import { useUnsavedGuard } from '../../hooks/use-unsaved-guard'
import { localNow, withOffset } from '../../lib/date'
import { Computed } from './computed'
import css from './vitals.module.css'

/** What is sent of one moment. `takenAt` has this browser's offset; what was not measured is undefined. */
export interface Column { takenAt: string | undefined; note: string | undefined; value: (field: string) => string | undefined; key: string }

/** A value that was refused, in the words of its field. */
export function notBelieved(field: FieldSpec | undefined, of: { value: string; unit: string; least: number; most: number; source?: string }): Problem {
  const bounds = `Between ${of.least} and ${of.most} ${of.unit}`
  return { field: field?.name, text: `${field ? `${field.label} in ${field.unit ?? ''}` : 'A value'}: ${of.value} is not believed. ${bounds}${of.source ? ` (${of.source})` : ''}.`, here: `${of.value} is not believed. ${bounds}.` }
}

/** What is told of measurements that are on record: how many, and which of them are abnormal. */
export function recorded(all: readonly (Parameters<typeof isAbnormal>[0] & { code?: { text: string } | null })[]): string {
  const abnormal = all.filter(isAbnormal).map((o) => o.code?.text)
  return `${all.length === 1 ? 'One measurement is' : `${all.length} measurements are`} recorded${abnormal.length > 0 ? `, abnormal: ${abnormal.join(', ')}` : ''}`
}

const TAKEN: FieldSpec = { name: 'takenAt', label: 'Taken', kind: 'moment' }

/** An extreme value, and what its cell says of it. `mark` is of this value only: another one is asked anew. */
interface Extreme { sign: FieldSpec; value: string; words: string; mark: string }
interface Draft { key: string; values: Values; problems: readonly Problem[]; asked: ReadonlySet<string>; confirmed: ReadonlySet<string>; busy: boolean }
/** A column that is being written. `asks`: extreme values that wait for a word; `confirmed`: those that have it. */
export interface Writing extends Pick<Draft, 'values' | 'problems' | 'busy'> {
  id: string; signs: readonly FieldSpec[]; asks: readonly Extreme[]; confirmed: readonly Extreme[]; verb: string
  set: (values: Values) => void; confirm: (extreme: Extreme) => void; save: () => void; leave: () => void
}

/** The cell that one is at keeps the focus also where the sheet around it is drawn anew, as when what is on record arrives. `id` begins the ids of the cells. */
function useFocusKept(id: string, open: boolean) {
  const at = useRef<string | null>(null)
  useLayoutEffect(() => {
    if (!open) return undefined
    const came = ({ target }: Event) => { at.current = target instanceof HTMLElement && target.id.startsWith(id) ? target.id : null }
    // Who presses elsewhere has left, also where nothing takes the focus.
    document.addEventListener('focusin', came)
    document.addEventListener('pointerdown', came)
    at.current = document.activeElement?.id.startsWith(id) ? document.activeElement.id : null
    return () => {
      document.removeEventListener('focusin', came)
      document.removeEventListener('pointerdown', came)
      at.current = null
    }
  }, [id, open])
  useLayoutEffect(() => {
    if (!open || at.current === null || document.activeElement !== document.body) return
    const cell = document.getElementById(at.current)
    cell?.focus()
    if (cell instanceof HTMLInputElement) cell.setSelectionRange(cell.value.length, cell.value.length)
  })
}

interface Place { pathname: string; search: string }
/** Another stretch of time of the same sheet has the column too. */
function staysOnSheet(from: Place, to: Place): boolean {
  const [one, other] = [from, to].map(({ pathname, search }) => {
    const query = new URLSearchParams(search)
    query.delete('span')
    query.delete('until')
    query.sort()
    return `${pathname}?${query.toString()}`
  })
  return one === other
}

const count = (n: number): string => (n === 1 ? '1 extreme value' : `${n} extreme values`)
/** A value as it is read out: `Heart rate 150 /min`. */
const inWords = ({ label, unit, options }: FieldSpec, value: string): string => `${label} ${options?.find(([code]) => code === value)?.[1] ?? value}${unit ? ` ${unit}` : ''}`
function goTo(id: string) {
  const to = document.getElementById(id)
  to?.focus()
  if (to instanceof HTMLInputElement) to.select()
}

/**
 * Takes down what was measured at one moment, in a column of the sheet that `open` opens; it is on record when it is saved, as one act. A value that no body has is refused by the server,
 * an abnormal one is recorded and flagged. `ask`: what is asked of an extreme value before it is saved, null for the others; `boundsOf`: between what a number is believed, where that is known here; one beyond is mended before anything is asked. `may`: whether a column can be written at all; what is written is given up where it no longer can, as in the chart of a past day. `strip` is put around what opens it, where the focus goes back to.
 */
export function useColumn({ may, signs, ask, boundsOf, send: put }: { may: boolean; signs: readonly FieldSpec[]; ask: (name: string, value: string, takenAt: string) => string | null; boundsOf: (name: string) => Pick<NewsNumber, 'unit' | 'least' | 'most'> | undefined; send: (column: Column) => Promise<Outcome> }): { open: () => void; column: Writing | null; strip: RefObject<HTMLDivElement | null>; dialog: ReactNode } {
  const id = useId()
  const announce = useAnnounce()
  const again = useReadAgain()
  const [draft, setDraft] = useState<Draft | null>(null)
  if (draft && !may) setDraft(null)
  const strip = useRef<HTMLDivElement>(null)
  const was = useRef(false)
  const guard = useUnsavedGuard(!!draft && (signs.some((s) => given(draft.values[s.name])) || !!given(draft.values.note)), staysOnSheet)
  useHold(draft !== null)
  const [key, first] = [draft?.key, signs[0]?.name ?? '']
  // Before the column is seen: what is typed at once is for its first cell.
  useLayoutEffect(() => {
    if (key) goTo(`${id}${first}`)
    else if (was.current) strip.current?.querySelector('button')?.focus()
    was.current = !!key
  }, [key, id, first])

  useFocusKept(id, draft !== null)

  const open = () => setDraft({ key: crypto.randomUUID(), values: { takenAt: localNow() }, problems: [], asked: new Set(), confirmed: new Set(), busy: false })
  if (!draft) return { open, column: null, strip, dialog: guard.dialog }

  const { values, asked, confirmed } = draft
  const change = (to: Partial<Draft>) => setDraft((before) => before && { ...before, ...to })
  const extremes = signs.flatMap((sign): Extreme[] => {
    const value = given(values[sign.name])
    const words = value ? ask(sign.name, value, withOffset(values.takenAt || localNow())) : null
    return value && words ? [{ sign, value, words, mark: `${sign.name}=${value}` }] : []
  })
  const unconfirmed = extremes.filter(({ mark }) => !confirmed.has(mark))
  const asks = unconfirmed.filter(({ mark }) => asked.has(mark))
  const all = unconfirmed.length > 0 && asks.length === unconfirmed.length
  const verb = all ? `Save with ${count(unconfirmed.length)}` : 'Save'

  const refuse = (problems: readonly Problem[]) => {
    change({ problems, busy: false })
    announce(problems.length === 1 ? (problems[0]?.text ?? '') : `${problems.length} things to mend`)
    const place = problems.find((p) => p.field)?.field
    if (place) goTo(`${id}${place}`)
  }
  const save = async () => {
    if (draft.busy) return
    const wrong = check([...signs, TAKEN], values)
    if (!signs.some((s) => given(values[s.name]))) wrong.push({ text: 'Nothing was measured yet: write at least one value.' })
    if (wrong.length > 0) { refuse(wrong); return }
    if (unconfirmed.length > 0 && !all) {
      const refused = signs.flatMap((sign) => {
        const [value, bounds] = [given(values[sign.name]), boundsOf(sign.name)]
        return value && bounds && (Number(value) < bounds.least || Number(value) > bounds.most) ? notBelieved(sign, { value, ...bounds }) : []
      })
      if (refused.length > 0) { refuse(refused); return }
      change({ problems: [], asked: new Set([...asked, ...unconfirmed.map(({ mark }) => mark)]) })
      announce(`Nothing is saved yet. ${count(unconfirmed.length)}: ${unconfirmed.map(({ sign, value }) => inWords(sign, value)).join(', ')}. Confirm at the cell, or press “Save with ${count(unconfirmed.length)}”.`)
      goTo(`${id}${unconfirmed[0]?.sign.name ?? ''}`)
      return
    }
    // The Save that names them is the word for all of them.
    change({ busy: true, problems: [], confirmed: new Set([...confirmed, ...unconfirmed.map(({ mark }) => mark)]) })
    const outcome = await put({ takenAt: values.takenAt ? withOffset(values.takenAt) : undefined, note: given(values.note), value: (field) => given(values[field]), key: draft.key })
    if (outcome.kind === 'saved') { announce(outcome.told); setDraft(null); again() } else if (outcome.kind === 'refused') refuse(outcome.problems); else change({ busy: false })
  }
  return {
    open, strip, dialog: guard.dialog,
    column: {
      id, signs, values, asks, verb, problems: draft.problems, busy: draft.busy, confirmed: extremes.filter(({ mark }) => confirmed.has(mark)),
      set: (to) => setDraft((before) => (before && !before.busy ? { ...before, values: { ...before.values, ...to } } : before)),
      confirm: ({ sign, value, mark }) => {
        change({ confirmed: new Set([...confirmed, mark]) })
        announce(`${inWords(sign, value)} is confirmed`)
        const next = asks.find((one) => one.mark !== mark)
        goTo(`${id}${next ? next.sign.name : 'save'}`)
      },
      save: () => { void save() },
      leave: () => guard.leave(() => setDraft(null)),
    },
  }
}

const CELL = '[data-cell]'
/** The cells of a column and what stands in them, in their order, and the remark after them. */
const stopsOf = (from: HTMLElement, of: string) => [...(from.closest('form')?.querySelectorAll<HTMLElement>(of) ?? [])]
/** Keys of a column: Tab, Enter and the arrows go from cell to cell, past what stands beside them, which the arrows to the sides go to. */
const keysOf = ({ id }: Writing) => (event: KeyboardEvent<HTMLElement>) => {
  const { target: from, key, shiftKey } = event
  if (!(from instanceof HTMLElement) || event.ctrlKey || event.metaKey || event.altKey) return
  const go = (to: HTMLElement | null | undefined) => {
    if (!to) return
    event.preventDefault()
    to.focus()
    if (to instanceof HTMLInputElement) to.select()
  }
  if (key === 'Tab') {
    const stops = stopsOf(from, `${CELL}, [data-stop]`)
    go(stops[stops.indexOf(from) + (shiftKey ? -1 : 1)] ?? (shiftKey ? document.getElementById(`${id}takenAt`) : null))
    return
  }
  if (!from.matches(CELL)) return
  const isChoice = from instanceof HTMLSelectElement
  const step = { ArrowDown: 1, Enter: 1, ArrowUp: -1 }[key]
  // In a choice the arrows go from answer to answer.
  if (step && (!isChoice || key === 'Enter')) {
    const cells = stopsOf(from, CELL)
    go(cells[cells.indexOf(from) + step] ?? (key === 'Enter' ? document.getElementById(`${id}save`) : null))
  }
  const side = { ArrowRight: 1, ArrowLeft: -1 }[key]
  if (side && from instanceof HTMLInputElement && from.selectionStart === from.selectionEnd && from.selectionStart === (side > 0 ? from.value.length : 0)) {
    const all = [...(from.closest('tr')?.querySelectorAll<HTMLElement>('input, select, button, a') ?? [])]
    go(all[all.indexOf(from) + side])
  }
}

/** The head of the column: when it was taken. */
export function ColumnHead({ column }: { column: Writing }) {
  const { id, values, problems, set, signs } = column
  const enter = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || !(event.target instanceof HTMLInputElement)) return
    event.preventDefault()
    goTo(`${id}${signs[0]?.name ?? ''}`)
  }
  return (
    <th scope="col" className={css.written} onKeyDown={enter}>
      <label htmlFor={`${id}takenAt`}>New, taken</label>
      <DateField id={`${id}takenAt`} kind="moment" value={values.takenAt ?? ''} onChange={(takenAt) => set({ takenAt })} bad={problems.find((p) => p.field === TAKEN.name)?.text} />
    </th>
  )
}

/** The column's cell of a row: one sign, two that are told in one breath (`120/80`), what is computed, or nothing that is written here. */
export function ColumnCell({ column, of, pair, computed, children }: { column: Writing; of: readonly (FieldSpec | undefined)[]; pair?: string | undefined; computed?: boolean | undefined; children?: ReactNode }) {
  const { id, set } = column
  const signs = of.filter((sign) => sign !== undefined)
  const names = signs.map((sign) => sign.name)
  /** Both numbers at once, as when they are pasted into the first. */
  const setPair = (text: string) => {
    const [, first = '', second = ''] = /^\s*(\d+)\s*\/\s*(\d+)\s*$/.exec(text) ?? []
    set(first ? { [names[0] ?? '']: first, [names[1] ?? '']: second } : { [names[0] ?? '']: text })
  }
  const keys = keysOf(column)
  const press = (event: KeyboardEvent<HTMLElement>) => {
    if (event.key !== '/' || signs.length < 2) { keys(event); return }
    event.preventDefault()
    goTo(`${id}${names[1] ?? ''}`)
  }
  return (
    <td className={css.written} onKeyDown={press}>
      {signs.length === 2 ? (
        <div role="group" aria-label={pair}>
          <span className={css.pair}>
            {signs.map((sign, i) => (
              <span key={sign.name}>
                {i > 0 && <span aria-hidden>/</span>}
                <Input column={column} sign={sign} unit={i > 0} onChange={i === 0 ? setPair : (text) => set({ [sign.name]: text })} />
              </span>
            ))}
          </span>
          {signs.map((sign) => <Told key={sign.name} column={column} sign={sign} name />)}
        </div>
      ) : signs.map((sign) => (
        <div key={sign.name}>
          <Input column={column} sign={sign} unit onChange={(text) => set({ [sign.name]: text })} />
          <Told column={column} sign={sign} />
        </div>
      ))}
      {children ?? (computed && <span className={css.none}><Computed /></span>)}
    </td>
  )
}

/** Where the value of one sign is written. */
function Input({ column: { id, values, problems, asks, confirmed }, sign, unit, onChange }: { column: Writing; sign: FieldSpec; unit: boolean; onChange: (text: string) => void }) {
  const { name, label, kind, options, none } = sign
  const at = `${id}${name}`
  const bad = problems.some((p) => p.field === name)
  const asked = asks.some((one) => one.sign.name === name)
  const said = asked || confirmed.some((one) => one.sign.name === name)
  const described = [bad && `${at}-bad`, said && `${at}-ask`, sign.unit && `${at}-unit`, sign.help && `${at}-help`].filter(Boolean).join(' ') || undefined
  const input = { id: at, 'aria-label': label, 'aria-invalid': bad || undefined, 'aria-describedby': described, 'data-cell': true }
  if (kind === 'choice') {
    return (
      <select {...input} value={values[name] ?? ''} className={asked ? css.soft : undefined} onChange={(e) => onChange(e.target.value)}>
        {/* Nothing is chosen for the writer. */}
        <option value="">{none ?? 'Not stated'}</option>
        {options?.map(([code, words]) => <option key={code} value={code}>{words}</option>)}
      </select>
    )
  }
  return (
    <OutlinedInput
      fullWidth value={values[name] ?? ''} error={bad} className={asked ? css.soft : undefined} onChange={(e) => onChange(e.target.value)} inputProps={{ ...input, inputMode: 'decimal', autoComplete: 'off' }}
      // Of a pair it is read with both, and stands once.
      endAdornment={<span id={`${at}-unit`} className={unit ? css.unit : 'visually-hidden'}>{sign.unit}</span>}
    />
  )
}

/** What stands under the field of a sign: what to write, what is wrong with it, and what is asked of it. `name`: whose it is does not show by itself. */
function Told({ column: { id, problems, asks, confirmed, confirm }, sign, name = false }: { column: Writing; sign: FieldSpec; name?: boolean }) {
  const at = `${id}${sign.name}`
  const bad = problems.find((p) => p.field === sign.name)
  const [asked, settled] = [asks, confirmed].map((all) => all.find((one) => one.sign.name === sign.name))
  const whose = name ? `${sign.label}: ` : ''
  return (
    <>
      {sign.help && <small id={`${at}-help`}>{sign.help}</small>}
      {bad && <small id={`${at}-bad`} className={css.bad}>{bad.here ? `${whose}${bad.here}` : bad.text}</small>}
      {asked && <small className={css.asked}><span id={`${at}-ask`}>{whose}{asked.words} Save it as it is?</span> <Button size="small" variant="outlined" data-stop aria-label={`Confirm ${inWords(sign, asked.value)}`} onClick={() => confirm(asked)}>Confirm</Button></small>}
      {settled && <small id={`${at}-ask`} className={css.asked}>{whose}{settled.words} Confirmed.</small>}
    </>
  )
}

/** What a sheet stands in, where a column of it can be written: what is wrong above it, and below it what is said of all of the column, and its Save. Without a column it shows the sheet only. */
export function ColumnForm({ column, note, children }: { column: Writing | null; note?: string | undefined; children: ReactNode }) {
  // What rises from a dialog that was opened in the sheet is not the form's.
  const own = (event: FormEvent | KeyboardEvent) => event.target instanceof Node && event.currentTarget.contains(event.target)
  const submit = (event: FormEvent) => { event.preventDefault(); if (own(event)) column?.save() }
  const escape = (event: KeyboardEvent) => { if (event.key === 'Escape' && !event.defaultPrevented && own(event)) column?.leave() }
  // The second press of a double one would confirm what nobody has read.
  const once = (event: MouseEvent) => { if (event.detail > 1) event.preventDefault() }
  return (
    <form aria-label={column ? 'New measurements' : undefined} noValidate onSubmit={submit} onKeyDown={escape}>
      {column && column.problems.length > 0 && (
        <div className={css.problems} role="alert">
          <strong>Nothing was recorded.</strong>
          <ul>{column.problems.map((p) => <li key={`${p.field ?? ''}${p.text}`}>{[...column.signs.map(({ name }) => name), TAKEN.name, 'note'].includes(p.field ?? '') ? <button type="button" onClick={() => goTo(`${column.id}${p.field ?? ''}`)}>{p.text}</button> : p.text}</li>)}</ul>
        </div>
      )}
      {column && column.asks.length > 0 && (
        <div className={css.asks} role="group" aria-label="Extreme values">
          <strong>Nothing is saved yet: {count(column.asks.length)}.</strong>
          <span>Confirm at the cell, or save all of it as it is. Extreme is what gives 3 points in NEWS2 ({NEWS2_SOURCE}).</span>
          <ul>{column.asks.map(({ sign, value, mark }) => <li key={mark}><button type="button" onClick={() => goTo(`${column.id}${sign.name}`)}>{inWords(sign, value)}</button></li>)}</ul>
        </div>
      )}
      {column && note && <p className={css.hint}>{note}</p>}
      {children}
      {column && (
        <div className={css.foot}>
          <small>Tab, Enter and ↓ ↑ go from cell to cell, → and ← to what stands beside.</small>
          <label htmlFor={`${column.id}note`}>Remark (optional)</label>
          <OutlinedInput className={css.note} value={column.values.note ?? ''} onChange={(e) => column.set({ note: e.target.value })} inputProps={{ id: `${column.id}note`, 'data-stop': true }} />
          <Button type="button" variant="text" onClick={column.leave}>Cancel</Button>
          <Button type="submit" id={`${column.id}save`} variant="contained" onClick={once}>{column.busy ? 'Saving …' : column.verb}</Button>
        </div>
      )}
    </form>
  )
}
