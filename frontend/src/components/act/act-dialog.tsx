import Button from '@mui/material/Button'
import Dialog from '@mui/material/Dialog'
import DialogActions from '@mui/material/DialogActions'
import DialogContent from '@mui/material/DialogContent'
import DialogTitle from '@mui/material/DialogTitle'
import { useCallback, useId, useRef, useState, type FormEvent, type ReactNode } from 'react'
import { useHold } from '../../contexts/live'
import { useOpenChart } from '../../contexts/patient'
import { useSession } from '../../contexts/session'
import { useAnnounce } from '../../hooks/use-announce'
import { useUnsavedGuard } from '../../hooks/use-unsaved-guard'
import { maySeeMakers } from '../../lib/permissions'
import { Dates } from '../ui/dates'
import { check, compare, given, rowsOf, settled, whoChanged, type Difference, type FieldSpec, type Outcome, type Problem, type Sending, type Values } from './act'
import css from './act.module.css'
import { codesText, type Term } from './catalog'
import { Conflict, type Choices } from './conflict'
import { Field } from './field'
import { placeOfProblem, Rows } from './rows'

export interface ActForm {
  title: string
  /** What the button says: the act itself. */
  verb: string
  danger?: boolean
  /** What the button says that leaves the form, where “Cancel” could be read as the act. */
  away?: string
  /** What is said while it is done, and that it was not, where it is nothing that is recorded. */
  doing?: string
  refused?: string
  fields: readonly FieldSpec[]
  initial: Values
  /** Codes that the record has already, by their words. */
  terms?: readonly Term[]
  version?: string
  /** What is shown above the fields, by what stands in them. */
  about?: (values: Values) => ReactNode
  submit: (values: Values, sending: Sending) => Promise<Outcome>
}

interface Asked { told: string; list?: { text: string; href?: string }[]; field?: FieldSpec; set?: Values }
interface Stale { id: string; version: string; at: string | null; by: string; differences: Difference[] | null; choices: Choices }

/** Writing begins in the first field. */
const toFirst = (form: HTMLElement | null) => form?.querySelector<HTMLElement>('input, select, textarea')?.focus()

/**
 * A form for one act on a chart. What is written is kept until it is on record or given up by choice: through errors, through the end of
 * a session, and when somebody changed the same thing meanwhile. Every try carries one key, so a repeated try is recorded once.
 */
