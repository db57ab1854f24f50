import Button from '@mui/material/Button'
import ToggleButton from '@mui/material/ToggleButton'
import ToggleButtonGroup from '@mui/material/ToggleButtonGroup'
import { useCallback, useEffect, useRef, useState, type ReactNode } from 'react'
import { Link, useSearchParams } from 'react-router'
import { useQuery } from 'urql'
import { useAcknowledge } from '../../components/act/acknowledge'
import { useForms } from '../../components/act/acts'
import { isAbnormal, isCritical } from '../../components/clinical/observation'
import { patientName } from '../../components/clinical/person'
import { LiveNote } from '../../components/ui/live-note'
import { Moment } from '../../components/ui/moment'
import { isForbidden, NotPermitted, ReadingProvider, useReading } from '../../components/ui/part'
import { RecordTable } from '../../components/ui/record-table'
import { Section } from '../../components/ui/section'
import { Empty, Loading, NotLoaded } from '../../components/ui/states'
import { useLive } from '../../contexts/live'
import { useSession } from '../../contexts/session'
import { graphql, read, type FragmentType } from '../../gql'
import type { WorkPageFragment } from '../../gql/graphql'
import { formatDateTime, formatDay } from '../../lib/date'
import { may } from '../../lib/permissions'
import { CareGapsView } from './care-gaps'
import { MessagePage, Messages } from './messages'
import { useTaskForms } from './task-forms'
import css from './inbox.module.css'

const Inbox = graphql(`
  query Inbox($notes: Boolean!, $results: Boolean!) {
    me { fhirUser }
    mine: worklist(kind: TASKS, filter: { messages: false }, first: 40) { ...WorkPage }
    messages: worklist(kind: TASKS, filter: { messages: true }, first: 20) { ...MessagePage }
    unowned: worklist(kind: TASKS, filter: { unowned: true }, first: 20) { ...WorkPage }
    results: worklist(kind: RESULTS_TO_ACKNOWLEDGE, first: 40) @include(if: $results) { ...WorkPage }
    notes: worklist(kind: NOTES_TO_SIGN, first: 30) @include(if: $notes) { ...WorkPage }
    noteDrafts @include(if: $notes) { id patient note title template updatedAt }
  }
`)
const WorkPage = graphql(`
  fragment WorkPage on WorklistConnection {
    nodes { title priority since dueAt patient { id display node { __typename ... on Patient { mrn birthDate name { display family given prefix } } } } node { __typename id versionId ... on Task { status owner { id display } focus { id } } ... on DiagnosticReport { results { interpretation } } } }
    totalCount
  }
`)

type Page = FragmentType<typeof WorkPage>
const tab = (patient: string, name: string) => `/patients/${patient.replace('Patient/', '')}/clinical/${name}`
const CHANGES = { additionalTypenames: ['Task', 'Note', 'NoteDraft', 'DiagnosticReport'] }

/** What waits for who is signed in; beside it, of whom something is missing. Which of the two is shown stands in the address. */
export function InboxView() {
  const { session } = useSession()
  const [query, setQuery] = useSearchParams()
  const cares = session.roles.some((r) => r === 'physician' || r === 'nurse')
  const gaps = cares && query.get('view') === 'gaps'
  const choose = (to: string | null) => { if (to) setQuery((before) => { const next = new URLSearchParams(before); if (to === 'gaps') next.set('view', to); else next.delete('view'); return next }, { replace: true }) }
  const views = cares && (
    <ToggleButtonGroup exclusive size="small" value={gaps ? 'gaps' : 'work'} aria-label="Show" onChange={(_, to: string | null) => choose(to)}>
      <ToggleButton value="work">What waits</ToggleButton>
      <ToggleButton value="gaps">Gaps in care</ToggleButton>
    </ToggleButtonGroup>
  )
  return gaps ? (
    <main className={css.view}>
      <header className={css.head}><h1>Inbox</h1>{views}</header>
      <div className={css.lists} tabIndex={0} role="group" aria-label="Gaps in care, list"><CareGapsView /></div>
    </main>
  ) : <Waiting views={views} />
}

