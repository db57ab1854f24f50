import { useCallback, useEffect, useRef, useState } from 'react'
import { Link } from 'react-router'
import { useQuery, type CombinedError } from 'urql'
import { ageText, genderText, patientName } from '../../components/clinical/person'
import { capital, conceptText } from '../../components/clinical/status'
import { LiveNote } from '../../components/ui/live-note'
import { Moment } from '../../components/ui/moment'
import { NewsBar } from '../../components/ui/news-bar'
import { isForbidden, NotPermitted } from '../../components/ui/part'
import { RecordTable } from '../../components/ui/record-table'
import { Recorded } from '../../components/ui/recorded'
import { Section } from '../../components/ui/section'
import { Empty, Loading, NotLoaded } from '../../components/ui/states'
import { useLive } from '../../contexts/live'
import { graphql, read } from '../../gql'
import type { CensusQuery, StayFragment } from '../../gql/graphql'
import { useSettled } from '../../hooks/use-settled'
import { formatDateTime, formatDay } from '../../lib/date'
import css from './inpatients.module.css'

const Census = graphql(`
  query Census {
    census {
      at patientCount
      wards {
        ward { id display }
        patientCount freeBedCount
        beds { bed { id display } operationalStatus stays { ...Stay } }
        withoutBed { ...Stay }
      }
    }
  }
`)
const Stay = graphql(`
  fragment Stay on CensusStay {
    since
    patient { id fhirId mrn gender birthDate age { value unit } name { display family given prefix } codeStatus { id code { text } authoredOn } }
    encounter { id reasons { text } participants { display } period { start } }
  }
`)

type Ward = CensusQuery['census']['wards'][number]
type Bed = Ward['beds'][number]

/** Codes of HL7 v2 table 0116. */
const BED: Record<string, string> = { C: 'Closed', H: 'Housekeeping', I: 'Isolated', K: 'Contaminated', O: 'Occupied', U: 'Free' }

const COLUMNS = ['Bed', 'Patient', 'Born, gender', 'MRN', 'Code status', 'Reason', 'With', 'Here since'], WIDTHS = [8, 17, 12, 11, 13, 15, 12, 12]

const nameOf = (bed: Bed['bed']) => bed.display ?? 'Bed without a name'
/** The name of a bed under the name of its ward, which it often begins with. */
const shortOf = (bed: Bed['bed'], ward: string) => { const name = nameOf(bed); return name.startsWith(`${ward}, `) ? name.slice(ward.length + 2) : name }
const stateOf = ({ operationalStatus: state }: Bed) => (state ? BED[state] ?? `State ${state}` : 'Free')

/** What it means that no code status is there; of an answer with errors not every one is known, so none is told to be missing. */
function withoutStatus(error: CombinedError | undefined): string {
  const trouble = error?.graphQLErrors.filter((e) => e.path?.at(-1) === 'codeStatus') ?? []
  return trouble.length === 0 ? 'Not recorded' : trouble.every((e) => e.extensions?.code === 'NOT_PERMITTED') ? 'You may not see this' : 'Not loaded'
}

/** The rows in order: who lies in which bed. */
const rowsOf = (of: CensusQuery['census'] | undefined): readonly string[] => (of?.wards ?? []).flatMap((ward) => [...ward.beds.flatMap(({ bed, stays }) => read(Stay, stays).map((stay) => `${bed.id} ${stay.encounter.id}`)), ...read(Stay, ward.withoutBed).map((stay) => stay.encounter.id)])

