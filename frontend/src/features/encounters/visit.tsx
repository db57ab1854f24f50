import type { ReactNode } from 'react'
import { Link } from 'react-router'
import { useClient } from 'urql'
import { ActStrip, useForms } from '../../components/act/acts'
import { useEncounterActs } from '../../components/act/encounter-forms'
import { encounterClass } from '../../components/clinical/encounter-class'
import { Drug } from '../../components/clinical/drug'
import { Flags } from '../../components/clinical/flag'
import { flagsOf, ObservationRow, rangeOf, valueOf } from '../../components/clinical/observation'
import { reasons } from '../../components/clinical/reasons'
import { capital, conceptText, standing, Status, words } from '../../components/clinical/status'
import { Moment } from '../../components/ui/moment'
import { Part } from '../../components/ui/part'
import { Pages, RecordTable } from '../../components/ui/record-table'
import { Recorded } from '../../components/ui/recorded'
import { Section } from '../../components/ui/section'
import { Empty, Loading } from '../../components/ui/states'
import { useAsOf } from '../../contexts/patient'
import { graphql, read, type FragmentType } from '../../gql'
import type { RecordedPageFragment, TimelineKind } from '../../gql/graphql'
import { useMay } from '../../hooks/use-may'
import { formatDateTime, formatSpan } from '../../lib/date'
import css from './encounters.module.css'

export const Visit = graphql(`
  fragment Visit on Encounter {
    id versionId status class { code display } types { text } period { start end } reasons { text } reasonReferences { display reference } serviceProvider { display }
    patient { id }
    participation { individual { id display } types { text } period { start end } }
    places { location { id display } status period { start end } }
    diagnoses { condition { id display } use { text } rank }
    dischargeDisposition { text }
  }
`)
const RecordedPage = graphql(`
  fragment RecordedPage on TimelineConnection {
    nodes {
      kind begins title
      node {
        __typename id
        ... on Condition { recordedAs: verificationStatus } ... on MedicationRequest { requestStatus: status dosageText } ... on Procedure { procedureStatus: status } ... on DiagnosticReport { reportStatus: status conclusion }
        ... on ClinicalDocument { documentStatus: status docStatus } ... on Immunization { immunizationStatus: status } ... on AllergyIntolerance { allergyAs: verificationStatus }
        ... on MedicationAdministration { doseStatus: status } ... on MedicationStatement { statementStatus: status dosageText } ... on ServiceRequest { orderStatus: status } ... on CarePlan { planStatus: status } ... on Goal { goalStatus: status }
        ... on Appointment { appointmentStatus: status } ... on ImagingStudy { studyStatus: status } ... on QuestionnaireResponse { answersStatus: status }
      }
    }
    pageInfo { hasNextPage endCursor }
    omitted
  }
`)
const MeasuredPage = graphql(`
  fragment MeasuredPage on TimelineConnection { nodes { begins title node { id ... on Observation { category { codings { code } } ...ObservationRow } } } pageInfo { hasNextPage endCursor } omitted }
`)
/** What is on record under a visit, its measurements apart: of a stay there are hundreds. The notes are the newest of the patient; a note names its visit, but cannot be asked for by it. */
export const VisitRecord = graphql(`
  fragment VisitRecord on Patient {
    recorded: timeline(first: 50, encounter: $encounter, kinds: [CONDITION, ALLERGY, PROCEDURE, MEDICATION_REQUEST, MEDICATION_ADMINISTRATION, MEDICATION_STATEMENT, DIAGNOSTIC_REPORT, IMMUNIZATION, DOCUMENT, CARE_PLAN, GOAL, APPOINTMENT, ORDER, IMAGING_STUDY, QUESTIONNAIRE]) { ...RecordedPage }
    measured: timeline(first: 30, encounter: $encounter, kinds: [OBSERVATION]) { ...MeasuredPage }
    notes(first: 50) { nodes { id title type { text } status awaitsCosignature date authors { display } encounter { id } } pageInfo { hasNextPage } }
  }
`)
const MoreRecorded = graphql(`
  query MoreRecorded($id: ID!, $encounter: ID!, $after: String!, $asOf: Instant) {
    patient(id: $id, asOf: $asOf) { id recorded: timeline(first: 50, after: $after, encounter: $encounter, kinds: [CONDITION, ALLERGY, PROCEDURE, MEDICATION_REQUEST, MEDICATION_ADMINISTRATION, MEDICATION_STATEMENT, DIAGNOSTIC_REPORT, IMMUNIZATION, DOCUMENT, CARE_PLAN, GOAL, APPOINTMENT, ORDER, IMAGING_STUDY, QUESTIONNAIRE]) { ...RecordedPage } }
  }
`)
const MoreMeasured = graphql(`
  query MoreMeasured($id: ID!, $encounter: ID!, $after: String!, $asOf: Instant) {
    patient(id: $id, asOf: $asOf) { id measured: timeline(first: 50, after: $after, encounter: $encounter, kinds: [OBSERVATION]) { ...MeasuredPage } }
  }
`)

