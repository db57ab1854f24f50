import Button from '@mui/material/Button'
import ToggleButton from '@mui/material/ToggleButton'
import ToggleButtonGroup from '@mui/material/ToggleButtonGroup'
import { useCallback, useEffect, useId, useRef, useState } from 'react'
import { Link, useSearchParams } from 'react-router'
import { useQuery } from 'urql'
import { RowActs, useForms } from '../../components/act/acts'
import { patientName } from '../../components/clinical/person'
import { conceptText, Status } from '../../components/clinical/status'
import { DateField } from '../../components/ui/date-field'
import { LiveNote } from '../../components/ui/live-note'
import { isForbidden, NotPermitted, ReadingProvider, useReading } from '../../components/ui/part'
import { RecordTable } from '../../components/ui/record-table'
import { Section } from '../../components/ui/section'
import { Empty, Loading, NotLoaded } from '../../components/ui/states'
import { useLive } from '../../contexts/live'
import { useSession } from '../../contexts/session'
import { graphql } from '../../gql'
import type { ScheduleQuery } from '../../gql/graphql'
import { dayAfter, formatDateTime, formatDay, isDay, localInput, today, withOffset } from '../../lib/date'
import { isJson, items, textAt } from '../../lib/fhir'
import { may } from '../../lib/permissions'
import { useAppointmentForms } from './appointment-forms'
import { Booking } from './booking'
import css from './schedule.module.css'
import { byDay, toCome, weekday, weekOf } from './week'

const Schedule = graphql(`
  query Schedule($practitioner: ID, $location: ID, $date: DateRange!) {
    me { fhirUser }
    schedule(practitioner: $practitioner, location: $location, date: $date) {
      date
      freeSlots { id start end schedule { id node { __typename ... on Schedule { actors { id display } } } } }
      appointments { id versionId status start end description serviceTypes { text } reasons { text } participants { actor { id display node { __typename ... on Patient { mrn birthDate name { display family given prefix } } } } } }
    }
    people: search(type: "Practitioner", query: "_sort=family", first: 100) { nodes { id fhir } pageInfo { hasNextPage } }
    places: search(type: "Location", query: "status=active", first: 100) { nodes { id fhir } pageInfo { hasNextPage } }
  }
`)
type Day = ScheduleQuery['schedule'][number]
type Appointment = Day['appointments'][number]
type Slot = NonNullable<Day['freeSlots']>[number]
const nameOf = (fhir: unknown): string => {
  const name = isJson(fhir) ? items(fhir.name)[0] : undefined
  return isJson(name) ? textAt(name, 'text') || [textAt(name, 'family'), items(name.given).join(' ')].filter(Boolean).join(', ') : ''
}
/** Source: FHIR R4, location-physical-type. */
const isBed = (fhir: unknown): boolean => isJson(fhir) && isJson(fhir.physicalType) && items(fhir.physicalType.coding).some((c) => textAt(c, 'code') === 'bd')
const time = (at: string | null | undefined) => (at ? formatDateTime(at).slice(-5) : 'Not recorded')
const others = (a: Appointment, kind: string) => a.participants.flatMap((p) => (p.actor?.id?.startsWith(`${kind}/`) ? [p.actor] : []))

