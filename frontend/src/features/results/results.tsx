import Button from '@mui/material/Button'
import OutlinedInput from '@mui/material/OutlinedInput'
import ToggleButton from '@mui/material/ToggleButton'
import ToggleButtonGroup from '@mui/material/ToggleButtonGroup'
import { useState } from 'react'
import { useSearchParams } from 'react-router'
import { useClient } from 'urql'
import { useAcknowledge } from '../../components/act/acknowledge'
import { useForms } from '../../components/act/acts'
import { VersionsDialog } from '../../components/act/versions'
import { Flags } from '../../components/clinical/flag'
import { codeOf, flagsOf, isAbnormal, ObservationRow, rangeOf, valueOf } from '../../components/clinical/observation'
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
import { useMay } from '../../hooks/use-may'
import { graphql, read, type FragmentType } from '../../gql'
import type { LabPageFragment, ReportPageFragment } from '../../gql/graphql'
import { formatDateTime } from '../../lib/date'
import { drawn, panels, testRows, times, type Result, type TestRow } from './matrix'
import { isFinal, seenWords } from './acknowledge'
import { Critical, CriticalPage } from './critical'
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
    nodes { id versionId status code { text } category { text } effectiveAt issued conclusion performers { display } results { id } acknowledgement { ...Acknowledged } }
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

/** Laboratory results by panel and time, the reports they came in, and the trend of one beside them. `reading`: an answer is on its way. */
export function ResultsView({ of, patientId, reading }: { of: FragmentType<typeof ResultRecord> | undefined; patientId: string; reading: boolean }) {
  const client = useClient()
  const asOf = useAsOf()
  const [query, setQuery] = useSearchParams()
  const view = query.get('view') === 'reports' ? 'reports' : 'panels'
  const [open, setOpen] = useState<{ code: string; title: string } | null>(null)
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
  // A report is acknowledged by itself: that its result was seen is likely, not said.
  const reports = read(ReportPage, record?.diagnosticReports)?.nodes ?? []
  const reported = (id: string): string | null => {
    const one = reports.find((r) => r.acknowledgement && r.results.some((result) => result?.id === id))
    return one?.acknowledgement ? `Its report is acknowledged by ${seenWords(one.acknowledgement)}` : null
  }
  const set = (name: string, value: string | null) => setQuery((before) => {
    const next = new URLSearchParams(before)
    if (value) next.set(name, value)
    else next.delete(name)
    return next
  }, { replace: true })
  return (
    <div className={open ? css.withTrend : css.alone}>
      <div className={css.main}>
        <div className={css.strip}>
          <ToggleButtonGroup exclusive size="small" value={view} aria-label="Show by" onChange={(_, v: string | null) => { if (v) set('view', v === 'panels' ? null : v) }}>
            <ToggleButton value="panels">Panels</ToggleButton>
            <ToggleButton value="reports">Reports</ToggleButton>
          </ToggleButtonGroup>
          {view === 'panels' && (
            <ToggleButtonGroup exclusive size="small" value={abnormal ? 'abnormal' : 'all'} aria-label="Which results" onChange={(_, v: string | null) => { if (v) set('show', v === 'all' ? null : v) }}>
              <ToggleButton value="all">All results</ToggleButton>
              <ToggleButton value="abnormal">Abnormal only</ToggleButton>
            </ToggleButtonGroup>
          )}
        </div>
        {record?.labs && (
          <Part of={record.urgent} name="urgent" what="Critical results" rows={1}>
            {(masked) => (
              <Pages first={read(CriticalPage, masked)} more={moreAbnormal} what="abnormal results">
                {(nodes, load) => <Critical of={nodes} more={!!load} known={known.urgent} reported={reported} />}
              </Pages>
            )}
          </Part>
        )}
        {view === 'panels' ? other ? <Loading rows={12} label="Results" /> : (
          <Part of={record?.labs} name="labs" what="Results" rows={12}>
            {(masked) => (
              <Pages first={read(LabPage, masked)} more={moreLabs} what="results" still>
                {(nodes, load) => (nodes.length === 0 ? <Empty>{abnormal ? `No abnormal laboratory result is recorded. ${hidden(record?.every?.totalCount, 0)}` : 'No laboratory result is recorded.'}</Empty> : (
                  <Panels labs={nodes} load={load} total={read(LabPage, masked).totalCount} hides={abnormal ? hidden(record?.every?.totalCount, read(LabPage, masked).totalCount) : null} reports={reports} chosen={query.get('panel')} choose={(panel) => set('panel', panel)} open={open?.code} onOpen={setOpen} />
                ))}
              </Pages>
            )}
          </Part>
        ) : (
          <Part of={record?.diagnosticReports} name="diagnosticReports" what="Reports" rows={12}>
            {(masked) => (
              <Pages first={read(ReportPage, masked)} more={moreReports} what="reports" still>
                {(nodes) => (nodes.length === 0 ? <Empty>No report is recorded.</Empty> : <Reports of={nodes} known={known.reports} />)}
              </Pages>
            )}
          </Part>
        )}
      </div>
      {open && <Trend key={open.code} patient={patientId} code={open.code} title={open.title} beside onClose={() => setOpen(null)} />}
    </div>
  )
}

