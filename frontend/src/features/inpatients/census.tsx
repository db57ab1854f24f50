import WarningAmberOutlined from '@mui/icons-material/WarningAmberOutlined'
import { Fragment, useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { Link, useSearchParams } from 'react-router'
import { useQuery, type CombinedError } from 'urql'
import { RowActs, useForms, type ActItem } from '../../components/act/acts'
import type { ActForm } from '../../components/act/act-dialog'
import { useEncounterActs, useEncounterForms } from '../../components/act/encounter-forms'
import { codeStatusText, isLimit } from '../../components/clinical/code-status'
import { encounterClass } from '../../components/clinical/encounter-class'
import { NEWS2_URGENT } from '../../components/clinical/news2'
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
import { useNow } from '../../hooks/use-now'
import { useSettled } from '../../hooks/use-settled'
import { formatDateTime, formatDay, momentOf } from '../../lib/date'
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
    patient { id fhirId mrn gender birthDate age { value unit } name { display family given prefix } codeStatus { id doNotPerform code { text codings { system code } } authoredOn } earlyWarning { name value band missing at dueAt monitoring source } flags(first: 5) { nodes { id status code { text } category { text } } pageInfo { hasNextPage } } }
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

interface Lying { bed: Bed['bed'] | null; stay: StayFragment; twice: boolean }
/** Who lies on a ward, by bed. `twice`: the record puts several patients into that bed. */
const lying = (ward: Ward): Lying[] => [
  ...ward.beds.flatMap(({ bed, stays }) => read(Stay, stays).map((stay) => ({ bed, stay, twice: stays.length > 1 }))),
  ...read(Stay, ward.withoutBed).map((stay) => ({ bed: null, stay, twice: false })),
]
const keyOf = ({ bed, stay }: Lying): string => `${bed?.id ?? ''} ${stay.encounter.id}`

/** Since when the next set of vital signs is overdue by the newest one, in ms since 1970; null when it is not, or no score says when it is due. */
function overdueSince({ patient }: StayFragment, now: number): number | null {
  const due = patient?.earlyWarning?.dueAt ? Date.parse(patient.earlyWarning.dueAt) : Number.NaN
  return due < now ? due : null
}
/** Whether nothing tells when the next set is due because there is no score to tell it by, or because it may not be seen. */
const unscored = ({ patient }: StayFragment): boolean => (patient?.earlyWarning?.value ?? null) === null

/** The census as of which it is told what is overdue. */
interface At { of: CensusQuery['census']; now: number }
/** The rows in order: who lies in which bed. */
const rowsOf = (onlyOverdue: boolean) => (at: At | undefined): readonly string[] =>
  (at?.of.wards ?? []).flatMap((ward) => lying(ward).filter(({ stay }) => !onlyOverdue || overdueSince(stay, at?.now ?? 0) !== null).map(keyOf))

type Flag = NonNullable<NonNullable<StayFragment['patient']>['flags']>['nodes'][number]
/** Whether a warning is of isolation. FHIR R4 has no code for it: it is told by its words. */
const isolates = ({ code, category }: Flag): boolean => [code, ...category].some((c) => /isolat/i.test(c?.text ?? ''))
/** The warnings in force, those of isolation first. */
const inForce = (of: readonly Flag[]): Flag[] => of.filter((f) => f.status === 'ACTIVE').toSorted((a, b) => Number(isolates(b)) - Number(isolates(a)))

/** What the address says: of which ward, and whether only those whose observations are overdue. */
const WARD = 'ward', SHOW = 'show', OVERDUE = 'overdue'
/** How often it is looked what has become overdue, and how often at most the census is read because something was measured. */
const LATE_MS = 30_000, MEASURED_MS = 15_000

/** Who lies where now: wards by name, their beds by name, and who has no bed. */
export function CensusView() {
  const [count, setCount] = useState(0)
  const anew = useCallback(() => setCount((n) => n + 1), [])
  const live = useLive('Encounter Location ServiceRequest Flag', anew)
  const measured = useLive('Observation', anew, MEASURED_MS)
  const ready = live.ready && measured.ready
  const [{ data, fetching, error }, again] = useQuery({ query: Census, requestPolicy: 'network-only', pause: !ready })
  const [around, aroundAgain] = useQuery({ query: ComeAndGone, requestPolicy: 'network-only', pause: !ready })
  const [query, setQuery] = useSearchParams()
  const retry = useCallback(() => { again({ requestPolicy: 'network-only' }); aroundAgain({ requestPolicy: 'network-only' }) }, [again, aroundAgain])
  const seen = useRef(0)
  useEffect(() => {
    if (seen.current === count || fetching) return
    seen.current = count
    retry()
  }, [count, fetching, retry])
  const reading = useReading(fetching && !data, error, retry)
  const onlyOverdue = query.get(SHOW) === OVERDUE
  const now = useNow(LATE_MS)
  const latest = useMemo(() => data && { of: data.census, now: Math.max(now, Date.parse(data.census.at)) }, [data, now])
  const rows = useMemo(() => rowsOf(onlyOverdue), [onlyOverdue])
  const { shown, news, show, hold } = useSettled(latest, rows, false, true)
  const census = shown?.of
  const named = query.get(WARD)
  const wards = census?.wards.filter((ward) => !named || ward.ward?.id === named) ?? []
  const choose = (name: string, value: string) => setQuery((before) => {
    const next = new URLSearchParams(before)
    if (value) next.set(name, value)
    else next.delete(name)
    return next
  }, { replace: true })
  const asOf = shown?.now ?? now
  const stays = wards.flatMap(lying)
  const isLate = ({ stay }: Lying) => overdueSince(stay, asOf) !== null
  const late = stays.filter(isLate).length
  const without = withoutStatus(error)
  return (
    <ReadingProvider value={reading}>
    <main className={css.view}>
      <header className={css.head}>
        <h1>Inpatients</h1>
        {census && <p>{census.patientCount === 1 ? 'One patient' : `${census.patientCount} patients`} as of {formatDateTime(census.at)}</p>}
        {census && (
          <label className={css.ward}>Ward{' '}
            <select value={named ?? ''} onChange={(e) => choose(WARD, e.target.value)}>
              <option value="">All wards</option>
              {census.wards.map(({ ward }) => ward && <option key={ward.id} value={ward.id ?? ''}>{ward.display ?? 'Ward without a name'}</option>)}
            </select>
          </label>
        )}
        {census && <label className={css.only}><input type="checkbox" checked={onlyOverdue} onChange={(e) => choose(SHOW, e.target.checked ? OVERDUE : '')} /> Observations overdue only ({late})</label>}
        {census && <PrintButton />}
        <LiveNote of={measured.state === 'held' ? 'held' : live.state} />
      </header>
      {census && onlyOverdue && <p className={css.told} role="status">{overdueWords(late, stays)}</p>}
      <div className={css.wards} ref={hold}>
        {census ? (
          <>
            {census.wards.length === 0 ? <Empty>Nobody is in hospital, and no ward is on record.</Empty>
              : wards.length === 0 ? <Empty>The ward of this address is not on record. Choose another.</Empty>
              : late === 0 && onlyOverdue ? <Empty>Nobody’s observations are overdue{named ? ' on this ward' : ''}.</Empty>
              : wards.filter((ward) => !onlyOverdue || lying(ward).some(isLate)).map((ward) => <WardPart key={ward.ward?.id ?? ''} of={ward} without={without} now={asOf} only={onlyOverdue ? isLate : null} />)}
            {onlyOverdue ? null : !named ? around.data ? <><Expected of={around.data.census.expected} /><Discharged of={around.data.census.discharged} /></> : around.error ? <NotLoaded what="Who is expected and who went home" onRetry={retry} /> : <Loading rows={3} label="who is expected" /> : <Empty>Who is expected and who went home is told of all wards together.</Empty>}
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

/** How many of those who lie there are shown, and of whom it cannot be told. */
function overdueWords(late: number, stays: readonly Lying[]): string {
  const unknown = stays.filter(({ stay }) => unscored(stay)).length
  const hidden = stays.length - late
  return `${late} of ${stays.length} ${stays.length === 1 ? 'patient' : 'patients'} shown: the next observations by NEWS2 are overdue.${hidden > 0 ? ` ${hidden} not shown${unknown > 0 ? `, of whom ${unknown} ${unknown === 1 ? 'has' : 'have'} no score that says when they are due` : ''}; nor are free beds, expected and discharged patients.` : ''}`
}

/** `only`: which of its stays are shown, and no free beds beside them; null: everything. */
function WardPart({ of: ward, without, now, only }: { of: Ward; without: string; now: number; only: ((of: Lying) => boolean) | null }) {
  const may = useMay('encounters')
  const forms = useEncounterForms()
  const dialogs = useForms()
  const name = ward.ward ? ward.ward.display ?? 'Ward without a name' : 'Place not recorded'
  const note = `${ward.patientCount === 1 ? '1 patient' : `${ward.patientCount} patients`}${ward.beds.length > 0 ? `, ${ward.freeBedCount} of ${ward.beds.length} beds free` : ''}`
  const empty = only ? [] : ward.beds.filter((bed) => bed.stays.length === 0)
  const shown = only ? lying(ward).filter(only) : lying(ward)
  return (
    <Section title={name} note={note}>
      {shown.length > 0 && <RecordTable label={name} columns={COLUMNS} widths={WIDTHS}>
        {shown.map((one) => <StayRow key={keyOf(one)} bed={one.bed ? capital(shortOf(one.bed, name)) : 'No bed recorded'} of={one.stay} twice={one.twice} without={without} now={now} open={dialogs.open} />)}
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
function StayRow({ bed, of, twice, without, now, open }: { bed: string; of: StayFragment; twice: boolean; without: string; now: number; open: (form: ActForm) => void }) {
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
          <td><EarlyWarning of={patient.earlyWarning} late={overdueSince(of, now)} /></td>
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

/** The number, and its band in words; what asks for an urgent answer stands out, and with it how the patient is to be watched where no next set is due. */
function Score({ of, value }: { of: NonNullable<Patient['earlyWarning']>; value: string }) {
  const said = <span>{of.name} <strong>{formatDecimal(value)}</strong>{of.band && `, ${of.band.toLowerCase()}`}</span>
  return (
    <>
      {NEWS2_URGENT.includes(of.band ?? '') ? <span className={css.late}><WarningAmberOutlined sx={{ fontSize: 15 }} aria-hidden />{said}</span> : said}
      {!of.dueAt && of.monitoring && <small>{of.monitoring}</small>}
    </>
  )
}

/** The score of the newest set of vital signs, when that was taken, or what it lacks, and when the next set is due by it. `late`: since when that is overdue. */
function EarlyWarning({ of, late }: { of: Patient['earlyWarning']; late: number | null }) {
  if (!of) return <Recorded is={null} none="Not loaded" />
  return (
    <span title={of.source}>
      {of.value === null || of.value === undefined ? <><Recorded is={null} none="No score" /><small>{of.missing.join(', ')}</small></> : <Score of={of} value={of.value} />}
      {of.at && <small className="whole">{formatDateTime(of.at)}</small>}
      {late !== null ? <span className={css.late}><WarningAmberOutlined sx={{ fontSize: 15 }} aria-hidden /><span>Observations overdue since <span className="whole">{momentOf(late)}</span></span></span>
        : of.dueAt && <small>Next due <span className="whole">{momentOf(Date.parse(of.dueAt))}</span></small>}
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
