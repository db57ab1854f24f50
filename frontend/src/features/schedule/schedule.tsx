import Button from '@mui/material/Button'
import OutlinedInput from '@mui/material/OutlinedInput'
import { useCallback, useEffect, useId, useRef, useState, type FormEvent } from 'react'
import { Link } from 'react-router'
import { useClient, useQuery } from 'urql'
import { RowActs, useForms } from '../../components/act/acts'
import { patientName } from '../../components/clinical/person'
import { Status } from '../../components/clinical/status'
import { LiveNote } from '../../components/ui/live-note'
import { isForbidden, NotPermitted, ReadingProvider, useReading } from '../../components/ui/part'
import { RecordTable } from '../../components/ui/record-table'
import { Section } from '../../components/ui/section'
import { Empty, Loading, NotLoaded } from '../../components/ui/states'
import { useLive } from '../../contexts/live'
import { useSession } from '../../contexts/session'
import { graphql } from '../../gql'
import type { FindToBookQuery, ScheduleQuery } from '../../gql/graphql'
import { formatDateTime, formatDay, localInput, today, withOffset } from '../../lib/date'
import { isJson, items, textAt } from '../../lib/fhir'
import { readPatientSearch } from '../../lib/patient-search'
import { may } from '../../lib/permissions'
import { useAppointmentForms } from './appointment-forms'
import css from './schedule.module.css'

const Schedule = graphql(`
  query Schedule($practitioner: ID, $location: ID, $date: DateRange!) {
    me { fhirUser }
    schedule(practitioner: $practitioner, location: $location, date: $date) {
      date
      appointments { id versionId status start end description serviceTypes { text } reasons { text } participants { actor { id display } } }
    }
    people: search(type: "Practitioner", query: "_sort=family", first: 100) { nodes { id fhir } pageInfo { hasNextPage } }
    places: search(type: "Location", query: "status=active", first: 100) { nodes { id fhir } pageInfo { hasNextPage } }
  }
`)
const FindToBook = graphql(`
  query FindToBook($filter: PatientFilter!) { patients(filter: $filter, first: 8) { nodes { id mrn birthDate name { display family given prefix } } pageInfo { hasNextPage } } }
`)

type Appointment = ScheduleQuery['schedule'][number]['appointments'][number]
const nameOf = (fhir: unknown): string => {
  const name = isJson(fhir) ? items(fhir.name)[0] : undefined
  return isJson(name) ? textAt(name, 'text') || [textAt(name, 'family'), items(name.given).join(' ')].filter(Boolean).join(', ') : ''
}
/** Source: FHIR R4, location-physical-type. */
const isBed = (fhir: unknown): boolean => isJson(fhir) && isJson(fhir.physicalType) && items(fhir.physicalType.coding).some((c) => textAt(c, 'code') === 'bd')
const dayAfter = (day: string): string => { const at = new Date(`${day}T12:00:00Z`); at.setUTCDate(at.getUTCDate() + 1); return at.toISOString().slice(0, 10) }
const time = (at: string | null | undefined) => (at ? formatDateTime(at).slice(-5) : 'Not recorded')
const others = (a: Appointment, kind: string) => a.participants.flatMap((p) => (p.actor?.id?.startsWith(`${kind}/`) ? [p.actor] : []))

/** The appointments of one day, of a person or a place; booked, moved, checked in, cancelled by dialog. */
export function ScheduleView() {
  const id = useId()
  const { session } = useSession()
  const [day, setDay] = useState(today)
  const [practitioner, setPractitioner] = useState('')
  const [location, setLocation] = useState('')
  const [count, setCount] = useState(0)
  const anew = useCallback(() => setCount((n) => n + 1), [])
  const live = useLive('Appointment', anew)
  const variables = { practitioner: practitioner || null, location: location || null, date: { low: withOffset(`${day}T00:00`), high: withOffset(`${dayAfter(day)}T00:00`) } }
  const [{ data, fetching, error }, again] = useQuery({ query: Schedule, variables, requestPolicy: 'network-only', context: CHANGES, pause: !live.ready || !day })
  const retry = useCallback(() => again({ requestPolicy: 'network-only' }), [again])
  const seen = useRef(0)
  useEffect(() => {
    if (seen.current === count || fetching) return
    seen.current = count
    retry()
  }, [count, fetching, retry])
  const reading = useReading(fetching && !data, error, retry)
  const me = data?.me.fhirUser ?? ''
  const people = data?.people.nodes.map((n) => [n.id, nameOf(n.fhir) || n.id] as const) ?? []
  const places = data?.places.nodes.filter((n) => !isBed(n.fhir)).map((n) => [n.id, (isJson(n.fhir) && textAt(n.fhir, 'name')) || n.id] as const) ?? []
  const names = new Map([...people, ...places])
  const acting = may(session, 'schedule')
  const found = data?.schedule.flatMap((d) => d.appointments) ?? []
  return (
    <ReadingProvider value={reading}>
      <main className={css.view}>
        <header className={css.head}>
          <h1>Schedule</h1>
          <label htmlFor={`${id}day`}>Day</label>
          <input id={`${id}day`} type="date" value={day} onChange={(e) => { if (e.target.value) setDay(e.target.value) }} />
          <label htmlFor={`${id}who`}>Of</label>
          <select id={`${id}who`} value={practitioner} onChange={(e) => setPractitioner(e.target.value)}>
            <option value="">{location ? 'Anybody' : 'Me'}</option>
            {people.filter(([one]) => one !== me || practitioner === one).map(([one, name]) => <option key={one} value={one}>{name}</option>)}
          </select>
          <label htmlFor={`${id}where`}>At</label>
          <select id={`${id}where`} value={location} onChange={(e) => setLocation(e.target.value)}>
            <option value="">Any place</option>
            {places.map(([one, name]) => <option key={one} value={one}>{name}</option>)}
          </select>
          <LiveNote of={live.state} />
        </header>
        <div className={css.lists} tabIndex={0} role="group" aria-label="Schedule lists">
          {acting && data && <Booking practitioner={practitioner || (location ? '' : me)} location={location} people={people} day={day} />}
          {data ? (
            <Section title={formatDay(day)} note={found.length === 1 ? 'one appointment' : `${found.length} appointments`}>
              {found.length === 0 ? <Empty>No appointment is recorded for this day.</Empty> : (
                <RecordTable label="Appointments" columns={['Time', 'Patient', 'What for', 'With', 'At', 'Status', 'Acts']}>
                  {found.map((a) => <Row key={a.id} of={a} acting={acting} names={names} />)}
                </RecordTable>
              )}
            </Section>
          ) : error && !fetching ? isForbidden(error) ? <NotPermitted what="Appointments" /> : <NotLoaded what="Schedule" onRetry={retry} /> : <Loading rows={10} label="schedule" />}
        </div>
      </main>
    </ReadingProvider>
  )
}

