import { useCallback, useEffect, useRef, useState } from 'react'
import { Link, useSearchParams } from 'react-router'
import { useClient, useQuery } from 'urql'
import { ActStrip, RowActs, useForms } from '../../components/act/acts'
import { useEncounterActs, useEncounterForms } from '../../components/act/encounter-forms'
import { encounterClass } from '../../components/clinical/encounter-class'
import { encounterFilter, EncounterFilterBar, filterWords } from '../../components/clinical/encounter-filter'
import { patientName } from '../../components/clinical/person'
import { reasons } from '../../components/clinical/reasons'
import { conceptText, Status } from '../../components/clinical/status'
import { newestFirst } from '../../components/ui/count'
import { LiveNote } from '../../components/ui/live-note'
import { isForbidden, NotPermitted, ReadingProvider, useReading } from '../../components/ui/part'
import { Pages, RecordTable } from '../../components/ui/record-table'
import { Section } from '../../components/ui/section'
import { Empty, Loading, NotLoaded } from '../../components/ui/states'
import { useLive } from '../../contexts/live'
import { useSession } from '../../contexts/session'
import { graphql, read } from '../../gql'
import { useMay } from '../../hooks/use-may'
import { useMedia } from '../../hooks/use-media'
import { formatDay, formatSpan } from '../../lib/date'
import { Mark, When, Where } from './encounters'
import css from './encounters.module.css'

const HousePage = graphql(`
  fragment HousePage on EncounterConnection {
    nodes {
      id fhirId versionId status class { code display } types { text } period { start end } reasons { text } reasonReferences { display reference } participants { display } places { location { display } status period { start end } }
      patient { id fhirId mrn birthDate name { display family given prefix } }
    }
    pageInfo { hasNextPage endCursor }
    totalCount
  }
`)
const HouseEncounters = graphql(`
  query HouseEncounters($filter: EncounterFilter, $after: String) { encounters(filter: $filter, first: 50, after: $after) { ...HousePage } }
`)

/** Where eight columns do not stand side by side: the reason goes under the encounter, and who under where. */
const NARROW = '(max-width: 899px)'

/** The mark of an address that asks for one's own only. */
const MINE = 'mine'

/** The visits and stays of all patients, newest first, all or those that the address asks for. */
export function HouseView() {
  const client = useClient()
  const { session } = useSession()
  const [query, setQuery] = useSearchParams()
  const [count, setCount] = useState(0)
  const live = useLive('Encounter', useCallback(() => setCount((n) => n + 1), []))
  const mine = query.get(MINE) !== null && session.fhirUser
  const asked = JSON.stringify({ ...encounterFilter(query), ...(mine ? { participant: session.fhirUser } : {}) })
  const filter = JSON.parse(asked) as NonNullable<ReturnType<typeof encounterFilter>>
  const [{ data, fetching, error, operation }, again] = useQuery({ query: HouseEncounters, variables: { filter }, requestPolicy: 'network-only', pause: !live.ready })
  const seen = useRef(0)
  const retry = useCallback(() => again({ requestPolicy: 'network-only' }), [again])
  useEffect(() => {
    if (seen.current === count || fetching) return
    seen.current = count
    retry()
  }, [count, fetching, retry])
  const reading = useReading(fetching && !data, error, retry)
  // After a choice the answer at hand is of the one before.
  const other = fetching && JSON.stringify(operation?.variables.filter) !== asked
  const may = useMay('encounters')
  const narrow = useMedia(NARROW)
  const forms = useEncounterForms()
  const dialogs = useForms()
  const acts = useEncounterActs(dialogs.open)
  const only = [filterWords(query), mine && 'yours'].filter(Boolean).join(', ')
  const more = async (after: string) => {
    const { data: next } = await client.query(HouseEncounters, { filter, after }, { requestPolicy: 'network-only' }).toPromise()
    return read(HousePage, next?.encounters)
  }
  const first = data && !other ? read(HousePage, data.encounters) : null
  return (
    <ReadingProvider value={reading}>
      <main className={css.view}>
        <header className={css.head}><h1>Encounters</h1><LiveNote of={live.state} /></header>
        <ActStrip note="A patient’s name opens the visit in the chart" items={may ? [{ name: 'Begin a visit', form: forms.visit }] : []} />
        {dialogs.dialog}
        <EncounterFilterBar />
        {session.fhirUser && (
          <label className={css.mine}><input type="checkbox" checked={!!mine} onChange={(e) => setQuery((before) => { const next = new URLSearchParams(before); if (e.target.checked) next.set(MINE, ''); else next.delete(MINE); return next }, { replace: true })} /> Only those in which you take part</label>
        )}
        <div className={css.list}>
          {first ? (
            <Section title="Encounters of all patients" note={`${newestFirst(first.totalCount ?? first.nodes.length)}${only ? `, only ${only}` : ''}`}>
              <Pages first={first} more={more} what="encounters">
                {(nodes) => (nodes.length === 0 ? <Empty>{only ? 'No encounter is recorded that the filter lets through.' : 'No encounter is recorded that you may see.'}</Empty> : (
                  <RecordTable label="Encounters of all patients" columns={narrow ? ['Patient', 'Encounter, reason', 'When', 'Status', 'Where, who', 'Acts'] : ['Patient', 'Encounter', 'When', 'Status', 'Reason', 'Where', 'Who', 'Acts']}>
                    {nodes.map((e) => {
                      const name = encounterClass(e.class)
                      const [why, by] = [reasons(e), e.participants.flatMap((p) => p.display ?? []).join(', ')]
                      const who = e.patient ? `${patientName(e.patient.name)}, MRN ${e.patient.mrn ?? 'not recorded'}` : 'a patient you may not see'
                      return (
                        <tr key={e.id}>
                          <th scope="row" className={css.patient}>
                            {e.patient ? <Link to={`/patients/${e.patient.fhirId}/clinical/encounters/${e.fhirId}`}>{patientName(e.patient.name)}</Link> : 'You may not see who this is'}
                            {e.patient && <small><span className="whole">Born {e.patient.birthDate ? formatDay(e.patient.birthDate) : 'not recorded'}</span> · <span className="whole">MRN {e.patient.mrn ?? 'not recorded'}</span></small>}
                          </th>
                          <td className={css.kind}><Mark of={e.class?.code} />{e.status === 'ENTERED_IN_ERROR' ? <s>{name}</s> : name}<small>{conceptText(e.types)}</small>{narrow && <small>{why || 'Reason not recorded'}</small>}</td>
                          <td><When of={e} /></td>
                          <td className="whole"><Status of={e.status} /></td>
                          {!narrow && <td>{why || 'Not recorded'}</td>}
                          <td className={css.where}><Where of={e} />{narrow && <small>{by || 'Who is not recorded'}</small>}</td>
                          {!narrow && <td>{by || 'Not recorded'}</td>}
                          <td><RowActs of={`${name} of ${who}, ${formatSpan(e.period) || 'no date'}`} place={e.id} items={may && e.patient ? acts(e, name, who) : []} /></td>
                        </tr>
                      )
                    })}
                  </RecordTable>
                ))}
              </Pages>
            </Section>
          ) : error && !fetching ? isForbidden(error) ? <NotPermitted what="Encounters" /> : <NotLoaded what="Encounters" onRetry={retry} />
            : <Loading rows={12} label="encounters" />}
        </div>
      </main>
    </ReadingProvider>
  )
}
