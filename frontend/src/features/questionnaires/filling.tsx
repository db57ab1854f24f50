import Button from '@mui/material/Button'
import { useEffect, useMemo, useRef, useState } from 'react'
import { useQuery } from 'urql'
import { commonOutcome, useAct } from '../../components/act/act'
import { useReadAgain } from '../../components/ui/part'
import { Loading, NotLoaded } from '../../components/ui/states'
import { useHold } from '../../contexts/live'
import { graphql } from '../../gql'
import { useAnnounce } from '../../hooks/use-announce'
import { useUnsavedGuard } from '../../hooks/use-unsaved-guard'
import { formatDateTime } from '../../lib/date'
import { Question } from './field'
import { begin, changed, enabled, index, keyOf, newRepetition, occurrence, problems, reopen, repeatingGroup, rootPath, sent, typed, within, type Answered, type Form, type Index, type Node, type Path, type Scope } from './form'
import { UrgentAnswer, type Instrument } from './scores'
import css from './questionnaires.module.css'

const QuestionnaireForm = graphql(`
  query QuestionnaireForm($canonical: String!) {
    questionnaire(canonical: $canonical) {
      id versionId title description copyright
      instrument { panel }
      items {
        linkId parent prefix text type codes { system code } required repeats readOnly hidden enableAny valueSet maxLength minValue maxValue minOccurs maxOccurs cannot
        enableWhen { question operator answer { kind text boolean number coding { system code display } quantity { value unit code } } }
        options { kind text boolean number coding { system code display } quantity { value unit code } }
        initial { kind text boolean number coding { system code display } quantity { value unit code } }
        units { code display }
      }
    }
  }
`)
const SubmitQuestionnaire = graphql(`
  mutation SubmitQuestionnaire($input: QuestionnaireSubmitInput!) {
    questionnaireSubmit(input: $input) {
      outcome {
        __typename
        ... on QuestionnaireSubmitted { response { id versionId } score { id value { ... on Quantity { value } } } urgent { id } }
        ... on Stale { id currentVersion current { id lastUpdated ... on QuestionnaireResponse { status items { parent linkId text values { kind text boolean number coding { system code display } quantity { value unit code } } } } } }
        ... on NotPermitted { message } ... on Invalid { issues { text expression } }
      }
    }
  }
`)

export interface Begun { key: string; canonical: string; title: string; response: { id: string; versionId: string; status: string | null; items: readonly Answered[] } | null }

const showFirst = (found: ReadonlyMap<string, unknown>) => { const [at] = found.keys(); if (at !== undefined) goTo(at) }

/** The form is asked for when it is opened: the screen does not carry every form of the house. */
export function Filling({ begun, patient, instruments, onDone }: { begun: Begun; patient: string; instruments: readonly Instrument[]; onDone: (response?: string) => void }) {
  const [{ data, fetching, error }, again] = useQuery({ query: QuestionnaireForm, variables: { canonical: begun.canonical }, requestPolicy: 'network-only' })
  const form = data?.questionnaire
  const close = <Button variant="outlined" onClick={() => onDone(begun.response?.id)}>Close</Button>
  if (fetching && !data) return <div className={css.pane}><Loading rows={8} label={begun.title} />{close}</div>
  if (error && !form) return <div className={css.pane}><NotLoaded what={begun.title} onRetry={() => again({ requestPolicy: 'network-only' })} />{close}</div>
  if (!form?.items) return <div className={css.pane} role="alert"><p className={css.none}>The form is not here any more, or you may not see it. What was answered stays on record.</p>{close}</div>
  return <Fill form={form} items={form.items} begun={begun} patient={patient} instrument={instruments.find((i) => i.panel === form.instrument?.panel)} onDone={onDone} />
}

/** A pause in writing, and the longest time until what is written is kept. */
const PAUSE_MS = 1500
const MOST_MS = 6000

