import Block from '@mui/icons-material/Block'
import DownloadOutlined from '@mui/icons-material/DownloadOutlined'
import Button from '@mui/material/Button'
import NativeSelect from '@mui/material/NativeSelect'
import OutlinedInput from '@mui/material/OutlinedInput'
import { useEffect, useState, type FormEvent } from 'react'
import { useClient, type CombinedError } from 'urql'
import { patientName } from '../../components/clinical/person'
import { DateField } from '../../components/ui/date-field'
import { Moment } from '../../components/ui/moment'
import { isForbidden, NotPermitted } from '../../components/ui/part'
import { Pages, RecordTable } from '../../components/ui/record-table'
import { Empty, Loading, NotLoaded } from '../../components/ui/states'
import { useSession } from '../../contexts/session'
import { graphql } from '../../gql'
import type { AuditEventsQuery, AuditFilter, AuditKind, AuditOutcome } from '../../gql/graphql'
import { useAnnounce } from '../../hooks/use-announce'
import { maySeePatients } from '../../lib/permissions'
import { formatDecimal } from '../../lib/quantity'
import css from './administration.module.css'

const AuditEvents = graphql(`
  query AuditEvents($filter: AuditFilter!, $after: String, $count: Boolean!, $names: Boolean!) {
    auditEvents(filter: $filter, first: 50, after: $after) {
      nodes { id at user userName roles kind interaction outcome patient patientName @include(if: $names) { display family given prefix } resources queries operation requestId }
      pageInfo { hasNextPage endCursor }
      totalCount @include(if: $count)
    }
  }
`)

type Events = AuditEventsQuery['auditEvents']
type Event = Events['nodes'][number]
type Found = { state: 'loading' } | { state: 'failed'; error: CombinedError | undefined } | { state: 'found'; events: Events; filter: AuditFilter }

const KINDS: Record<AuditKind, string> = { READ: 'Read', SEARCH: 'Search', WRITE: 'Write', OPERATION: 'Operation', SIGN_IN: 'Signing in and out', APPLICATION: 'Applications', EXPORT: 'Export of the audit', ACCOUNT: 'Accounts', EMERGENCY: 'Emergency access and grants' }
/** What stands under no kind, by its interaction. */
const OTHERS: Readonly<Record<string, string>> = { subscription: 'Live changes' }
const OUTCOMES: Record<AuditOutcome, string> = { DONE: 'Done', REFUSED: 'Refused', FAILED: 'Failed' }

/** What is typed, as it stands in the form. Who is looked for stays out of the address. */
interface Asked { patient: string; user: string; kind: AuditKind | ''; outcome: AuditOutcome | ''; from: string; to: string }
const NOTHING: Asked = { patient: '', user: '', kind: '', outcome: '', from: '', to: '' }

/** The beginning of a day here, or of the day after it, as an instant. */
function startOf(day: string, later = 0): string {
  const at = new Date(`${day}T00:00:00`)
  at.setDate(at.getDate() + later)
  return at.toISOString()
}

/** The form as the filter of the server; days are those of this browser, the last one included. */
export function filterOf(asked: Asked): AuditFilter {
  const patient = asked.patient.trim()
  return {
    ...(patient && { patient: patient.includes('/') ? patient : `Patient/${patient}` }),
    ...(asked.user.trim() && { user: asked.user.trim() }),
    ...(asked.kind && { kinds: [asked.kind] }),
    ...(asked.outcome && { outcomes: [asked.outcome] }),
    ...(asked.from && { since: startOf(asked.from) }),
    ...(asked.to && { until: startOf(asked.to, 1) }),
  }
}

/** How many there are, in words. */
function countOf({ totalCount, nodes }: Events): string {
  const count = totalCount ?? nodes.length
  return count === 1 ? 'One event' : `${formatDecimal(String(count))} events`
}

/** Where the same events are as a file. */
export function exportPath(filter: AuditFilter, format: 'csv' | 'ndjson'): string {
  const query = new URLSearchParams({ format })
  for (const name of ['patient', 'user', 'since', 'until'] as const) {
    const value = filter[name]
    if (value) query.set(name, String(value))
  }
  filter.kinds?.forEach((kind) => query.append('kind', kind))
  filter.outcomes?.forEach((outcome) => query.append('outcome', outcome))
  return `/audit/export?${query.toString()}`
}

