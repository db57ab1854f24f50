import { Fragment } from 'react'
import { useClient } from 'urql'
import { ActStrip, RowActs, useForms, type ActItem } from '../../components/act/acts'
import { encounterClass } from '../../components/clinical/encounter-class'
import { reasons } from '../../components/clinical/reasons'
import { conceptText, Status } from '../../components/clinical/status'
import { newestFirst } from '../../components/ui/count'
import { Part } from '../../components/ui/part'
import { Pages, RecordTable } from '../../components/ui/record-table'
import { Section } from '../../components/ui/section'
import { Empty } from '../../components/ui/states'
import { useAsOf } from '../../contexts/patient'
import { graphql, read, type FragmentType } from '../../gql'
import type { EncounterPageFragment } from '../../gql/graphql'
import { useMay } from '../../hooks/use-may'
import { formatSpan } from '../../lib/date'
import { useEncounterForms } from './encounter-forms'
import css from './encounters.module.css'

export const EncounterPage = graphql(`
  fragment EncounterPage on EncounterConnection {
    nodes { id versionId status class { code display } types { text } period { start end } reasons { text } reasonReferences { display reference } participants { display } locations { display } serviceProvider { display } }
    pageInfo { hasNextPage endCursor }
    totalCount
  }
`)
export const EncounterRecord = graphql(`
  fragment EncounterRecord on Patient { encounters(first: 50) { ...EncounterPage } }
`)
const MoreEncounters = graphql(`
  query MoreEncounters($id: ID!, $after: String!, $asOf: Instant) { patient(id: $id, asOf: $asOf) { id encounters(first: 50, after: $after) { ...EncounterPage } } }
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

/** Classes in which the patient has a bed. Source: HL7 v3 ActEncounterCode. */
const STAYS = ['IMP', 'ACUTE', 'NONAC']

/** Visits and stays, newest first. */
export function EncountersView({ of, patientId }: { of: FragmentType<typeof EncounterRecord> | undefined; patientId: string }) {
  const client = useClient()
  const acting = useMay('encounters')
  const forms = useEncounterForms(patientId)
  const dialogs = useForms()
  const asOf = useAsOf()
  const more = async (after: string) => {
    const { data } = await client.query(MoreEncounters, { id: patientId, after, asOf }, { requestPolicy: 'network-only' }).toPromise()
    return read(EncounterPage, data?.patient?.encounters)
  }
  const acts = (e: EncounterPageFragment['nodes'][number]): ActItem[] =>
    (!acting || e.status !== 'IN_PROGRESS' ? []
      : STAYS.includes(e.class?.code ?? '') ? [{ name: 'Transfer', run: () => void forms.transfer(e).then(dialogs.open) }, { name: 'Discharge', form: () => forms.discharge(e) }]
      : [{ name: 'End the visit', form: () => forms.finish(e) }])
  return (
    <Part of={read(EncounterRecord, of)?.encounters} name="encounters" what="Encounters" rows={8}>
      {(masked) => {
        const first = read(EncounterPage, masked)
        const inBed = first.nodes.some((e) => e.status === 'IN_PROGRESS' && STAYS.includes(e.class?.code ?? ''))
        return (
          <>
          <ActStrip note="Visits and stays, newest first" items={acting ? [{ name: 'Begin a visit', form: forms.visit }, ...(inBed ? [] : [{ name: 'Admit to a bed', run: () => void forms.admit().then(dialogs.open) }])] : []} />
          {dialogs.dialog}
          <Section title="Encounters" note={newestFirst(first.totalCount ?? first.nodes.length)}>
            <Pages first={first} more={more} what="encounters">
              {(nodes) => (nodes.length === 0 ? <Empty>No encounter is recorded.</Empty> : (
                <RecordTable label="Encounters" columns={['Encounter', 'When', 'Status', 'Reason', 'Where', 'Who', 'Acts']}>
                  {nodes.map((e) => (
                    <tr key={e.id}>
                      <th scope="row"><Mark of={e.class?.code} />{encounterClass(e.class)}<small>{conceptText(e.types)}</small></th>
                      <td>{(formatSpan(e.period, e.status === 'IN_PROGRESS') || 'Not recorded').split(' – ').map((end, i) => <Fragment key={i}>{i > 0 && ' – '}<span className="whole">{end}</span></Fragment>)}</td>
                      <td className="whole"><Status of={e.status} /></td>
                      <td>{reasons(e) || 'Not recorded'}</td>
                      <td>{e.locations.flatMap((l) => l.display ?? []).join(', ') || 'Not recorded'}{e.serviceProvider?.display && <small>{e.serviceProvider.display}</small>}</td>
                      <td>{e.participants.flatMap((p) => p.display ?? []).join(', ') || 'Not recorded'}</td>
                      <td><RowActs of={`${encounterClass(e.class)}, ${formatSpan(e.period) || 'no date'}`} place={e.id} items={acts(e)} /></td>
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
