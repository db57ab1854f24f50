import { useClient } from 'urql'
import { RowActs } from '../../components/act/acts'
import { Drug } from '../../components/clinical/drug'
import { Status } from '../../components/clinical/status'
import { Part } from '../../components/ui/part'
import { Pages, RecordTable, type Connection } from '../../components/ui/record-table'
import { Section } from '../../components/ui/section'
import { Empty } from '../../components/ui/states'
import { useAsOf } from '../../contexts/patient'
import { graphql, read, type FragmentType } from '../../gql'
import type { CurrentPageFragment, MedicationPageFragment, MedicationRequestStatus } from '../../gql/graphql'
import { formatDay } from '../../lib/date'
import { Dose } from './dose'

export const MedicationPage = graphql(`
  fragment MedicationPage on MedicationRequestConnection {
    nodes { id status intent medication { text } medicationReference { display } dosageText reasons { text } reasonReferences { display } authoredOn requester { display } notes { text } }
    pageInfo { hasNextPage endCursor }
    totalCount
  }
`)
export const CurrentPage = graphql(`
  fragment CurrentPage on CurrentMedicationConnection {
    nodes {
      id versionId status medication { text } dosageText reasons { text } reasonReferences { display }
      requests { id status authoredOn requester { display } }
      statements { id status assertedAt informationSource { display } }
    }
    pageInfo { hasNextPage endCursor }
    totalCount
  }
`)
export const MedicationLists = graphql(`
  fragment MedicationLists on Patient {
    current: currentMedications(first: 50) { ...CurrentPage }
    past: medicationRequests(first: 50, filter: { status: [COMPLETED, STOPPED, CANCELLED] }) { ...MedicationPage }
    other: medicationRequests(first: 25, filter: { status: [DRAFT, UNKNOWN, ENTERED_IN_ERROR] }) { ...MedicationPage }
  }
`)
const MoreMedications = graphql(`
  query MoreMedications($id: ID!, $status: [MedicationRequestStatus!]!, $after: String!, $asOf: Instant) {
    patient(id: $id, asOf: $asOf) { id medicationRequests(first: 50, filter: { status: $status }, after: $after) { ...MedicationPage } }
  }
`)

const MoreCurrent = graphql(`
  query MoreCurrent($id: ID!, $after: String!, $asOf: Instant) { patient(id: $id, asOf: $asOf) { id currentMedications(first: 50, after: $after) { ...CurrentPage } } }
`)

const PAST: MedicationRequestStatus[] = ['COMPLETED', 'STOPPED', 'CANCELLED']
const OTHER: MedicationRequestStatus[] = ['DRAFT', 'UNKNOWN', 'ENTERED_IN_ERROR']

/** What the patient is to take now, and below it, apart, what they took before. */
export function MedicationsView({ of, patientId }: { of: FragmentType<typeof MedicationLists> | undefined; patientId: string }) {
  const client = useClient()
  const asOf = useAsOf()
  const more = (status: MedicationRequestStatus[]) => async (after: string) => {
    const { data } = await client.query(MoreMedications, { id: patientId, status, after, asOf }, { requestPolicy: 'network-only' }).toPromise()
    return read(MedicationPage, data?.patient?.medicationRequests)
  }
  const moreCurrent = async (after: string) => {
    const { data } = await client.query(MoreCurrent, { id: patientId, after, asOf }, { requestPolicy: 'network-only' }).toPromise()
    return read(CurrentPage, data?.patient?.currentMedications)
  }
  const lists = read(MedicationLists, of)
  const table = (title: string, list: Connection<Medication>, status: MedicationRequestStatus[], empty: string) => (
    <Section title={title} note={`${list.totalCount ?? list.nodes.length}`}>
      <Pages first={list} more={more(status)} what={title.toLowerCase()}>
        {(nodes) => (nodes.length === 0 ? <Empty>{empty}</Empty> : <Table of={nodes} label={title} />)}
      </Pages>
    </Section>
  )
  return (
    <>
      <Part of={lists?.current} name="current" what="Current medications" rows={6}>
        {(masked) => {
          const list = read(CurrentPage, masked)
          return (
            <Section title="Current medications" note={`${list.totalCount}, one line per medicine, from prescriptions and statements`}>
              <Pages first={list} more={moreCurrent} what="current medications">
                {(nodes) => (nodes.length === 0 ? <Empty>No current medication is recorded.</Empty> : <Current of={nodes} />)}
              </Pages>
            </Section>
          )
        }}
      </Part>
      <Part of={lists?.past} name="past" what="Past medications" rows={6}>
        {(list) => table('Past medications', read(MedicationPage, list), PAST, 'No past prescription is recorded.')}
      </Part>
      <Part of={lists?.other} name="other" what="Drafts and errors" rows={1}>
        {(list) => { const page = read(MedicationPage, list); return page.nodes.length > 0 && table('Drafts, unknown and entered in error', page, OTHER, '') }}
      </Part>
    </>
  )
}

/** What says that a medicine is taken: prescriptions and statements, each with its day and its speaker. */
function sources(m: CurrentPageFragment['nodes'][number]): { id: string; text: string }[] {
  const said = (what: string, at: string | null | undefined, who: string | null | undefined) => [what, at ? formatDay(at) : 'date not recorded', who ?? ''].filter(Boolean).join(', ')
  return [
    ...m.requests.map((r) => ({ id: r.id, text: said(r.status === 'ON_HOLD' ? 'Prescription on hold' : 'Prescription', r.authoredOn, r.requester?.display) })),
    ...m.statements.map((s) => ({ id: s.id, text: said(s.status === 'ON_HOLD' ? 'Statement, on hold' : 'Statement', s.assertedAt, s.informationSource?.display) })),
  ]
}

function Current({ of }: { of: readonly CurrentPageFragment['nodes'][number][] }) {
  return (
    <RecordTable label="Current medications" columns={['Medicine and dose', 'Status', 'Sources', 'Acts']}>
      {of.map((m) => (
        <tr key={m.id}>
          <th scope="row"><Drug of={m.medication?.text ?? 'Medicine not named'} /><Dose of={m} /></th>
          <td><Status of={m.status} /></td>
          <td>{sources(m).map((s) => <div key={s.id}>{s.text}</div>)}</td>
          <td><RowActs of={m.medication?.text ?? 'medicine'} place={m.id} items={[]} /></td>
        </tr>
      ))}
    </RecordTable>
  )
}

type Medication = MedicationPageFragment['nodes'][number]

function Table({ of, label }: { of: readonly Medication[]; label: string }) {
  return (
    <RecordTable label={label} columns={['Medicine and dose', 'Status', 'Prescribed', 'By', 'Acts']}>
      {of.map((m) => {
        const drug = m.medication?.text ?? m.medicationReference?.display ?? 'Medicine not named'
        return (
          <tr key={m.id}>
            <th scope="row">
              {m.status === 'ENTERED_IN_ERROR' ? <s><Drug of={drug} /></s> : <Drug of={drug} />}
              <Dose of={m} />
              {m.notes.map((n) => <small key={n.text}>{n.text}</small>)}
            </th>
              <td><Status of={m.status} />{m.intent && m.intent !== 'ORDER' && <> <Status of={m.intent} /></>}</td>
            <td className="whole">{m.authoredOn ? formatDay(m.authoredOn) : 'Not recorded'}</td>
            <td>{m.requester?.display ?? 'Not recorded'}</td>
            <td><RowActs of={drug} place={m.id} items={[]} /></td>
          </tr>
        )
      })}
    </RecordTable>
  )
}
