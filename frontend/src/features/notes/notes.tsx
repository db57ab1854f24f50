import ChevronRightOutlined from '@mui/icons-material/ChevronRightOutlined'
import ExpandMoreOutlined from '@mui/icons-material/ExpandMoreOutlined'
import Button from '@mui/material/Button'
import ToggleButton from '@mui/material/ToggleButton'
import ToggleButtonGroup from '@mui/material/ToggleButtonGroup'
import { useEffect, useRef, useState } from 'react'
import { Link } from 'react-router'
import { useClient } from 'urql'
import { useForms } from '../../components/act/acts'
import { Status } from '../../components/clinical/status'
import { Moment } from '../../components/ui/moment'
import { newestFirst } from '../../components/ui/count'
import { Part } from '../../components/ui/part'
import { Pages, RecordTable } from '../../components/ui/record-table'
import { Section } from '../../components/ui/section'
import { Empty } from '../../components/ui/states'
import { useAsOf } from '../../contexts/patient'
import { useSession } from '../../contexts/session'
import { graphql, read, type FragmentType } from '../../gql'
import type { NotePageFragment, NoteRecordFragment } from '../../gql/graphql'
import { useInSight } from '../../hooks/use-in-sight'
import { useMay } from '../../hooks/use-may'
import { formatDateTime } from '../../lib/date'
import { besides } from './besides'
import { CompareDialog } from './compare'
import { useNoteActs } from './note-acts'
import { NoteEditor, type Begun } from './note-editor'
import css from './notes.module.css'
import { Passages } from './passages'
import { Sources, useSources } from './sources'
import { groupsOf, ORDERS, type Order } from './tree'

export const NotePage = graphql(`
  fragment NotePage on NoteConnection {
    nodes {
      id versionId status type { text } title date authors { id display } encounter { id display } template lateEntry awaitsCosignature appends { id }
      sections { code title text sources { id } } signatures { party { display } time cosignature }
    }
    pageInfo { hasNextPage endCursor }
    totalCount
  }
`)
export const NoteRecord = graphql(`
  fragment NoteRecord on Patient {
    notes(first: 50) { ...NotePage }
    documents(first: 50) { nodes { id date status type { text } } pageInfo { hasNextPage } totalCount }
    encounters(first: 20) { nodes { id status class { code } types { text } period { start end } } }
  }
`)
/** What is needed to write: who writes, by which templates, with which phrases of their own, and what is begun. */
export const NoteWriting = graphql(`
  fragment NoteWriting on Query {
    me { fhirUser }
    noteTemplates { key title sections { code title required text } }
    phrases: savedQueries(kind: PHRASE) { name text }
    noteDrafts(patient: $id) { id version note expectedVersion template title encounter updatedAt sections { code text sources } }
  }
`)
const MoreNotes = graphql(`
  query MoreNotes($id: ID!, $after: String!, $asOf: Instant) { patient(id: $id, asOf: $asOf) { id notes(first: 50, after: $after) { ...NotePage } } }
`)

export type Note = NotePageFragment['nodes'][number]
const titleOf = (n: Note): string => n.title ?? n.type?.text ?? 'Note of a kind not recorded'
const by = (n: Note) => n.authors.flatMap((a) => a.display ?? []).join(', ') || 'Not recorded'
const struck = (n: Note) => n.status === 'ENTERED_IN_ERROR'