type Tab = 'problems' | 'allergies' | 'procedures' | 'medications' | 'results' | 'vitals' | 'immunizations' | 'documents' | 'notes' | 'care' | 'encounters' | 'questionnaires'
const HOMES: Partial<Record<TimelineKind, readonly [word: string, tab: Tab | null]>> = {
  CONDITION: ['Problem', 'problems'], ALLERGY: ['Allergy', 'allergies'], PROCEDURE: ['Procedure', 'procedures'], MEDICATION_REQUEST: ['Prescription', 'medications'], MEDICATION_ADMINISTRATION: ['Dose', 'medications'],
  MEDICATION_STATEMENT: ['Reported medication', 'medications'], DIAGNOSTIC_REPORT: ['Report', 'results'], IMMUNIZATION: ['Vaccination', 'immunizations'], DOCUMENT: ['Document', 'documents'], CARE_PLAN: ['Care plan', 'care'], GOAL: ['Goal', 'care'], APPOINTMENT: ['Appointment', 'care'], ORDER: ['Order', null], IMAGING_STUDY: ['Imaging', null], QUESTIONNAIRE: ['Questionnaire', 'questionnaires'],
}
/** Whose titles are names of medicines and of what one is allergic to, which stand as they are stored. */
const DRUGS: readonly TimelineKind[] = ['ALLERGY', 'MEDICATION_REQUEST', 'MEDICATION_ADMINISTRATION', 'MEDICATION_STATEMENT']
type Node = RecordedPageFragment['nodes'][number]['node']
/** How a record stands: a dose that was not given is none, and an order that was taken back is none to follow. */
function statusOf(node: Node): string | null | undefined {
  switch (node.__typename) {
    case 'Condition': return node.recordedAs
    case 'AllergyIntolerance': return node.allergyAs
    case 'MedicationRequest': return node.requestStatus
    case 'MedicationAdministration': return node.doseStatus
    case 'MedicationStatement': return node.statementStatus
    case 'Procedure': return node.procedureStatus
    case 'DiagnosticReport': return node.reportStatus
    case 'ClinicalDocument': return standing({ status: node.documentStatus, docStatus: node.docStatus })
    case 'Immunization': return node.immunizationStatus
    case 'ServiceRequest': return node.orderStatus
    case 'CarePlan': return node.planStatus
    case 'Goal': return node.goalStatus
    case 'Appointment': return node.appointmentStatus
    case 'ImagingStudy': return node.studyStatus
    case 'QuestionnaireResponse': return node.answersStatus
    default: return undefined
  }
}
const Named = ({ to, children }: { to: string | null; children: ReactNode }) => (to ? <Link to={to}>{children}</Link> : children)
const omittedWords = (kinds: readonly TimelineKind[]): string => kinds.map((kind) => HOMES[kind]?.[0].toLowerCase() ?? words(kind).toLowerCase()).join(', ')

