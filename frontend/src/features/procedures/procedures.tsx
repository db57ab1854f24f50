import { useClient } from 'urql'
import { ActStrip, RowActs, type ActItem } from '../../components/act/acts'
import { useMistake } from '../../components/act/mistake'
import { conceptText, Status } from '../../components/clinical/status'
import { newestFirst } from '../../components/ui/count'
import { Part } from '../../components/ui/part'
import { Pages, RecordTable } from '../../components/ui/record-table'
import { Recorded } from '../../components/ui/recorded'
import { Section } from '../../components/ui/section'
import { Empty } from '../../components/ui/states'
import { useAsOf } from '../../contexts/patient'
import { useMay } from '../../hooks/use-may'
import { graphql, read, type FragmentType } from '../../gql'
import type { ProcedureFieldsFragment } from '../../gql/graphql'
import { formatDay, formatPeriod } from '../../lib/date'
import { ProcedureFields, useProcedureForms } from './procedure-forms'

export const ProcedurePage = graphql(`
  fragment ProcedurePage on ProcedureConnection {
    nodes { id status code { text } category { text } performedAt performedPeriod { start end } reasons { text } bodySites { text } outcome { text } performers { display } notes { text } ...ProcedureFields }
    pageInfo { hasNextPage endCursor }
    totalCount
  }
`)
export const ProcedureRecord = graphql(`
  fragment ProcedureRecord on Patient { procedures(first: 50) { ...ProcedurePage } }
`)
const MoreProcedures = graphql(`
  query MoreProcedures($id: ID!, $after: String!, $asOf: Instant) { patient(id: $id, asOf: $asOf) { id procedures(first: 50, after: $after) { ...ProcedurePage } } }
`)

/** What was done to the patient, newest first. */
export function ProceduresView({ of, patientId }: { of: FragmentType<typeof ProcedureRecord> | undefined; patientId: string }) {
  const client = useClient()
  const asOf = useAsOf()
  const more = async (after: string) => {
    const { data } = await client.query(MoreProcedures, { id: patientId, after, asOf }, { requestPolicy: 'network-only' }).toPromise()
    return read(ProcedurePage, data?.patient?.procedures)
  }
  const acting = useMay('chart')
  const forms = useProcedureForms(patientId)
  const mistake = useMistake()
  const acts = (p: ProcedureFieldsFragment): ActItem[] =>
    (!acting || p.status === 'ENTERED_IN_ERROR' ? [] : [{ name: 'Change', form: () => forms.update(p) }, { name: 'Entered in error', form: () => mistake(p, p.code?.text ?? 'The procedure') }])
  return (
    <Part of={read(ProcedureRecord, of)?.procedures} name="procedures" what="Procedures" rows={8}>
      {(masked) => {
        const first = read(ProcedurePage, masked)
        return (
          <>
          <ActStrip note="Procedures that were done, and those that were planned and not done" items={acting ? [{ name: 'Record a procedure', form: forms.record }] : []} />
          <Section title="Procedures" note={newestFirst(first.totalCount ?? first.nodes.length)}>
            <Pages first={first} more={more} what="procedures">
              {(nodes) => (nodes.length === 0 ? <Empty>No procedure is recorded.</Empty> : (
                <RecordTable label="Procedures" columns={['Procedure', 'Performed', 'Status', 'Site', 'Reason', 'Outcome', 'By', 'Acts']}>
                  {nodes.map((p) => (
                    <tr key={p.id}>
                      <th scope="row">
                        {p.status === 'ENTERED_IN_ERROR' ? <s>{p.code?.text ?? 'Not recorded'}</s> : p.code?.text ?? 'Not recorded'}
                        {p.category && <small>{conceptText(p.category)}</small>}
                        {p.notes.map((n) => <small key={n.text}>{n.text}</small>)}
                      </th>
                      <td className="whole"><Recorded is={p.performedAt ? formatDay(p.performedAt) : formatPeriod(p.performedPeriod, p.status === 'IN_PROGRESS')} /></td>
                      <td><Status of={p.status} /></td>
                      <td><Recorded is={conceptText(p.bodySites)} /></td>
                      <td><Recorded is={conceptText(p.reasons)} /></td>
                      <td><Recorded is={conceptText(p.outcome)} /></td>
                      <td><Recorded is={p.performers.flatMap((x) => x.display ?? []).join(', ')} /></td>
                      <td><RowActs of={p.code?.text ?? 'procedure'} place={p.id} items={acts(read(ProcedureFields, p))} /></td>
                    </tr>
                  ))}
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
