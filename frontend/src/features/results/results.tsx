import Button from '@mui/material/Button'
import OutlinedInput from '@mui/material/OutlinedInput'
import ToggleButton from '@mui/material/ToggleButton'
import ToggleButtonGroup from '@mui/material/ToggleButtonGroup'
import { useRef, useState } from 'react'
import { useSearchParams } from 'react-router'
import { useClient } from 'urql'
import { useAcknowledge } from '../../components/act/acknowledge'
import { useForms } from '../../components/act/acts'
import { VersionsDialog } from '../../components/act/versions'
import { Flag, Flags } from '../../components/clinical/flag'
import { codeOf, flagsOf, isAbnormal, isCritical, ObservationRow, rangeOf, valueOf } from '../../components/clinical/observation'
import { conceptText, Status } from '../../components/clinical/status'
import { Trend } from '../../components/clinical/trend'
import { Unit } from '../../components/clinical/unit'
import { Moment } from '../../components/ui/moment'
import { Part, useTrouble } from '../../components/ui/part'
import { Pages, RecordTable } from '../../components/ui/record-table'
import { Section } from '../../components/ui/section'
import { Empty, Loading } from '../../components/ui/states'
import { useAsOf } from '../../contexts/patient'
import { useFitting, type Columns } from '../../hooks/use-fitting'
import { useInSight } from '../../hooks/use-in-sight'
import { useMay } from '../../hooks/use-may'
import { graphql, read, type FragmentType } from '../../gql'
import type { LabPageFragment, ReportPageFragment } from '../../gql/graphql'
import { formatDateTime } from '../../lib/date'
import { formatChange } from '../../lib/quantity'
import { drawn, OTHER, panels, testRows, times, type Result, type TestRow } from './matrix'
import { isFinal, seenWords } from './acknowledge'
import { Critical, CriticalPage } from './critical'
import { commonStart, counts, deltaOf, type Delta } from './delta'
import { ReportPane } from './report-pane'
import { ResultPane } from './result-pane'
import css from './results.module.css'

export const LabPage = graphql(`
  fragment LabPage on ObservationConnection {
    nodes { id versionId code { text codings { system code } } interpretationSource ...ObservationRow }
    pageInfo { hasNextPage endCursor }
    totalCount
  }
`)
export const ReportPage = graphql(`
  fragment ReportPage on DiagnosticReportConnection {
    nodes { id versionId status code { text } category { text } effectiveAt issued conclusion performers { display } results { id interpretation } acknowledgement { ...Acknowledged } }
    pageInfo { hasNextPage endCursor }
    totalCount
  }
`)
// Together near the most that one operation may cost.
export const ResultRecord = graphql(`
  fragment ResultRecord on Patient {
    labs(first: 40, abnormalOnly: $abnormal) { ...LabPage }
    every: labs(first: 1) @include(if: $abnormal) { totalCount }
    urgent: labs(first: 25, abnormalOnly: true) { ...CriticalPage }
    diagnosticReports(first: 30) { ...ReportPage }
  }
`)
const MoreLabs = graphql(`
  query MoreLabs($id: ID!, $after: String!, $asOf: Instant, $abnormal: Boolean!) { patient(id: $id, asOf: $asOf) { id labs(first: 60, after: $after, abnormalOnly: $abnormal) { ...LabPage } } }
`)
const MoreReports = graphql(`
  query MoreReports($id: ID!, $after: String!, $asOf: Instant) { patient(id: $id, asOf: $asOf) { id diagnosticReports(first: 30, after: $after) { ...ReportPage } } }
`)

const MoreAbnormal = graphql(`
  query MoreAbnormal($id: ID!, $after: String!, $asOf: Instant) { patient(id: $id, asOf: $asOf) { id labs(first: 60, after: $after, abnormalOnly: true) { ...CriticalPage } } }
`)

type Lab = LabPageFragment['nodes'][number]
type ReportNode = ReportPageFragment['nodes'][number]

function resultOf(node: Lab): Result {
  const row = read(ObservationRow, node)
  const { unit } = valueOf(row)
  const code = codeOf(node.code)
  const title = node.code?.text ?? 'Test not named'
  return { row, code, title, unit, versionId: node.versionId, key: `${code ?? title}|${unit}` }
}

