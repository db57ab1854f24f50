import Button from '@mui/material/Button'
import ToggleButton from '@mui/material/ToggleButton'
import ToggleButtonGroup from '@mui/material/ToggleButtonGroup'
import { useCallback, useEffect, useRef, useState, type ReactNode } from 'react'
import { Link, useSearchParams } from 'react-router'
import { useClient, useQuery } from 'urql'
import { useAcknowledge } from '../../components/act/acknowledge'
import { useForms } from '../../components/act/acts'
import { Drug } from '../../components/clinical/drug'
import { flagsOf, isAbnormal, isCritical, simpleValue } from '../../components/clinical/observation'
import { patientName } from '../../components/clinical/person'
import { LiveNote } from '../../components/ui/live-note'
import { Moment } from '../../components/ui/moment'
import { isForbidden, NotPermitted, ReadingProvider, useReading } from '../../components/ui/part'
import { Pages, RecordTable, type Connection } from '../../components/ui/record-table'
import { Section } from '../../components/ui/section'
import { Empty, Loading, NotLoaded } from '../../components/ui/states'
import { useLive } from '../../contexts/live'
import { useSession } from '../../contexts/session'
import { graphql, read, type FragmentType } from '../../gql'
import type { Interpretation, WaitingReportsFragment, WorkItemFragment, WorklistFilter, WorklistKind, WorkPageFragment } from '../../gql/graphql'
import { formatDateTime } from '../../lib/date'
import { may } from '../../lib/permissions'
import { tab } from './about'
import { CareGapsView } from './care-gaps'
import { MessagePage, Messages } from './messages'
import { WhoElse } from './who-else'
import { useTaskForms } from '../../components/act/tasks'
import css from './inbox.module.css'

const Inbox = graphql(`
  query Inbox($notes: Boolean!, $results: Boolean!) {
    me { fhirUser }
    mine: worklist(kind: TASKS, filter: { messages: false }, first: 40) { ...WorkPage }
    messages: worklist(kind: TASKS, filter: { messages: true }, first: 20) { ...MessagePage }
    unowned: worklist(kind: TASKS, filter: { unowned: true }, first: 20) { ...WorkPage }
    results: worklist(kind: RESULTS_TO_ACKNOWLEDGE, first: 30) @include(if: $results) { ...WaitingReports }
    notes: worklist(kind: NOTES_TO_SIGN, first: 30) @include(if: $notes) { ...WorkPage }
    noteDrafts @include(if: $notes) { id patient note title template updatedAt }
  }
`)
// Each list asks for no more than it shows: together they are near what one operation should cost.
const WorkItem = graphql(`
  fragment WorkItem on WorklistItem { title priority since dueAt patient { id display node { __typename ... on Patient { mrn birthDate name { display family given prefix } } } } }
`)
const WorkPage = graphql(`
  fragment WorkPage on WorklistConnection {
    nodes { ...WorkItem node { __typename id versionId ... on Task { owner { id } focus { id } code { codings { code } } } } }
    pageInfo { hasNextPage endCursor }
    totalCount
  }
`)
const WaitingReports = graphql(`
  fragment WaitingReports on WorklistConnection {
    nodes { ...WorkItem node { __typename id versionId ... on DiagnosticReport { results { code { text } interpretation value { __typename ... on Quantity { value unit comparator } ... on Concept { text } ... on Text { text } } } } } }
    pageInfo { hasNextPage endCursor }
    totalCount
  }
`)
const MoreInboxWork = graphql(`
  query MoreInboxWork($kind: WorklistKind!, $filter: WorklistFilter, $after: String!) { worklist(kind: $kind, filter: $filter, first: 40, after: $after) { ...WorkPage } }
`)
const MoreInboxReports = graphql(`
  query MoreInboxReports($after: String!) { worklist(kind: RESULTS_TO_ACKNOWLEDGE, first: 30, after: $after) { ...WaitingReports } }
`)
const MoreMessages = graphql(`
  query MoreMessages($after: String!) { worklist(kind: TASKS, filter: { messages: true }, first: 20, after: $after) { ...MessagePage } }
`)

type Page = FragmentType<typeof WorkPage>
type Task = WorkPageFragment['nodes'][number]
type Report = WaitingReportsFragment['nodes'][number]
interface Row extends WorkItemFragment { node: Task['node'] | Report['node'] }
const row = (of: Task | Report): Row => ({ ...read(WorkItem, of), node: of.node })
const MINE: WorklistFilter = { messages: false, unowned: false }, UNOWNED: WorklistFilter = { unowned: true }
const CHANGES = { additionalTypenames: ['Task', 'Note', 'NoteDraft', 'DiagnosticReport'] }