/** Tasks, messages, results to acknowledge, notes to sign, drafts. Read again when any of it changes, never under an open form. */
function Waiting({ views }: { views: ReactNode }) {
  const { session } = useSession()
  const { roles } = session
  const [count, setCount] = useState(0)
  const anew = useCallback(() => setCount((n) => n + 1), [])
  const live = useLive('Task Composition DiagnosticReport', anew)
  const variables = { notes: roles.some((r) => r === 'physician' || r === 'nurse'), results: roles.includes('physician') }
  const [{ data, fetching, error }, again] = useQuery({ query: Inbox, variables, requestPolicy: 'network-only', context: CHANGES, pause: !live.ready })
  const retry = useCallback(() => again({ requestPolicy: 'network-only' }), [again])
  const seen = useRef(0)
  useEffect(() => {
    if (seen.current === count || fetching) return
    seen.current = count
    retry()
  }, [count, fetching, retry])
  const reading = useReading(fetching && !data, error, retry)
  const total = (page: Page | undefined | null) => read(WorkPage, page)?.totalCount ?? 0
  const unread = read(MessagePage, data?.messages)?.totalCount ?? 0
  const waiting = data ? total(data.mine) + unread + total(data.results) + total(data.notes) : 0
  return (
    <ReadingProvider value={reading}>
      <main className={css.view}>
        <header className={css.head}>
          <h1>Inbox</h1>
          {data && <p role="status">{waiting === 0 ? 'Nothing waits for you' : waiting === 1 ? 'One thing waits for you' : `${waiting} things wait for you`}</p>}
          {views}
          <LiveNote of={live.state} />
        </header>
        <div className={css.lists} tabIndex={0} role="group" aria-label="Inbox lists">
          {!data ? error && !fetching ? isForbidden(error) ? <NotPermitted what="Worklists" /> : <NotLoaded what="Inbox" onRetry={retry} /> : <Loading rows={10} label="inbox" /> : (
            <>
              <Messages of={data.messages} me={data.me.fhirUser ?? null} acting={may(session, 'message')} />
              <Work title="My tasks" of={data.mine} empty="No task waits for you, your roles and your teams." me={data.me.fhirUser ?? null} />
              {data.results && <Work title="Results to acknowledge" of={data.results} empty="Every final result that you ordered is acknowledged." me={null} />}
              {data.notes && <Work title="Notes to sign" of={data.notes} empty="No note of yours waits for your signature." me={null} />}
              {data.noteDrafts && (
                <Section title="My drafts" note="Not on record, seen by nobody else">
                  {data.noteDrafts.length === 0 ? <Empty>You have no draft.</Empty> : (
                    <RecordTable label="My drafts" columns={['Draft', 'Last kept']}>
                      {data.noteDrafts.map((d) => <tr key={d.id}><th scope="row"><Link to={tab(d.patient, 'notes')}>{d.title ?? d.template}</Link></th><td>{formatDateTime(d.updatedAt)}</td></tr>)}
                    </RecordTable>
                  )}
                </Section>
              )}
              <Work title="Tasks that nobody has" of={data.unowned} empty="Every task has an owner." me={data.me.fhirUser ?? null} />
            </>
          )}
        </div>
      </main>
    </ReadingProvider>
  )
}

const URGENT: Record<string, string> = { URGENT: 'Urgent', ASAP: 'As soon as possible', STAT: 'At once' }
/** Shares of the columns in hundredths: several lists stand under each other. */
const COLUMNS = ['What', 'Patient', 'Since', 'Due', 'Acts'], WIDTHS = [27, 26, 13, 14, 20]
/** The same where nothing has a day by which it is to be done. */
const UNDUE = ['What', 'Patient', 'Since', 'Acts'], UNDUE_WIDTHS = [27, 26, 27, 20]

