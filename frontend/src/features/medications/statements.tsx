import { useClient } from 'urql'
import { ActStrip, RowActs, type ActItem } from '../../components/act/acts'
import { useMistake } from '../../components/act/mistake'
import { Drug } from '../../components/clinical/drug'
import { visitName } from '../../components/clinical/encounter-class'
import { patientName } from '../../components/clinical/person'
import { Status } from '../../components/clinical/status'
import { Part } from '../../components/ui/part'
import { Pages, RecordTable } from '../../components/ui/record-table'
import { Section } from '../../components/ui/section'
import { Empty } from '../../components/ui/states'
import { useAsOf } from '../../contexts/patient'
import { useMay } from '../../hooks/use-may'
import { graphql, read, type FragmentType } from '../../gql'
import type { StatementFieldsFragment } from '../../gql/graphql'
import { formatDay, formatPeriod } from '../../lib/date'
import { Dose } from './dose'
import { StatementFields, useStatementForms, type Speaker } from './statement-forms'

export const StatementPage = graphql(`
  fragment StatementPage on MedicationStatementConnection {
    nodes { id effectiveAt assertedAt informationSource { id display } encounter { id } reasons { text } reasonReferences { display reference } notes { text } ...StatementFields }
    pageInfo { hasNextPage endCursor }
    totalCount
  }
`)
export const StatementRecord = graphql(`
  fragment StatementRecord on Patient {
    medicationStatements(first: 20) { ...StatementPage }
    relatedPersons(first: 20) { nodes { id active relationships { text } names { display family given prefix } } }
    toldIn: encounters(first: 20) { nodes { id status class { code display } types { text } period { start } } }
  }
`)
const MoreStatements = graphql(`
  query MoreStatements($id: ID!, $after: String!, $asOf: Instant) { patient(id: $id, asOf: $asOf) { id medicationStatements(first: 50, after: $after) { ...StatementPage } } }
`)
const over = (s: StatementFieldsFragment) => ['STOPPED', 'COMPLETED', 'NOT_TAKEN'].includes(s.status ?? '')

/** What the patient takes or took without our prescription, as somebody told it. */
export function StatementsView({ of, patientId }: { of: FragmentType<typeof StatementRecord> | undefined; patientId: string }) {
  const client = useClient()
  const asOf = useAsOf()
  const acting = useMay('taken')
  const record = read(StatementRecord, of)
  const speakers: Speaker[] = (record?.relatedPersons?.nodes ?? []).flatMap((p) => (p.active === false ? [] : [{ id: p.id, name: [patientName(p.names[0]), p.relationships[0]?.text.toLowerCase()].filter(Boolean).join(', ') }]))
  const visits = (record?.toldIn?.nodes ?? []).map((v) => ({ id: v.id, name: visitName(v), ongoing: v.status === 'IN_PROGRESS' }))
  const forms = useStatementForms(patientId, speakers, visits)
  const mistake = useMistake()
  const more = async (after: string) => {
    const { data } = await client.query(MoreStatements, { id: patientId, after, asOf }, { requestPolicy: 'network-only' }).toPromise()
    return read(StatementPage, data?.patient?.medicationStatements)
  }
  const acts = (s: StatementFieldsFragment): ActItem[] => (!acting || s.status === 'ENTERED_IN_ERROR' ? [] : [
    { name: 'Change', form: () => forms.update(s) }, ...(over(s) ? [] : [{ name: 'Stopped', form: () => forms.stop(s) }]), { name: 'Entered in error', form: () => mistake(s, s.medication?.text ?? 'The statement') },
  ])
  const speaker = (source: { id?: string | null; display?: string | null } | null | undefined) => speakers.find((s) => s.id === source?.id)?.name ?? (source?.id?.startsWith('Patient/') ? 'The patient' : source?.display)
  return (
    <Part of={record?.medicationStatements} name="medicationStatements" what="Taken as told" rows={3}>
      {(masked) => {
        const first = read(StatementPage, masked)
        return (
          <>
            <ActStrip note="What the patient takes without a prescription of ours; it orders nothing" items={acting ? [{ name: 'Record what is taken', form: forms.record }] : []} />
            <Section title="Taken as told" note={`${first.totalCount ?? first.nodes.length}, what still goes on stands in the current medications too`}>
              <Pages first={first} more={more} what="statements">
                {(nodes) => (nodes.length === 0 ? <Empty>Nothing is recorded as taken without a prescription.</Empty> : (
                  <RecordTable label="Taken as told" columns={['Medicine and dose', 'Status', 'When', 'Told by', 'Acts']}>
                    {nodes.map((node) => {
                      const s = read(StatementFields, node)
                      const drug = s.medication?.text ?? 'Medicine not named'
                      return (
                        <tr key={s.id}>
                          <th scope="row">{s.status === 'ENTERED_IN_ERROR' ? <s><Drug of={drug} /></s> : <Drug of={drug} />}<Dose of={{ ...node, dosageText: s.dosageText }} />{node.notes.map((n) => <small key={n.text}>{n.text}</small>)}</th>
                          <td><Status of={s.status} /></td>
                          <td>{node.effectiveAt ? formatDay(node.effectiveAt) : formatPeriod(s.effectivePeriod, !over(s)) || 'Not recorded'}</td>
                          <td>{speaker(node.informationSource) ?? 'Not recorded'}{node.assertedAt && <small>{formatDay(node.assertedAt)}</small>}{node.encounter && <small>in {visits.find((v) => v.id === node.encounter?.id)?.name ?? 'an earlier visit'}</small>}</td>
                          <td><RowActs of={drug} place={s.id} items={acts(s)} /></td>
                        </tr>
                      )
                    })}
                  </RecordTable>
                ))}
              </Pages>
            </Section>
          </>
        )
      }}
    </Part>
  )
}