function Fill({ form, items, begun, patient, instrument, onDone }: { form: Form; items: NonNullable<Form['items']>; begun: Begun; patient: string; instrument: Instrument | undefined; onDone: (response?: string) => void }) {
  const act = useAct()
  const announce = useAnnounce()
  const again = useReadAgain()
  useHold()
  const known = useMemo(() => index(items), [items])
  const done = begun.response !== null && begun.response.status !== 'IN_PROGRESS'
  const [root, setRoot] = useState<Scope>(() => (begun.response ? reopen(known.nodes, begun.response.items) : begin(known.nodes)))
  const [bad, setBad] = useState<ReadonlyMap<string, { label: string; text: string }>>(new Map())
  const [told, setTold] = useState<readonly string[]>([])
  const [theirs, setTheirs] = useState<readonly Answered[] | null>(null)
  const [kept, setKept] = useState({ told: '', bad: false })
  const [busy, setBusy] = useState(false)
  const [edits, setEdits] = useState(0)
  const [keptEdits, setKeptEdits] = useState(0)
  const response = useRef(begun.response ? { id: begun.response.id, version: begun.response.versionId } : null)
  const key = useRef({ of: '', key: '' })
  const turn = useRef<Promise<boolean>>(Promise.resolve(true))
  const over = useRef(false)
  const pane = useRef<HTMLFormElement>(null)
  const latest = useRef({ root, edits })
  useEffect(() => { latest.current = { root, edits } }, [root, edits])
  useEffect(() => pane.current?.querySelector<HTMLElement>('input, textarea, select')?.focus(), [])
  const guard = useUnsavedGuard(edits !== keptEdits)

  const change = (path: Path, by: (scope: Scope) => Scope) => { setRoot((before) => changed(before, path, by)); setEdits((n) => n + 1) }
  const put = (path: Path, linkId: string, raw: readonly string[]) => {
    change(path, (s) => ({ ...s, values: { ...s.values, [linkId]: raw } }))
    setBad((before) => { if (!before.has(keyOf(path, linkId))) return before; const next = new Map(before); next.delete(keyOf(path, linkId)); return next })
  }

  /** Sends what stands in the fields; true when it is on record. */
  const send = async (from: Scope, finished: boolean): Promise<boolean> => {
    const what = sent(known, from)
    const input = { patient, questionnaire: form.id, expectedVersion: form.versionId, answers: what.answers, finished, response: response.current?.id, responseVersion: response.current?.version }
    const of = JSON.stringify(input)
    if (key.current.of !== of) key.current = { of, key: crypto.randomUUID() }
    const outcome = await act(SubmitQuestionnaire, { input: { ...input, idempotencyKey: key.current.key } }, ({ questionnaireSubmit: { outcome } }) => {
      if (outcome.__typename === 'QuestionnaireSubmitted') {
        response.current = { id: outcome.response.id, version: outcome.response.versionId }
        const sum = outcome.score?.value && 'value' in outcome.score.value ? outcome.score.value.value : null
        return { kind: 'saved', told: [finished ? `${begun.title} is on record` : 'Kept as in progress', sum && `score ${sum}`, outcome.urgent && 'an urgent task is made'].filter(Boolean).join(', ') }
      }
      if (outcome.__typename === 'Stale') {
        response.current = response.current && { ...response.current, version: outcome.currentVersion }
        if (outcome.current && 'items' in outcome.current) setTheirs(outcome.current.items)
        return { kind: 'refused', problems: [{ text: 'The answers were changed meanwhile by somebody else. What stands here is not recorded yet.' }] }
      }
      if (outcome.__typename === 'Invalid') {
        const found = new Map<string, { label: string; text: string }>()
        const rest: string[] = []
        for (const { text, expression } of outcome.issues) {
          const at = occurrence(what, expression[0] ?? '', text)
          const item = at && known.places.get(at.slice(at.lastIndexOf('/') + 1))?.item
          if (at && item) found.set(at, { label: item.text ?? item.linkId, text: text.slice(text.indexOf(': ') + 2) })
          else rest.push(text)
        }
        if (finished) { setBad(found); showFirst(found) }
        return { kind: 'refused', problems: rest.length > 0 ? rest.map((text) => ({ text })) : [{ text: 'Some answers cannot be recorded as they are.' }] }
      }
      return commonOutcome(outcome) ?? { kind: 'refused', problems: [] }
    })
    if (outcome.kind === 'saved') { setKept({ told: finished ? '' : `Kept as in progress ${formatDateTime(new Date().toISOString())}`, bad: false }); if (finished) announce(outcome.told); return true }
    const words = outcome.kind === 'refused' ? outcome.problems.map((p) => p.text) : []
    if (finished) { setTold(words); announce(words[0] ?? '') } else setKept({ told: words[0] ?? 'Not kept.', bad: true })
    return false
  }
  const keep = () => {
    turn.current = turn.current.then(async () => {
      const { root: now, edits: at } = latest.current
      if (over.current || (!response.current && sent(known, now).answers.length === 0)) return true
      const recorded = await send(now, false)
      if (recorded) setKeptEdits(at)
      return recorded
    })
    return turn.current
  }
  const keeping = useRef(keep)
  useEffect(() => { keeping.current = keep })
  const since = useRef<number | null>(null)
  useEffect(() => {
    // What is done is amended at once or not at all.
    if (edits === keptEdits || done || theirs) { since.current = null; return undefined }
    since.current ??= Date.now()
    const timer = setTimeout(() => { since.current = null; void keeping.current() }, Math.max(0, Math.min(PAUSE_MS, since.current + MOST_MS - Date.now())))
    return () => clearTimeout(timer)
  }, [edits, keptEdits, done, theirs])

  const leave = (to?: string) => { guard.release(); again(); onDone(to) }
  const finish = async () => {
    const found = problems(known, root, true)
    setBad(found)
    setTold([])
    if (found.size > 0) { announce(`${found.size} answers are missing or wrong`); showFirst(found); return }
    setBusy(true)
    await turn.current
    const recorded = await send(root, true)
    setBusy(false)
    if (recorded) { over.current = true; setKeptEdits(edits); leave(response.current?.id) }
  }
  const later = async () => {
    setBusy(true)
    const recorded = edits === keptEdits || await keep()
    setBusy(false)
    if (recorded) leave(response.current?.id)
  }
  const urgent = instrument?.urgentItem && items.some((item) => item.codes.some((c) => c.code === instrument.urgentItem)
    && (root.values[item.linkId] ?? []).some((raw) => { const code = typed(item, raw)?.coding?.code; return !!code && code !== instrument.lowestAnswer }))
  return (
    <form ref={pane} className={css.pane} aria-label={`Fill in: ${begun.title}`} noValidate onSubmit={(e) => { e.preventDefault(); void finish() }}>
      <div className={css.head}>
        <h2>{begun.title}</h2>
        <span className={css.kept} role={kept.bad ? 'alert' : 'status'}>{edits !== keptEdits && !kept.bad ? (done ? 'Not recorded yet' : 'Writing …') : kept.told}</span>
      </div>
      <div className={css.body}>
        {form.description && <p className={css.text}>{form.description}</p>}
        {(told.length > 0 || bad.size > 0) && (
          <div className={css.problems} role="alert">
            <strong>This was not recorded.</strong>
            {told.map((text) => <span key={text}>{text}</span>)}
            {bad.size > 0 && <ul>{[...bad].map(([at, { label, text }]) => <li key={at}><button type="button" onClick={() => goTo(at)}>{label}</button>: {text}</li>)}</ul>}
          </div>
        )}
        {theirs && (
          <div className={css.ask} role="group" aria-label="Changed meanwhile">
            <strong>Somebody else changed these answers.</strong>
            <Button type="button" variant="outlined" onClick={() => { setRoot(reopen(known.nodes, theirs)); setTheirs(null); setTold([]); setKept({ told: '', bad: false }); setEdits((n) => n + 1) }}>Take the other answers</Button>
            <Button type="button" variant="outlined" onClick={() => { setTheirs(null); setTold([]); setKept({ told: '', bad: false }); setEdits((n) => n + 1) }}>Keep what stands here</Button>
          </div>
        )}
        <Items nodes={known.nodes} form={known} path={rootPath(root)} bad={bad} put={put} change={change} />
        {urgent && instrument && <UrgentAnswer what="Thoughts of death or self-harm are told." more={`Assess the risk of self-harm now, whatever the score of the ${instrument.name} is. Submitting makes an urgent task.`} />}
        <div className={css.acts}>
          <Button type="submit" variant="contained" disabled={busy}>{done ? 'Record the amendment' : 'Submit'}</Button>
          {done
            ? <Button type="button" variant="text" disabled={busy} onClick={() => leave(response.current?.id)}>Cancel</Button>
            : <Button type="button" variant="outlined" disabled={busy} onClick={() => { void later() }}>Finish later</Button>}
        </div>
        {form.copyright && <p className={css.source}>{form.copyright}</p>}
      </div>
      {guard.dialog}
    </form>
  )
}