/** How many values of a report are critical, and how many else are abnormal. */
function flagsOf(node: WorkPageFragment['nodes'][number]['node']): { critical: number; abnormal: number } {
  const results = node.__typename === 'DiagnosticReport' ? node.results.flatMap((result) => result ?? []) : []
  const critical = results.filter(isCritical).length
  return { critical, abnormal: results.filter(isAbnormal).length - critical }
}

function Work({ title, of, empty, me }: { title: string; of: Page; empty: string; me: string | null }) {
  const { nodes, totalCount } = read(WorkPage, of)
  const { open, dialog } = useForms()
  const tasks = useTaskForms()
  const acknowledge = useAcknowledge()
  const [now] = useState(() => Date.now())
  const dated = nodes.some((n) => n.dueAt)
  const critical = nodes.filter((n) => flagsOf(n.node).critical > 0)
  const sorted = [...critical, ...nodes.filter((n) => !critical.includes(n))]
  return (
    <Section title={title} note={`${totalCount ?? nodes.length}${totalCount && totalCount > nodes.length ? `, the newest ${nodes.length} shown` : ''}${critical.length > 0 ? ', critical ones first' : ''}`}>
      {nodes.length === 0 ? <Empty>{empty}</Empty> : (
        <RecordTable label={title} columns={dated ? COLUMNS : UNDUE} widths={dated ? WIDTHS : UNDUE_WIDTHS}>
          {sorted.map(({ title: name, node, patient, since, dueAt, priority }) => {
            const what = name ?? 'Not named'
            const as = { id: node.id, versionId: node.versionId, title: what }
            const flags = flagsOf(node)
            const note = node.__typename === 'Task' ? node.focus?.id?.startsWith('Composition/') : node.__typename === 'Note'
            const owner = node.__typename === 'Task' ? node.owner : null
            const who = patient?.node?.__typename === 'Patient' ? patient.node : null
            return (
              <tr key={node.id}>
                <th scope="row">
                  {what}{priority && URGENT[priority] && <small className={css.urgent}>{URGENT[priority]}</small>}
                  {(flags.critical > 0 || flags.abnormal > 0) && (
                    <span className={css.flags}>
                      {flags.critical > 0 && <span className={css.critical}>!! {flags.critical} critical</span>}
                      {flags.abnormal > 0 && <span className={css.abnormal}>{flags.abnormal} abnormal</span>}
                    </span>
                  )}
                </th>
                <td>
                  {patient?.id ? <Link to={tab(patient.id, note ? 'notes' : node.__typename === 'DiagnosticReport' ? 'results' : 'care')}>{who ? patientName(who.name) : patient.display ?? 'Open the chart'}</Link> : 'No patient'}
                  {who && <small><span className="whole">Born {who.birthDate ? formatDay(who.birthDate) : 'not recorded'} ·</span> <span className="whole">MRN {who.mrn ?? 'not recorded'}</span></small>}
                </td>
                <td>{since ? <Moment at={since} /> : 'Not recorded'}</td>
                {dated && <td className={dueAt && Date.parse(dueAt) < now ? css.late : undefined}>{dueAt ? `${formatDateTime(dueAt)}${Date.parse(dueAt) < now ? ', overdue' : ''}` : 'Not set'}</td>}
                <td>
                  <div className={css.acts}>
                    {node.__typename === 'Task' && (
                      <>
                        {owner?.id !== me && me && <Button variant="outlined" aria-label={`Take ${what}`} onClick={() => open(tasks.claim(as))}>Take</Button>}
                        {owner?.id === me && me && !note && <Button variant="outlined" aria-label={`Done ${what}`} onClick={() => open(tasks.complete(as))}>Done</Button>}
                        <Button variant="text" aria-label={`Pass on ${what}`} onClick={() => { void tasks.reassign(as).then(open) }}>Pass on</Button>
                      </>
                    )}
                    {node.__typename === 'DiagnosticReport' && <Button variant="outlined" aria-label={`Acknowledge ${what}`} onClick={() => open(acknowledge(as, what, flags.critical > 0))}>Acknowledge</Button>}
                  </div>
                </td>
              </tr>
            )
          })}
        </RecordTable>
      )}
      {dialog}
    </Section>
  )
}
