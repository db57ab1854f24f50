import { useMemo } from 'react'
import { commonOutcome, given, useAct, type FieldSpec, type Outcome } from '../../components/act/act'
import type { ActForm } from '../../components/act/act-dialog'
import { findLiving } from '../../components/act/people'
import { graphql } from '../../gql'
import type { CancelledBy } from '../../gql/graphql'
import { formatDateTime, withOffset } from '../../lib/date'
import { morning, REPEATS, stretches, type Repeat } from './opening'

const BookAppointment = graphql(`
  mutation BookAppointment($input: AppointmentBookInput!) {
    appointmentBook(input: $input) { outcome { __typename ... on AppointmentSaved { appointment { id versionId } } ... on ActorBusy { appointments { id start description } } ... on PatientDoubleBooked { appointments { id start description } } ... on SlotGone { slot } ... on Stale { id currentVersion current { id lastUpdated } } ... on NotPermitted { message } ... on Invalid { issues { text expression } } } }
  }
`)
const MoveAppointment = graphql(`
  mutation MoveAppointment($input: AppointmentRescheduleInput!) {
    appointmentReschedule(input: $input) { outcome { __typename ... on AppointmentSaved { appointment { id versionId } } ... on ActorBusy { appointments { id start description } } ... on PatientDoubleBooked { appointments { id start description } } ... on SlotGone { slot } ... on Stale { id currentVersion current { id lastUpdated } } ... on NotPermitted { message } ... on Invalid { issues { text expression } } } }
  }
`)
const CancelAppointment = graphql(`
  mutation CancelAppointment($input: AppointmentCancelInput!) {
    appointmentCancel(input: $input) { outcome { __typename ... on AppointmentSaved { appointment { id versionId } } ... on Stale { id currentVersion current { id lastUpdated } } ... on NotPermitted { message } ... on Invalid { issues { text expression } } } }
  }
`)
const CheckIn = graphql(`
  mutation CheckIn($input: AppointmentCheckInInput!) {
    appointmentCheckIn(input: $input) { outcome { __typename ... on AppointmentCheckedIn { appointment { id versionId } } ... on Stale { id currentVersion current { id lastUpdated } } ... on NotPermitted { message } ... on Invalid { issues { text expression } } } }
  }
`)
const NoShow = graphql(`
  mutation NoShow($input: AppointmentNoShowInput!) {
    appointmentNoShow(input: $input) { outcome { __typename ... on AppointmentSaved { appointment { id versionId } } ... on Stale { id currentVersion current { id lastUpdated } } ... on NotPermitted { message } ... on Invalid { issues { text expression } } } }
  }
`)

const OpenHours = graphql(`
  mutation OpenHours($input: ScheduleOpenInput!) {
    scheduleOpen(input: $input) { outcome { __typename ... on ScheduleOpened { schedule { id } slots { id } } ... on ScheduleOverlaps { slots { id start end } } ... on Stale { id currentVersion } ... on NotPermitted { message } ... on Invalid { issues { text expression } } } }
  }
`)

const START: FieldSpec = { name: 'start', label: 'Begins', kind: 'moment', required: true }
const MINUTES: FieldSpec = { name: 'minutes', label: 'Lasts', kind: 'number', unit: 'minutes', required: true }
const BY: readonly (readonly [CancelledBy, string])[] = [['PATIENT', 'The patient'], ['PROVIDER', 'Who was to see the patient'], ['OTHER', 'Something else came between']]

/** Beginning and end of what a form says, with this browser's offset. */
function span(start: string, minutes: string): { start: string; end: string } {
  const begins = withOffset(start)
  return { start: begins, end: new Date(Date.parse(begins) + Number(minutes) * 60_000).toISOString() }
}

type Busy = { __typename: 'ActorBusy' | 'PatientDoubleBooked'; appointments: readonly { id: string; start?: string | null; description?: string | null }[] } | { __typename: 'SlotGone' } | { __typename: string }
function taken(outcome: Busy, told: string): Outcome {
  if ('appointments' in outcome) {
    const list = outcome.appointments.map((a) => ({ text: `${a.start ? formatDateTime(a.start) : 'Time not recorded'}${a.description ? `, ${a.description}` : ''}` }))
    return outcome.__typename === 'PatientDoubleBooked'
      ? { kind: 'ask', told: 'The patient has another appointment at that time. Choose another time, or say why it is booked all the same.', list, field: { name: 'overbookReason', label: 'Why all the same', required: true } }
      : { kind: 'ask', told: 'Who takes part is busy at that time. Choose another time, or say why it is booked all the same.', list, field: { name: 'overbookReason', label: 'Why all the same', required: true } }
  }
  return outcome.__typename === 'SlotGone' ? { kind: 'refused', problems: [{ text: 'That slot is taken.' }] } : { kind: 'saved', told }
}

export interface Of { id: string; versionId: string; who: string; start: string; minutes: string }

/** A slot that can be booked, with whose time it is. */
export interface FreeSlot { id: string; start: string; end: string; practitioner: string | undefined; location: string | undefined; words: string }
type Choices = readonly (readonly [string, string])[]