/** Whether an address asks for results that are not as expected only. */
export const abnormalIn = (query: URLSearchParams): boolean => query.get('show') === 'abnormal'

interface Traced { code: string; title: string }

/**
 * Laboratory results by panel and time, the reports they came in, and beside them what was opened: one result or report, which the address names, or
 * a trend. `reading`: an answer is on its way.
 */
export function ResultsView({ of, patientId, reading }: { of: FragmentType<typeof ResultRecord> | undefined; patientId: string; reading: boolean }) {
  const client = useClient()
  const asOf = useAsOf()
  const [query, setQuery] = useSearchParams()
  const view = query.get('view') === 'reports' ? 'reports' : 'panels'
  const [trend, setTrend] = useState<Traced | null>(null)
  const opener = useRef<Element>(null)
  const whole = useRef<HTMLDivElement>(null)
  const list = useInSight(query.get('result') ?? query.get('report'))
  const abnormal = abnormalIn(query)
  const record = read(ResultRecord, of)
  // After the switch was pressed the answer at hand is of the other choice.
  const other = !!record && reading && abnormal !== (record.every !== undefined)
  // What could not be read of them is who has acknowledged what; then nothing is said of it.
  const known = { urgent: !useTrouble('urgent'), reports: !useTrouble('diagnosticReports') }
  const moreLabs = async (after: string) => {
    const { data } = await client.query(MoreLabs, { id: patientId, after, asOf, abnormal }, { requestPolicy: 'network-only' }).toPromise()
    return read(LabPage, data?.patient?.labs)
  }
  const moreReports = async (after: string) => {
    const { data, error } = await client.query(MoreReports, { id: patientId, after, asOf }, { requestPolicy: 'network-only' }).toPromise()
    return error && known.reports ? null : read(ReportPage, data?.patient?.diagnosticReports)
  }
  const moreAbnormal = async (after: string) => {
    const { data, error } = await client.query(MoreAbnormal, { id: patientId, after, asOf }, { requestPolicy: 'network-only' }).toPromise()
    return error && known.urgent ? null : read(CriticalPage, data?.patient?.labs)
  }
  const set = (...changes: (readonly [name: string, value: string | null])[]) => setQuery((before) => {
    const next = new URLSearchParams(before)
    for (const [name, value] of changes) if (value) next.set(name, value); else next.delete(name)
    return next
  }, { replace: true })
  const [result, report] = [query.get('result'), query.get('report')]
  const somethingOpen = !!(trend ?? result ?? report)
  const show = (kind: 'result' | 'report', id: string) => {
    if (!somethingOpen) opener.current = document.activeElement
    // What is open already is gone to.
    if (!trend && id === (kind === 'result' ? result : report)) whole.current?.querySelector<HTMLElement>('aside button')?.focus()
    setTrend(null)
    set(['result', kind === 'result' ? id : null], ['report', kind === 'report' ? id : null])
  }
  const trace = (what: Traced) => {
    if (!somethingOpen) opener.current = document.activeElement
    setTrend(what)
  }
  /** Goes back to where it was opened from. */
  const back = () => { if (opener.current instanceof HTMLElement) opener.current.focus() }
  const close = () => { set(['result', null], ['report', null]); back() }
  const beside = trend ? (
    <Trend key={trend.code} patient={patientId} code={trend.code} title={trend.title} beside onClose={() => { setTrend(null); if (!result && !report) back() }} />
  ) : result ? <ResultPane key={result} id={result} patientId={patientId} onClose={close} onTrend={trace} onReport={(id) => show('report', id)} />
    : report ? <ReportPane key={report} id={report} patientId={patientId} onClose={close} onResult={(id) => show('result', id)} /> : null
  const sheet = (reports: readonly ReportNode[], moreToCome: boolean) => (
    <>
      {record?.labs && (
        <Part of={record.urgent} name="urgent" what="Critical results" rows={1}>
          {(masked) => (
            <Pages first={read(CriticalPage, masked)} more={moreAbnormal} what="abnormal results">
              {(nodes, load) => <Critical of={nodes} more={!!load} known={known.urgent} reported={(id) => reportSeen(reports, id)} opened={trend ? null : result} onOpen={(id) => show('result', id)} />}
            </Pages>
          )}
        </Part>
      )}
      {view === 'panels' ? other ? <Loading rows={12} label="Results" /> : (
        <Part of={record?.labs} name="labs" what="Results" rows={12}>
          {(masked) => (
            <Pages first={read(LabPage, masked)} more={moreLabs} what="results" still>
              {(nodes, load) => (nodes.length === 0 ? <Empty>{abnormal ? `No abnormal laboratory result is recorded. ${hidden(record?.every?.totalCount, 0)}` : 'No laboratory result is recorded.'}</Empty> : (
                <Panels
                  labs={nodes} load={load} total={read(LabPage, masked).totalCount} hides={abnormal ? hidden(record?.every?.totalCount, read(LabPage, masked).totalCount) : null} reports={reports} moreReports={moreToCome}
                  chosen={query.get('panel')} choose={(panel) => set(['panel', panel])} traced={trend?.code} opened={trend ? null : result} onTrend={trace} onOpen={(id) => show('result', id)}
                />
              ))}
            </Pages>
          )}
        </Part>
      ) : (
        <Part of={record?.diagnosticReports} name="diagnosticReports" what="Reports" rows={12}>
          {() => (reports.length === 0 ? <Empty>No report is recorded.</Empty> : <Reports of={reports} known={known.reports} opened={report} onOpen={(id) => show('report', id)} />)}
        </Part>
      )}
    </>
  )
  const page = read(ReportPage, record?.diagnosticReports)
  return (
    <div ref={whole} className={beside ? css.withPane : css.alone}>
      <div className={css.main} ref={list}>
        <div className={css.strip}>
          <ToggleButtonGroup exclusive size="small" value={view} aria-label="Show by" onChange={(_, v: string | null) => { if (v) set(['view', v === 'panels' ? null : v]) }}>
            <ToggleButton value="panels">Panels</ToggleButton>
            <ToggleButton value="reports">Reports</ToggleButton>
          </ToggleButtonGroup>
          {view === 'panels' && (
            <ToggleButtonGroup exclusive size="small" value={abnormal ? 'abnormal' : 'all'} aria-label="Which results" onChange={(_, v: string | null) => { if (v) set(['show', v === 'all' ? null : v]) }}>
              <ToggleButton value="all">All results</ToggleButton>
              <ToggleButton value="abnormal">Abnormal only</ToggleButton>
            </ToggleButtonGroup>
          )}
        </div>
        {/* The panels are those of the reports: what is loaded of them serves both views. */}
        {page ? <Pages first={page} more={moreReports} what="reports" still>{(reports, load) => sheet(reports, !!load)}</Pages> : sheet([], false)}
      </div>
      {beside}
    </div>
  )
}

