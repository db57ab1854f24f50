import { useClient } from 'urql'
import { ActStrip, RowActs } from '../../components/act/acts'
import { useMistake } from '../../components/act/mistake'
import { conceptText, Status } from '../../components/clinical/status'
import { newestFirst } from '../../components/ui/count'
import { Part } from '../../components/ui/part'
import { Pages, RecordTable } from '../../components/ui/record-table'
import { Recorded } from '../../components/ui/recorded'
import { Section } from '../../components/ui/section'
import { Empty } from '../../components/ui/states'
import { useMay } from '../../hooks/use-may'
import { useAsOf } from '../../contexts/patient'
import { graphql, read, type FragmentType } from '../../gql'
import { formatDay, today } from '../../lib/date'
import { ImmunizationFields, useImmunizationForms } from './immunization-form'

export const ImmunizationPage = graphql(`
  fragment ImmunizationPage on ImmunizationConnection {
    nodes { id versionId status statusReason { text } primarySource vaccine { text } occurredAt occurrenceText lotNumber expirationDate doseNumber site { text } route { text } performers { display } notes { text } ...ImmunizationFields }
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

const SAID: Readonly<Record<string, string>> = { COMPLETED: 'Given', NOT_DONE: 'Not given' }

/** Vaccines given, newest first, and those that were not. */
export function ImmunizationsView({ of, patientId }: { of: FragmentType<typeof ImmunizationRecord> | undefined; patientId: string }) {
  const client = useClient()
  const asOf = useAsOf()
  const more = async (after: string) => {
    const { data } = await client.query(MoreImmunizations, { id: patientId, after, asOf }, { requestPolicy: 'network-only' }).toPromise()
    return read(ImmunizationPage, data?.patient?.immunizations)
  }
  const acting = useMay('chart')
  const forms = useImmunizationForms(patientId)
  const mistake = useMistake()
  return (
    <Part of={read(ImmunizationRecord, of)?.immunizations} name="immunizations" what="Immunizations" rows={10}>
      {(masked) => {
        const first = read(ImmunizationPage, masked)
        return (
          <>
          <ActStrip note="Given, reported, and not given" items={acting ? [{ name: 'Record a vaccination', form: () => forms.record(today()) }] : []} />
          <Section title="Immunizations" note={newestFirst(first.totalCount ?? first.nodes.length)}>
            <Pages first={first} more={more} what="immunizations">
              {(nodes) => (nodes.length === 0 ? <Empty>No immunization is recorded.</Empty> : (
                <RecordTable label="Immunizations" columns={['Vaccine', 'When', 'Status', 'Dose number', 'Site', 'Route', 'Lot', 'Given by', 'Acts']}>
                  {nodes.map((i) => (
                    <tr key={i.id}>
                      <th scope="row">{i.status === 'ENTERED_IN_ERROR' ? <s>{i.vaccine?.text ?? 'Not recorded'}</s> : i.vaccine?.text ?? 'Not recorded'}{i.notes.map((n) => <small key={n.text}>{n.text}</small>)}</th>
                      <td className={i.occurredAt ? 'whole' : undefined}><Recorded is={i.occurredAt ? formatDay(i.occurredAt) : i.occurrenceText} /></td>
                      <td>
                        <Status of={i.status} said={SAID[i.status ?? '']} />
                        {i.status === 'NOT_DONE' ? <small>{conceptText(i.statusReason) || 'Reason not recorded'}</small> : i.primarySource === false && <small>Elsewhere, as told</small>}
                      </td>
                      <td><Recorded is={i.doseNumber} /></td>
                      {i.status === 'NOT_DONE' ? <td colSpan={4}><Recorded is={null} none="Not given" /></td> : (
                        <>
                          <td><Recorded is={conceptText(i.site)} /></td>
                          <td><Recorded is={conceptText(i.route)} /></td>
                          <td><Recorded is={i.lotNumber} />{i.expirationDate && <small className="whole">expires {formatDay(i.expirationDate)}</small>}</td>
                          <td><Recorded is={i.performers.flatMap((p) => p.display ?? []).join(', ')} /></td>
                        </>
                      )}
                      <td><RowActs of={i.vaccine?.text ?? 'vaccination'} place={i.id} items={acting && i.status !== 'ENTERED_IN_ERROR' ? [{ name: 'Change', form: () => forms.update(read(ImmunizationFields, i)) }, { name: 'Entered in error', form: () => mistake(i, i.vaccine?.text ?? 'The vaccination') }] : []} /></td>
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