/** Notes, each with its addenda under it, newest first; one is read or written beside the list. `documents` is where those stand that came as documents. */
export function NotesView({ of, writing, patientId, documents }: { of: FragmentType<typeof NoteRecord> | undefined; writing: FragmentType<typeof NoteWriting> | undefined; patientId: string; documents: string }) {
  const client = useClient()
  const asOf = useAsOf()
  const may = useMay('chart')
  const [open, setOpen] = useState<string | null>(null)
  const list = useInSight(open)
  const [begun, setBegun] = useState<Begun | null>(null)
  const [order, setOrder] = useState<Order>('time')
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set())
  const fold = (name: string, shut: boolean) => setClosed((before) => new Set(shut ? [...before, name] : [...before].filter((one) => one !== name)))
  const more = async (after: string) => {
    const { data } = await client.query(MoreNotes, { id: patientId, after, asOf }, { requestPolicy: 'network-only' }).toPromise()
    return read(NotePage, data?.patient?.notes)
  }
  const record = read(NoteRecord, of)
  const able = read(NoteWriting, writing)
  const me = able?.me.fhirUser ?? null
  const templates = able?.noteTemplates ?? []
  const drafts = may ? able?.noteDrafts ?? [] : []
  const named = (key: string) => templates.find((t) => t.key === key)?.title ?? key
  const edit = (note: Note) => {
    const template = templates.find((t) => t.key === note.template)
    const draft = drafts.find((d) => d.note === note.id)
    if (template) setBegun({ key: note.id, template, draft: draft ?? null, note: { id: note.id, versionId: note.versionId, title: note.title ?? '', encounter: note.encounter?.id ?? '', lateEntry: note.lateEntry, sections: note.sections } })
  }
  return (
    <Part of={record?.notes} name="notes" what="Notes" rows={10}>
      {(masked) => {
        const first = read(NotePage, masked)
        return (
          <Pages first={first} more={more} what="notes" still>
            {(nodes) => {
              const shown = open ? nodes.find((n) => n.id === open) : undefined
              const known = new Set(nodes.map((n) => n.id))
              const roots = nodes.filter((n) => !n.appends?.id || !known.has(n.appends.id))
              const addenda = (n: Note) => nodes.filter((a) => a.appends?.id === n.id).toReversed()
              const beside = begun ?? shown
              return (
                <div className={beside ? css.both : undefined}>
                  <div className={css.list} ref={list}>
                    {may && !begun && (
                      <Section title="Write a note" note="A draft is kept while you write; only you see it">
                        <div className={css.head}>
                          {templates.map((template) => <Button key={template.key} variant="outlined" onClick={() => setBegun({ key: `new ${template.key}`, template, draft: null, note: null })}>{template.title}</Button>)}
                          {templates.length === 0 && <Empty>The kinds of notes could not be loaded.</Empty>}
                        </div>
                      </Section>
                    )}
                    {drafts.length > 0 && !begun && (
                      <Section title="My drafts" note="Not on record, seen by nobody else">
                        <RecordTable label="My drafts" columns={['Draft', 'Last kept']}>
                          {drafts.map((d) => (
                            <tr key={d.id}>
                              <th scope="row">
                                <button
                                  type="button" className={css.link} onClick={() => {
                                    const note = nodes.find((n) => n.id === d.note)
                                    const template = templates.find((t) => t.key === d.template)
                                    if (note) edit(note)
                                    else if (template && !d.note) setBegun({ key: d.id, template, draft: d, note: null })
                                  }}
                                >{d.title || named(d.template)}</button>{' '}<span className={css.draft}>Draft</span>
                              </th>
                              <td><Moment at={d.updatedAt} /></td>
                            </tr>
                          ))}
                        </RecordTable>
                      </Section>
                    )}
                    <Section title="Notes" note={newestFirst(first.totalCount ?? first.nodes.length)}>
                      <Elsewhere of={record?.documents} first={first} to={documents} />
                      {nodes.length === 0 ? <Empty>No note is recorded.</Empty> : (
                        <>
                          <div className={css.order}>
                            <span id="notes-order">Show</span>
                            <ToggleButtonGroup exclusive size="small" value={order} onChange={(_, to: Order | null) => { if (to) setOrder(to) }} aria-labelledby="notes-order">
                              {ORDERS.map(([key, name]) => <ToggleButton key={key} value={key}>{name}</ToggleButton>)}
                            </ToggleButtonGroup>
                          </div>
                          <RecordTable label="Notes" columns={['Note', 'Written', 'Status', 'By']}>
                            {groupsOf(roots, order, record?.encounters?.nodes ?? []).flatMap(({ name, notes: listed }) => {
                              const shut = name !== null && closed.has(name)
                              return [
                                ...(name === null ? [] : [
                                  <tr key={`group ${name}`} className={css.group}>
                                    <th scope="rowgroup" colSpan={4}>
                                      <button
                                        type="button" className={css.fold} aria-expanded={!shut} onClick={() => fold(name, !shut)}
                                        onKeyDown={(e) => { if (e.key === 'ArrowLeft' || e.key === 'ArrowRight') { e.preventDefault(); fold(name, e.key === 'ArrowLeft') } }}
                                      >{shut ? <ChevronRightOutlined sx={{ fontSize: 18 }} aria-hidden /> : <ExpandMoreOutlined sx={{ fontSize: 18 }} aria-hidden />}{name} <small>{listed.length}{nodes.length < (first.totalCount ?? nodes.length) ? ' loaded' : ''}</small></button>
                                    </th>
                                  </tr>,
                                ]),
                                ...(shut ? [] : listed.flatMap((n) => [n, ...addenda(n)])).map((n) => (
                                  <tr key={n.id} data-place={n.id} className={open === n.id ? css.chosen : undefined}>
                                    <th scope="row">
                                      <div className={n.appends?.id && known.has(n.appends.id) ? css.under : undefined}>
                                        <button type="button" className={css.link} aria-current={open === n.id || undefined} disabled={!!begun} onClick={() => setOpen(n.id)}>{struck(n) ? <s>{titleOf(n)}</s> : titleOf(n)}</button>
                                        {n.lateEntry && <small>Late entry</small>}
                                      </div>
                                    </th>
                                    <td>{n.date ? <Moment at={n.date} /> : 'Not recorded'}</td>
                                    <td>{n.awaitsCosignature ? <span className={css.draft}>Waits for the second signature</span> : n.status === 'PRELIMINARY' ? <span className={css.draft}>Not signed</span> : <Status of={n.status} />}</td>
                                    <td>{by(n)}</td>
                                  </tr>
                                )),
                              ]
                            })}
                          </RecordTable>
                        </>
                      )}
                    </Section>
                  </div>
                  {begun && <NoteEditor key={begun.key} begun={begun} patient={patientId} me={me} encounters={record?.encounters?.nodes ?? []} earlier={nodes.filter((n) => !struck(n) && n.id !== begun.note?.id)} own={able?.phrases ?? []} onDone={(id) => { setBegun(null); if (id) setOpen(id) }} />}
                  {!begun && shown && <Reader key={shown.id} of={shown} addenda={addenda(shown)} me={me} onEdit={shown.template ? () => edit(shown) : undefined} onClose={() => setOpen(null)} />}
                </div>
              )
            }}
          </Pages>
        )
      }}
    </Part>
  )
}

