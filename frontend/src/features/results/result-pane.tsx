import Button from '@mui/material/Button'
import { useCallback, useState, type ReactNode } from 'react'
import { useQuery } from 'urql'
import { useAcknowledge } from '../../components/act/acknowledge'
import { useForms } from '../../components/act/acts'
import { useCriticalTold } from '../../components/act/critical-told'
import { useMessageForms } from '../../components/act/message'
import { VersionsDialog } from '../../components/act/versions'
import { Flag, Flags } from '../../components/clinical/flag'
import { codeOf, flagsOf, hasNumber, isCritical, ObservationRow, rangeOf, valueOf } from '../../components/clinical/observation'
import { conceptText, Status, words } from '../../components/clinical/status'
import { Moment } from '../../components/ui/moment'
import { Empty, Loading, NotLoaded } from '../../components/ui/states'
import { useAsOf, useOpenChart, useReadAnew } from '../../contexts/patient'
import { graphql, read } from '../../gql'
import type { Interpretation, ObservationRowFragment, ResultDetailQuery } from '../../gql/graphql'
import { useMay } from '../../hooks/use-may'
import { formatDateTime, formatSpan } from '../../lib/date'
import { isJson, items, textAt } from '../../lib/fhir'
import { formatChange, formatDecimal, formatUnit } from '../../lib/quantity'
import { isFinal, seenWords } from './acknowledge'
import { deltaOf } from './delta'
import { Fact, Pane, Prose } from './pane'
import css from './results.module.css'

const ResultDetail = graphql(`
  query ResultDetail($id: ID!, $asOf: Instant) {
    node(id: $id, asOf: $asOf) {
      __typename id versionId fhir
      ... on Observation {
        ...ObservationRow
        code { text codings { system code } } category { text } status effectivePeriod { start end } issued interpretationSource
        ranges: referenceRanges { low { value unit } high { value unit } text type { text } appliesTo { text } age { low { value unit } high { value unit } } }
        parts: components { code { text } interpretation dataAbsentReason { text } value { __typename ... on Quantity { value unit comparator } ... on Concept { text } ... on Text { text } } referenceRanges { low { value } high { value } text } }
        method { text } bodySite { text } device { display } performers { display } notes { text time author }
        specimen { display node { __typename id ... on Specimen { type { text } status collectedAt collectedPeriod { start end } collector { display } receivedAt accession { value } site: bodySite { text } conditions { text } remarks: notes { text } } } }
        notifications { id at by { display } text versionId } acknowledgement { ...Acknowledged } reports { id status code { text } acknowledgement { ...Acknowledged } }
      }
    }
  }
`)
const ResultsBefore = graphql(`
  query ResultsBefore($patient: ID!, $code: String!, $before: DateTime!, $asOf: Instant) {
    patient(id: $patient, asOf: $asOf) { id labs(codes: [$code], date: { high: $before }, first: 20) { nodes { id ...ObservationRow } pageInfo { hasNextPage } } }
  }
`)
/** Somebody may have acknowledged it, or the laboratory corrected it. */
const CHANGES = { additionalTypenames: ['Task', 'Observation', 'DiagnosticReport', 'CriticalNotification'] }

type Observation = Extract<NonNullable<ResultDetailQuery['node']>, { __typename: 'Observation' }>
type Range = Observation['ranges'][number]

const FLAGS: Record<Interpretation, string> = {
  CRITICAL_HIGH: 'Critically high', CRITICAL_LOW: 'Critically low', CRITICAL_ABNORMAL: 'Critically abnormal', HIGH: 'High', LOW: 'Low', ABNORMAL: 'Abnormal', POSITIVE: 'Positive',
  NORMAL: 'Normal', NEGATIVE: 'Negative', INDETERMINATE: 'Indeterminate', OTHER: 'Stated in a code of its own',
}
/** What the record itself says of how a result stands, for codes that are none of ours, such as those of susceptibility. */
export function interpretationWords(record: unknown): string {
  const stated = isJson(record) ? items(record.interpretation)[0] : undefined
  const coding = items(stated?.coding)[0]
  return textAt(stated, 'text') || textAt(coding, 'display') || textAt(coding, 'code')
}

