import Button from '@mui/material/Button'
import OutlinedInput from '@mui/material/OutlinedInput'
import { useEffect, useId, useLayoutEffect, useRef, useState, type KeyboardEvent } from 'react'
import { Link } from 'react-router'
import { useClient } from 'urql'
import { commonOutcome, useAct, type Problem } from '../../components/act/act'
import { ActDialog, type ActForm } from '../../components/act/act-dialog'
import { visitName } from '../../components/clinical/encounter-class'
import { useReadAgain } from '../../components/ui/part'
import { useHold } from '../../contexts/live'
import { graphql } from '../../gql'
import type { NoteWritingFragment } from '../../gql/graphql'
import { useAnnounce } from '../../hooks/use-announce'
import { useUnsavedGuard } from '../../hooks/use-unsaved-guard'
import { formatDateTime } from '../../lib/date'
import { PHRASES, type DataKind, type OwnPhrase } from '../../lib/phrases'
import { DATA, namePlaces, readChartData, withoutPlaces, withPlaces, type Snapshot } from './chart-data'
import { markCopied } from './copied'
import { useNoteActs } from './note-acts'
import css from './notes.module.css'
import { expand, filled, kindsIn, phraseBefore, replace, type Typed } from './phrases'

const KeepDraft = graphql(`
  mutation KeepDraft($input: NoteDraftInput!) {
    noteDraft(input: $input) {
      outcome {
        __typename
        ... on NoteDraftSaved { draft { id version updatedAt } }
        ... on DraftChanged { draft { id version title sections { code text sources } } }
        ... on SignedMeanwhile { note { id } } ... on Stale { id currentVersion } ... on NotPermitted { message } ... on Invalid { issues { text expression } }
      }
    }
  }
`)
const DiscardDraft = graphql(`
  mutation DiscardDraft($input: NoteDiscardInput!) {
    noteDiscard(input: $input) { outcome { __typename ... on NoteDraftDiscarded { draft } ... on Stale { id currentVersion } ... on NotPermitted { message } ... on Invalid { issues { text expression } } } }
  }
`)
const SaveNote = graphql(`
  mutation SaveNote($input: NoteEditInput!) {
    noteEdit(input: $input) {
      outcome {
        __typename
        ... on NoteSaved { note { id versionId title } }
        ... on SignedMeanwhile { note { id } } ... on OpenCosign { task { id } } ... on EncounterClosed { encounter { id } }
        ... on Stale { id currentVersion current { id lastUpdated ... on Note { sections { code title text sources { id } } } } } ... on NotPermitted { message } ... on Invalid { issues { text expression } }
      }
    }
  }
`)

type Template = NoteWritingFragment['noteTemplates'][number]
type Draft = NoteWritingFragment['noteDrafts'][number]
interface OnRecord { id: string; versionId: string; title: string; encounter: string; lateEntry: boolean; sections: readonly { code?: string | null; text?: string | null; sources: readonly { id?: string | null }[] }[] }
/** What the editor begins with: an empty template, a draft, a note that is not signed, or a draft of such a note. */
export interface Begun { key: string; template: Template; draft: Draft | null; note: OnRecord | null }
/** A note that text may be copied from. */
export interface Earlier { id: string; title?: string | null; date?: string | null; authors: readonly { display?: string | null }[]; sections: readonly { code?: string | null; text?: string | null; sources: readonly { id?: string | null }[] }[] }
export interface Visit { id: string; status?: string | null; class?: { code?: string | null } | null; types: readonly { text: string }[]; period?: { start?: string | null; end?: string | null } | null }

/** `open`: data of the chart that the template asks for, neither inserted nor left out. */
interface Text { text: string; sources: readonly string[]; open: readonly DataKind[] }
const EMPTY: Text = { text: '', sources: [], open: [] }
const textFrom = (text: string, sources: readonly string[]): Text => ({ ...withoutPlaces(text), sources })
type Texts = Readonly<Record<string, Text>>
interface Written { title: string; encounter: string; texts: Texts }