/** That the report of a result was acknowledged: that the result was seen is likely then, not said. */
function reportSeen(reports: readonly ReportNode[], id: string): string | null {
  const one = reports.find((r) => r.acknowledgement && r.results.some((result) => result?.id === id))
  return one?.acknowledgement ? `Its report is acknowledged by ${seenWords(one.acknowledgement)}` : null
}

/** How many results a choice leaves out, in words; empty where that is not known. */
function hidden(all: number | null | undefined, shown: number | null | undefined): string {
  if (all === null || all === undefined || shown === null || shown === undefined) return ''
  const left = Math.max(0, all - shown)
  return left === 0 ? 'No result is hidden.' : left === 1 ? 'One result that is not abnormal is hidden.' : `${left} results that are not abnormal are hidden.`
}

/** Widths of results.module.css: test, unit, range and change, and one column of time. */
const TIMES: Columns = { before: 30, beforeNarrow: 26, each: 8.5, unmeasured: 4, most: 8 }

interface PanelsProps {
  labs: readonly Lab[]; total: number | null | undefined
  /** Asks for older results; null when all are here. */
  load: (() => Promise<boolean>) | null
  /** How many results the choice leaves out; null when it leaves out none. */
  hides: string | null
  reports: readonly ReportNode[]; moreReports: boolean
  chosen: string | null; choose: (panel: string | null) => void
  traced: string | undefined; onTrend: (what: Traced) => void
  opened: string | null; onOpen: (id: string) => void
}

