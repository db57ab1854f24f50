import { Fragment, useCallback, useEffect, useRef, useState } from 'react'
import { Link, useSearchParams } from 'react-router'
import { useQuery, type CombinedError } from 'urql'
import { RowActs, useForms, type ActItem } from '../../components/act/acts'
import type { ActForm } from '../../components/act/act-dialog'
import { useEncounterActs, useEncounterForms } from '../../components/act/encounter-forms'
import { codeStatusText, isLimit } from '../../components/clinical/code-status'
import { encounterClass } from '../../components/clinical/encounter-class'
import { ageText, genderText, patientName } from '../../components/clinical/person'
import { capital, conceptText, Status } from '../../components/clinical/status'
import { LiveNote } from '../../components/ui/live-note'
import { Moment } from '../../components/ui/moment'
import { NewsBar } from '../../components/ui/news-bar'
import { isForbidden, NotPermitted, ReadingProvider, useReading } from '../../components/ui/part'
import { PrintButton } from '../../components/ui/print-button'
import { RecordTable } from '../../components/ui/record-table'
import { Recorded } from '../../components/ui/recorded'
import { Section } from '../../components/ui/section'
import { Empty, Loading, NotLoaded } from '../../components/ui/states'
import { useLive } from '../../contexts/live'
import { graphql, read } from '../../gql'
import type { CensusQuery, ComeAndGoneQuery, StayFragment } from '../../gql/graphql'
import { useMay } from '../../hooks/use-may'
import { useSettled } from '../../hooks/use-settled'
import { formatDateTime, formatDay } from '../../lib/date'
import { formatDecimal } from '../../lib/quantity'
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
    patient { id fhirId mrn gender birthDate age { value unit } name { display family given prefix } codeStatus { id doNotPerform code { text codings { system code } } authoredOn } earlyWarning { name value band missing at source } flags(first: 5) { nodes { id status code { text } category { text } } pageInfo { hasNextPage } } }
    encounter { id versionId status class { code display } reasons { text } participants { display } period { start } }
  }
`)
/** Asked apart from the beds: the server counts twenty of each, and both together cost too much. */
const ComeAndGone = graphql(`
  query ComeAndGone {
    census {
      expected { since patient { id fhirId mrn birthDate name { display family given prefix } } encounter { id versionId status class { code } reasons { text } locations { display } } }
      discharged { patient { id fhirId mrn birthDate name { display family given prefix } } encounter { id reasons { text } locations { display } period { end } dischargeDisposition { text } } }
    }
  }