/** One visit or stay: when, where, who, why, what was found, and what is on record under it. `visit`: null when there is none such. */
export function VisitView({ of, visit, patientId, encounter, tab }: { of: FragmentType<typeof VisitRecord> | undefined; visit: FragmentType<typeof Visit> | null | undefined; patientId: string; encounter: string; tab: (name: Tab) => string }) {
  const dialogs = useForms()
  const acts = useEncounterActs(dialogs.open, patientId)
  const acting = useMay('encounters')
  const client = useClient()
  const asOf = useAsOf()
  const e = read(Visit, visit)
  if (visit === undefined) return <Loading rows={8} label="Visit" />
  // An address may name a visit of somebody else.
  if (!e || e.patient?.id !== patientId) return <Empty>There is no such visit of this patient, or you may not see it. <Link to={tab('encounters')}>To all encounters</Link></Empty>
  const record = read(VisitRecord, of)
  const name = encounterClass(e.class)
  const when = (period: { start?: string | null; end?: string | null } | null | undefined, ongoing = false) => formatSpan(period, ongoing) || 'Time not recorded'
  return (
    <>
      <ActStrip note={<><Link to={tab('encounters')}>All encounters</Link></>} items={acting ? acts(e, name) : []} />
      {dialogs.dialog}
      <Section title={`${name}${e.types.length > 0 ? `, ${conceptText(e.types)}` : ''}`} note={when(e.period, e.status === 'IN_PROGRESS')}>
        <dl className={css.facts}>
          <dt>Status</dt><dd><Status of={e.status} /></dd>
          <dt>From – to</dt><dd><Recorded is={formatSpan(e.period, e.status === 'IN_PROGRESS')} /></dd>
          <dt>Reason</dt><dd><Recorded is={reasons(e)} /></dd>
          <dt>Diagnoses</dt>
          <dd>{e.diagnoses.length === 0 ? <Recorded is={null} /> : (
            <ul>{e.diagnoses.toSorted((a, b) => (a.rank ?? 99) - (b.rank ?? 99)).map((d, i) => (
              <li key={d.condition.id ?? i}>
                {d.condition.id ? <Link to={`${tab(d.condition.id.startsWith('Procedure/') ? 'procedures' : 'problems')}#${d.condition.id}`}>{d.condition.display ?? 'Not named'}</Link> : d.condition.display ?? 'Not named'}
                <small> {[d.rank === 1 ? 'principal' : '', conceptText(d.use)].filter(Boolean).join(', ')}</small>
              </li>
            ))}</ul>
          )}</dd>
          <dt>Who</dt>
          <dd>{e.participation.length === 0 ? <Recorded is={null} /> : <ul>{e.participation.map((p, i) => <li key={i}>{p.individual?.display ?? 'Not named'}<small> {[conceptText(p.types) || 'Part not recorded', formatSpan(p.period, e.status === 'IN_PROGRESS')].filter(Boolean).join(', ')}</small></li>)}</ul>}</dd>
          <dt>Where</dt>
          <dd>
            {e.places.length === 0 ? <Recorded is={null} /> : <ul>{e.places.map((p, i) => <li key={i}>{p.location.display ?? 'Not named'}<small> {[when(p.period, p.status === 'active'), p.status && p.status !== 'completed' && p.status !== 'active' ? p.status : ''].filter(Boolean).join(', ')}</small></li>)}</ul>}
            {e.serviceProvider?.display && <small>{e.serviceProvider.display}</small>}
          </dd>
          {e.status === 'FINISHED' && e.class?.code === 'IMP' && <><dt>Went to</dt><dd><Recorded is={conceptText(e.dischargeDisposition)} /></dd></>}
        </dl>
      </Section>
      <Part of={record?.notes} name="notes" what="Notes" rows={2}>
        {({ nodes, pageInfo }) => {
          const own = nodes.filter((n) => n.encounter?.id === encounter)
          return (
            <Section title="Notes of the visit" note={`${own.length}${pageInfo.hasNextPage ? `, looked for in the newest ${nodes.length} notes of the patient` : ''}`} to={tab('notes')}>
              {own.length === 0 ? <Empty>No note names this visit.</Empty> : (
                <RecordTable label="Notes of the visit" columns={['Note', 'Written', 'Status', 'By']}>
                  {own.map((n) => (
                    <tr key={n.id}>
                      <th scope="row"><Link to={`${tab('notes')}#${n.id}`}>{n.status === 'ENTERED_IN_ERROR' ? <s>{n.title ?? n.type?.text}</s> : n.title ?? n.type?.text ?? 'Note of a kind not recorded'}</Link></th>
                      <td>{n.date ? <Moment at={n.date} /> : 'Not recorded'}</td>
                      <td><Status of={n.awaitsCosignature ? 'PRELIMINARY' : n.status} said={n.awaitsCosignature ? 'Waits for the second signature' : n.status === 'PRELIMINARY' ? 'Not signed' : undefined} /></td>
                      <td><Recorded is={n.authors.flatMap((a) => a.display ?? []).join(', ')} /></td>
                    </tr>
                  ))}
                </RecordTable>
              )}
            </Section>
          )
        }}
      </Part>
      <Part of={record?.recorded} name="recorded" what="Recorded in it" rows={6}>
        {(masked) => {
          const first = read(RecordedPage, masked)
          const more = async (after: string) => read(RecordedPage, (await client.query(MoreRecorded, { id: patientId, encounter, after, asOf }, { requestPolicy: 'network-only' }).toPromise()).data?.patient?.recorded)
          return (
            <Section title="Recorded in it" note={`what names this visit, newest first${first.omitted.length > 0 ? `; these cannot be looked up by visit: ${omittedWords(first.omitted)}` : ''}`}>
              <Pages first={first} more={more} what="records">
                {(nodes) => (nodes.length === 0 ? <Empty>Nothing but measurements, if any, names this visit.</Empty> : (
                  <RecordTable label="Recorded in it" columns={['What', 'Kind', 'When', 'Status', 'Detail']}>
                    {nodes.map(({ kind, begins, title, node }) => {
                      const [word, home] = HOMES[kind] ?? [words(kind), 'encounters' as const]
                      const status = statusOf(node)
                      const name = title && DRUGS.includes(kind) ? <Drug of={title} /> : capital(title ?? 'Not named')
                      return (
                        <tr key={node.id}>
                          <th scope="row"><Named to={home && `${tab(home)}#${node.id}`}>{status === 'ENTERED_IN_ERROR' ? <s>{name}</s> : name}</Named></th>
                          <td>{word}</td>
                          <td>{begins ? <Moment at={begins} /> : 'Not recorded'}</td>
                          <td>{status === undefined ? '' : <Status of={status} />}</td>
                          <td>{'dosageText' in node ? node.dosageText : 'conclusion' in node ? node.conclusion : ''}</td>
                        </tr>
                      )
                    })}
                  </RecordTable>
                ))}
              </Pages>
            </Section>
          )
        }}
      </Part>
      <Part of={record?.measured} name="measured" what="Results and measurements" rows={6}>
        {(masked) => {
          const first = read(MeasuredPage, masked)
          const more = async (after: string) => read(MeasuredPage, (await client.query(MoreMeasured, { id: patientId, encounter, after, asOf }, { requestPolicy: 'network-only' }).toPromise()).data?.patient?.measured)
          return (
            <Section title="Results and measurements" note={`taken in it, newest first${first.omitted.length > 0 ? '; you may not see them' : ''}`}>
              <Pages first={first} more={more} what="results">
                {(nodes) => (nodes.length === 0 ? <Empty>{first.omitted.length > 0 ? 'You may not see this.' : 'No result names this visit.'}</Empty> : (
                  <RecordTable label="Results and measurements" columns={['Result', 'Value', 'Flag', 'Range', 'Taken']}>
                    {nodes.flatMap(({ begins, title, node }) => {
                      if (!('category' in node)) return []
                      const row = read(ObservationRow, node)
                      const { text, unit } = valueOf(row)
                      const value = `${text}${unit ? ` ${unit}` : ''}`
                      const home = node.category.some((c) => c.codings.some((k) => k.code === 'vital-signs')) ? 'vitals' : 'results'
                      return [
                        <tr key={node.id}>
                          <th scope="row"><Link to={`${tab(home)}#${node.id}`}>{title ?? 'Not named'}</Link></th>
                          <td>{row.status === 'ENTERED_IN_ERROR' ? <s>{value}</s> : value}</td>
                          <td><Flags of={flagsOf(row)} /></td>
                          <td>{rangeOf(row)}</td>
                          <td>{row.effectiveAt ?? begins ? formatDateTime(row.effectiveAt ?? begins ?? '') : 'Not recorded'}</td>
                        </tr>,
                      ]
                    })}
                  </RecordTable>
                ))}
              </Pages>
            </Section>
          )
        }}
      </Part>
    </>
  )
}
