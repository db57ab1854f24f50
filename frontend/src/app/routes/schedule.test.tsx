import { screen, waitFor, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { expect, it } from 'vitest'
import { failing, forbidden, page, renderPage, type FakeServer } from '../../testing/chart'
import { SchedulePage } from './schedule.page'

const show = (server: FakeServer, role = 'registrar', at = '/schedule?day=2026-11-28') => renderPage(<SchedulePage />, '/schedule', at, server, role)
const base = { fhirId: 'x', versionId: '3', lastUpdated: '2026-01-01T00:00:00Z', fhir: {} }
const actor = (id: string, display: string, node: object | null = null) => ({ actor: { id, display, node }, types: [] })
const ada = { __typename: 'Patient', ...base, id: 'Patient/ada', mrn: '4471', birthDate: '1945-07-14', name: { display: 'Ada Lind', family: 'Lind', given: ['Ada'], prefix: [], suffix: [] } }
const appointment = (id: string, status: string) => ({
  ...base, id: `Appointment/${id}`, status, start: '2026-11-28T09:00:00Z', end: '2026-11-28T09:20:00Z', description: 'Check-up', serviceTypes: [], reasons: [], participants: [actor('Patient/ada', 'Ada Lind', ada), actor('Practitioner/lee', 'Dr Lee'), actor('Location/r1', 'Room 1')],
})
const other = (type: string, id: string, fhir: object) => ({ __typename: 'OtherResource', ...base, id: `${type}/${id}`, fhir, resourceType: type })
const search = ({ type }: { type: string }) => (type === 'Practitioner'
  ? page(other(type, 'lee', { name: [{ family: 'Lee', given: ['Ann'] }] }), other(type, 'kim', { name: [{ family: 'Kim' }] }))
  : page(other(type, 'r1', { name: 'Room 1' }), other(type, 'b1', { name: 'Bed 1', physicalType: { coding: [{ code: 'bd' }] } })))
const full = {
  me: { principal: 'lee', roles: ['PHYSICIAN'], fhirUser: 'Practitioner/lee' }, search,
  schedule: [{ date: '2026-11-28', freeSlots: [], appointments: [appointment('a1', 'BOOKED'), appointment('a2', 'NOSHOW')] }] as object[] | (() => unknown),
  patients: page(ada),
}
const none = { ...full, schedule: [] }

it('waits', async () => {
  show({ root: 'hang' })
  expect(await screen.findByRole('status', { name: 'Loading schedule' })).toBeVisible()
})

it('says that the day has no appointment', async () => {
  show({ root: none })
  expect(await screen.findByText('No appointment is recorded for this day.')).toBeVisible()
})

it('says that it was not loaded, and tries again', async () => {
  const server: FakeServer = { root: { ...none, schedule: failing } }
  show(server)
  const retry = await screen.findByRole('button', { name: 'Try again' })
  expect(screen.queryByText('No appointment is recorded for this day.')).toBeNull()
  server.root = none
  await userEvent.click(retry)
  expect(await screen.findByText('No appointment is recorded for this day.')).toBeVisible()
})

it('says that it may not be seen', async () => {
  show({ root: { ...none, schedule: forbidden } })
  expect(await screen.findByText(/You may not see this/)).toBeVisible()
})

it('shows the day of who is chosen, at the place that is chosen; beds are no places to be seen at', async () => {
  const asked: unknown[] = []
  show({ root: { ...full, schedule: (args: { practitioner?: string; location?: string }) => { asked.push([args.practitioner, args.location]); return full.schedule } } })
  expect(await screen.findAllByRole('link', { name: 'LIND, Ada' })).toHaveLength(2)
  expect(screen.getAllByText('MRN 4471')).toHaveLength(2)
  expect(screen.getByText('Did not come')).toBeVisible()
  expect(within(screen.getByLabelText('At')).queryByRole('option', { name: 'Bed 1' })).toBeNull()
  await userEvent.selectOptions(screen.getByLabelText('Of'), 'Kim')
  await waitFor(() => expect(asked.at(-1)).toEqual(['Practitioner/kim', null]))
  await userEvent.selectOptions(await screen.findByLabelText('At'), 'Room 1')
  await waitFor(() => expect(asked.at(-1)).toEqual(['Practitioner/kim', 'Location/r1']))
})

it('offers what can be done with an appointment that is booked, and nothing with one that is over', async () => {
  const asked: unknown[] = []
  show({ root: { ...full, appointmentCancel: ({ input }: { input: object }) => { asked.push({ ...input }); return { outcome: { __typename: 'AppointmentSaved', appointment: appointment('a1', 'CANCELLED') } } } } })
  const [booked, over] = await screen.findAllByRole('button', { name: /^Acts for LIND, Ada/ })
  await userEvent.click(over as HTMLElement)
  expect(screen.getAllByRole('menuitem').map((item) => item.textContent)).toEqual(['History'])
  await userEvent.keyboard('{Escape}')
  await userEvent.click(booked as HTMLElement)
  expect(screen.getAllByRole('menuitem').map((item) => item.textContent)).toEqual(['Check in', 'Move', 'Cancel the appointment', 'Did not come', 'History'])
  await userEvent.click(screen.getByRole('menuitem', { name: 'Cancel the appointment' }))
  const dialog = within(await screen.findByRole('dialog', { name: /^Cancel the appointment: LIND, Ada/ }))
  expect(dialog.getByRole('button', { name: 'Keep the appointment' })).toBeVisible()
  expect(dialog.queryByRole('button', { name: 'Cancel' })).toBeNull()
  await userEvent.selectOptions(dialog.getByLabelText(/^Called off by/), 'The patient')
  await userEvent.type(dialog.getByLabelText(/^Why/), 'Travels')
  await userEvent.click(dialog.getByRole('button', { name: 'Cancel the appointment' }))
  await waitFor(() => expect(asked).toMatchObject([{ id: 'Appointment/a1', expectedVersion: '3', by: 'PATIENT', reason: 'Travels' }]))
})

it('asks for a name where one wants to find nobody', async () => {
  show({ root: none })
  const field = await screen.findByLabelText('Name, number or birth date')
  for (const typed of ['', '  ']) {
    if (typed) await userEvent.type(field, typed)
    let told = 0
    field.addEventListener('invalid', () => { told += 1 }, { once: true })
    await userEvent.click(screen.getByRole('button', { name: 'Find' }))
    expect(told).toBe(1)
  }
})

it('books for a patient that was found, and asks why when somebody is busy', async () => {
  const asked: { overbookReason?: string; start: string; end: string }[] = []
  show({ root: {
    ...none, appointmentBook: ({ input }: { input: (typeof asked)[number] }) => {
      asked.push({ ...input })
      return { outcome: input.overbookReason ? { __typename: 'AppointmentSaved', appointment: appointment('a3', 'BOOKED') } : { __typename: 'ActorBusy', appointments: [appointment('a1', 'BOOKED')] } }
    },
  } })
  await userEvent.type(await screen.findByLabelText('Name, number or birth date'), 'lind{Enter}')
  await userEvent.click(await screen.findByRole('button', { name: /^Book for LIND, Ada/ }))
  const dialog = within(await screen.findByRole('dialog', { name: /^Book for LIND, Ada/ }))
  await userEvent.click(dialog.getByRole('button', { name: 'Book' }))
  expect(await dialog.findByText(/busy at that time/)).toBeVisible()
  await userEvent.type(dialog.getByLabelText(/^Why all the same/), 'Urgent')
  await userEvent.click(dialog.getByRole('button', { name: /Book/ }))
  await waitFor(() => expect(asked.at(-1)).toMatchObject({ patient: 'Patient/ada', practitioner: 'Practitioner/lee', overbookReason: 'Urgent' }))
  const last = asked.at(-1)
  expect(Date.parse(last?.end ?? '') - Date.parse(last?.start ?? '')).toBe(20 * 60_000)
})

it('a pharmacist sees the day and is offered no act', async () => {
  show({ root: full }, 'pharmacist')
  await screen.findAllByRole('link', { name: 'LIND, Ada' })
  expect(screen.queryByLabelText('Name, number or birth date')).toBeNull()
})

const slot = (id: string, start: string, end: string) => ({ ...base, id: `Slot/${id}`, status: 'FREE', start, end, serviceTypes: [], schedule: { id: 'Schedule/s', node: { __typename: 'Schedule', ...base, id: 'Schedule/s', actors: [{ id: 'Practitioner/kim', display: 'Dr Kim' }, { id: 'Location/r1', display: 'Room 1' }], serviceTypes: [] } } })
// Days that have not come, whenever the test is run.
const open = { ...full, schedule: [{ date: '2999-03-05', appointments: [{ ...appointment('a9', 'BOOKED'), start: '2999-03-05T09:20:00Z', end: '2999-03-05T09:40:00Z' }], freeSlots: [slot('s1', '2999-03-05T09:00:00Z', '2999-03-05T09:20:00Z')] }] }

it('a week stands in the address, from Monday to Sunday, and a day of it leads to that day', async () => {
  const asked: { low: string; high: string }[] = []
  show({ root: { ...open, schedule: ({ date }: { date: { low: string; high: string } }) => { asked.push({ ...date }); return open.schedule } } }, 'registrar', '/schedule?view=week&day=2999-03-05')
  const week = within(await screen.findByRole('group', { name: 'Week, by day' }))
  expect(week.getAllByRole('region').map((one) => one.getAttribute('aria-label'))).toEqual(['Mon 04-Mar-2999', 'Tue 05-Mar-2999', 'Wed 06-Mar-2999', 'Thu 07-Mar-2999', 'Fri 08-Mar-2999', 'Sat 09-Mar-2999', 'Sun 10-Mar-2999'])
  expect(asked[0]?.low).toMatch(/^2999-03-04T00:00:00/)
  expect(asked[0]?.high).toMatch(/^2999-03-11T00:00:00/)
  const day = within(week.getByRole('region', { name: 'Tue 05-Mar-2999' }))
  expect(day.getByText('1 booked, 1 free')).toBeVisible()
  expect(day.getAllByRole('listitem').map((one) => one.textContent)).toEqual([expect.stringMatching(/free$/), expect.stringMatching(/LIND, Ada/)])
  // Nobody is told in each entry whose own week it is.
  expect(day.queryByText(/Dr Lee/)).toBeNull()
  await userEvent.click(day.getByRole('button', { name: 'Tue 05-Mar-2999' }))
  expect(await screen.findByRole('region', { name: '05-Mar-2999' })).toBeVisible()
  await userEvent.click(screen.getByRole('button', { name: 'Later, by a day' }))
  await waitFor(() => expect(asked.at(-1)?.low).toMatch(/^2999-03-06T00:00:00/))
  await userEvent.click(screen.getByRole('button', { name: 'Week' }))
  expect(await screen.findByRole('region', { name: 'Wed 06-Mar-2999' })).toBeVisible()
})

it('books a free slot by keyboard alone, for whose time it is', async () => {
  const asked: unknown[] = []
  show({ root: { ...open, appointmentBook: ({ input }: { input: object }) => { asked.push({ ...input }); return { outcome: { __typename: 'AppointmentSaved', appointment: appointment('a3', 'BOOKED') } } } } }, 'registrar', '/schedule?day=2999-03-05')
  const free = await screen.findByRole('button', { name: /free: book, 05-Mar-2999, Dr Kim, Room 1$/ })
  free.focus()
  await userEvent.keyboard('{Enter}')
  const dialog = within(await screen.findByRole('dialog', { name: /^Book .*05-Mar-2999, Dr Kim$/ }))
  expect(dialog.getByLabelText('Patient')).toHaveFocus()
  await userEvent.keyboard('lind')
  await screen.findByRole('option', { name: /^LIND, Ada/ })
  await userEvent.keyboard('{ArrowDown}{Enter}{Tab}Check-up{Enter}')
  await waitFor(() => expect(asked).toMatchObject([{ patient: 'Patient/ada', practitioner: 'Practitioner/kim', location: 'Location/r1', slot: 'Slot/s1', start: '2999-03-05T09:00:00Z', end: '2999-03-05T09:20:00Z', description: 'Check-up' }]))
})

it('opens hours on weekdays, and tells of slots that are there already', async () => {
  const asked: { hours: { start: string; end: string }[]; slotMinutes: number }[] = []
  let overlaps = true
  show({ root: { ...open, scheduleOpen: ({ input }: { input: (typeof asked)[number] }) => {
    asked.push({ ...input, hours: input.hours.map((h) => ({ ...h })) })
    return { outcome: overlaps ? { __typename: 'ScheduleOverlaps', slots: [slot('s1', '2999-03-05T09:00:00Z', '2999-03-05T09:20:00Z')] } : { __typename: 'ScheduleOpened', schedule: { ...base, id: 'Schedule/s', actors: [], serviceTypes: [] }, slots: [] } }
  } } }, 'registrar', '/schedule?day=2999-03-05&of=Practitioner/kim')
  await userEvent.click(await screen.findByRole('button', { name: 'Open hours' }))
  const dialog = within(await screen.findByRole('dialog', { name: 'Open hours' }))
  await userEvent.selectOptions(dialog.getByLabelText('On'), 'Each weekday from then, for one week')
  await userEvent.click(dialog.getByRole('button', { name: 'Open' }))
  expect((await dialog.findAllByText(/There are slots at that time already/))[0]).toBeVisible()
  overlaps = false
  await userEvent.click(dialog.getByRole('button', { name: 'Open' }))
  await waitFor(() => expect(asked).toHaveLength(2))
  expect(asked[1]).toMatchObject({ practitioner: 'Practitioner/kim', slotMinutes: 20 })
  expect(asked[1]?.hours.map((h) => h.start.slice(0, 16))).toEqual(['2999-03-05T09:00', '2999-03-06T09:00', '2999-03-07T09:00', '2999-03-08T09:00', '2999-03-11T09:00'])
})

it('who may not book sees what is free, and no button', async () => {
  show({ root: open }, 'pharmacist', '/schedule?day=2999-03-05')
  expect(await screen.findByText(/free, Dr Kim, Room 1/)).toBeVisible()
  for (const name of [/book/i, 'Open hours']) expect(screen.queryByRole('button', { name })).toBeNull()
})
