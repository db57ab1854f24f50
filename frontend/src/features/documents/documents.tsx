import Button from '@mui/material/Button'
import { useEffect, useRef, useState } from 'react'
import { Link } from 'react-router'
import { useClient } from 'urql'
import { ActStrip, RowActs, type ActItem } from '../../components/act/acts'
import { useMistake } from '../../components/act/mistake'
import { conceptText, standing, Status } from '../../components/clinical/status'
import { Moment } from '../../components/ui/moment'
import { newestFirst } from '../../components/ui/count'
import { Part } from '../../components/ui/part'
import { Pages, RecordTable } from '../../components/ui/record-table'
import { Section } from '../../components/ui/section'
import { StoredFile, Words } from '../../components/ui/stored-file'
import { Empty } from '../../components/ui/states'
import { useAsOf } from '../../contexts/patient'
import { useInSight } from '../../hooks/use-in-sight'
import { useMay } from '../../hooks/use-may'
import { graphql, read, type FragmentType } from '../../gql'
import type { DocumentPageFragment } from '../../gql/graphql'
import { formatDateTime } from '../../lib/date'
import { useDocumentForms } from './document-forms'
import { plainText } from '../../lib/plain-text'
import css from './documents.module.css'

export const DocumentPage = graphql(`
  fragment DocumentPage on DocumentConnection {
    nodes { id versionId status docStatus type { text } category { text } date description authors { display } attachments { contentType title url link size data creation } }
    pageInfo { hasNextPage endCursor }
    totalCount
  }
`)
export const DocumentRecord = graphql(`
  fragment DocumentRecord on Patient { documents(first: 50) { ...DocumentPage } }
`)
const MoreDocuments = graphql(`
  query MoreDocuments($id: ID!, $after: String!, $asOf: Instant) { patient(id: $id, asOf: $asOf) { id documents(first: 50, after: $after) { ...DocumentPage } } }
`)

type Doc = DocumentPageFragment['nodes'][number]
const title = (d: Doc): string => d.type?.text ?? d.description ?? 'Document of a kind not recorded'

/** What lists a note is changed with the note, by the acts of the notes. */
const listsNote = (d: Doc): boolean => d.attachments.some((a) => !!a.url && /(^|\/)Composition\//.test(a.url))

/** Notes and other documents, newest first; one that is text is read beside the list. `notes` is where notes are written. */
export function DocumentsView({ of, patientId, notes }: { of: FragmentType<typeof DocumentRecord> | undefined; patientId: string; notes: string }) {
  const client = useClient()
  const asOf = useAsOf()
  const [open, setOpen] = useState<Doc | null>(null)
  const acting = useMay('document')
  const list = useInSight(open?.id ?? null)
  const forms = useDocumentForms(patientId)
  const mistake = useMistake()
  const acts = (d: Doc): ActItem[] => (!acting || d.status === 'ENTERED_IN_ERROR' || listsNote(d) ? [] : [
    ...(d.status === 'CURRENT' ? [{ name: 'Replace', form: () => forms.replace(d, title(d)) }] : []), { name: 'Entered in error', form: () => mistake(d, title(d)) },
  ])
  const more = async (after: string) => {
    const { data } = await client.query(MoreDocuments, { id: patientId, after, asOf }, { requestPolicy: 'network-only' }).toPromise()
    return read(DocumentPage, data?.patient?.documents)
  }
  return (
    <div className={open ? css.both : undefined}>
      <Part of={read(DocumentRecord, of)?.documents} name="documents" what="Documents" rows={10}>
        {(masked) => {
          const first = read(DocumentPage, masked)
          return (
            <div className={css.list} ref={list}>
              <ActStrip note={<>Notes are written under <Link to={notes}>Notes</Link></>} items={acting ? [{ name: 'Put a document on record', form: forms.record }] : []} />
              <Section title="Documents" note={newestFirst(first.totalCount ?? first.nodes.length)}>
                <Pages first={first} more={more} what="documents">
                  {(nodes) => (nodes.length === 0 ? <Empty>No document is recorded.</Empty> : (
                    <RecordTable label="Documents" columns={['Document', 'Written', 'Status', 'By', 'Acts']}>
                      {nodes.map((d) => (
                        <tr key={d.id} className={open?.id === d.id ? css.chosen : undefined}>
                          <th scope="row">
                            <button type="button" className={css.link} aria-current={open?.id === d.id || undefined} onClick={() => setOpen(d)}>{d.status === 'ENTERED_IN_ERROR' ? <s>{title(d)}</s> : title(d)}</button>
                            <small>{[d.description !== title(d) ? d.description : null, conceptText(d.category)].filter(Boolean).join(' · ')}</small>
                          </th>
                          <td>{d.date ? <Moment at={d.date} /> : 'Not recorded'}</td>
                          <td><Status of={standing(d)} /></td>
                          <td>{d.authors.flatMap((a) => a.display ?? []).join(', ') || 'Not recorded'}</td>
                          <td><RowActs of={title(d)} place={d.id} items={acts(d)} /></td>
                        </tr>
                      ))}
                    </RecordTable>
                  ))}
                </Pages>
              </Section>
            </div>
          )
        }}
      </Part>
      {open && <Reader key={open.id} of={open} onClose={() => setOpen(null)} />}
    </div>
  )
}

function Reader({ of, onClose }: { of: Doc; onClose: () => void }) {
  const close = useRef<HTMLButtonElement>(null)
  useEffect(() => close.current?.focus(), [])
  return (
    <aside className={css.reader} aria-label={title(of)} onKeyDown={(e) => { if (e.key === 'Escape') onClose() }}>
      <div className={css.head}>
        <h2>{title(of)}</h2>
        <Button ref={close} variant="outlined" onClick={onClose}>Close</Button>
      </div>
      <p className={css.by}>{of.date ? formatDateTime(of.date) : 'Date not recorded'} · {of.authors.flatMap((a) => a.display ?? []).join(', ') || 'Author not recorded'}</p>
      {of.attachments.length === 0 && <Empty>This document has no content on record.</Empty>}
      {of.attachments.map((a, i) => {
        const text = a.link ? null : plainText(a)
        if (text !== null) return <div key={i} className={css.file}><Words of={text} /></div>
        return a.link || a.data ? <StoredFile key={i} of={a} /> : <Empty key={i}>{listsNote(of) && i === 0 ? 'The note itself is read under Notes.' : `${a.title ?? 'Content'} (${a.contentType ?? 'type not recorded'}) is kept elsewhere and cannot be shown here.`}</Empty>
      })}
    </aside>
  )
}