/** Tests by time. */
function Panels({ labs, load, total, hides, reports, moreReports, chosen, choose, traced, onTrend, opened, onOpen }: PanelsProps) {
  const [find, setFind] = useState('')
  const [findPanel, setFindPanel] = useState('')
  const [from, setFrom] = useState(0)
  const reported = new Map(reports.flatMap((report) => report.results.flatMap((one, place) => (one && report.code ? [[one.id, { panel: report.code.text, place }] as const] : []))))
  const results = labs.map(resultOf)
  const all = testRows(results, reported)
  const list = panels(all)
  const inPanel = all.filter((row) => !chosen || row.panel === chosen)
  const has = (text: string, part: string) => text.toLowerCase().includes(part.trim().toLowerCase())
  const rows = inPanel.filter((row) => has(row.title, find))
  const found = list.filter(({ name }) => has(name, findPanel))
  // Of the time that the last loaded result was taken at, others may be on the next page.
  const unsure = load ? results.at(-1)?.row.effectiveAt ?? '' : null
  const columns = drawn(times(rows), unsure)
  const { count, hold } = useFitting(TIMES)
  const start = Math.min(from, Math.max(0, columns.length - count))
  const seen = columns.slice(start, start + count)
  const atEnd = start + count >= columns.length
  const earlier = async () => {
    if (!atEnd || await load?.()) setFrom(columns.every((time) => time !== unsure) ? start + seen.length : start)
  }
  const groups = panels(rows)
  const compared = hides === null
  const changes = new Map(rows.map((row) => [row.key, changeOf(row, !load)]))
  const since = commonStart([...changes.values()])
  const entry = (value: string | null, name: string, count: number) => (
    <li key={name}>
      <button type="button" aria-pressed={chosen === value} onClick={() => { choose(value); setFrom(0) }}><span>{name}</span> {count}</button>
    </li>
  )
  return (
    <div className={css.panels}>
      <nav className={css.tree} aria-label="Panels">
        {list.length > FEW && <OutlinedInput value={findPanel} onChange={(e) => setFindPanel(e.target.value)} placeholder="Find a panel" inputProps={{ 'aria-label': 'Find a panel', type: 'search' }} />}
        <ul>{entry(null, 'All panels', all.length)}</ul>
        <ul>{found.map(({ name, count }) => entry(name, name, count))}</ul>
        {(found.length < list.length || moreReports) && (
          <p>
            {found.length < list.length && `${found.length} of ${list.length} panels. `}
            {moreReports && `Panels are those of the newest ${reports.length} reports; what came in an older one is under “${OTHER}”.`}
          </p>
        )}
      </nav>
      <div ref={hold} className={css.sheet}>
        <div className={css.tools}>
          <OutlinedInput value={find} onChange={(e) => setFind(e.target.value)} placeholder="Find a test" inputProps={{ 'aria-label': 'Find a test', type: 'search' }} />
          <span>{rows.length} of {all.length} tests{load && ` in the newest ${labs.length} of ${total ?? 'an unknown number of'} ${hides === null ? '' : 'abnormal '}results`}{hides && `. ${hides}`}</span>
          <span className={css.pager}>
            <Button variant="outlined" disabled={start === 0} onClick={() => setFrom(Math.max(0, start - count))}>Later</Button>
            <Button variant="outlined" disabled={atEnd && !load} onClick={() => { void earlier() }}>Earlier</Button>
          </span>
        </div>
        <p className={css.source}>Ranges are those that came with each result; where an earlier one had another, it stands under it.{labs.some((l) => l.interpretationSource === 'DERIVED') && ` ${labs.filter((l) => l.interpretationSource === 'DERIVED').length} of ${labs.length} flags are computed from them; the others are as reported.`}{hides !== null && ` “${HIDDEN}”: a result of that time is normal and hidden, or the test was not done. A change is not shown, since the result before may be hidden.`}</p>
        {rows.length === 0 ? <Empty>No test is shown by this choice; {all.length} are loaded.</Empty> : (
          <div className={css.scroll} tabIndex={0} role="group" aria-label="Results, table">
            <table className={css.table} aria-label="Laboratory results">
              <thead>
                <tr>
                  <th scope="col">Test</th><th scope="col">Unit</th><th scope="col" className={css.range}>Range</th>{compared && <th scope="col" className={css.change}>Change{since ? <> since <Moment at={since} /></> : ' since'}</th>}
                  {seen.map((time, i) => <th key={time} scope="col" className={start + i === 0 ? css.newest : css.value}>{time ? <Moment at={time} /> : 'No time'}</th>)}
                </tr>
              </thead>
              {groups.map(({ name }) => (
                <tbody key={name}>
                  <tr className={css.panel}><th scope="rowgroup" colSpan={(compared ? 4 : 3) + seen.length}>{name}</th></tr>
                  {rows.filter((row) => row.panel === name).map((row) => (
                    <Row
                      key={row.key} of={row} times={seen} newest={start === 0} change={compared ? changes.get(row.key) ?? 'no number' : null} since={since} none={(time) => (time === unsure ? UNLOADED : compared ? '–' : HIDDEN)}
                      traced={traced} onTrend={onTrend} opened={opened} onOpen={onOpen}
                    />
                  ))}
                </tbody>
              ))}
            </table>
          </div>
        )}
      </div>
    </div>
  )
}