/** How many results a choice leaves out, in words; empty where that is not known. */
function hidden(all: number | null | undefined, shown: number | null | undefined): string {
  if (all === null || all === undefined || shown === null || shown === undefined) return ''
  const left = Math.max(0, all - shown)
  return left === 0 ? 'No result is hidden.' : left === 1 ? 'One result that is not abnormal is hidden.' : `${left} results that are not abnormal are hidden.`
}

/** Widths of results.module.css: test, unit and range, and one column of time. */
const TIMES: Columns = { before: 27, beforeNarrow: 20, each: 8.5, unmeasured: 4, most: 8 }

/** Tests by time. `load` asks for older results, null when all are here; `hides` says how many results the choice leaves out, null when it leaves out none. */
function Panels({ labs, load, total, hides, reports, chosen, choose, open, onOpen }: { labs: readonly Lab[]; load: (() => Promise<boolean>) | null; total: number | null | undefined; hides: string | null; reports: readonly ReportNode[]; chosen: string | null; choose: (panel: string | null) => void; open: string | undefined; onOpen: (what: { code: string; title: string }) => void }) {
  const [find, setFind] = useState('')
  const [from, setFrom] = useState(0)
  const reported = new Map(reports.flatMap((report) => report.results.flatMap((one, place) => (one && report.code ? [[one.id, { panel: report.code.text, place }] as const] : []))))
  const results = labs.map(resultOf)
  const all = testRows(results, reported)
  const list = panels(all)
  const inPanel = all.filter((row) => !chosen || row.panel === chosen)
  const words = find.trim().toLowerCase()
  const rows = inPanel.filter((row) => row.title.toLowerCase().includes(words))
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
  const entry = (value: string | null, name: string, count: number) => (
    <li key={name}>
      <button type="button" aria-pressed={chosen === value} onClick={() => { choose(value); setFrom(0) }}><span>{name}</span> {count}</button>
    </li>
  )
  return (
    <div className={css.panels}>
      <nav className={css.tree} aria-label="Panels">
        <ul>{entry(null, 'All panels', all.length)}</ul>
        <ul>{list.map(({ name, count }) => entry(name, name, count))}</ul>
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
        <p className={css.source}>Ranges are those that came with each result.{labs.some((l) => l.interpretationSource === 'DERIVED') && ` ${labs.filter((l) => l.interpretationSource === 'DERIVED').length} of ${labs.length} flags are computed from them; the others are as reported.`}{hides !== null && ` “${HIDDEN}”: a result of that time is normal and hidden, or the test was not done.`}</p>
        {rows.length === 0 ? <Empty>No test is shown by this choice; {all.length} are loaded.</Empty> : (
          <div className={css.scroll} tabIndex={0} role="group" aria-label="Results, table">
            <table className={css.table} aria-label="Laboratory results">
              <thead>
                <tr>
                  <th scope="col">Test</th><th scope="col">Unit</th><th scope="col" className={css.range}>Range</th>
                  {seen.map((time, i) => <th key={time} scope="col" className={start + i === 0 ? css.newest : css.value}>{time ? <Moment at={time} /> : 'No time'}</th>)}
                </tr>
              </thead>
              {groups.map(({ name }) => (
                <tbody key={name}>
                  <tr className={css.panel}><th scope="rowgroup" colSpan={3 + seen.length}>{name}</th></tr>
                  {rows.filter((row) => row.panel === name).map((row) => <Row key={row.key} of={row} times={seen} newest={start === 0} hides={hides !== null} none={(time) => (time === unsure ? UNLOADED : hides === null ? '–' : HIDDEN)} open={open} onOpen={onOpen} />)}
                </tbody>
              ))}
            </table>
          </div>
        )}
      </div>
    </div>
  )
}

/** What stands for results that the choice leaves out. */
const HIDDEN = '·'
/** What stands where it is not known yet. */
const UNLOADED = 'Not loaded'

