import { useClient } from 'urql'
import { encounterClass } from '../../components/clinical/encounter-class'
import { Status } from '../../components/clinical/status'
import { Part } from '../../components/ui/part'
import { Pages, RecordTable } from '../../components/ui/record-table'
import { Section } from '../../components/ui/section'
import { Empty } from '../../components/ui/states'
import { graphql, read, type FragmentType } from '../../gql'
import { formatPeriod } from '../../lib/date'
import css from './encounters.module.css'

export const EncounterPage = graphql(`
  fragment EncounterPage on EncounterConnection {
    nodes { id status class { code display } types { text } period { start end } reasons { text } participants { display } locations { display } serviceProvider { display } }
    pageInfo { hasNextPage endCursor }
    totalCount
  }
`)
export const EncounterRecord = graphql(`
  fragment EncounterRecord on Patient { encounters(first: 50) { ...EncounterPage } }
`)
const MoreEncounters = graphql(`
  query MoreEncounters($id: ID!, $after: String!) { patient(id: $id) { id encounters(first: 50, after: $after) { ...EncounterPage } } }
`)

/** Circle = visit, diamond = emergency, bar = admission; the word stands beside it. */
function Mark({ of }: { of: string | null | undefined }) {
  return (
    <svg width="12" height="12" viewBox="0 0 12 12" aria-hidden className={css.mark}>
      {of === 'EMER' ? <path d="M6 0l6 6l-6 6l-6 -6z" fill="currentColor" />
        : of === 'IMP' || of === 'ACUTE' || of === 'NONAC' ? <rect y="3" width="12" height="6" fill="currentColor" />
        : <circle cx="6" cy="6" r="4.5" fill="none" stroke="currentColor" strokeWidth="2" />}
    </svg>
  )
}

/** Visits and stays, newest first. */
export function EncountersView({ of, patientId }: { of: FragmentType<typeof EncounterRecord> | undefined; patientId: string }) {
  const client = useClient()
  const more = async (after: string) => {
    const { data } = await client.query(MoreEncounters, { id: patientId, after }, { requestPolicy: 'network-only' }).toPromise()
    return read(EncounterPage, data?.patient?.encounters)
  }
  return (
    <Part of={read(EncounterRecord, of)?.encounters} name="encounters" what="Encounters" rows={8}>
      {(masked) => {
        const first = read(EncounterPage, masked)
        return (
          <Section title="Encounters" note={`${first.totalCount ?? first.nodes.length}, newest first`}>
            <Pages first={first} more={more} what="encounters">
              {(nodes) => (nodes.length === 0 ? <Empty>No encounter is recorded.</Empty> : (
                <RecordTable label="Encounters" columns={['Encounter', 'When', 'Status', 'Reason', 'Where', 'Who']}>
                  {nodes.map((e) => (
                    <tr key={e.id}>
                      <th scope="row"><Mark of={e.class?.code} />{encounterClass(e.class)}<small>{e.types.map((t) => t.text).join(', ')}</small></th>
                      <td>{formatPeriod(e.period, e.status === 'IN_PROGRESS') || 'Not recorded'}</td>
                      <td><Status of={e.status} /></td>
                      <td>{e.reasons.map((r) => r.text).join(', ') || 'Not recorded'}</td>
                      <td>{e.locations.flatMap((l) => l.display ?? []).join(', ') || 'Not recorded'}{e.serviceProvider?.display && <small>{e.serviceProvider.display}</small>}</td>
                      <td>{e.participants.flatMap((p) => p.display ?? []).join(', ') || 'Not recorded'}</td>
                    </tr>
                  ))}
                </RecordTable>
              ))}
            </Pages>
          </Section>
        )
      }}
    </Part>
  )
}