/** Who did what, newest first: by patient, user, event and day, and as a file. */
export function AuditView() {
  const client = useClient()
  const announce = useAnnounce()
  const [asked, setAsked] = useState<Asked>(NOTHING)
  const [filter, setFilter] = useState<AuditFilter>({})
  const { session } = useSession()
  const mayName = maySeePatients(session)
  const [names, setNames] = useState(false)
  const [found, setFound] = useState<Found>({ state: 'loading' })

  useEffect(() => {
    let current = true
    void client.query(AuditEvents, { filter, after: null, count: true, names }, { requestPolicy: 'network-only' }).toPromise().then(({ data, error }) => {
      if (!current) return
      setFound(data ? { state: 'found', events: data.auditEvents, filter } : { state: 'failed', error })
      if (data) announce(countOf(data.auditEvents))
    })
    return () => { current = false }
  }, [client, filter, names, announce])

  const more = async (after: string) => {
    const { data } = await client.query(AuditEvents, { filter, after, count: false, names }, { requestPolicy: 'network-only' }).toPromise()
    return data?.auditEvents
  }
  // A new object starts the search, also when it says the same.
  const show = (next: AuditFilter) => {
    setFound({ state: 'loading' })
    setFilter({ ...next })
  }
  const search = (event: FormEvent) => {
    event.preventDefault()
    show(filterOf(asked))
  }
  const set = (change: Partial<Asked>) => setAsked((before) => ({ ...before, ...change }))
  return (
    <>
      <form className={css.tools} onSubmit={search} aria-label="Which events">
        <div><label htmlFor="audit-patient">Patient id</label><OutlinedInput id="audit-patient" value={asked.patient} onChange={(e) => set({ patient: e.target.value })} /></div>
        <div><label htmlFor="audit-user">User name</label><OutlinedInput id="audit-user" value={asked.user} onChange={(e) => set({ user: e.target.value })} /></div>
        <div><label htmlFor="audit-kind">Event</label>
          <NativeSelect input={<OutlinedInput />} inputProps={{ id: 'audit-kind' }} value={asked.kind} onChange={(e) => set({ kind: choice(KINDS, e.target.value) })}>
            <option value="">All</option>
            {Object.entries(KINDS).map(([value, words]) => <option key={value} value={value}>{words}</option>)}
          </NativeSelect>
        </div>
        <div><label htmlFor="audit-outcome">Outcome</label>
          <NativeSelect input={<OutlinedInput />} inputProps={{ id: 'audit-outcome' }} value={asked.outcome} onChange={(e) => set({ outcome: choice(OUTCOMES, e.target.value) })}>
            <option value="">All</option>
            {Object.entries(OUTCOMES).map(([value, words]) => <option key={value} value={value}>{words}</option>)}
          </NativeSelect>
        </div>
        <div><label htmlFor="audit-from">From</label><DateField id="audit-from" kind="day" value={asked.from} onChange={(from) => set({ from })} /></div>
        <div><label htmlFor="audit-to">To</label><DateField id="audit-to" kind="day" value={asked.to} onChange={(to) => set({ to })} /></div>
        <Button variant="contained" type="submit">Show</Button>
      </form>
      {found.state === 'loading' ? <Loading rows={10} label="events" />
        : found.state === 'failed' ? isForbidden(found.error) ? <NotPermitted what="Events" />
          : found.error?.graphQLErrors.some((e) => e.extensions?.code === 'INVALID') ? <p role="alert" className={css.refused}>{found.error.graphQLErrors.map((e) => e.message).join('. ')}.</p>
          : <NotLoaded what="Events" onRetry={() => show(filter)} />
        : (
          <div className={css.list}>
            <p className={css.count}>
              <span>{countOf(found.events)}</span>
              {mayName && (
                <label className={css.check}>
                  <input type="checkbox" checked={names} onChange={(e) => { setFound({ state: 'loading' }); setNames(e.target.checked) }} /> Patients by name <small>each is an access to that chart, and stands here too</small>
                </label>
              )}
              <Button variant="text" startIcon={<DownloadOutlined />} href={exportPath(found.filter, 'csv')} download>CSV</Button>
              <Button variant="text" startIcon={<DownloadOutlined />} href={exportPath(found.filter, 'ndjson')} download>FHIR NDJSON</Button>
            </p>
            {found.events.nodes.length === 0 ? <Empty>No event fits.</Empty> : (
              <Pages first={found.events} more={more} what="events">
                {(events) => (
                  <RecordTable label="Events" columns={['When', 'Who', 'What', 'Patient', 'Touched', 'Outcome']}>
                    {events.map((event) => <Row key={event.id} of={event} />)}
                  </RecordTable>
                )}
              </Pages>
            )}
          </div>
        )}
    </>
  )
}

/** A value of a choice that came from the page, or none. */
function choice<T extends string>(all: Record<T, string>, value: string): T | '' {
  const names: string[] = Object.keys(all)
  const is = (text: string): text is T => names.includes(text)
  return is(value) ? value : ''
}

function Row({ of: event }: { of: Event }) {
  const touched = [...event.resources, ...event.queries, ...(event.operation ? [event.operation] : [])]
  return (
    <tr>
      <th scope="row"><time dateTime={event.at} title={event.at}><Moment at={event.at} seconds /></time></th>
      <td className={css.who}>{event.userName ?? event.user}<small className={css.sub}>{[event.userName ? event.user : '', event.roles.join(', ')].filter(Boolean).join(' · ')}</small></td>
      <td>{event.kind ? KINDS[event.kind] : OTHERS[event.interaction] ?? event.interaction}{(event.kind || OTHERS[event.interaction]) && <small className={css.sub}>{event.interaction}</small>}</td>
      <td className={css.patient}>{event.patientName && patientName(event.patientName)}{event.patient ? <small className={event.patientName ? css.sub : undefined}><code className={css.id}>{event.patient.replace('Patient/', '')}</code></small> : '–'}</td>
      <td className={css.touched}>{touched.length === 0 ? '–' : touched.slice(0, 5).map((text) => <code key={text}>{text}</code>)}{touched.length > 5 && <small>and {touched.length - 5} more</small>}</td>
      <td className={event.outcome === 'DONE' ? undefined : css.refusal}>{event.outcome !== 'DONE' && <><Block sx={{ fontSize: 14 }} aria-hidden /> </>}{OUTCOMES[event.outcome]}</td>
    </tr>
  )
}