export function ActDialog({ form, onClose, onSaved }: { form: ActForm; onClose: () => void; onSaved: (told: string, id?: string) => void }) {
  const { title, verb, danger, away = 'Cancel', fields, initial, submit } = form
  const chart = useOpenChart()
  const { session } = useSession()
  useHold()
  const announce = useAnnounce()
  const id = useId()
  const [base, setBase] = useState(initial)
  const [values, setValues] = useState(initial)
  const [problems, setProblems] = useState<readonly Problem[]>([])
  const [asked, setAsked] = useState<Asked | null>(null)
  const [stale, setStale] = useState<Stale | null>(null)
  const [busy, setBusy] = useState(false)
  const [leaving, setLeaving] = useState(false)
  const version = useRef(form.version ?? '')
  const key = useRef<string>(null)
  key.current ??= crypto.randomUUID()
  const [known, setKnown] = useState<ReadonlyMap<string, Term>>(() => new Map(form.terms?.map((t) => [t.text.toLowerCase(), t])))
  const seen = useCallback((found: readonly Term[]) => setKnown((before) => new Map([...before, ...found.map((t) => [t.text.toLowerCase(), t] as const)])), [])
  const changed = Object.keys({ ...base, ...values }).some((name) => (values[name] ?? '') !== (base[name] ?? ''))

  const guard = useUnsavedGuard(changed)

  const termOf = (words: string | undefined) => known.get((words ?? '').trim().toLowerCase())
  const coded = (words: string): string => codesText(termOf(words)?.codings ?? [])
  const concept = (all: Values) => (field: string) => {
    const words = all[field]?.trim()
    if (!words) return undefined
    const term = termOf(words)
    return term && term.codings.length > 0 ? { text: term.text, codings: [...term.codings] } : { text: words }
  }
  /** What is on record in words that name no record of ours stays as it is. */
  const isOnRecord = (f: FieldSpec, all: Values, from: Values) => !!form.version && all[f.name] === from[f.name]
  const told = (found: readonly Problem[]) => { setProblems(found); announce(found.length === 1 ? (found[0]?.text ?? '') : `${found.length} things to mend`) }

  const go = async (all: Values, from = base) => {
    const unnamed = fields.filter((f) => f.find && !f.orWords && given(all[f.name]) && !isOnRecord(f, all, from) && !termOf(all[f.name])?.id)
    const wrong = [...check(fields, all, from), ...unnamed.map((f) => ({ field: f.name, text: `${f.label}: choose one from the list.` }))]
    if (wrong.length > 0) { told(wrong); return }
    setProblems([])
    setBusy(true)
    const outcome = await submit(all, { key: key.current ?? '', version: version.current, base: from, concept: concept(all), category: (field) => termOf(all[field])?.category, chosen: (field) => termOf(all[field])?.id })
    switch (outcome.kind) {
      case 'saved': guard.release(); onSaved(outcome.told, outcome.id); return
      case 'refused': told(outcome.problems); break
      case 'ask': setAsked(outcome); announce(outcome.told); break
      case 'stale': {
        const differences = outcome.theirs ? compare(fields, from, all, outcome.theirs) : null
        const by = maySeeMakers(session) ? await whoChanged(outcome.id, outcome.version) : ''
        const choices = Object.fromEntries((differences ?? []).flatMap((d) => { const whose = settled(d); return whose ? [[d.name, whose]] : [] }))
        setStale({ id: outcome.id, version: outcome.version, at: outcome.at, by, differences, choices })
        announce('Somebody changed this meanwhile. Both versions are shown.')
        break
      }
    }
    setBusy(false)
  }
  // React lets it rise from the dialog to whatever form the dialog was opened in.
  const send = (event: FormEvent) => { event.preventDefault(); event.stopPropagation(); void go(asked?.set ? { ...values, ...asked.set } : values) }

  /** Goes on with the choices of the conflict, against the version that is there now. */
  const merged = (of: Stale): Values => ({ ...values, ...Object.fromEntries((of.differences ?? []).map((d) => [d.name, of.choices[d.name] === 'theirs' ? d.theirs : d.mine])) })
  const accept = (of: Stale): [now: Values, base: Values] => {
    const now = merged(of)
    const from = { ...base, ...Object.fromEntries((of.differences ?? []).map((d) => [d.name, d.theirs])) }
    version.current = of.version
    key.current = crypto.randomUUID()
    setBase(from)
    setValues(now)
    setStale(null)
    return [now, from]
  }
  const leave = () => { if (changed && !leaving) setLeaving(true); else { guard.release(); onClose() } }

  const all = [...fields, ...(asked?.field ? [asked.field] : [])].filter((f) => !f.when || f.when(values))
  const about = (field: FieldSpec) => problems.filter((p) => p.field && (p.field === field.name || p.field === field.input))
  const of = (field: FieldSpec) => about(field)[0]
  const toPlace = (field: FieldSpec, p: Problem) => {
    const place = document.getElementById(field.rows ? placeOfProblem(`${id}-${field.name}`, field.rows, rowsOf(values[field.name]), p) : `${id}-${field.name}`)
    if (place?.matches('fieldset, div')) toFirst(place); else place?.focus()
  }
  return (
    <Dialog open onClose={leave} aria-labelledby={`${id}-head`} fullWidth maxWidth="sm">
      <DialogTitle id={`${id}-head`}>{stale ? `${title}: changed by somebody else` : title}</DialogTitle>
      {chart && <p className={css.who}><Dates of={chart.line} /></p>}
      {stale ? (
        <>
          <DialogContent><Conflict of={stale} onChoose={(name, whose) => setStale({ ...stale, choices: { ...stale.choices, [name]: whose } })} /></DialogContent>
          <DialogActions>
            <Button variant="text" onClick={() => { guard.release(); onClose() }}>Leave theirs as it is</Button>
            {stale.differences && <Button variant="outlined" disabled={busy} onClick={() => accept(stale)}>Edit on</Button>}
            {stale.differences && (
              <Button variant="contained" disabled={busy || stale.differences.some((d) => !stale.choices[d.name])} onClick={() => { void go(...accept(stale)) }}>Save these choices</Button>
            )}
          </DialogActions>
        </>
      ) : (
        <form onSubmit={send} noValidate ref={toFirst}>
          <DialogContent>
            <div className={css.form}>
              {problems.length > 0 && (
                <div className={css.problems} role="alert">
                  <strong>{form.refused ?? 'Nothing was recorded.'}</strong>
                  <ul>
                    {problems.map((p) => {
                      const field = all.find((f) => f.name === p.field || (f.input && f.input === p.field))
                      return <li key={`${p.field ?? ''}${p.text}`}>{field ? <button type="button" onClick={() => toPlace(field, p)}>{p.text}</button> : p.text}</li>
                    })}
                  </ul>
                </div>
              )}
              {form.about && <div className={css.wide}>{form.about(values)}</div>}
              {all.map((field) => (field.rows ? (
                <Rows key={field.name} id={`${id}-${field.name}`} label={field.label} help={field.help} spec={field.rows} value={values[field.name] ?? ''} problems={about(field)} onChange={(value) => { setValues((before) => ({ ...before, [field.name]: value })); setLeaving(false) }} />
              ) : (
                <Field
                  key={field.name} id={`${id}-${field.name}`} spec={field} value={values[field.name] ?? ''} bad={of(field)?.text} onSeen={seen}
                  coded={field.find ? (termOf(values[field.name])?.id ?? (isOnRecord(field, values, base) ? 'on record' : '')) : coded(values[field.name] ?? '')} onChange={(value) => { setValues((before) => ({ ...before, [field.name]: value })); setLeaving(false) }}
                />
              )))}
              {asked && (
                <div className={css.ask} role="alert">
                  <strong>{asked.told}</strong>
                  {asked.list && <ul>{asked.list.map((l) => <li key={l.text}>{l.href ? <a href={l.href} target="_blank" rel="noreferrer">{l.text} (new tab)</a> : l.text}</li>)}</ul>}
                </div>
              )}
              {leaving && <div className={css.ask} role="alert"><strong>What you wrote is not recorded. Press “Discard” to give it up.</strong></div>}
            </div>
          </DialogContent>
          <DialogActions>
            <Button variant="text" onClick={leave}>{leaving ? 'Discard' : away}</Button>
            <Button type="submit" variant="contained" color={danger ? 'error' : 'primary'} disabled={busy || (!!asked && !asked.field && !asked.set)}>{busy ? form.doing ?? 'Recording …' : asked?.set ? `${verb} all the same` : verb}</Button>
          </DialogActions>
        </form>
      )}
      {guard.dialog}
    </Dialog>
  )
}