/** Where a task is done that only an act of its own completes: a result by its acknowledgement, a merge by merging. */
function doneAt(task: { focus?: { id?: string | null } | null; code?: { codings: readonly { code?: string | null }[] } | null }, patient: string): string | null {
  const codes = task.code?.codings.map((c) => c.code) ?? []
  return codes.includes('acknowledge-result') && task.focus?.id ? tab(patient, `results?${task.focus.id.startsWith('DiagnosticReport/') ? 'view=reports&report' : 'result'}=${task.focus.id}`)
    : codes.includes('patientMerge') || codes.includes('patientUnmerge') ? tab(patient, 'demographics') : null
}

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
  const reading = useReading(fetching && !data, error, retry, data)
  const client = useClient()
  const more = (kind: WorklistKind, filter?: WorklistFilter) => async (after: string) => {
    const { data: next } = await client.query(MoreInboxWork, { kind, filter, after }, { requestPolicy: 'network-only' }).toPromise()
    return read(WorkPage, next?.worklist)
  }
  const moreReports = async (after: string) => {
    const { data: next } = await client.query(MoreInboxReports, { after }, { requestPolicy: 'network-only' }).toPromise()
    return read(WaitingReports, next?.worklist)
  }
  const moreMessages = async (after: string) => {
    const { data: next } = await client.query(MoreMessages, { after }, { requestPolicy: 'network-only' }).toPromise()
    return read(MessagePage, next?.worklist)
  }
  const total = (page: Page | undefined | null) => read(WorkPage, page)?.totalCount ?? 0
  const unread = read(MessagePage, data?.messages)?.totalCount ?? 0
  const waiting = data ? total(data.mine) + unread + (read(WaitingReports, data.results)?.totalCount ?? 0) + total(data.notes) : 0
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
              <Messages of={read(MessagePage, data.messages)} more={moreMessages} me={data.me.fhirUser ?? null} acting={may(session, 'message')} />
              <Work title="My tasks" what="tasks" of={read(WorkPage, data.mine)} more={more('TASKS', MINE)} empty="No task waits for you, your roles and your teams." me={data.me.fhirUser ?? null} />
              {data.results && <Work title="Results to acknowledge" what="results" of={read(WaitingReports, data.results)} more={moreReports} empty="Every final result that you ordered is acknowledged." me={null} />}
              {data.notes && <Work title="Notes to sign" what="notes" of={read(WorkPage, data.notes)} more={more('NOTES_TO_SIGN')} empty="No note of yours waits for your signature." me={null} />}
              {data.noteDrafts && (
                <Section title="My drafts" note="Not on record, seen by nobody else">
                  {data.noteDrafts.length === 0 ? <Empty>You have no draft.</Empty> : (
                    <RecordTable label="My drafts" columns={['Draft', 'Last kept']}>
                      {data.noteDrafts.map((d) => <tr key={d.id}><th scope="row"><Link to={tab(d.patient, 'notes')}>{d.title ?? d.template}</Link></th><td>{formatDateTime(d.updatedAt)}</td></tr>)}
                    </RecordTable>
                  )}
                </Section>
              )}
              <Work title="Tasks that nobody has" what="tasks" of={read(WorkPage, data.unowned)} more={more('TASKS', UNOWNED)} empty="Every task has an owner." me={data.me.fhirUser ?? null} />
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

type Result = NonNullable<Extract<Report['node'], { __typename: 'DiagnosticReport' }>['results'][number]>
const resultsOf = (node: Row['node']): Result[] => ('results' in node ? node.results.flatMap((result) => result ?? []) : [])
const CRITICAL: Partial<Record<Interpretation, string>> = { CRITICAL_HIGH: 'critically high', CRITICAL_LOW: 'critically low' }
/** A critical result in words, so that nobody has to open the chart to know what it is: `Potassium 6.8 mmol/L, critically high`. */
function criticalText(result: Result): string {
  const { code, value } = result
  const said = simpleValue(value)
  const [flag] = flagsOf(result)
  return `${[code?.text ?? 'Not named', said].filter(Boolean).join(' ')}, ${(flag && CRITICAL[flag]) ?? 'critical'}`
}
const critical = (of: Row): boolean => resultsOf(of.node).some(isCritical)