/** Appointments and free slots of a day or a week, of a person or a place; booked, moved, checked in, cancelled by dialog. What is shown stands in the address. */
export function ScheduleView() {
  const id = useId()
  const { session } = useSession()
  const [query, setQuery] = useSearchParams()
  const asked = query.get('day') ?? ''
  const day = isDay(asked) ? asked : today()
  const week = query.get('view') === 'week'
  const days = week ? weekOf(day) : [day]
  const [practitioner, location] = [query.get('of') ?? '', query.get('at') ?? '']
  const go = (to: Record<string, string>) => setQuery((before) => {
    const next = new URLSearchParams(before)
    for (const [name, value] of Object.entries(to)) if (value === '') next.delete(name); else next.set(name, value)
    return next
  }, { replace: true })
  const [count, setCount] = useState(0)
  const anew = useCallback(() => setCount((n) => n + 1), [])
  const live = useLive('Appointment Slot', anew)
  const [first, last] = [days[0] ?? day, days.at(-1) ?? day]
  const variables = { practitioner: practitioner || null, location: location || null, date: { low: withOffset(`${first}T00:00`), high: withOffset(`${dayAfter(last, 1)}T00:00`) } }
  const [{ data, fetching, error }, again] = useQuery({ query: Schedule, variables, requestPolicy: 'network-only', context: CHANGES, pause: !live.ready })
  const retry = useCallback(() => again({ requestPolicy: 'network-only' }), [again])
  const seen = useRef(0)
  useEffect(() => {
    if (seen.current === count || fetching) return
    seen.current = count
    retry()
  }, [count, fetching, retry])
  const reading = useReading(fetching && !data, error, retry, data)
  const me = data?.me.fhirUser ?? ''
  const people = data?.people.nodes.map((n) => [n.id, nameOf(n.fhir) || n.id] as const) ?? []
  const places = data?.places.nodes.filter((n) => !isBed(n.fhir)).map((n) => [n.id, (isJson(n.fhir) && textAt(n.fhir, 'name')) || n.id] as const) ?? []
  const names = new Map([...people, ...places])
  const acting = may(session, 'schedule')
  const forms = useAppointmentForms()
  const { open, dialog } = useForms()
  // The records' own days are those of their zones; here they are this browser's.
  const booked = byDay(data?.schedule.flatMap((d) => d.appointments) ?? [])
  const free = byDay(data?.schedule.flatMap((d) => d.freeSlots ?? []) ?? [])
  const take = (slot: Slot) => {
    const actors = slot.schedule?.node?.__typename === 'Schedule' ? slot.schedule.node.actors : []
    const of = (kind: string) => actors.find((a) => a.id?.startsWith(`${kind}/`))
    const whose = of('Practitioner')
    open(forms.take({ id: slot.id, start: slot.start ?? '', end: slot.end ?? '', practitioner: whose?.id ?? undefined, location: of('Location')?.id ?? undefined, words: [spanOf(slot), slot.start ? formatDay(slot.start) : '', whose?.display ?? names.get(whose?.id ?? '')].filter(Boolean).join(', ') }))
  }
  const whose = (slot: Slot): string => {
    const actors = slot.schedule?.node?.__typename === 'Schedule' ? slot.schedule.node.actors : []
    return actors.flatMap((a) => a.display ?? names.get(a.id ?? '') ?? []).join(', ')
  }
  // Whose list it is; empty when it is a place's.
  const one = practitioner || (location ? '' : me)
  const shown = { names, acting, take, whose }
  return (
    <ReadingProvider value={reading}>
      <main className={css.view}>
        <header className={css.head}>
          <h1>Schedule</h1>
          <ToggleButtonGroup exclusive size="small" value={week ? 'week' : 'day'} aria-label="Show by" onChange={(_, to: string | null) => { if (to) go({ view: to === 'week' ? 'week' : '' }) }}>
            <ToggleButton value="day">Day</ToggleButton>
            <ToggleButton value="week">Week</ToggleButton>
          </ToggleButtonGroup>
          <Button variant="outlined" aria-label={week ? 'Earlier, by a week' : 'Earlier, by a day'} onClick={() => go({ day: dayAfter(day, week ? -7 : -1) })}>Earlier</Button>
          <label htmlFor={`${id}day`}>Day</label>
          <DateField id={`${id}day`} kind="day" value={day} onChange={(to) => { if (isDay(to)) go({ day: to }) }} />
          <Button variant="outlined" aria-label={week ? 'Later, by a week' : 'Later, by a day'} onClick={() => go({ day: dayAfter(day, week ? 7 : 1) })}>Later</Button>
          <span className={css.pair}>
            <label htmlFor={`${id}who`}>Of</label>
            <select id={`${id}who`} value={practitioner} onChange={(e) => go({ of: e.target.value })}>
              <option value="">{location ? 'Anybody' : 'Me'}</option>
              {people.filter(([one]) => one !== me || practitioner === one).map(([one, name]) => <option key={one} value={one}>{name}</option>)}
            </select>
          </span>
          <span className={css.pair}>
            <label htmlFor={`${id}where`}>At</label>
            <select id={`${id}where`} value={location} onChange={(e) => go({ at: e.target.value })}>
              <option value="">Any place</option>
              {places.map(([one, name]) => <option key={one} value={one}>{name}</option>)}
            </select>
          </span>
          {acting && data && <Button variant="outlined" onClick={() => open(forms.open(practitioner || (people.some(([one]) => one === me) ? me : ''), location, people, places, day))}>Open hours</Button>}
          <LiveNote of={live.state} />
        </header>
        <div className={css.lists} tabIndex={0} role="group" aria-label="Schedule lists">
          {acting && data && !week && <Booking practitioner={one} location={location} people={people} day={day} />}
          {data ? week
            ? <Week days={days} one={one} booked={booked} free={free} reading={fetching} choose={(to) => go({ day: to, view: '' })} {...shown} />
            : <OneDay day={day} booked={booked.get(day) ?? []} free={free.get(day) ?? []} reading={fetching} {...shown} />
            : error && !fetching ? isForbidden(error) ? <NotPermitted what="Appointments" /> : <NotLoaded what="Schedule" onRetry={retry} /> : <Loading rows={10} label="schedule" />}
        </div>
        {dialog}
      </main>
    </ReadingProvider>
  )
}