/** Who lies where now: wards by name, their beds by name, and who has no bed. */
export function CensusView() {
  const [count, setCount] = useState(0)
  const anew = useCallback(() => setCount((n) => n + 1), [])
  const live = useLive('Encounter Location ServiceRequest', anew)
  const [{ data, fetching, error }, again] = useQuery({ query: Census, requestPolicy: 'network-only', pause: !live.ready })
  const seen = useRef(0)
  useEffect(() => {
    if (seen.current === count || fetching) return
    seen.current = count
    again({ requestPolicy: 'network-only' })
  }, [count, fetching, again])
  const { shown: census, news, show, hold } = useSettled(data?.census, rowsOf, false, true)
  return (
    <main className={css.view}>
      <header className={css.head}>
        <h1>Inpatients</h1>
        {census && <p>{census.patientCount === 1 ? 'One patient' : `${census.patientCount} patients`} as of {formatDateTime(census.at)}</p>}
        <LiveNote of={live.state} />
      </header>
      <div className={css.wards} ref={hold}>
        <NewsBar of={news} what="wards" onShow={show} />
        {census ? census.wards.length === 0 ? <Empty>Nobody is in hospital, and no ward is on record.</Empty> : census.wards.map((ward) => <WardPart key={ward.ward?.id ?? ''} of={ward} without={withoutStatus(error)} />)
          : error && !fetching ? isForbidden(error) ? <NotPermitted what="Inpatients" /> : <NotLoaded what="Inpatients" onRetry={() => again({ requestPolicy: 'network-only' })} />
          : <Loading rows={12} label="inpatients" />}
      </div>
    </main>
  )
}

function WardPart({ of: ward, without }: { of: Ward; without: string }) {
  const name = ward.ward ? ward.ward.display ?? 'Ward without a name' : 'Place not recorded'
  const note = `${ward.patientCount === 1 ? '1 patient' : `${ward.patientCount} patients`}${ward.beds.length > 0 ? `, ${ward.freeBedCount} of ${ward.beds.length} beds free` : ''}`
  const empty = ward.beds.filter((bed) => bed.stays.length === 0)
  return (
    <Section title={name} note={note}>
      {ward.patientCount > 0 && <RecordTable label={name} columns={COLUMNS} widths={WIDTHS}>
        {ward.beds.flatMap(({ bed, stays }) => read(Stay, stays).map((stay) => <StayRow key={`${bed.id} ${stay.encounter.id}`} bed={capital(shortOf(bed, name))} of={stay} twice={stays.length > 1} without={without} />))}
        {read(Stay, ward.withoutBed).map((stay) => <StayRow key={stay.encounter.id} bed="No bed recorded" of={stay} twice={false} without={without} />)}
      </RecordTable>}
      {empty.length > 0 && (
        <dl className={css.empty}>
          {[...new Set(empty.map(stateOf))].map((state) => (
            <div key={state}><dt>{state}</dt><dd>{empty.filter((one) => stateOf(one) === state).map((one) => shortOf(one.bed, name)).join(', ')}</dd></div>
          ))}
        </dl>
      )}
    </Section>
  )
}

/** `twice`: the record puts several patients into this bed. `without`: what is said where no code status came. */
function StayRow({ bed, of: { patient, encounter, since }, twice, without }: { bed: string; of: StayFragment; twice: boolean; without: string }) {
  const at = since ?? encounter.period?.start
  const status = patient?.codeStatus
  return (
    <tr>
      <th scope="row">{bed}{twice && <small className={css.twice}>Several patients on record in this bed</small>}</th>
      {patient ? (
        <>
          <td><Link to={`/patients/${patient.fhirId}/clinical/summary`}>{patientName(patient.name)}</Link></td>
          <td>
            <span className="whole">{patient.birthDate ? formatDay(patient.birthDate) : 'Not recorded'}</span>
            <small>{[ageText(patient.age), genderText(patient.gender)].filter(Boolean).join(', ')}</small>
          </td>
          <td className="whole">{patient.mrn ?? 'Not recorded'}</td>
          <td>{status ? <><strong>{conceptText(status.code) || 'Not worded'}</strong><small className="whole">{status.authoredOn ? formatDay(status.authoredOn) : 'Date not recorded'}</small></> : <Recorded is={null} none={without} />}</td>
        </>
      ) : <td colSpan={4}>You may not see who this is</td>}
      <td>{conceptText(encounter.reasons) || 'Not recorded'}</td>
      <td>{encounter.participants[0]?.display ?? 'Not recorded'}</td>
      <td>{at ? <Moment at={at} /> : 'Not recorded'}</td>
    </tr>
  )
}