const bound = (q: { value?: string | null; unit?: string | null } | null | undefined): string => (q?.value ? `${formatDecimal(q.value)}${q.unit ? ` ${formatUnit(q.unit)}` : ''}` : '')
/** A reference range with its kind and whom it is for. */
function rangeWords({ low, high, text, type, appliesTo, age }: Range): string {
  const [from, to] = [bound(low), bound(high)]
  const said = from && to ? `${from} – ${to}` : from ? `≥ ${from}` : to ? `≤ ${to}` : text ?? 'Not said'
  const [young, old] = [bound(age?.low), bound(age?.high)]
  const whom = [conceptText(type), conceptText(appliesTo), young && old ? `age ${young} to ${old}` : young ? `age from ${young}` : old ? `age up to ${old}` : ''].filter(Boolean).join(', ')
  return `${said}${text && (from || to) ? ` (${text})` : ''}${whom ? `: ${whom}` : ''}`
}

interface Opened { id: string; patientId: string; onClose: () => void; onTrend: (what: { code: string; title: string }) => void; onReport: (id: string) => void }

/** All that the record says of one result, and what can be done with it. */
export function ResultPane(opened: Opened) {
  const { id, onClose } = opened
  const asOf = useAsOf()
  const [{ data, fetching, error }, again] = useQuery({ query: ResultDetail, variables: { id, asOf }, context: CHANGES, requestPolicy: 'cache-and-network' })
  const anew = useCallback(() => again({ requestPolicy: 'network-only' }), [again])
  useReadAnew(anew)
  const node = data?.node
  if (node?.__typename === 'Observation') return <Detail key={node.id} of={node} known={!error?.graphQLErrors.some((e) => e.path?.includes('acknowledgement'))} {...opened} />
  return (
    <Pane title="Result" onClose={onClose}>
      {fetching ? <Loading rows={8} label="result" /> : error ? <NotLoaded what="The result" onRetry={anew} /> : <Empty>There is no such result, or you may not see it.</Empty>}
    </Pane>
  )
}

