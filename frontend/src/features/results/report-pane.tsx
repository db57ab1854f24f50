import Button from '@mui/material/Button'
import { useCallback, useState } from 'react'
import { useQuery } from 'urql'
import { useAcknowledge } from '../../components/act/acknowledge'
import { useForms } from '../../components/act/acts'
import { useMessageForms } from '../../components/act/message'
import { VersionsDialog } from '../../components/act/versions'
import { Flags } from '../../components/clinical/flag'
import { flagsOf, isAbnormal, isCritical, ObservationRow, rangeOf, valueOf } from '../../components/clinical/observation'
import { conceptText, Status } from '../../components/clinical/status'
import { Moment } from '../../components/ui/moment'
import { Empty, Loading, NotLoaded } from '../../components/ui/states'
import { StoredFile } from '../../components/ui/stored-file'
import { useAsOf, useOpenChart, useReadAnew } from '../../contexts/patient'
import { graphql, read } from '../../gql'
import type { ReportDetailQuery, SampledFragment } from '../../gql/graphql'
import { useMay } from '../../hooks/use-may'
import { formatDateTime, formatSpan } from '../../lib/date'
import { isJson, items, textAt } from '../../lib/fhir'
import { plainText } from '../../lib/plain-text'
import { isFinal, seenWords } from './acknowledge'
import { Fact, Pane, Prose } from './pane'
import { interpretationWords, Parts } from './result-pane'
import css from './results.module.css'

const ReportDetail = graphql(`
  query ReportDetail($id: ID!, $asOf: Instant) {
    node(id: $id, asOf: $asOf) {
      __typename id versionId fhir
      ... on DiagnosticReport {
        reportStatus: status code { text } category { text } effectiveAt effectivePeriod { start end } issued conclusion conclusionCodes { text } performers { display }
        presentedForms { title contentType link data size } specimens { ...Sampled }
        acknowledgement { ...Acknowledged }
        results {
          ...ReportedResult
          members { id display node { __typename ... on Observation { ...ReportedResult } } }
        }
      }
    }
  }
`)
const Sampled = graphql(`
  fragment Sampled on ResourceRef { id display node { __typename id ... on Specimen { type { text } collectedAt } } }
`)
const ReportedResult = graphql(`
  fragment ReportedResult on Observation {
    id fhir resultStatus: status code { text } specimen { ...Sampled } method { text } notes { text } ...ObservationRow
    parts: components { code { text } interpretation dataAbsentReason { text } value { __typename ... on Quantity { value unit comparator } ... on Concept { text } ... on Text { text } } referenceRanges { low { value } high { value } text } }
  }
`)
/** Somebody may have acknowledged it, or the laboratory corrected it. */
const CHANGES = { additionalTypenames: ['Task', 'Observation', 'DiagnosticReport'] }

type Report = Extract<NonNullable<ReportDetailQuery['node']>, { __typename: 'DiagnosticReport' }>
interface Opened { id: string; patientId: string; onClose: () => void; onResult: (id: string) => void }

/** A report as it is read: what it says in words, and its results. */
export function ReportPane(opened: Opened) {
  const { id, onClose } = opened
  const asOf = useAsOf()
  const [{ data, fetching, error }, again] = useQuery({ query: ReportDetail, variables: { id, asOf }, context: CHANGES, requestPolicy: 'cache-and-network' })
  const anew = useCallback(() => again({ requestPolicy: 'network-only' }), [again])
  useReadAnew(anew)
  const node = data?.node
  if (node?.__typename === 'DiagnosticReport') return <Reading key={node.id} of={node} known={!error?.graphQLErrors.some((e) => e.path?.includes('acknowledgement'))} {...opened} />
  return (
    <Pane title="Report" onClose={onClose}>
      {fetching ? <Loading rows={8} label="report" /> : error ? <NotLoaded what="The report" onRetry={anew} /> : <Empty>There is no such report, or you may not see it.</Empty>}
    </Pane>
  )
}

/** What was taken, and when, as far as it can be read. */
function sampleWords({ display, node }: SampledFragment): string {
  if (node?.__typename !== 'Specimen') return display ?? 'Not on this server, or not for you to see'
  return `${conceptText(node.type) || 'Of a kind not recorded'}${node.collectedAt ? `, collected ${formatDateTime(node.collectedAt)}` : ''}`
}
/** Who is named in a place of the record that the schema has no field for. */
const displays = (record: unknown, name: string): string => (isJson(record) ? items(record[name]) : []).flatMap((r) => textAt(r, 'display') || []).join(', ')

const CORRECTIONS: Partial<Record<string, string>> = { CORRECTED: 'It corrects an earlier version that was wrong.', AMENDED: 'It was changed after it was complete.', APPENDED: 'Something was added after it was complete.' }