/** So many panels are found by looking. */
const FEW = 5
/** What stands for results that the choice leaves out. */
const HIDDEN = '·'
/** What stands where it is not known yet. */
const UNLOADED = 'Not loaded'

interface RowProps {
  of: TestRow; times: readonly string[]; newest: boolean
  /** From the result before the newest; null where that may be left out, since only what is abnormal is shown. */
  change: Delta | null
  /** What most rows are compared with. */
  since: string | null
  /** Why there is no value at a time. */
  none: (time: string) => string
  traced: string | undefined; onTrend: (what: Traced) => void
  opened: string | null; onOpen: (id: string) => void
}

/** One test. */
function Row({ of: row, times: seen, newest, change, since, none, traced, onTrend, opened, onOpen }: RowProps) {
  const { code, latest } = row
  // A row whose values all lie in other columns would read as if there were none.
  const elsewhere = seen.length > 0 && latest.row.status !== 'ENTERED_IN_ERROR' && seen.every((time) => !row.at.has(time) && none(time) !== UNLOADED)
  const [history, setHistory] = useState<string | null>(null)
  const range = rangeOf(latest.row)
  const name = (result: Result['row']) => {
    const { text, unit } = valueOf(result)
    return `${[row.title, text, unit].filter(Boolean).join(' ')}, ${result.effectiveAt ? formatDateTime(result.effectiveAt) : 'time not recorded'}`
  }
  return (
    <tr className={code && code === traced ? css.chosen : undefined}>
      <th scope="row">{code ? <button type="button" className={css.link} onClick={() => onTrend({ code, title: row.title })}>{row.title}</button> : row.title}</th>
      <td className={css.unit}><Unit of={row.unit} /></td>
      <td className={css.range}>{range}</td>
      {change && <td className={css.change}><Change of={change} since={since} /></td>}
      {elsewhere ? (
        <td colSpan={seen.length} className={css.elsewhere}>
          None {change ? '' : 'abnormal '}in these columns; the latest {latest.row.effectiveAt ? formatDateTime(latest.row.effectiveAt) : 'at a time not recorded'}, <button type="button" className={css.cell} onClick={() => onOpen(latest.row.id)} aria-label={name(latest.row)}>{valueOf(latest.row).text}</button> <Flags of={flagsOf(latest.row)} />
        </td>
      ) : seen.map((time, i) => (
        <td key={time} className={newest && i === 0 ? css.newest : css.value}>
          {(row.at.get(time) ?? []).map(({ row: result }) => (
            <span key={result.id} data-place={result.id} className={css.result}>
              <button type="button" className={isAbnormal(result) && result.status !== 'ENTERED_IN_ERROR' ? `${css.cell ?? ''} ${css.strong ?? ''}` : css.cell} aria-current={opened === result.id || undefined} aria-label={name(result)} onClick={() => onOpen(result.id)}>
                {result.status === 'ENTERED_IN_ERROR' ? <s>{valueOf(result).text}</s> : valueOf(result).text}
              </button>
              {' '}<span className={css.flag}>{result.status !== 'ENTERED_IN_ERROR' && <Flags of={flagsOf(result)} />}</span>
              {result.status && ['AMENDED', 'CORRECTED'].includes(result.status)
                ? <button type="button" className={css.corrected} onClick={() => setHistory(result.id)} aria-label={`${result.status === 'CORRECTED' ? 'Corrected' : 'Amended'}: what ${row.title} said before`}><Status of={result.status} /></button>
                : result.status && !['FINAL', 'UNKNOWN'].includes(result.status) && <Status of={result.status} />}
              {rangeOf(result) !== range && <small className={css.own}>{rangeOf(result) ? `range ${rangeOf(result)}` : 'no range'}</small>}
            </span>
          ))}
          {!row.at.has(time) && <span className={css.none}>{none(time)}</span>}
          {history && (row.at.get(time) ?? []).some((r) => r.row.id === history) && <VersionsDialog place={history} title={row.title} onClose={() => setHistory(null)} />}
        </td>
      ))}
    </tr>
  )
}