const CHANGES = { additionalTypenames: ['Appointment'] }
const OPEN = ['PROPOSED', 'PENDING', 'BOOKED']

/** `names`: of people and places, for records that name them by reference alone. */
function Row({ of: a, acting, names }: { of: Appointment; acting: boolean; names: ReadonlyMap<string, string> }) {
  const forms = useAppointmentForms()
  const patient = others(a, 'Patient')[0]
  const who = `${patient?.display ?? 'Patient'} ${time(a.start)}`
  const minutes = a.start && a.end ? String(Math.round((Date.parse(a.end) - Date.parse(a.start)) / 60_000)) : '20'
  const as = { id: a.id, versionId: a.versionId, who, start: a.start ? localInput(a.start).slice(0, 16) : '', minutes }
  const open = acting && OPEN.includes(a.status ?? '')
  return (
    <tr>
      <th scope="row">{time(a.start)}{a.end ? `–${time(a.end)}` : ''}</th>
      <td>{patient?.id ? <Link to={`/patients/${patient.id.replace('Patient/', '')}/clinical/summary`}>{patient.display ?? 'Open the chart'}</Link> : 'Not recorded'}</td>
      <td>{a.description ?? ([...a.serviceTypes, ...a.reasons].map((c) => c.text).join(', ') || 'Not recorded')}</td>
      <td>{others(a, 'Practitioner').map((p) => p.display ?? names.get(p.id ?? '') ?? p.id).join(', ') || 'Nobody named'}</td>
      <td>{others(a, 'Location').map((p) => p.display ?? names.get(p.id ?? '') ?? p.id).join(', ') || 'Not recorded'}</td>
      <td><Status of={a.status} /></td>
      <td>
        <RowActs
          of={who} place={a.id} items={open ? [
            { name: 'Check in', form: () => forms.checkIn(as) }, { name: 'Move', form: () => forms.move(as) }, { name: 'Cancel', form: () => forms.cancel(as) }, { name: 'Did not come', form: () => forms.noShow(as) },
          ] : []}
        />
      </td>
    </tr>
  )
}

type Found = FindToBookQuery['patients']
function Booking({ practitioner, location, people, day }: { practitioner: string; location: string; people: readonly (readonly [string, string])[]; day: string }) {
  const id = useId()
  const client = useClient()
  const forms = useAppointmentForms()
  const { open, dialog } = useForms()
  const [text, setText] = useState('')
  const [found, setFound] = useState<Found | 'failed' | null>(null)
  const search = async (event: FormEvent) => {
    event.preventDefault()
    if (!text.trim()) return
    const { data } = await client.query(FindToBook, { filter: readPatientSearch(text).filter }, { requestPolicy: 'network-only' }).toPromise()
    setFound(data?.patients ?? 'failed')
  }
  return (
    <Section title="Book an appointment" note="Find the patient first">
      <form className={css.find} onSubmit={(e) => { void search(e) }}>
        <label htmlFor={`${id}find`}>Name, number or birth date</label>
        <OutlinedInput value={text} onChange={(e) => setText(e.target.value)} inputProps={{ id: `${id}find` }} />
        <Button type="submit" variant="outlined">Find</Button>
      </form>
      {found === 'failed' && <NotLoaded what="Patients" onRetry={() => setFound(null)} />}
      {found && found !== 'failed' && (found.nodes.length === 0 ? <Empty>No patient like that is on record.</Empty> : (
        <RecordTable label="Patients found" columns={['Patient', 'Born', 'MRN', 'Acts']}>
          {found.nodes.map((p) => (
            <tr key={p.id}>
              <th scope="row">{patientName(p.name)}</th><td>{p.birthDate ? formatDay(p.birthDate) : 'Not recorded'}</td><td>{p.mrn ?? 'Not recorded'}</td>
              <td><Button variant="outlined" aria-label={`Book for ${patientName(p.name)}`} onClick={() => open(forms.book({ id: p.id, name: patientName(p.name) }, practitioner, location, people, `${day}T09:00`))}>Book</Button></td>
            </tr>
          ))}
        </RecordTable>
      ))}
      {found && found !== 'failed' && found.pageInfo.hasNextPage && <Empty>More look like this. Say more of the name, or the number.</Empty>}
      {dialog}
    </Section>
  )
}