/** `known`: whether it could be read who has acknowledged it. */
function Reading({ of, known, patientId, onClose, onResult }: Opened & { of: Report; known: boolean }) {
  const forms = useForms()
  const acknowledge = useAcknowledge()
  const messages = useMessageForms()
  const chart = useOpenChart()
  const [acting, writing] = [useMay('acknowledge'), useMay('message')]
  const [history, setHistory] = useState(false)
  const title = of.code?.text ?? 'Report'
  const wrong = of.reportStatus === 'ENTERED_IN_ERROR'
  const results = of.results.flatMap((result) => (result ? [result, ...result.members.flatMap((m) => (m.node?.__typename === 'Observation' ? [m.node] : []))] : [])).map((one) => read(ReportedResult, one))
  const distinct = results.filter((one, i) => results.findIndex((other) => other.id === one.id) === i)
  const absent = of.results.filter((result) => !result).length
  const critical = distinct.some((one) => isCritical(read(ObservationRow, one)))
  const specimens = [...new Set([...of.specimens, ...distinct.flatMap(({ specimen }) => specimen ?? [])].map((one) => sampleWords(read(Sampled, one))))]
  const taken = of.effectiveAt ? formatDateTime(of.effectiveAt) : formatSpan(of.effectivePeriod)
  const forward = () => messages.write({ id: patientId, name: chart?.line.split(' · ')[0] || 'this patient' }, { id: of.id, subject: `${title}${of.effectiveAt ? `, taken ${formatDateTime(of.effectiveAt)}` : ''}` })
  const corrected = CORRECTIONS[of.reportStatus ?? '']
  return (
    <Pane title={title} onClose={onClose}>
      <div className={css.paneActs}>
        {acting && !of.acknowledgement && known && isFinal(of.reportStatus) && <Button variant="contained" color={critical ? 'error' : 'primary'} onClick={() => forms.open(acknowledge(of, title, critical))}>Acknowledge</Button>}
        {writing && <Button variant="outlined" onClick={() => forms.open(forward())}>Forward</Button>}
        <Button variant="outlined" onClick={() => setHistory(true)}>{corrected ? 'What it said before' : 'History'}</Button>
      </div>
      <dl className={css.facts}>
        <Fact name="Status"><Status of={of.reportStatus} />{corrected && ` ${corrected} This is version ${of.versionId}.`}{of.reportStatus === 'PRELIMINARY' || of.reportStatus === 'PARTIAL' ? ' It may still change.' : ''}</Fact>
        <Fact name="Acknowledged" none={known ? 'By nobody yet' : 'Not known here'}>{of.acknowledgement && `By ${seenWords(of.acknowledgement)}`}</Fact>
        <Fact name="Service">{conceptText(of.category)}</Fact>
        <Fact name="Taken">{taken}</Fact>
        <Fact name="Reported">{of.issued && <Moment at={of.issued} />}</Fact>
        <Fact name="By">{of.performers.flatMap((p) => p.display ?? []).join(', ')}</Fact>
        {displays(of.fhir, 'resultsInterpreter') && <Fact name="Read by">{displays(of.fhir, 'resultsInterpreter')}</Fact>}
        <Fact name="Specimen">{specimens.length > 0 && specimens.map((one) => <div key={one}>{one}</div>)}</Fact>
      </dl>
      <section className={wrong ? `${css.part ?? ''} ${css.wrong ?? ''}` : css.part} aria-label="Conclusion">
        <h3>Conclusion</h3>
        {of.conclusion ? <Prose of={of.conclusion} /> : <p className={css.absent}>Not recorded</p>}
        {of.conclusionCodes.length > 0 && <p className={css.by}>Coded as: {conceptText(of.conclusionCodes)}</p>}
      </section>
      {of.presentedForms.map((file, i) => {
        const text = plainText(file)
        const name = file.title ?? 'File without a title'
        return (
          <section key={i} className={css.part} aria-label={name}>
            <h3>{name}</h3>
            {text !== null ? <Prose of={text} />
              : file.link || file.data ? <StoredFile of={file} />
              : <p className={css.absent}>It is kept elsewhere and cannot be shown here ({file.contentType ?? 'type not recorded'}).</p>}
          </section>
        )
      })}
      {distinct.length > 0 && (
        <div className={css.scroll} tabIndex={0} role="group" aria-label="Results of the report, table">
          <table className={css.list} aria-label="Results of the report">
            <thead><tr><th scope="col">Test</th><th scope="col">Result</th><th scope="col">Flag</th><th scope="col">Range</th></tr></thead>
            <tbody>
              {distinct.map((one) => {
                const row = read(ObservationRow, one)
                const { text, unit } = valueOf(row)
                const mistaken = one.resultStatus === 'ENTERED_IN_ERROR'
                return (
                  <tr key={one.id}>
                    <th scope="row"><button type="button" className={css.link} onClick={() => onResult(one.id)}>{one.code?.text ?? 'Test not named'}</button></th>
                    <td>{mistaken ? <s>{text} {unit}</s> : <span className={isAbnormal(row) ? css.strong : undefined}>{text} {unit}</span>}{one.resultStatus && !['FINAL', 'UNKNOWN'].includes(one.resultStatus) && <> <Status of={one.resultStatus} /></>}{one.notes.map((note, i) => <small key={i} className={css.by}>{note.text}</small>)}</td>
                    <td>{mistaken ? '' : row.interpretation === 'OTHER' ? interpretationWords(one.fhir) : <Flags of={flagsOf(row)} />}</td>
                    <td>{rangeOf(row) || 'None'}</td>
                  </tr>
                )
              })}
            </tbody>
          </table>
        </div>
      )}
      {absent > 0 && <p className={css.older}>{absent === 1 ? 'One more result is' : `${absent} more results are`} named by the report and absent, or not for you to see.</p>}
      {distinct.filter((one) => one.parts.length > 0).map((one) => (
        <section key={one.id} aria-label={`Parts of ${one.code?.text ?? 'a result'}`}>
          <h3 className={css.partsOf}>{[one.code?.text, valueOf({ ...read(ObservationRow, one), components: [] }).text].filter((words) => words && words !== 'Not recorded').join(': ')}</h3>
          <Parts of={one.parts} record={one.fhir} />
        </section>
      ))}
      {forms.dialog}
      {history && <VersionsDialog place={of.id} title={title} onClose={() => setHistory(false)} />}
    </Pane>
  )
}