/** `known`: whether it could be read who has acknowledged it. */
function Detail({ of, known, patientId, onClose, onTrend, onReport }: Opened & { of: Observation; known: boolean }) {
  const row = read(ObservationRow, of)
  const forms = useForms()
  const acknowledge = useAcknowledge()
  const messages = useMessageForms()
  const told = useCriticalTold()
  const chart = useOpenChart()
  const [acting, writing, telling] = [useMay('acknowledge'), useMay('message'), useMay('chart')]
  const [history, setHistory] = useState(false)
  const title = of.code?.text ?? 'Test not named'
  const code = codeOf(of.code)
  const { text, unit } = valueOf(row)
  const said = [title, text, unit].filter(Boolean).join(' ')
  const wrong = of.status === 'ENTERED_IN_ERROR'
  const flags = flagsOf(row)
  const corrected = of.status === 'CORRECTED' || of.status === 'AMENDED'
  const sample = of.specimen?.node?.__typename === 'Specimen' ? of.specimen.node : null
  const forward = () => messages.write({ id: patientId, name: chart?.line.split(' · ')[0] || 'this patient' }, { id: of.id, subject: `${said}${row.effectiveAt ? `, taken ${formatDateTime(row.effectiveAt)}` : ''}` })
  return (
    <Pane title={title} onClose={onClose}>
      <p className={css.lead}>
        {wrong ? <s>{text}</s> : <strong>{text}</strong>} {unit}
        {!wrong && flags.length > 0 && <span className={css.flagWords}><Flags of={flags} /> {flags.map((flag) => FLAGS[flag]).join(', ')}</span>}
        {wrong && <Status of={of.status} />}
      </p>
      <div className={css.paneActs}>
        {acting && !of.acknowledgement && known && isFinal(of.status) && <Button variant="contained" color={isCritical(row) ? 'error' : 'primary'} onClick={() => forms.open(acknowledge({ id: of.id, versionId: of.versionId }, said, isCritical(row)))}>Acknowledge</Button>}
        {telling && isCritical(row) && isFinal(of.status) && <Button variant="outlined" onClick={() => forms.open(told({ id: of.id, versionId: of.versionId }, said))}>Somebody was told</Button>}
        {writing && <Button variant="outlined" onClick={() => forms.open(forward())}>Forward</Button>}
        {code && hasNumber(row) && <Button variant="outlined" onClick={() => onTrend({ code, title })}>Trend</Button>}
        <Button variant="outlined" onClick={() => setHistory(true)}>{corrected ? 'What it said before' : 'History'}</Button>
      </div>
      <dl className={css.facts}>
        <Fact name="Acknowledged" none={known ? 'By nobody yet' : 'Not known here'}>{of.acknowledgement && `By ${seenWords(of.acknowledgement)}`}</Fact>
        {isCritical(row) && (
          <Fact name="Told by word of mouth" none={of.notifications ? 'Nobody is recorded' : 'Not known here'}>
            {of.notifications && of.notifications.length > 0 && of.notifications.map((one) => (
              <div key={one.id}>
                {one.text.map((line, i) => <div key={i}>{line}</div>)}
                <small>{[one.by?.display && `by ${one.by.display}`, one.at && formatDateTime(one.at), one.versionId && one.versionId !== of.versionId && `of version ${one.versionId}, not of this one`].filter(Boolean).join(', ')}</small>
              </div>
            ))}
          </Fact>
        )}
        <Fact name="Status"><Status of={of.status} />{corrected && ` This is version ${of.versionId}.`}{of.status === 'PRELIMINARY' && ' It may still change.'}</Fact>
        {row.dataAbsentReason && <Fact name="Why there is no value">{row.dataAbsentReason.text}</Fact>}
        {!wrong && <Fact name="How it stands" none="Nothing is stated, and no range came with it">{row.interpretation && <>{row.interpretation === 'OTHER' ? interpretationWords(of.fhir) || FLAGS.OTHER : FLAGS[row.interpretation]}. {of.interpretationSource === 'DERIVED' ? 'Computed from the range that came with it.' : 'As it was reported.'}</>}</Fact>}
        <Fact name="Range at that time" none="None came with this result">{of.ranges.length > 0 && <>{of.ranges.map((range, i) => <div key={i}>{rangeWords(range)}</div>)}<small>As it came with this result.</small></>}</Fact>
        {!wrong && <Fact name="Change"><Change of={row} code={code} patientId={patientId} /></Fact>}
        <Fact name="Taken">{row.effectiveAt ? <Moment at={row.effectiveAt} /> : formatSpan(of.effectivePeriod)}</Fact>
        <Fact name="Reported">{of.issued && <Moment at={of.issued} />}</Fact>
        <Fact name="Performed by">{of.performers.flatMap((p) => p.display ?? []).join(', ')}</Fact>
        <Fact name="Method">{[of.method?.text, of.device?.display].filter(Boolean).join(', ')}</Fact>
        <Fact name="Specimen" none={of.specimen ? 'It is not on this server, or you may not see it' : 'Not recorded'}>{sample ? conceptText(sample.type) || 'Of a kind not recorded' : of.specimen?.display}</Fact>
        {sample && (
          <>
            <Fact name="Collected">{[sample.collectedAt ? formatDateTime(sample.collectedAt) : formatSpan(sample.collectedPeriod), sample.collector?.display && `by ${sample.collector.display}`].filter(Boolean).join(' ')}</Fact>
            <Fact name="Received">{sample.receivedAt && formatDateTime(sample.receivedAt)}</Fact>
            {sample.accession?.value && <Fact name="Accession number">{sample.accession.value}</Fact>}
            {(sample.status === 'unsatisfactory' || sample.conditions.length > 0) && <Fact name="State of the specimen">{[sample.status && words(sample.status), conceptText(sample.conditions)].filter(Boolean).join('; ')}</Fact>}
            {sample.remarks.length > 0 && <Fact name="Remarks on the specimen">{sample.remarks.map((note) => note.text).join(' ')}</Fact>}
          </>
        )}
        {(of.bodySite ?? sample?.site) && <Fact name="Site">{conceptText(of.bodySite ?? sample?.site)}</Fact>}
        <Fact name="Report" none={of.reports ? 'In no report' : 'Not loaded'}>
          {of.reports && of.reports.length > 0 && of.reports.map((r) => (
            <div key={r.id}>
              <button type="button" className={css.link} onClick={() => onReport(r.id)}>{r.code?.text ?? 'Report'}</button>{r.status && r.status !== 'FINAL' && <> <Status of={r.status} /></>}
              {r.acknowledgement && <small>The report is acknowledged by {seenWords(r.acknowledgement)}</small>}
            </div>
          ))}
        </Fact>
        <Fact name="Comments" none="None">{of.notes.length > 0 && of.notes.map((note, i) => <div key={i}><Prose of={note.text} />{(note.author || note.time) && <small>{[note.author, note.time && formatDateTime(note.time)].filter(Boolean).join(', ')}</small>}</div>)}</Fact>
      </dl>
      {of.parts.length > 0 && <Parts of={of.parts} record={of.fhir} />}
      {forms.dialog}
      {history && <VersionsDialog place={of.id} title={title} onClose={() => setHistory(false)} />}
    </Pane>
  )
}

