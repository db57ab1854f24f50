import { useClient } from 'urql'
import { ActStrip, RowActs } from '../../components/act/acts'
import { useMistake } from '../../components/act/mistake'
import { Status } from '../../components/clinical/status'
import { Part } from '../../components/ui/part'
import { Pages, RecordTable } from '../../components/ui/record-table'
import { Section } from '../../components/ui/section'
import { Empty } from '../../components/ui/states'
import { useMay } from '../../hooks/use-may'
import { useAsOf } from '../../contexts/patient'
import { graphql, read, type FragmentType } from '../../gql'
import { formatDay, today } from '../../lib/date'
import { formatDecimal } from '../../lib/quantity'
import { useImmunizationForm } from './immunization-form'

export const ImmunizationPage = graphql(`
  fragment ImmunizationPage on ImmunizationConnection {
    nodes { id versionId status vaccine { text } occurredAt occurrenceText lotNumber site { text } route { text } dose { value unit } }
    pageInfo { hasNextPage endCursor }
    totalCount
  }
`)
export const ImmunizationRecord = graphql(`
  fragment ImmunizationRecord on Patient { immunizations(first: 100) { ...ImmunizationPage } }
`)
const MoreImmunizations = graphql(`
  query MoreImmunizations($id: ID!, $after: String!, $asOf: Instant) { patient(id: $id, asOf: $asOf) { id immunizations(first: 100, after: $after) { ...ImmunizationPage } } }
`)

/** Vaccines given, newest first, and those that were not. */
export function ImmunizationsView({ of, patientId }: { of: FragmentType<typeof ImmunizationRecord> | undefined; patientId: string }) {
  const client = useClient()
  const asOf = useAsOf()
  const more = async (after: string) => {
    const { data } = await client.query(MoreImmunizations, { id: patientId, after, asOf }, { requestPolicy: 'network-only' }).toPromise()
    return read(ImmunizationPage, data?.patient?.immunizations)
  }
  const acting = useMay('chart')
  const form = useImmunizationForm(patientId)
  const mistake = useMistake()
  return (
    <Part of={read(ImmunizationRecord, of)?.immunizations} name="immunizations" what="Immunizations" rows={10}>
      {(masked) => {
        const first = read(ImmunizationPage, masked)
        return (
          <>
          <ActStrip note="Given, told of, and not given" items={acting ? [{ name: 'Record a vaccination', form: () => form(today()) }] : []} />
          <Section title="Immunizations" note={`${first.totalCount ?? first.nodes.length}, newest first`}>
            <Pages first={first} more={more} what="immunizations">
              {(nodes) => (nodes.length === 0 ? <Empty>No immunization is recorded.</Empty> : (
                <RecordTable label="Immunizations" columns={['Vaccine', 'Given', 'Status', 'Dose', 'Site', 'Route', 'Lot', 'Acts']}>
                  {nodes.map((i) => (
                    <tr key={i.id}>
                      <th scope="row">{i.status === 'ENTERED_IN_ERROR' ? <s>{i.vaccine?.text ?? 'Not recorded'}</s> : i.vaccine?.text ?? 'Not recorded'}</th>
                      <td className={i.occurredAt ? 'whole' : undefined}>{i.occurredAt ? formatDay(i.occurredAt) : i.occurrenceText ?? 'Not recorded'}</td>
                      <td><Status of={i.status} /></td>
                      <td>{i.dose?.value ? `${formatDecimal(i.dose.value)} ${i.dose.unit ?? ''}` : 'Not recorded'}</td>
                      <td>{i.site?.text ?? 'Not recorded'}</td>
                      <td>{i.route?.text ?? 'Not recorded'}</td>
                      <td>{i.lotNumber ?? 'Not recorded'}</td>
                      <td><RowActs of={i.vaccine?.text ?? 'vaccination'} place={i.id} items={acting && i.status !== 'ENTERED_IN_ERROR' ? [{ name: 'Entered in error', form: () => mistake(i, i.vaccine?.text ?? 'The vaccination') }] : []} /></td>
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
