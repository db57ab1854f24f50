import { Fragment } from 'react'
import { Link, useSearchParams } from 'react-router'
import { useClient } from 'urql'
import { ActStrip, RowActs, useForms } from '../../components/act/acts'
import { useEncounterActs, useEncounterForms } from '../../components/act/encounter-forms'
import { encounterClass } from '../../components/clinical/encounter-class'
import { encounterFilter, EncounterFilterBar, filterWords } from '../../components/clinical/encounter-filter'
import { reasons } from '../../components/clinical/reasons'
import { placeWords } from '../../components/clinical/place'
import { conceptText, Status } from '../../components/clinical/status'
import { newestFirst } from '../../components/ui/count'
import { Part } from '../../components/ui/part'
import { Pages, RecordTable } from '../../components/ui/record-table'
import { Section } from '../../components/ui/section'
import { Empty, Loading } from '../../components/ui/states'
import { useAsOf, useOpenChart } from '../../contexts/patient'
import { graphql, read, type FragmentType } from '../../gql'
import type { EncounterStatus } from '../../gql/graphql'
import { useMay } from '../../hooks/use-may'
import { formatSpan } from '../../lib/date'
import css from './encounters.module.css'

export const EncounterPage = graphql(`
  fragment EncounterPage on EncounterConnection {
    nodes { id versionId status class { code display } types { text } period { start end } reasons { text } reasonReferences { display reference } participants { display } places { location { display } status period { start end } } serviceProvider { display } }
    pageInfo { hasNextPage endCursor }
    totalCount
  }
`)
export const EncounterRecord = graphql(`
  fragment EncounterRecord on Patient { encounters(first: 50, filter: $filter) { ...EncounterPage } open: encounters(first: 5, filter: { status: [ARRIVED, TRIAGED, IN_PROGRESS, ONLEAVE], class: "IMP" }) { nodes { id } } }
`)
const MoreEncounters = graphql(`
  query MoreEncounters($id: ID!, $after: String!, $asOf: Instant, $filter: EncounterFilter) { patient(id: $id, asOf: $asOf) { id encounters(first: 50, after: $after, filter: $filter) { ...EncounterPage } } }
`)

/** Circle = visit, diamond = emergency, bar = admission; the word stands beside it. */
export function Mark({ of }: { of: string | null | undefined }) {
  return (
    <svg width="12" height="12" viewBox="0 0 12 12" aria-hidden className={css.mark}>
      {of === 'EMER' ? <path d="M6 0l6 6l-6 6l-6 -6z" fill="currentColor" />
        : of === 'IMP' || of === 'ACUTE' || of === 'NONAC' ? <rect y="3" width="12" height="6" fill="currentColor" />
        : <circle cx="6" cy="6" r="4.5" fill="none" stroke="currentColor" strokeWidth="2" />}
    </svg>
  )
}

/** From when to when; neither end is broken in two. */
export const When = ({ of }: { of: { period?: Parameters<typeof formatSpan>[0]; status?: EncounterStatus | null } }) => (formatSpan(of.period, of.status === 'IN_PROGRESS') || 'Not recorded').split(' – ').map((end, i) => <Fragment key={i}>{i > 0 && ' '}<span className="whole">{i > 0 && '– '}{end}</span></Fragment>)

/** Where it takes place, or took place at last, and under it the places that were left. */
export function Where({ of: { places } }: { of: { places: Parameters<typeof placeWords>[0] } }) {
  const [last, ...others] = placeWords(places)
  return <>{last ?? 'Not recorded'}{others.map((words) => <small key={words}>{words}</small>)}</>
}

/** Visits and stays, newest first, all or those that the address asks for. `to` is the address of one; `reading`: an answer is on its way. */
export function EncountersView({ of, patientId, to, reading }: { of: FragmentType<typeof EncounterRecord> | undefined; patientId: string; to: (encounter: string) => string; reading: boolean }) {
  const client = useClient()
  const [query] = useSearchParams()
  const acting = useMay('encounters')
  const forms = useEncounterForms(patientId)
  const dialogs = useForms()
  const acts = useEncounterActs(dialogs.open, patientId)
  const asOf = useAsOf()
  const died = useOpenChart()?.died ?? false
  const more = async (after: string) => {
    const { data } = await client.query(MoreEncounters, { id: patientId, after, asOf, filter: encounterFilter(query) }, { requestPolicy: 'network-only' }).toPromise()
    return read(EncounterPage, data?.patient?.encounters)
  }
  const record = read(EncounterRecord, of)
  const only = filterWords(query)
  const inBed = (record?.open?.nodes.length ?? 0) > 0
  return (
    <>
      <ActStrip note="Visits and stays, newest first" items={acting && record && !died ? [{ name: 'Begin a visit', form: forms.visit }, ...(inBed ? [] : [{ name: 'Admit to a bed', run: () => void forms.admit().then(dialogs.open) }])] : []} />
      {dialogs.dialog}
      <EncounterFilterBar />
      {reading && record ? <Loading rows={8} label="Encounters" /> : (
        <Part of={record?.encounters} name="encounters" what="Encounters" rows={8}>
          {(masked) => {
            const first = read(EncounterPage, masked)
            return (
              <Section title="Encounters" note={`${newestFirst(first.totalCount ?? first.nodes.length)}${only ? `, only ${only}` : ''}`}>
                <Pages first={first} more={more} what="encounters">
                  {(nodes) => (nodes.length === 0 ? <Empty>{only ? 'No encounter is recorded that the filter lets through.' : 'No encounter is recorded.'}</Empty> : (
                    <RecordTable label="Encounters" columns={['Encounter', 'When', 'Status', 'Reason', 'Where', 'Who', 'Acts']}>
                      {nodes.map((e) => (
                        <tr key={e.id}>
                          <th scope="row">
                            <Mark of={e.class?.code} /><Link to={to(e.id)}>{e.status === 'ENTERED_IN_ERROR' ? <s>{encounterClass(e.class)}</s> : encounterClass(e.class)}</Link>
                            <small>{conceptText(e.types)}</small>
                          </th>
                          <td><When of={e} /></td>
                          <td className="whole"><Status of={e.status} /></td>
                          <td>{reasons(e) || 'Not recorded'}</td>
                          <td className={css.where}><Where of={e} />{e.serviceProvider?.display && <small>{e.serviceProvider.display}</small>}</td>
                          <td>{e.participants.flatMap((p) => p.display ?? []).join('; ') || 'Not recorded'}</td>
                          <td><RowActs of={`${encounterClass(e.class)}, ${formatSpan(e.period) || 'no date'}`} place={e.id} items={acting ? acts(e, encounterClass(e.class)) : []} /></td>
                        </tr>
                      ))}
                    </RecordTable>
                  ))}
                </Pages>
              </Section>
            )
          }}
        </Part>
      )}
    </>
  )
}