const spanOf = ({ start, end }: { start?: string | null; end?: string | null }): string => `${time(start)}${end ? `–${time(end)}` : ''}`

/** `take`: books a slot; `whose`: whose time it is, in words. */
interface Shown { names: ReadonlyMap<string, string>; acting: boolean; take: (slot: Slot) => void; whose: (slot: Slot) => string }

function OneDay({ day, booked, free, reading, names, acting, take, whose }: Shown & { day: string; booked: readonly Appointment[]; free: readonly Slot[]; reading: boolean }) {
  const [now] = useState(() => Date.now())
  const open = toCome(free, now)
  return (
    <>
      <Section title={formatDay(day)} note={booked.length === 1 ? 'one appointment' : `${booked.length} appointments`}>
        {booked.length === 0 ? reading ? <Loading rows={4} label="appointments" /> : <Empty>No appointment is recorded for this day.</Empty> : (
          <RecordTable label="Appointments" columns={['Time', 'Patient', 'What for', 'With', 'At', 'Status', 'Acts']}>
            {booked.map((a) => <Row key={a.id} of={a} acting={acting} names={names} />)}
          </RecordTable>
        )}
      </Section>
      <Section title="Free slots" note={open.length === 1 ? 'one that can be booked' : `${open.length} that can be booked`}>
        {open.length === 0 ? <Empty>No slot is free on this day.</Empty> : (
          <ul className={css.slots} aria-label="Free slots">
            {open.map((slot) => <li key={slot.id}><FreeTime slot={slot} acting={acting} take={take} whose={whose} day={day} /></li>)}
          </ul>
        )}
      </Section>
    </>
  )
}

/** A free slot: a button that books it for who may. */
function FreeTime({ slot, acting, take, whose, day }: Pick<Shown, 'acting' | 'take' | 'whose'> & { slot: Slot; day: string }) {
  const of = whose(slot)
  return acting
    ? <button type="button" className={css.slot} aria-label={`${spanOf(slot)} free: book, ${formatDay(day)}${of && `, ${of}`}`} onClick={() => take(slot)}>{spanOf(slot)} <small>free</small></button>
    : <span className={css.slot}>{spanOf(slot)} <small>free{of && `, ${of}`}</small></span>
}