/** Waits so long after the last key, and at most so long while one goes on writing. */
const PAUSE_MS = 1000
const MOST_MS = 5000

function begin({ template, draft, note }: Begun): Written {
  const from = draft?.sections.map((s) => [s.code, s.text, s.sources] as const)
    ?? note?.sections.map((s) => [s.code ?? '', s.text ?? '', s.sources.flatMap((r) => r.id ?? [])] as const)
  const texts = Object.fromEntries(template.sections.map((s) => {
    const had = from?.find(([code]) => code === s.code)
    return [s.code, had ? textFrom(had[1], had[2]) : from ? EMPTY : textFrom(s.text, [])] as const
  }))
  return { title: draft?.title ?? note?.title ?? template.title, encounter: draft?.encounter ?? note?.encounter ?? '', texts }
}

const origin = (n: Earlier) => [n.title ?? 'a note', n.date ? formatDateTime(n.date) : 'date not recorded', n.authors.flatMap((a) => a.display ?? []).join(', ')].filter(Boolean).join(', ')
/** Own phrases that are named above the sections. */
const MOST_NAMED = 12
/** How a text begins, in the line of a list. */
const beginningOf = (text: string): string => { const line = text.trim().replace(/\s+/g, ' '); return line.length > 40 ? `${line.slice(0, 40).trimEnd()} …` : line }
const INSERTED = DATA.map((d) => <option key={d.kind} value={d.kind}>{d.name}</option>)
/** Notes that are offered to copy from. */
const MOST_EARLIER = 10

/**
 * Writes one note. What is written is kept on the server as a private draft while one writes; it is on record when one saves it, and stays as it is
 * when one signs it. Data of the chart are inserted as they are at that moment, with the time: what a template asks for when the note is begun.
 */