`)

type Ward = CensusQuery['census']['wards'][number]
type Bed = Ward['beds'][number]

/** Codes of HL7 v2 table 0116. */
const BED: Record<string, string> = { C: 'Closed', H: 'Housekeeping', I: 'Isolated', K: 'Contaminated', O: 'Occupied', U: 'Free' }

const COLUMNS = ['Bed', 'Patient, MRN', 'Born, gender', 'Code status', 'Early warning', 'Warnings', 'Reason', 'With, since', 'Acts'], WIDTHS = [7, 19, 11, 13, 12, 12, 12, 12, 3]

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

type Flag = NonNullable<NonNullable<StayFragment['patient']>['flags']>['nodes'][number]
/** Whether a warning is of isolation. FHIR R4 has no code for it: it is told by its words. */
const isolates = ({ code, category }: Flag): boolean => [code, ...category].some((c) => /isolat/i.test(c?.text ?? ''))
/** The warnings in force, those of isolation first. */
const inForce = (of: readonly Flag[]): Flag[] => of.filter((f) => f.status === 'ACTIVE').toSorted((a, b) => Number(isolates(b)) - Number(isolates(a)))

/** The ward of the address. */
const WARD = 'ward'

/** Who lies where now: wards by name, their beds by name, and who has no bed. */
export function CensusView() {
  const [count, setCount] = useState(0)
  const anew = useCallback(() => setCount((n) => n + 1), [])
  const live = useLive('Encounter Location ServiceRequest Flag', anew)
  const [{ data, fetching, error }, again] = useQuery({ query: Census, requestPolicy: 'network-only', pause: !live.ready })
  const [around, aroundAgain] = useQuery({ query: ComeAndGone, requestPolicy: 'network-only', pause: !live.ready })
  const [query, setQuery] = useSearchParams()
  const retry = useCallback(() => { again({ requestPolicy: 'network-only' }); aroundAgain({ requestPolicy: 'network-only' }) }, [again, aroundAgain])
  const seen = useRef(0)
  useEffect(() => {
    if (seen.current === count || fetching) return
    seen.current = count
    retry()
  }, [count, fetching, retry])
  const reading = useReading(fetching && !data, error, retry)
  const { shown: census, news, show, hold } = useSettled(data?.census, rowsOf, false, true)
  const named = query.get(WARD)
  const wards = census?.wards.filter((ward) => !named || ward.ward?.id === named) ?? []
  const choose = (id: string) => setQuery((before) => {
    const next = new URLSearchParams(before)
    if (id) next.set(WARD, id)
    else next.delete(WARD)
    return next
  }, { replace: true })
  const without = withoutStatus(error)
  return (
    <ReadingProvider value={reading}>
    <main className={css.view}>
      <header className={css.head}>
        <h1>Inpatients</h1>
        {census && <p>{census.patientCount === 1 ? 'One patient' : `${census.patientCount} patients`} as of {formatDateTime(census.at)}</p>}
        {census && (
          <label className={css.ward}>Ward{' '}
            <select value={named ?? ''} onChange={(e) => choose(e.target.value)}>
              <option value="">All wards</option>
              {census.wards.map(({ ward }) => ward && <option key={ward.id} value={ward.id ?? ''}>{ward.display ?? 'Ward without a name'}</option>)}
            </select>
          </label>
        )}
        {census && <PrintButton />}
        <LiveNote of={live.state} />
      </header>
      <div className={css.wards} ref={hold}>
        {census ? (
          <>
            {census.wards.length === 0 ? <Empty>Nobody is in hospital, and no ward is on record.</Empty>
              : wards.length === 0 ? <Empty>The ward of this address is not on record. Choose another.</Empty>
              : wards.map((ward) => <WardPart key={ward.ward?.id ?? ''} of={ward} without={without} />)}
            {!named ? around.data ? <><Expected of={around.data.census.expected} /><Discharged of={around.data.census.discharged} /></> : around.error ? <NotLoaded what="Who is expected and who went home" onRetry={retry} /> : <Loading rows={3} label="who is expected" /> : <Empty>Who is expected and who went home is told of all wards together.</Empty>}
          </>
        )
          : error && !fetching ? isForbidden(error) ? <NotPermitted what="Inpatients" /> : <NotLoaded what="Inpatients" onRetry={() => again({ requestPolicy: 'network-only' })} />
          : <Loading rows={12} label="inpatients" />}
        <NewsBar of={news} what="wards" onShow={show} />
      </div>
    </main>
    </ReadingProvider>
  )
}

function WardPart({ of: ward, without }: { of: Ward; without: string }) {
  const may = useMay('encounters')
  const forms = useEncounterForms()
  const dialogs = useForms()
  const name = ward.ward ? ward.ward.display ?? 'Ward without a name' : 'Place not recorded'
  const note = `${ward.patientCount === 1 ? '1 patient' : `${ward.patientCount} patients`}${ward.beds.length > 0 ? `, ${ward.freeBedCount} of ${ward.beds.length} beds free` : ''}`
  const empty = ward.beds.filter((bed) => bed.stays.length === 0)
  return (
    <Section title={name} note={note}>
      {ward.patientCount > 0 && <RecordTable label={name} columns={COLUMNS} widths={WIDTHS}>
        {ward.beds.flatMap(({ bed, stays }) => read(Stay, stays).map((stay) => <StayRow key={`${bed.id} ${stay.encounter.id}`} bed={capital(shortOf(bed, name))} of={stay} twice={stays.length > 1} without={without} open={dialogs.open} />))}
        {read(Stay, ward.withoutBed).map((stay) => <StayRow key={stay.encounter.id} bed="No bed recorded" of={stay} twice={false} without={without} open={dialogs.open} />)}
      </RecordTable>}
      {empty.length > 0 && (
        <dl className={css.empty}>
          {[...new Set(empty.map(stateOf))].map((state) => (
            <div key={state}>
              <dt>{state}</dt>
              <dd>
                {empty.filter((one) => stateOf(one) === state).map(({ bed }, i, all) => {
                  const { id } = bed
                  return (
                    <Fragment key={bed.id ?? i}>
                      {may && id && state === 'Free' ? <button type="button" className={css.bed} aria-label={`Admit to ${nameOf(bed)}`} title="Admit a patient to it" onClick={() => dialogs.open(forms.admitTo({ id, name: nameOf(bed) }))}>{shortOf(bed, name)}</button> : shortOf(bed, name)}{i < all.length - 1 && ', '}
                    </Fragment>
                  )
                })}
              </dd>
            </div>
          ))}
        </dl>
      )}
      {dialogs.dialog}
    </Section>
  )
}

type Patient = NonNullable<StayFragment['patient']>
type Named = Pick<Patient, 'fhirId' | 'mrn' | 'name' | 'birthDate'> & Partial<Pick<Patient, 'age' | 'gender'>>
const whoOf = (patient: Named | null | undefined): string => (patient ? `${patientName(patient.name)}, MRN ${patient.mrn ?? 'not recorded'}` : 'a patient you may not see')

/** Two cells: who it is with the number, and when born. `more`: how many further columns say something of the patient. */
function Who({ of: patient, more = 0 }: { of: Named | null | undefined; more?: number }) {
  if (!patient) return <td colSpan={2 + more}>You may not see who this is</td>
  return (
    <>
      <td><Link to={`/patients/${patient.fhirId}/clinical/summary`}>{patientName(patient.name)}</Link><small className="whole">{patient.mrn ?? 'MRN not recorded'}</small></td>
      <td>
        <span className="whole">{patient.birthDate ? formatDay(patient.birthDate) : 'Not recorded'}</span>
        {patient.gender !== undefined && <small>{[ageText(patient.age), genderText(patient.gender)].filter(Boolean).join(', ')}</small>}
      </td>
    </>
  )
}

function useActsOf(open: (form: ActForm) => void) {
  const may = useMay('encounters')
  const acts = useEncounterActs(open)
  return ({ patient, encounter }: { patient?: Named | null; encounter: ComeAndGoneQuery['census']['expected'][number]['encounter'] | StayFragment['encounter'] }): ActItem[] => (may && patient ? acts(encounter, encounterClass(encounter.class), whoOf(patient)) : [])
}

/** `twice`: the record puts several patients into this bed. `without`: what is said where no code status came. */
function StayRow({ bed, of, twice, without, open }: { bed: string; of: StayFragment; twice: boolean; without: string; open: (form: ActForm) => void }) {
  const { patient, encounter, since } = of
  const acts = useActsOf(open)
  const at = since ?? encounter.period?.start
  const status = patient?.codeStatus
  return (
    <tr>
      <th scope="row">{bed}{twice && <small className={css.twice}>Several patients on record in this bed</small>}</th>
      <Who of={patient} more={3} />
      {patient && (
        <>
          <td>{status ? <>{isLimit(status) ? <strong>{capital(codeStatusText(status))}</strong> : capital(codeStatusText(status))}<small className="whole">{status.authoredOn ? formatDay(status.authoredOn) : 'Date not recorded'}</small></> : <Recorded is={null} none={without} />}</td>
          <td><EarlyWarning of={patient.earlyWarning} /></td>
          <td><Warnings of={patient.flags} /></td>
        </>
      )}
      <td>{conceptText(encounter.reasons) || 'Not recorded'}</td>
      <td>
        {encounter.participants[0]?.display ?? 'Not recorded'}
        <small>{at ? <>since <Moment at={at} /></> : 'Since when is not recorded'}</small>
        {encounter.status !== 'IN_PROGRESS' && <div><Status of={encounter.status} /></div>}
      </td>
      <td><RowActs of={whoOf(patient)} place={encounter.id} items={acts(of)} /></td>
    </tr>
  )
}

/** The score of the newest set of vital signs, when that was taken, or what it lacks. */
function EarlyWarning({ of }: { of: Patient['earlyWarning'] }) {
  if (!of) return <Recorded is={null} none="Not loaded" />
  return (
    <span title={of.source}>
      {of.value === null || of.value === undefined ? <Recorded is={null} none="No score" /> : <>{of.name} <strong>{formatDecimal(of.value)}</strong></>}
      <small>{of.value === null || of.value === undefined ? of.missing.join(', ') : of.band}</small>
      {of.at && <small className="whole">{formatDateTime(of.at)}</small>}
    </span>
  )
}

function Warnings({ of }: { of: Patient['flags'] }) {
  if (!of) return <Recorded is={null} none="Not loaded" />
  const flags = inForce(of.nodes)
  return flags.length === 0 && !of.pageInfo.hasNextPage ? <Recorded is={null} none="None recorded" /> : (
    <>
      {flags.map((f) => { const text = conceptText(f.code) || conceptText(f.category) || 'Not worded'; return <div key={f.id}>{isolates(f) ? <strong>{text}</strong> : text}</div> })}
      {of.pageInfo.hasNextPage && <small>More in the chart</small>}
    </>
  )
}

/** Stays that are planned and have not begun. */
function Expected({ of }: { of: ComeAndGoneQuery['census']['expected'] }) {
  const dialogs = useForms()
  const acts = useActsOf(dialogs.open)
  return (
    <Section title="Expected" note={`${of.length}, planned and not begun`}>
      {of.length === 0 ? <Empty>No admission is planned on record.</Empty> : (
        <RecordTable label="Expected" columns={['Planned for', 'Patient, MRN', 'Born', 'Reason', 'Where', 'Acts']}>
          {of.map((stay) => (
            <tr key={stay.encounter.id}>
              <th scope="row">{stay.since ? <Moment at={stay.since} /> : 'Day not recorded'}</th>
              <Who of={stay.patient} />
              <td>{conceptText(stay.encounter.reasons) || 'Not recorded'}</td>
              <td><Recorded is={stay.encounter.locations.flatMap((l) => l.display ?? []).join(', ')} /></td>
              <td><RowActs of={whoOf(stay.patient)} place={stay.encounter.id} items={acts(stay)} /></td>
            </tr>
          ))}
        </RecordTable>
      )}
      {dialogs.dialog}
    </Section>
  )
}

/** Stays that ended within a day. */
function Discharged({ of }: { of: ComeAndGoneQuery['census']['discharged'] }) {
  return (
    <Section title="Discharged" note={`${of.length} in the last 24 hours`}>
      {of.length === 0 ? <Empty>Nobody was discharged in the last 24 hours.</Empty> : (
        <RecordTable label="Discharged" columns={['Ended', 'Patient, MRN', 'Born', 'Reason', 'Last place', 'Went to']}>
          {of.map(({ encounter, patient }) => (
            <tr key={encounter.id}>
              <th scope="row">{encounter.period?.end ? <Moment at={encounter.period.end} /> : 'Not recorded'}</th>
              <Who of={patient} />
              <td>{conceptText(encounter.reasons) || 'Not recorded'}</td>
              <td><Recorded is={encounter.locations.flatMap((l) => l.display ?? []).at(-1)} /></td>
              <td><Recorded is={conceptText(encounter.dischargeDisposition)} /></td>
            </tr>
          ))}
        </RecordTable>
      )}
    </Section>
  )
}