/** `one`: whose week it is, who is not named again in each entry; empty when it is a place's. */
function Week({ days, one, booked, free, reading, choose, names, acting, take, whose }: Shown & { days: readonly string[]; one: string; booked: ReadonlyMap<string, readonly Appointment[]>; free: ReadonlyMap<string, readonly Slot[]>; reading: boolean; choose: (day: string) => void }) {
  const [now] = useState(() => Date.now())
  const here = today()
  return (
    <div className={css.scroll} tabIndex={0} role="group" aria-label="Week, by day">
      <div className={css.week} aria-busy={reading || undefined}>
        {days.map((day) => {
          const [appointments, open] = [booked.get(day) ?? [], toCome(free.get(day) ?? [], now)]
          const entries = [...appointments.map((a) => ({ at: Date.parse(a.start ?? ''), appointment: a, slot: null })), ...open.map((s) => ({ at: Date.parse(s.start ?? ''), appointment: null, slot: s }))].sort((a, b) => a.at - b.at)
          return (
            <section key={day} aria-label={`${weekday(day)} ${formatDay(day)}`} className={day === here ? css.today : undefined}>
              <h2><button type="button" className={css.day} onClick={() => choose(day)}>{weekday(day)} <span className="whole">{formatDay(day)}</span>{day === here && <span className="visually-hidden">, today</span>}</button></h2>
              <p className={css.count}>{appointments.length} booked, {open.length} free</p>
              <ul>
                {entries.map(({ appointment: a, slot }) => (a ? (
                  <li key={a.id} className={css.booked}>
                    <span>{spanOf(a)}</span> <Who of={a} />
                    <small>{[a.description, ...others(a, 'Practitioner').flatMap((p) => (p.id === one ? [] : p.display ?? names.get(p.id ?? '')))].filter(Boolean).join(' · ')}</small>
                    {a.status !== 'BOOKED' && <Status of={a.status} />}
                  </li>
                ) : slot && <li key={slot.id}><FreeTime slot={slot} acting={acting} take={take} whose={whose} day={day} /></li>))}
              </ul>
            </section>
          )
        })}
      </div>
    </div>
  )
}

/** The patient as the record of the patient has them; null when there is none, or who asks may not see it. */
const patientOf = (a: Appointment) => { const node = others(a, 'Patient')[0]?.node; return node?.__typename === 'Patient' ? node : null }
const nameOfPatient = (a: Appointment) => patientOf(a) ? patientName(patientOf(a)?.name) : others(a, 'Patient')[0]?.display

function Who({ of }: { of: Appointment }) {
  const id = others(of, 'Patient')[0]?.id
  const patient = patientOf(of)
  return id ? (
    <>
      <Link to={`/patients/${id.replace('Patient/', '')}/clinical/summary`}>{nameOfPatient(of) ?? 'Open the chart'}</Link>
      {patient && <small><span className="whole">Born {patient.birthDate ? formatDay(patient.birthDate) : 'not recorded'},</span> <span className="whole">MRN {patient.mrn ?? 'not recorded'}</span></small>}
    </>
  ) : <>Not recorded</>
}

const CHANGES = { additionalTypenames: ['Appointment', 'Slot', 'Schedule'] }
const OPEN = ['PROPOSED', 'PENDING', 'BOOKED']

/** `names`: of people and places, for records that name them by reference alone. */
function Row({ of: a, acting, names }: { of: Appointment; acting: boolean; names: ReadonlyMap<string, string> }) {
  const forms = useAppointmentForms()
  const who = `${nameOfPatient(a) ?? 'Patient'} ${time(a.start)}`
  const minutes = a.start && a.end ? String(Math.round((Date.parse(a.end) - Date.parse(a.start)) / 60_000)) : '20'
  const as = { id: a.id, versionId: a.versionId, who, start: a.start ? localInput(a.start).slice(0, 16) : '', minutes }
  const open = acting && OPEN.includes(a.status ?? '')
  return (
    <tr>
      <th scope="row">{spanOf(a)}</th>
      <td><Who of={a} /></td>
      <td>{a.description ?? (conceptText([...a.serviceTypes, ...a.reasons]) || 'Not recorded')}</td>
      <td>{others(a, 'Practitioner').map((p) => p.display ?? names.get(p.id ?? '') ?? p.id).join(', ') || 'Nobody named'}</td>
      <td>{others(a, 'Location').map((p) => p.display ?? names.get(p.id ?? '') ?? p.id).join(', ') || 'Not recorded'}</td>
      <td><Status of={a.status} /></td>
      <td>
        <RowActs
          of={who} place={a.id} items={open ? [
            { name: 'Check in', form: () => forms.checkIn(as) }, { name: 'Move', form: () => forms.move(as) }, { name: 'Cancel the appointment', form: () => forms.cancel(as) }, { name: 'Did not come', form: () => forms.noShow(as) },
          ] : []}
        />
      </td>
    </tr>
  )
}