const SIGNS: Partial<Record<string, string>> = { '<=': '≤ ', '>=': '≥ ', '<': '< ', '>': '> ' }
type Part = Pick<Observation['parts'][number], 'code' | 'value' | 'interpretation' | 'dataAbsentReason' | 'referenceRanges'>
const partValue = ({ value, dataAbsentReason }: Part): ReactNode => {
  if (value?.__typename === 'Quantity') return value.value ? `${SIGNS[value.comparator ?? ''] ?? value.comparator ?? ''}${bound(value)}` : 'Not recorded'
  return value?.__typename === 'Concept' || value?.__typename === 'Text' ? value.text : dataAbsentReason?.text ?? 'Not recorded'
}
/** The parts of a result, such as the antibiotics that were tried, each with how it stands. `record`: the result as FHIR JSON. */
export function Parts({ of, record }: { of: readonly Part[]; record: unknown }) {
  const raw = isJson(record) ? items(record.component) : []
  return (
    <div className={css.scroll}>
      <table className={css.list} aria-label="Parts">
        <thead><tr><th scope="col">Part</th><th scope="col">Value</th><th scope="col">Stands</th><th scope="col">Range</th></tr></thead>
        <tbody>
          {of.map((part, i) => (
            <tr key={i}>
              <th scope="row">{part.code?.text ?? 'Not named'}</th>
              <td>{partValue(part)}</td>
              <td>{part.interpretation === 'OTHER' ? interpretationWords(raw[i]) : part.interpretation ? <><Flag of={part.interpretation} /> {FLAGS[part.interpretation]}</> : 'Not stated'}</td>
              <td>{rangeOf(part) || 'None'}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

/** From the comparable result before it, whichever page of the table that is on. */
function Change({ of, code, patientId }: { of: ObservationRowFragment; code: string | null; patientId: string }) {
  const asOf = useAsOf()
  const before = of.effectiveAt ?? ''
  const [{ data, fetching, error }] = useQuery({ query: ResultsBefore, variables: { patient: patientId, code: code ?? '', before, asOf }, pause: !code || !before })
  const page = data?.patient?.labs
  if (!code || !before) return 'Not compared: the record has no code or no time'
  if (!page) return fetching ? 'Loading …' : error ? 'Not loaded' : 'Not recorded'
  const delta = deltaOf(of, page.nodes.map((node) => read(ObservationRow, node)), !page.pageInfo.hasNextPage)
  if (delta === 'no number') return 'Not compared: it is not a plain number'
  if (delta === 'none before') return 'No comparable result before it'
  if (delta === 'not loaded') return 'None of the 20 results before it can be compared with it'
  return <>{formatChange(delta.by)} {delta.from.unit} since <Moment at={delta.from.at} /> ({formatDecimal(delta.from.value)} {delta.from.unit})</>
}
