import WarningAmberOutlined from '@mui/icons-material/WarningAmberOutlined'
import { useClient } from 'urql'
import { RowActs } from '../../components/act/acts'
import { Drug } from '../../components/clinical/drug'
import { keys, sharing } from '../../components/clinical/same'
import { Status } from '../../components/clinical/status'
import { Dates } from '../../components/ui/dates'
import { Part } from '../../components/ui/part'
import { Pages, RecordTable, type Connection } from '../../components/ui/record-table'
import { Recorded } from '../../components/ui/recorded'
import { Section } from '../../components/ui/section'
import { Empty } from '../../components/ui/states'
import { useAsOf } from '../../contexts/patient'
import { graphql, read, type FragmentType } from '../../gql'
import type { CurrentPageFragment, MedicationPageFragment, MedicationRequestStatus } from '../../gql/graphql'
import { formatDay } from '../../lib/date'
import { Dose } from './dose'
import { boundsOf } from './line'
import { StatementsView, useStatements, WIDTHS, type StatementRecord } from './statements'
import css from './medications.module.css'

export const MedicationPage = graphql(`
  fragment MedicationPage on MedicationRequestConnection {
    nodes { id status intent medication { text } medicationReference { display } dosageText dosages { ...DosageLine } reasons { text } reasonReferences { display } authoredOn requester { display } notes { text } fhir }
    pageInfo { hasNextPage endCursor }
    totalCount
  }
`)
export const CurrentPage = graphql(`
  fragment CurrentPage on CurrentMedicationConnection {
    nodes {
      id versionId status medication { text codings { system code } } dosageText reasons { text } reasonReferences { display }
      requests { id status authoredOn requester { display } dosageText dosages { ...DosageLine } fhir medicationReference { node { __typename ... on Medication { ingredients { substance { codings { system code } } } } } } }
      statements { id status assertedAt dosageText effectivePeriod { start end } informationSource { display } }
    }
    pageInfo { hasNextPage endCursor }
    totalCount
  }
`)
export const MedicationLists = graphql(`
  fragment MedicationLists on Patient {
    current: currentMedications(first: 50) { ...CurrentPage }
    past: medicationRequests(first: 30, filter: { status: [COMPLETED, STOPPED, CANCELLED] }) { ...MedicationPage }
    lapsed: prescriptionsNotCurrent { id status intent medication { text } medicationReference { display } dosageText dosages { ...DosageLine } reasons { text } reasonReferences { display } authoredOn requester { display } notes { text } fhir }
    other: medicationRequests(first: 10, filter: { status: [DRAFT, UNKNOWN, ENTERED_IN_ERROR] }) { ...MedicationPage }
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

interface Props { of: FragmentType<typeof MedicationLists> | undefined; told: FragmentType<typeof StatementRecord> | undefined; patientId: string }

/** What the patient takes now, prescribed and as told, and below it, apart, what they took before. */
export function MedicationsView({ of, told, patientId }: Props) {
  const client = useClient()
  const asOf = useAsOf()
  const statements = useStatements(told, patientId)
  const more = (status: MedicationRequestStatus[]) => async (after: string) => {
    const { data } = await client.query(MoreMedications, { id: patientId, status, after, asOf }, { requestPolicy: 'network-only' }).toPromise()
    return read(MedicationPage, data?.patient?.medicationRequests)
  }
  const moreCurrent = async (after: string) => {
    const { data } = await client.query(MoreCurrent, { id: patientId, after, asOf }, { requestPolicy: 'network-only' }).toPromise()
    return read(CurrentPage, data?.patient?.currentMedications)
  }
  const lists = read(MedicationLists, of)
  const pages = (label: string, list: Connection<Medication>, status: MedicationRequestStatus[], empty: string) => (
    <Pages first={list} more={more(status)} what="prescriptions">
      {(nodes) => (nodes.length === 0 ? <Empty>{empty}</Empty> : <Table of={nodes} label={label} />)}
    </Pages>
  )
  const counted = (list: Connection<Medication>) => `${list.totalCount ?? list.nodes.length}`
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
      <StatementsView of={statements} which="now" />
      {/* A prescription that its status calls active is never out of sight, whatever its dates say. */}
      <Part of={lists?.lapsed} name="lapsed" what="Prescriptions whose course is over" rows={1}>
        {(lapsed) => lapsed.length > 0 && <Section title="Active by their status, and not current" note={`${lapsed.length}: the course is over and nobody ended it, or it is a proposal or a plan`}><Table of={lapsed} label="Active by their status, and not current" /></Section>}
      </Part>
      <Section title="Past medications">
        <Part of={lists?.past} name="past" what="Past prescriptions" rows={6}>
          {(masked) => {
            const list = read(MedicationPage, masked)
            return <><h3 className={css.kind}>Prescribed, {counted(list)}</h3>{pages('Past medications, prescribed', list, PAST, 'No past prescription is recorded.')}</>
          }}
        </Part>
        <StatementsView of={statements} which="past" />
      </Section>
      <Part of={lists?.other} name="other" what="Drafts and errors" rows={1}>
        {(masked) => { const list = read(MedicationPage, masked); return list.nodes.length > 0 && <Section title="Drafts, unknown and entered in error" note={counted(list)}>{pages('Drafts, unknown and entered in error', list, OTHER, '')}</Section> }}
      </Part>
      <StatementsView of={statements} which="other" />
    </>
  )
}

type CurrentMedication = CurrentPageFragment['nodes'][number]

/** What says that a medicine is taken: prescriptions and statements, each with its day and its speaker. */
function sources(m: CurrentMedication): { id: string; text: string; who: string | null | undefined; dose: string | null | undefined }[] {
  const said = (what: string, at: string | null | undefined, who: string | null | undefined) => ({ text: [what, at ? formatDay(at) : 'date not recorded'].join(', '), who })
  return [
    ...m.requests.map((r) => ({ id: r.id, ...said(r.status === 'ON_HOLD' ? 'Prescription on hold' : 'Prescription', r.authoredOn, r.requester?.display), dose: r.dosageText })),
    ...m.statements.map((s) => ({ id: s.id, ...said(s.status === 'ON_HOLD' ? 'Statement, on hold' : 'Statement', s.assertedAt, s.informationSource?.display), dose: s.dosageText })),
  ]
}

/** When the first source says that it began, and the last one that it is to end; the end only where all of them have one. */
function span(m: CurrentMedication) {
  const times = [...m.requests.map((r) => ({ start: boundsOf(r.fhir).start || r.authoredOn, end: boundsOf(r.fhir).end })), ...m.statements.map((s) => ({ start: s.effectivePeriod?.start, end: s.effectivePeriod?.end }))]
  const ends = times.flatMap(({ end }) => end || [])
  return { start: times.flatMap(({ start }) => start || []).sort()[0], end: ends.length === times.length ? ends.sort().at(-1) : undefined }
}
/** The codes of a line, and of what is in it where its source names a product whose ingredients are on record. */
const substances = (m: CurrentMedication): string[] => [
  ...keys(m.medication),
  ...m.requests.flatMap(({ medicationReference: ref }) => (ref?.node?.__typename === 'Medication' ? ref.node.ingredients.flatMap((i) => keys(i.substance)) : [])),
]
const named = (m: CurrentMedication) => m.medication?.text ?? 'Medicine not named'

function Current({ of }: { of: readonly CurrentMedication[] }) {
  const same = sharing(of, substances)
  return (
    <RecordTable label="Current medications" columns={['Medicine, DOSE, route, how often, what for', 'Start and stop', 'Prescribed or told', 'Status', 'Acts']} widths={WIDTHS}>
      {of.map((m) => {
        const { start, end } = span(m)
        const newest = m.requests.find((r) => r.id === m.id)
        const from = sources(m)
        const differ = new Set(from.flatMap(({ dose }) => dose ?? [])).size > 1
        const twins = same.get(m) ?? []
        return (
          <tr key={m.id}>
            <th scope="row">
              <Drug of={named(m)} /><Dose of={m} dosages={newest?.dosageText || newest?.dosages.length ? newest.dosages : []} />
              {twins.length > 0 && <small><span className={css.same}><WarningAmberOutlined sx={{ fontSize: 14 }} aria-hidden /><span>Same medicine as {twins.map(named).join(', ')}</span></span></small>}
            </th>
            <td>{start ? <Dates of={`since ${formatDay(start)}`} /> : 'Start not recorded'}{end && <small><Dates of={`until ${formatDay(end)}`} /></small>}</td>
            <td>{from.map((s) => <div key={s.id}><Dates of={s.text} />{s.who && <small>{s.who}</small>}{differ && <small>{s.dose ?? 'Dose not recorded'}</small>}</div>)}</td>
            <td><Status of={m.status} /></td>
            <td><RowActs of={m.medication?.text ?? 'medicine'} place={m.id} items={[]} /></td>
          </tr>
        )
      })}
    </RecordTable>
  )
}

type Medication = MedicationPageFragment['nodes'][number]

function Table({ of, label }: { of: readonly Medication[]; label: string }) {
  return (
    <RecordTable label={label} columns={['Medicine, DOSE, route, how often, what for', 'Start and stop', 'Prescriber', 'Status', 'Acts']} widths={WIDTHS}>
      {of.map((m) => {
        const drug = m.medication?.text ?? m.medicationReference?.display ?? 'Medicine not named'
        const { start, end } = boundsOf(m.fhir)
        return (
          <tr key={m.id}>
            <th scope="row">
              {m.status === 'ENTERED_IN_ERROR' ? <s><Drug of={drug} /></s> : <Drug of={drug} />}
              <Dose of={m} dosages={m.dosages} />
              {m.notes.map((n) => <small key={n.text}>{n.text}</small>)}
            </th>
            <td>{start ? <Dates of={formatDay(start)} /> : m.authoredOn ? <><Dates of={formatDay(m.authoredOn)} /> <small>as prescribed</small></> : <Recorded is={null} none="Start not recorded" />}{PAST.includes(m.status ?? 'UNKNOWN') && <small>{end ? <Dates of={`until ${formatDay(end)}`} /> : 'Stop not recorded'}</small>}</td>
            <td><Recorded is={m.requester?.display} /></td>
            <td><Status of={m.status} />{m.intent && m.intent !== 'ORDER' && <> <Status of={m.intent} /></>}</td>
            <td><RowActs of={drug} place={m.id} items={[]} /></td>
          </tr>
        )
      })}
    </RecordTable>
  )
}