const fieldId = (at: string) => `answer${at}`.replaceAll(/[^\w-]/g, (c) => `_${c.codePointAt(0)?.toString(16) ?? ''}_`)
function goTo(at: string) {
  const field = document.getElementById(fieldId(at))
  const control = (field?.matches('fieldset') ? field.querySelector<HTMLElement>('input') ?? field : field)
  control?.focus()
}

interface ItemsProps { nodes: readonly Node[]; form: Index; path: Path; bad: ReadonlyMap<string, { text: string }>; put: (path: Path, linkId: string, raw: readonly string[]) => void; change: (path: Path, by: (scope: Scope) => Scope) => void }

function Items({ nodes, ...rest }: ItemsProps) {
  const { form, path, bad, put, change } = rest
  const scope = path[path.length - 1]?.scope
  return nodes.map(({ item, below }) => {
    if (item.hidden || !scope || !enabled(form, item, path)) return null
    const at = keyOf(path, item.linkId)
    const inner = below.length > 0 && <Items nodes={below} {...rest} />
    const title = item.text ?? item.linkId
    if (repeatingGroup(item)) {
      const all = scope.groups[item.linkId] ?? []
      const set = (groups: Scope['groups'][string]) => change(path, (s) => ({ ...s, groups: { ...s.groups, [item.linkId]: groups } }))
      return (
        <section key={at} className={css.group} aria-label={title} id={fieldId(at)} tabIndex={-1}>
          <h3>{title}</h3>
          {bad.get(at) && <span className={css.bad}>{bad.get(at)?.text}</span>}
          {all.map((one, n) => (
            <fieldset key={one.key} className={css.repetition}>
              <legend>{title}: {n + 1}</legend>
              <Items {...rest} nodes={below} path={within(path, item.linkId, one)} />
              <div><Button type="button" variant="text" color="error" aria-label={`Remove ${title}: ${n + 1}`} onClick={() => set(all.filter((o) => o !== one))}>Remove</Button></div>
            </fieldset>
          ))}
          {(!item.maxOccurs || all.length < item.maxOccurs) && <div><Button type="button" variant="outlined" aria-label={`${all.length === 0 ? 'Add one' : 'Add another'}: ${title}`} onClick={() => set([...all, newRepetition(below)])}>{all.length === 0 ? 'Add one' : 'Add another'}</Button></div>}
        </section>
      )
    }
    if (item.type === 'GROUP') return <section key={at} className={css.group} aria-label={title} id={fieldId(at)} tabIndex={-1}>{item.text && <h3>{item.text}</h3>}{inner}</section>
    if (item.type === 'DISPLAY') return <div key={at}><p className={css.text}>{item.text}</p>{inner}</div>
    return (
      <div key={at}>
        <Question id={fieldId(at)} item={item} raw={scope.values[item.linkId] ?? []} bad={bad.get(at)?.text} onChange={(raw) => put(path, item.linkId, raw)} />
        {inner && <div className={css.below}>{inner}</div>}
      </div>
    )
  })
}