/** What the record has beside the notes, in a line that stands before them: a document may be the newest note. */
function Elsewhere({ of, first, to }: { of: NoteRecordFragment['documents'] | undefined; first: NotePageFragment; to: string }) {
  if (!of) return <p className={css.elsewhere}>Notes may also have come <Link to={to}>as documents</Link>.</p>
  const { least, count, newest } = besides(of, first)
  if (count === 0) return null
  const more = first.nodes.length > 0 ? 'more ' : ''
  return (
    <p className={css.elsewhere}>
      <Link to={to}>{least ? 'At least ' : ''}{count} {more}came as {count === 1 ? 'a document' : 'documents'}</Link>: notes, or other files.
      {newest?.date && <strong> The newest of them{more && ' is newer than the notes below'}: {newest.type?.text ?? 'of a kind not recorded'}, {formatDateTime(newest.date)}.</strong>}
    </p>
  )
}

function Text({ of }: { of: Note }) {
  const sources = useSources(of.id, of.sections.some((s) => s.sources.length > 0))
  const author = of.signatures.length > 0 ? null : <span>Not signed</span>
  return (
    <>
      <div className={css.by}>
        <span>{of.date ? formatDateTime(of.date) : 'Date not recorded'} · {by(of)}{of.lateEntry ? ' · Late entry' : ''}</span>
        {author}
        {of.signatures.map((s, i) => <span key={i}>{s.cosignature ? 'Co-signed' : 'Signed'} by {s.party?.display ?? 'somebody not named'}, {s.time ? formatDateTime(s.time) : 'time not recorded'}</span>)}
      </div>
      <div className={struck(of) ? css.struck : undefined}>
        {of.sections.map((s, i) => <div key={i} className={css.part}><h3>{s.title ?? 'Section'}</h3><Passages text={s.text ?? ''} /><Sources count={s.sources.length} of={sources.of?.[i]} failed={sources.failed} again={sources.again} /></div>)}
      </div>
      {of.sections.length === 0 && <Empty>This note has no text on record.</Empty>}
    </>
  )
}

function Reader({ of, addenda, me, onEdit, onClose }: { of: Note; addenda: readonly Note[]; me: string | null; onEdit?: () => void; onClose: () => void }) {
  const may = useMay('chart')
  const physician = useSession().session.roles.includes('physician')
  const acts = useNoteActs()
  const { open, dialog } = useForms()
  const [history, setHistory] = useState(false)
  const close = useRef<HTMLButtonElement>(null)
  useEffect(() => close.current?.focus(), [])
  const own = me !== null && of.authors.some((a) => a.id === me)
  const as = { id: of.id, versionId: of.versionId, title: titleOf(of) }
  const unsigned = of.status === 'PRELIMINARY' && !of.awaitsCosignature
  return (
    <aside className={css.pane} aria-label={titleOf(of)} onKeyDown={(e) => { if (e.key === 'Escape' && !dialog && !history) onClose() }}>
      <div className={css.head}>
        <h2>{titleOf(of)}</h2>
        <Button ref={close} variant="outlined" onClick={onClose}>Close</Button>
        <div className={css.does}>
          {may && own && unsigned && <Button variant="contained" onClick={() => { void acts.sign(as, me).then(open) }}>Sign</Button>}
          {may && own && unsigned && onEdit && <Button variant="outlined" onClick={onEdit}>Change</Button>}
          {may && !own && physician && of.awaitsCosignature && <Button variant="contained" onClick={() => open(acts.cosign(as))}>Co-sign</Button>}
          {may && of.status === 'FINAL' && <Button variant="outlined" onClick={() => open(acts.addend(as))}>Add an addendum</Button>}
          {may && (own || physician) && !struck(of) && <Button variant="outlined" color="error" onClick={() => open(acts.retract(as))}>Entered in error</Button>}
          <Button variant="outlined" onClick={() => setHistory(true)}>Compare versions</Button>
          <Button variant="outlined" onClick={() => window.print()}>Print</Button>
        </div>
      </div>
      <Text of={of} />
      {addenda.map((a) => <section key={a.id} className={css.addendum} aria-label={titleOf(a)}><Text of={a} /></section>)}
      {dialog}
      {history && <CompareDialog documents={[of, ...addenda].map((n) => ({ id: n.id, title: titleOf(n) }))} onClose={() => setHistory(false)} />}
    </aside>
  )
}