export function NoteEditor({ begun, patient, me, encounters, earlier, own, onDone }: { begun: Begun; patient: string; me: string | null; encounters: readonly Visit[]; earlier: readonly Earlier[]; own: readonly OwnPhrase[]; onDone: (note?: string) => void }) {
  const id = useId()
  const client = useClient()
  const act = useAct()
  const acts = useNoteActs()
  const announce = useAnnounce()
  const again = useReadAgain()
  useHold()
  const { template } = begun
  const [written, setWritten] = useState<Written>(() => {
    const from = begin(begun)
    return from.encounter || begun.draft || begun.note ? from : { ...from, encounter: encounters.find((e) => e.status === 'IN_PROGRESS')?.id ?? '' }
  })
  const [note, setNote] = useState(begun.note ? { id: begun.note.id, versionId: begun.draft?.expectedVersion ?? begun.note.versionId } : null)
  const [kept, setKept] = useState<{ told: string; bad: boolean }>({ told: begun.draft ? `Your draft of ${formatDateTime(begun.draft.updatedAt)}` : '', bad: false })
  const [problems, setProblems] = useState<readonly Problem[]>([])
  const [theirs, setTheirs] = useState<Readonly<Record<string, Text>> | null>(null)
  const [late, setLate] = useState<'no' | 'ask' | 'yes'>(begun.note?.lateEntry ? 'yes' : 'no')
  const [busy, setBusy] = useState(false)
  const [signing, setSigning] = useState<ActForm | null>(null)
  // How often it was changed, and which of those changes the server has.
  const [edits, setEdits] = useState(0)
  const [keptEdits, setKeptEdits] = useState(0)
  const dirty = edits !== keptEdits
  const draft = useRef(begun.draft ? { id: begun.draft.id, version: begun.draft.version } : null)
  const saveKey = useRef({ of: '', key: '' })
  const first = useRef<HTMLTextAreaElement>(null)
  useEffect(() => first.current?.focus(), [])
  const guard = useUnsavedGuard(dirty)

  const sections = (of: Texts) => template.sections.flatMap((s) => { const t = of[s.code]; return t ? [{ code: s.code, text: withPlaces(t), sources: [...t.sources] }] : [] })
  const change = (by: (before: Written) => Written) => { setWritten(by); setEdits((n) => n + 1) }
  const set = (code: string, text: Text) => change((w) => ({ ...w, texts: { ...w.texts, [code]: text } }))

  // One keeping after the other; what is written meanwhile is kept by the next.
  const turn = useRef(Promise.resolve())
  const latest = useRef({ written, note, edits })
  useEffect(() => { latest.current = { written, note, edits } }, [written, note, edits])
  const over = useRef(false)
  const keep = () => {
    turn.current = turn.current.then(async () => {
      if (over.current) return
      const { written: now, note: of, edits: at } = latest.current
      const input = { draft: draft.current?.id, draftVersion: draft.current?.version, patient, note: of?.id, noteVersion: of?.versionId, template: template.key, title: now.title.trim() || undefined, encounter: now.encounter || undefined, sections: sections(now.texts) }
      const outcome = await act(KeepDraft, { input }, ({ noteDraft: { outcome } }) => {
        if (outcome.__typename === 'NoteDraftSaved') { draft.current = { id: outcome.draft.id, version: outcome.draft.version }; return { kind: 'saved', told: `Draft kept ${formatDateTime(outcome.draft.updatedAt)}` } }
        if (outcome.__typename === 'DraftChanged') {
          draft.current = { id: outcome.draft.id, version: outcome.draft.version }
          setTheirs(Object.fromEntries(outcome.draft.sections.map((s) => [s.code, textFrom(s.text, s.sources)])))
          return { kind: 'refused', problems: [{ text: 'You have changed this draft in another window. Both texts are shown; what stands here is kept next.' }] }
        }
        if (outcome.__typename === 'SignedMeanwhile') return { kind: 'refused', problems: [{ text: 'The note was signed meanwhile and does not change any more.' }] }
        return commonOutcome(outcome) ?? { kind: 'refused', problems: [] }
      })
      if (outcome.kind === 'saved') { setKept({ told: outcome.told, bad: false }); setKeptEdits(at) }
      else setKept({ told: outcome.kind === 'refused' ? outcome.problems[0]?.text ?? 'Not kept.' : 'Not kept.', bad: true })
    })
    return turn.current
  }
  const since = useRef<number | null>(null)
  const keeping = useRef(keep)
  useEffect(() => { keeping.current = keep })
  useEffect(() => {
    if (edits === keptEdits) { since.current = null; return undefined }
    since.current ??= Date.now()
    const wait = Math.max(0, Math.min(PAUSE_MS, since.current + MOST_MS - Date.now()))
    const timer = setTimeout(() => { since.current = null; void keeping.current() }, wait)
    return () => clearTimeout(timer)
  }, [edits, keptEdits])

  const [filling, setFilling] = useState(() => !begun.draft && !begun.note && template.sections.some((s) => withoutPlaces(s.text).open.length > 0))
  /** Into one section, or wherever a section asks for it. What is filled in as the note is begun is no draft yet: nobody has written anything. */
  const insert = async (into: string | null, kinds: readonly DataKind[], beginning = false) => {
    setProblems([])
    const data = await readChartData(client, patient)
    const missing = kinds.filter((k) => !data?.has(k))
    if (missing.length > 0) {
      const names = DATA.filter((d) => missing.includes(d.kind)).map((d) => d.name).join(', ')
      setProblems([{ text: `${names}: could not be read, or you may not see it. Nothing was inserted for it.` }])
      announce(`${names}: nothing was inserted`)
    }
    if (!data) return
    const by = (w: Written): Written => {
      const texts = { ...w.texts }
      for (const code of into === null ? template.sections.map((s) => s.code) : [into]) {
        let { text, sources, open } = texts[code] ?? EMPTY
        for (const { kind } of DATA) {
          const made = kinds.includes(kind) && (into !== null || open.includes(kind)) ? data.get(kind) : undefined
          if (!made) continue
          text = text.trim() ? `${text.trimEnd()}\n\n${made.text}` : made.text
          sources = [...new Set([...sources, ...made.sources])]
          open = open.filter((one) => one !== kind)
        }
        texts[code] = { text, sources, open }
      }
      return { ...w, texts }
    }
    if (beginning && latest.current.edits === 0) setWritten(by)
    else change(by)
    announce('Data of the chart are inserted')
  }
  const beginning = useRef(filling)
  useEffect(() => {
    if (!beginning.current) return
    beginning.current = false
    void insert(null, DATA.map((d) => d.kind).filter((kind) => template.sections.some((s) => withoutPlaces(s.text).open.includes(kind))), true).finally(() => setFilling(false))
  })
  // What a phrase became, in which section, until the text is another: it can be taken back.
  const phrased = useRef<{ code: string; before: Text; after: string } | null>(null)
  // Where one types on once the text is drawn: so far from its end.
  const typing = useRef<{ field: HTMLTextAreaElement; fromEnd: number } | null>(null)
  useLayoutEffect(() => {
    if (!typing.current) return
    const { field, fromEnd } = typing.current
    typing.current = null
    field.setSelectionRange(field.value.length - fromEnd, field.value.length - fromEnd)
  })
  const stay = (field: HTMLTextAreaElement) => { typing.current = { field, fromEnd: field.value.length - field.selectionEnd } }
  const namesOf = (kinds: readonly DataKind[]) => DATA.filter((d) => kinds.includes(d.kind)).map((d) => d.name).join(', ')
  /** What the text became in place of a phrase; with the sources of what was inserted. */
  const became = (code: string, field: HTMLTextAreaElement, before: Text, after: string, kinds: readonly DataKind[], sources: readonly string[], told: string) => {
    stay(field)
    set(code, { text: after, sources: [...new Set([...before.sources, ...sources])], open: before.open.filter((one) => !kinds.includes(one)) })
    phrased.current = { code, before, after }
    announce(`${told} inserted. Escape takes it back`)
  }
  /** Data of these kinds; what could not be read is told, with what `stands` in its place. */
  const readFor = async (kinds: readonly DataKind[], stands: string): Promise<Map<DataKind, Snapshot>> => {
    setProblems([])
    if (kinds.length === 0) return new Map()
    announce(`Reading ${namesOf(kinds).toLowerCase()}`)
    const data = await readChartData(client, patient)
    const missing = kinds.filter((kind) => !data?.has(kind))
    if (missing.length > 0) {
      setProblems([{ text: `${namesOf(missing)}: could not be read, or you may not see it. ${stands}.` }])
      announce(`${namesOf(missing)}: nothing was inserted`)
    }
    return new Map([...data ?? []].filter(([kind]) => kinds.includes(kind)))
  }
  const sourcesOf = (made: ReadonlyMap<DataKind, Snapshot>) => [...made.values()].flatMap((one) => one.sources)
  /** A phrase that stands for data of the chart, or a text of one's own with such phrases in it. */
  const phrase = async (code: string, field: HTMLTextAreaElement, typed: Typed) => {
    const mine = 'own' in typed ? typed.own.text : null
    const kinds = 'own' in typed ? kindsIn(typed.own.text) : [typed.kind]
    const made = await readFor(kinds, mine === null ? `“${typed.phrase}” stands as you typed it` : `What “${typed.phrase}” says of it stands as it is written`)
    const [data] = made.values()
    if (mine === null && !data) return
    const before = latest.current.written.texts[code] ?? EMPTY
    const after = mine === null ? expand(before.text, typed.start, typed.phrase, data?.text ?? '') : replace(before.text, typed.start, typed.phrase, filled(mine, made))
    if (after !== null) became(code, field, before, after, [...made.keys()], sourcesOf(made), mine === null ? namesOf(kinds) : `The text of ${typed.phrase}`)
  }
  const keyed = (code: string, e: KeyboardEvent<HTMLTextAreaElement>) => {
    const field = e.currentTarget
    const undo = e.key === 'Escape' || ((e.ctrlKey || e.metaKey) && !e.shiftKey && e.key.toLowerCase() === 'z')
    const last = phrased.current
    if (undo && last?.code === code && last.after === field.value) {
      e.preventDefault()
      e.stopPropagation()
      phrased.current = null
      stay(field)
      set(code, last.before)
      announce('What was inserted is taken back')
      return
    }
    if ((e.key !== ' ' && e.key !== 'Enter') || e.ctrlKey || e.metaKey || e.altKey || e.nativeEvent.isComposing || field.selectionStart !== field.selectionEnd) return
    const found = phraseBefore(field.value, field.selectionStart, own)
    if (!found) return
    if (!('own' in found) || kindsIn(found.own.text).length > 0) { void phrase(code, field, found); return }
    // A text alone is there at once, and what was typed after its name with it.
    e.preventDefault()
    const before = written.texts[code] ?? EMPTY
    const typed = { ...before, text: `${before.text.slice(0, field.selectionStart)}${e.key === 'Enter' ? '\n' : ' '}${before.text.slice(field.selectionStart)}` }
    const after = replace(typed.text, found.start, found.phrase, found.own.text)
    if (after !== null) became(code, field, typed, after, [], [], `The text of ${found.phrase}`)
  }
  /** A text of one's own at the end of a section, chosen from the list. */
  const insertOwn = async (code: string, { name, text: says }: OwnPhrase) => {
    const made = await readFor(kindsIn(says), `What “.${name}” says of it stands as it is written`)
    change((w) => {
      const { text, sources, open } = w.texts[code] ?? EMPTY
      const added = filled(says, made)
      return { ...w, texts: { ...w.texts, [code]: { text: text.trim() ? `${text.trimEnd()}\n\n${added}` : added, sources: [...new Set([...sources, ...sourcesOf(made)])], open: open.filter((one) => !made.has(one)) } } }
    })
    announce(`The text of .${name} is inserted`)
  }
  const textOf = (from: Earlier, code: string) => { const text = withoutPlaces(from.sections.find((s) => s.code === code)?.text ?? '').text.trim(); return text || null }
  /** What is copied says from where, in its text and among the sources. */
  const copy = (code: string, id: string) => {
    const from = earlier.find((n) => n.id === id)
    const words = from && textOf(from, code)
    if (!from || !words) return
    change((w) => {
      const { text, sources, open } = w.texts[code] ?? EMPTY
      const copied = markCopied(origin(from), words)
      return { ...w, texts: { ...w.texts, [code]: { open, text: text.trim() ? `${text.trimEnd()}\n\n${copied}` : copied, sources: [...new Set([...sources, from.id])] } } }
    })
    announce('The text is copied, with where it is from')
  }
  const open = DATA.filter((d) => template.sections.some((s) => written.texts[s.code]?.open.includes(d.kind)))

  /** Puts it on record; null when it was refused. */
  const save = async (lateEntry: boolean): Promise<{ id: string; versionId: string; title: string } | null> => {
    setBusy(true)
    setProblems([])
    await turn.current
    const input = { patient, note: note?.id, expectedVersion: note?.versionId, draft: draft.current?.id, template: template.key, title: written.title.trim() || undefined, encounter: written.encounter || undefined, lateEntry, sections: sections(written.texts) }
    const of = JSON.stringify(input)
    if (saveKey.current.of !== of) saveKey.current = { of, key: crypto.randomUUID() }
    let saved: { id: string; versionId: string; title: string } | null = null
    const outcome = await act(SaveNote, { input: { ...input, idempotencyKey: saveKey.current.key } }, ({ noteEdit: { outcome } }) => {
      switch (outcome.__typename) {
        case 'NoteSaved': saved = { ...outcome.note, title: outcome.note.title ?? template.title }; return { kind: 'saved', told: 'The note is on record, not signed' }
        case 'EncounterClosed': setLate('ask'); return { kind: 'refused', problems: [{ text: 'The visit has ended. Save it as a late entry, or choose another visit.' }] }
        case 'SignedMeanwhile': return { kind: 'refused', problems: [{ text: 'The note was signed meanwhile and does not change any more. Add to it instead.' }] }
        case 'OpenCosign': return { kind: 'refused', problems: [{ text: 'The second signature is asked for; until it is there or called off the note does not change.' }] }
        case 'Stale': {
          const current = outcome.current
          if (current && 'sections' in current) {
            setTheirs(Object.fromEntries(current.sections.flatMap((s) => (s.code ? [[s.code, textFrom(s.text ?? '', s.sources.flatMap((r) => r.id ?? []))] as const] : []))))
            setNote({ id: current.id, versionId: outcome.currentVersion })
          }
          return { kind: 'refused', problems: [{ text: 'The note was changed meanwhile. Both texts are shown where they differ; what stands in the fields is saved next.' }] }
        }
        default: return commonOutcome(outcome) ?? { kind: 'refused', problems: [] }
      }
    })
    setBusy(false)
    if (outcome.kind === 'refused') { setProblems(outcome.problems); announce(outcome.problems[0]?.text ?? '') }
    if (outcome.kind === 'saved') { announce(outcome.told); over.current = true; draft.current = null; setKeptEdits(edits) }
    return saved
  }
  const leave = (to?: string) => { guard.release(); again(); onDone(to) }
  const toSign = async () => {
    const saved = await save(late === 'yes')
    if (!saved) return
    setNote(saved)
    setSigning(await acts.sign(saved, me))
  }
  const discard = async () => {
    await turn.current
    over.current = true
    if (draft.current) await act(DiscardDraft, { input: { draft: draft.current.id } }, ({ noteDiscard: { outcome } }) => commonOutcome(outcome) ?? { kind: 'saved', told: 'The draft is gone' })
    leave(begun.note?.id)
  }
  // The dialogs stand beside the form: what is sent in one rises in React's tree, and would save the note once more.
  return (
    <>
      <form className={css.pane} aria-label={`Write: ${template.title}`} onSubmit={(e) => { e.preventDefault(); void toSign() }}>
        <div className={css.head}>
          <h2>{template.title}</h2>
          <span className={css.kept} role={kept.bad ? 'alert' : 'status'}>{dirty && !kept.bad ? 'Writing …' : kept.told}</span>
        </div>
        <div className={css.editor}>
          {problems.length > 0 && <div className={css.problems} role="alert"><strong>This was not done.</strong>{problems.map((p) => <span key={p.text}>{p.text}</span>)}</div>}
          {late === 'ask' && <div className={css.ask}><Button variant="outlined" onClick={() => { setLate('yes'); void save(true).then((saved) => { if (saved) leave(saved.id) }) }}>Save as a late entry</Button></div>}
          <div className={css.meta}>
            <div><label htmlFor={`${id}title`}>Title</label><OutlinedInput value={written.title} onChange={(e) => change((w) => ({ ...w, title: e.target.value }))} inputProps={{ id: `${id}title`, maxLength: 200 }} /></div>
            <div>
              <label htmlFor={`${id}visit`}>Visit</label>
              <select id={`${id}visit`} value={written.encounter} onChange={(e) => change((w) => ({ ...w, encounter: e.target.value }))}>
                <option value="">Belongs to no visit</option>
                {encounters.map((v) => <option key={v.id} value={v.id}>{visitName(v)}</option>)}
              </select>
            </div>
          </div>
          <p className={css.phrases}>
            Type {PHRASES.map((p, i) => <span key={p.name}>{i > 0 && (i === PHRASES.length - 1 ? ' or ' : ', ')}<code>.{p.name}</code> ({DATA.find((d) => d.kind === p.kind)?.name.toLowerCase()})</span>)}, then a space or Enter: what is on record now is inserted, with the time. Escape or Ctrl+Z takes it back.
            {' '}{own.length === 0 ? 'You have no phrases of your own.' : <>Your own: {own.slice(0, MOST_NAMED).map((p, i) => <span key={p.name}>{i > 0 && ', '}<code>.{p.name}</code></span>)}{own.length > MOST_NAMED && ` and ${own.length - MOST_NAMED} more, listed under “Insert …”`}.</>} <Link to="/settings#phrases">{own.length === 0 ? 'Make some in the settings' : 'Change them in the settings'}</Link>
          </p>
          {open.length > 0 && !filling && <div><Button type="button" variant="outlined" onClick={() => { void insert(null, open.map((d) => d.kind)) }}>Insert all data of the chart</Button></div>}
          {template.sections.map((s, i) => {
            const text = written.texts[s.code] ?? EMPTY
            const other = theirs?.[s.code]
            return (
              <div key={s.code} className={css.section}>
                <div>
                  <label htmlFor={`${id}${s.code}`}>{s.title}{s.required ? '' : ' (optional)'}</label>
                  <select aria-label={`Insert into ${s.title}`} value="" style={{ width: 'auto', maxWidth: '14rem' }} onChange={({ target }) => { const mine = own.find((p) => `.${p.name}` === target.value); void (mine ? insertOwn(s.code, mine) : insert(s.code, [target.value as DataKind])) }}>
                    <option value="" disabled>Insert …</option>
                    {own.length === 0 ? INSERTED : <><optgroup label="Data of the chart">{INSERTED}</optgroup><optgroup label="Your own phrases">{own.map((p) => <option key={p.name} value={`.${p.name}`}>.{p.name}: {beginningOf(p.text)}</option>)}</optgroup></>}
                  </select>
                  {earlier.some((n) => textOf(n, s.code)) && (
                    <select aria-label={`Copy into ${s.title}`} value="" style={{ width: 'auto', maxWidth: '14rem' }} onChange={(e) => copy(s.code, e.target.value)}>
                      <option value="" disabled>Copy from …</option>
                      {earlier.filter((n) => textOf(n, s.code)).slice(0, MOST_EARLIER).map((n) => <option key={n.id} value={n.id}>{origin(n)}</option>)}
                    </select>
                  )}
                </div>
                {text.open.length > 0 && (
                  <ul className={css.open} aria-label={`To be filled in: ${s.title}`}>
                    {DATA.filter((d) => text.open.includes(d.kind)).map((d) => (filling ? <li key={d.kind}>Reading {d.name.toLowerCase()} …</li> : (
                      <li key={d.kind}>
                        <button type="button" className={css.fill} onClick={() => { void insert(s.code, [d.kind]) }}>Fill in {d.name.toLowerCase()}</button>
                        <button type="button" className={css.fill} aria-label={`Leave out ${d.name.toLowerCase()}`} onClick={() => set(s.code, { ...text, open: text.open.filter((one) => one !== d.kind) })}>Leave out</button>
                      </li>
                    )))}
                  </ul>
                )}
                <textarea ref={i === 0 ? first : undefined} id={`${id}${s.code}`} value={text.text} onChange={(e) => set(s.code, { ...text, text: e.target.value })} onKeyDown={(e) => keyed(s.code, e)} />
                {other && withPlaces(other).trim() !== withPlaces(text).trim() && (
                  <div className={css.ask}>
                    <strong>As it stands elsewhere</strong>
                    <p className={css.theirs}>{namePlaces(withPlaces(other)) || 'Says nothing.'}</p>
                    <Button type="button" variant="outlined" onClick={() => set(s.code, other)}>Take this text</Button>
                  </div>
                )}
              </div>
            )
          })}
          <div className={css.finish}>
            <Button type="submit" variant="contained" disabled={busy}>Save and sign</Button>
            <Button type="button" variant="outlined" disabled={busy} onClick={() => { void save(late === 'yes').then((saved) => { if (saved) leave(saved.id) }) }}>Save, sign later</Button>
            <Button type="button" variant="text" onClick={() => { void keep().then(() => leave()) }}>Close, keep the draft</Button>
            <Button type="button" variant="text" color="error" onClick={() => { void discard() }}>Discard the draft</Button>
          </div>
        </div>
      </form>
      {guard.dialog}
      {signing && <ActDialog form={signing} onClose={() => { setSigning(null); leave(note?.id) }} onSaved={(told) => { setSigning(null); announce(told); leave(note?.id) }} />}
    </>
  )
}