/** One test. `hides`: results that are not abnormal are left out; `none` says why there is no value at a time. */
function Row({ of: row, times: seen, newest, hides, none, open, onOpen }: { of: TestRow; times: readonly string[]; newest: boolean; hides: boolean; none: (time: string) => string; open: string | undefined; onOpen: (what: { code: string; title: string }) => void }) {
  const { code, latest } = row
  // A row whose values all lie in other columns would read as if there were none.
  const elsewhere = seen.length > 0 && latest.row.status !== 'ENTERED_IN_ERROR' && seen.every((time) => !row.at.has(time) && none(time) !== UNLOADED)
  const [history, setHistory] = useState<string | null>(null)
  return (
    <tr className={code && code === open ? css.chosen : undefined}>
      <th scope="row">{code ? <button type="button" className={css.link} onClick={() => onOpen({ code, title: row.title })}>{row.title}</button> : row.title}</th>
      <td className={css.unit}><Unit of={row.unit} /></td>
      <td className={css.range}>{rangeOf(row.latest.row)}</td>
      {elsewhere ? (
        <td colSpan={seen.length} className={css.elsewhere}>
          None {hides ? 'abnormal ' : ''}in these columns; the latest {latest.row.effectiveAt ? formatDateTime(latest.row.effectiveAt) : 'at a time not recorded'}, {valueOf(latest.row).text} <Flags of={flagsOf(latest.row)} />
        </td>
      ) : seen.map((time, i) => (
        <td key={time} className={newest && i === 0 ? css.newest : css.value}>
          {(row.at.get(time) ?? []).map(({ row: result }) => (
            <span key={result.id} className={css.result}>
              {result.status === 'ENTERED_IN_ERROR' ? <s>{valueOf(result).text}</s> : <span className={isAbnormal(result) ? css.strong : undefined}>{valueOf(result).text}</span>}
              {' '}<span className={css.flag}>{result.status !== 'ENTERED_IN_ERROR' && <Flags of={flagsOf(result)} />}</span>
              {result.status && ['AMENDED', 'CORRECTED'].includes(result.status)
                ? <button type="button" className={css.corrected} onClick={() => setHistory(result.id)} aria-label={`${result.status === 'CORRECTED' ? 'Corrected' : 'Amended'}: what ${row.title} said before`}><Status of={result.status} /></button>
                : result.status && !['FINAL', 'UNKNOWN'].includes(result.status) && <Status of={result.status} />}
            </span>
          ))}
          {!row.at.has(time) && <span className={css.none}>{none(time)}</span>}
          {history && (row.at.get(time) ?? []).some((r) => r.row.id === history) && <VersionsDialog place={history} title={row.title} onClose={() => setHistory(null)} />}
        </td>
      ))}
    </tr>
  )
}

function Reports({ of, known }: { of: readonly ReportNode[]; known: boolean }) {
  const acting = useMay('acknowledge')
  const acknowledge = useAcknowledge()
  const forms = useForms()
  return (
    <Section title="Reports" note="newest first">
      <RecordTable label="Reports" columns={['Report', 'Taken', 'Reported', 'Status', 'Conclusion', 'By', 'Seen by']}>
        {of.map((r) => (
          <tr key={r.id}>
            <th scope="row">{r.status === 'ENTERED_IN_ERROR' ? <s>{r.code?.text ?? 'Not recorded'}</s> : r.code?.text ?? 'Not recorded'}<small>{[conceptText(r.category), r.results.length > 0 ? `${r.results.length} results` : ''].filter(Boolean).join(' · ')}</small></th>
            <td>{r.effectiveAt ? <Moment at={r.effectiveAt} /> : 'Not recorded'}</td>
            <td>{r.issued ? <Moment at={r.issued} /> : 'Not recorded'}</td>
            <td><Status of={r.status} /></td>
            <td>{r.conclusion ?? (r.results.length > 0 ? '' : 'Not recorded')}</td>
            <td>{r.performers.flatMap((p) => p.display ?? []).join(', ') || 'Not recorded'}</td>
            <td>
              {r.acknowledgement ? seenWords(r.acknowledgement) : !known ? 'Not known'
                : acting && isFinal(r.status) ? <Button variant="outlined" aria-label={`Acknowledge ${r.code?.text ?? 'the report'}`} onClick={() => forms.open(acknowledge(r, r.code?.text ?? 'the report', false))}>Acknowledge</Button>
                : 'Nobody yet'}
            </td>
          </tr>
        ))}
      </RecordTable>
      {forms.dialog}
    </Section>
  )
}