/** What is done with an appointment. */
export function useAppointmentForms() {
  const act = useAct()
  return useMemo(() => ({
    book: (patient: { id: string; name: string }, practitioner: string, location: string, people: readonly (readonly [string, string])[], at: string): ActForm => ({
      title: `Book for ${patient.name}`, verb: 'Book', initial: { start: at, minutes: '20', practitioner },
      fields: [{ name: 'practitioner', label: 'With', kind: 'choice', options: people, required: !location }, START, MINUTES, { name: 'description', label: 'What for' }],
      submit: (v, { key }) => act(BookAppointment, { input: { patient: patient.id, practitioner: given(v.practitioner), location: given(location), ...span(v.start ?? '', v.minutes ?? ''), description: given(v.description), overbookReason: given(v.overbookReason), idempotencyKey: key } },
        ({ appointmentBook: { outcome } }) => commonOutcome(outcome) ?? taken(outcome, 'The appointment is booked')),
    }),
    /** In a slot that is free, for a patient who is looked for in the form. */
    take: (slot: FreeSlot): ActForm => ({
      title: `Book ${slot.words}`, verb: 'Book', initial: {},
      fields: [{ name: 'patient', label: 'Patient', kind: 'concept', find: findLiving, required: true, help: 'A name, a number or a birth date, then choose one from the list.' }, { name: 'description', label: 'What for' }],
      submit: (v, { key, chosen }) => act(BookAppointment, { input: { patient: chosen('patient') ?? '', practitioner: slot.practitioner, location: slot.location, start: slot.start, end: slot.end, slot: slot.id, description: given(v.description), overbookReason: given(v.overbookReason), idempotencyKey: key } },
        ({ appointmentBook: { outcome } }) => commonOutcome(outcome) ?? taken(outcome, 'The appointment is booked')),
    }),
    /** Time that can be booked from now on, cut into slots. */
    open: (practitioner: string, location: string, people: Choices, places: Choices, at: string): ActForm => ({
      title: 'Open hours', verb: 'Open', initial: { practitioner, location, ...morning(at), minutes: '20', repeat: 'once' },
      fields: [
        { name: 'practitioner', label: 'Of whom', kind: 'choice', options: people, required: true }, { name: 'location', label: 'Where', kind: 'choice', options: places },
        START, { name: 'end', label: 'Ends', kind: 'moment', required: true }, { name: 'minutes', label: 'A slot lasts', kind: 'number', unit: 'minutes', required: true, input: 'slotMinutes' },
        { name: 'repeat', label: 'On', kind: 'choice', options: REPEATS, required: true },
      ],
      submit: (v, { key }) => {
        const hours = stretches(v.start ?? '', v.end ?? '', v.repeat as Repeat).map((one) => ({ start: withOffset(one.start), end: withOffset(one.end) }))
        return act(OpenHours, { input: { practitioner: v.practitioner ?? '', location: given(v.location), hours, slotMinutes: Math.round(Number(v.minutes)), idempotencyKey: key } }, ({ scheduleOpen: { outcome } }): Outcome => {
          const common = commonOutcome(outcome)
          // A stretch is told by its place among the days; the form knows one beginning and one end.
          if (common?.kind === 'refused') return { kind: 'refused', problems: common.problems.map((p) => (p.field === 'hours' ? { ...p, field: 'end' } : p)) }
          if (common) return common
          if (outcome.__typename === 'ScheduleOverlaps') return { kind: 'refused', problems: [{ field: 'start', text: `There are slots at that time already: ${outcome.slots.slice(0, 3).map((s) => (s.start ? formatDateTime(s.start) : 'time not recorded')).join(', ')}${outcome.slots.length > 3 ? ' and more' : ''}.` }] }
          return { kind: 'saved', told: outcome.__typename === 'ScheduleOpened' ? `${outcome.slots.length} slots are open` : '' }
        })
      },
    }),
    move: ({ id, versionId, who, start, minutes }: Of): ActForm => ({
      title: `Move: ${who}`, verb: 'Move', version: versionId, initial: { start, minutes }, fields: [START, MINUTES],
      submit: (v, { key, version }) => act(MoveAppointment, { input: { id, expectedVersion: version, ...span(v.start ?? '', v.minutes ?? ''), overbookReason: given(v.overbookReason), idempotencyKey: key } },
        ({ appointmentReschedule: { outcome } }) => commonOutcome(outcome) ?? taken(outcome, 'The appointment is moved')),
    }),
    cancel: ({ id, versionId, who }: Of): ActForm => ({
      title: `Cancel the appointment: ${who}`, verb: 'Cancel the appointment', away: 'Keep the appointment', danger: true, version: versionId, initial: {},
      fields: [{ name: 'by', label: 'Called off by', kind: 'choice', options: BY, required: true }, { name: 'reason', label: 'Why', required: true, help: 'It stays on record as cancelled, and its time is free again.' }],
      submit: (v, { key, version }) => act(CancelAppointment, { input: { id, expectedVersion: version, by: v.by as CancelledBy, reason: v.reason?.trim() ?? '', idempotencyKey: key } }, ({ appointmentCancel: { outcome } }) => commonOutcome(outcome) ?? { kind: 'saved', told: 'The appointment is cancelled' }),
    }),
    checkIn: ({ id, versionId, who }: Of): ActForm => ({
      title: `Check in: ${who}`, verb: 'Check in', version: versionId, initial: {}, fields: [],
      submit: (_, { key, version }) => act(CheckIn, { input: { id, expectedVersion: version, idempotencyKey: key } }, ({ appointmentCheckIn: { outcome } }) => commonOutcome(outcome) ?? { kind: 'saved', told: 'The patient is checked in, and the visit is open' }),
    }),
    noShow: ({ id, versionId, who }: Of): ActForm => ({
      title: `Did not come: ${who}`, verb: 'Did not come', danger: true, version: versionId, initial: {}, fields: [],
      submit: (_, { key, version }) => act(NoShow, { input: { id, expectedVersion: version, idempotencyKey: key } }, ({ appointmentNoShow: { outcome } }) => commonOutcome(outcome) ?? { kind: 'saved', told: 'It is recorded that the patient did not come' }),
    }),
  }), [act])
}