/** From the newest result of a test to the comparable one before it. */
function changeOf({ all }: TestRow, whole: boolean): Delta {
  const results = all.map(({ row }) => row)
  const now = results.find(counts)
  return now ? deltaOf(now, results, whole) : 'no number'
}
/** The head of the column tells most of them what they are compared with. */
function Change({ of: delta, since }: { of: Delta; since: string | null }) {
  if (delta === 'not loaded') return UNLOADED
  if (delta === 'none before') return 'None before'
  if (delta === 'no number') return '–'
  return <>{formatChange(delta.by)}{delta.from.at !== since && <small>since {formatDateTime(delta.from.at)}</small>}</>
}

/** How many results came in it, and how many of them are not as expected: `6 results`. Those that are groups of their own are read in the report. */
const resultsOf = ({ results }: ReportNode): string => (results.length === 0 ? '' : results.length === 1 ? 'one result' : `${results.length} results`)
function Abnormal({ of: { results, status } }: { of: ReportNode }) {
  const flags = status === 'ENTERED_IN_ERROR' ? [] : results.flatMap((one) => (one && flagsOf(one)[0]) ?? [])
  return [...new Set(flags)].map((flag) => <span key={flag} className={css.among}>{flags.filter((one) => one === flag).length} <Flag of={flag} /></span>)
}

function Reports({ of, known, opened, onOpen }: { of: readonly ReportNode[]; known: boolean; opened: string | null; onOpen: (id: string) => void }) {
  const acting = useMay('acknowledge')
  const acknowledge = useAcknowledge()
  const forms = useForms()
  return (
    <Section title="Reports" note="newest first">
      <RecordTable label="Reports" columns={['Report', 'Taken', 'Reported', 'Status', 'Conclusion', 'By', 'Seen by']}>
        {of.map((r) => (
          <tr key={r.id} data-place={r.id} className={opened === r.id ? css.chosen : undefined}>
            <th scope="row"><button type="button" className={css.link} aria-current={opened === r.id || undefined} onClick={() => onOpen(r.id)}>{r.status === 'ENTERED_IN_ERROR' ? <s>{r.code?.text ?? 'Not recorded'}</s> : r.code?.text ?? 'Not recorded'}</button><small>{[conceptText(r.category), resultsOf(r)].filter(Boolean).join(' · ')} <Abnormal of={r} /></small></th>
            <td>{r.effectiveAt ? <Moment at={r.effectiveAt} /> : 'Not recorded'}</td>
            <td>{r.issued ? <Moment at={r.issued} /> : 'Not recorded'}</td>
            <td><Status of={r.status} /></td>
            <td>{r.conclusion ?? (r.results.length > 0 ? '' : 'Not recorded')}</td>
            <td>{r.performers.flatMap((p) => p.display ?? []).join(', ') || 'Not recorded'}</td>
            <td>
              {r.acknowledgement ? seenWords(r.acknowledgement) : !known ? 'Not known'
                : acting && isFinal(r.status) ? <Button variant="outlined" aria-label={`Acknowledge ${r.code?.text ?? 'the report'}`} onClick={() => forms.open(acknowledge(r, r.code?.text ?? 'the report', r.results.some((one) => one && isCritical(one))))}>Acknowledge</Button>
                : 'Nobody yet'}
            </td>
          </tr>
        ))}
      </RecordTable>
      {forms.dialog}
    </Section>
  )
}