interface Work<N> { title: string; what: string; of: Connection<N>; more: (after: string) => Promise<Connection<N> | null | undefined>; empty: string; me: string | null }

/** One list of what waits, a page at a time. */
function Work<N extends Task | Report>({ title, what, of, more, empty, me }: Work<N>) {
  const total = of.totalCount ?? of.nodes.length
  const part = total > of.nodes.length
  return (
    <Section title={title} note={`${total}${part ? ', the newest are loaded first' : ''}${of.nodes.some((n) => critical(row(n))) ? `, critical ones ${part ? 'of them ' : ''}first` : ''}`}>
      <Pages first={of} more={more} what={what} still>
        {(nodes) => (nodes.length === 0 ? <Empty>{empty}</Empty> : <Rows title={title} of={nodes.map(row)} me={me} />)}
      </Pages>
    </Section>
  )
}

/** Critical results come first. */
function Rows({ title, of, me }: { title: string; of: readonly Row[]; me: string | null }) {
  const { open, dialog } = useForms()
  const tasks = useTaskForms()
  const acknowledge = useAcknowledge()
  const [now] = useState(() => Date.now())
  const dated = of.some((n) => n.dueAt)
  return (
    <>
      {dialog}
      <RecordTable label={title} columns={dated ? COLUMNS : UNDUE} widths={dated ? WIDTHS : UNDUE_WIDTHS}>
        {of.toSorted((a, b) => Number(critical(b)) - Number(critical(a))).map(({ title: name, node, patient, since, dueAt, priority }) => {
          const what = name ?? 'Not named'
          const as = { id: node.id, versionId: node.versionId, title: what }
          const urgent = resultsOf(node).filter(isCritical)
          const abnormal = resultsOf(node).filter(isAbnormal).length - urgent.length
          const note = 'focus' in node ? node.focus?.id?.startsWith('Composition/') : node.__typename === 'Note'
          const owner = 'owner' in node ? node.owner : null
          const elsewhere = 'code' in node && patient?.id ? doneAt(node, patient.id) : null
          const who = patient?.node?.__typename === 'Patient' ? patient.node : null
          return (
            <tr key={node.id}>
              <th scope="row">
                <Drug of={what} />{priority && URGENT[priority] && <small className={css.urgent}>{URGENT[priority]}</small>}
                {(urgent.length > 0 || abnormal > 0) && (
                  <span className={css.flags}>
                    {urgent.map((result, i) => <span key={i} className={css.critical}>!! {criticalText(result)}</span>)}
                    {abnormal > 0 && <span className={css.abnormal}>{abnormal} {urgent.length > 0 ? 'more ' : ''}abnormal</span>}
                  </span>
                )}
              </th>
              <td>
                {patient?.id ? <Link to={tab(patient.id, note ? 'notes' : node.__typename === 'DiagnosticReport' ? `results?view=reports&report=${node.id}` : 'care')}>{who ? patientName(who.name) : patient.display ?? 'Open the chart'}</Link> : 'No patient'}
                {who && <WhoElse of={who} />}
              </td>
              <td>{since ? <Moment at={since} /> : 'Not recorded'}</td>
              {dated && <td className={dueAt && Date.parse(dueAt) < now ? css.late : undefined}>{dueAt ? `${formatDateTime(dueAt)}${Date.parse(dueAt) < now ? ', overdue' : ''}` : 'Not set'}</td>}
              <td>
                <div className={css.acts}>
                  {node.__typename === 'Task' && (
                    <>
                      {owner?.id !== me && me && <Button variant="outlined" aria-label={`Take ${what}`} onClick={() => open(tasks.claim(as))}>Take</Button>}
                      {elsewhere && <Button variant="outlined" component={Link} to={elsewhere} aria-label={`Open ${what}`}>Open</Button>}
                      {owner?.id === me && me && !note && !elsewhere && <Button variant="outlined" aria-label={`Mark as done ${what}`} onClick={() => open(tasks.complete(as))}>Mark as done</Button>}
                      <Button variant="text" aria-label={`Pass on ${what}`} onClick={() => { void tasks.reassign(as).then(open) }}>Pass on</Button>
                    </>
                  )}
                  {node.__typename === 'DiagnosticReport' && <Button variant="outlined" aria-label={`Acknowledge ${what}`} onClick={() => open(acknowledge(as, what, urgent.length > 0))}>Acknowledge</Button>}
                </div>
              </td>
            </tr>
          )
          })}
      </RecordTable>
    </>
  )
}
