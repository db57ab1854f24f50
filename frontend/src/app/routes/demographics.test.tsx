import { fireEvent, screen, waitFor, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { expect, it } from 'vitest'
import { answering, emptyPatient, failing, node, page, renderPage, type FakeServer } from '../../testing/chart'
import { DemographicsPage } from './demographics.page'

const show = (server: FakeServer, role = 'registrar') => renderPage(<DemographicsPage />, '/patients/:id/clinical/demographics', '/patients/ada/clinical/demographics', server, role)
const twin = { ...emptyPatient, ...node('Patient/twin'), __typename: 'Patient', versionId: '7', mrn: '9', name: { ...emptyPatient.name, given: ['A.'] } }
const ada = { ...emptyPatient, __typename: 'Patient', versionId: '3' }
const task = (act: string, more: object = {}) => ({
  __typename: 'Task', ...node('Task/m'), versionId: '2', status: 'REQUESTED', description: 'one passport', authoredOn: '2026-11-30T08:00:00Z', notes: [], code: { text: act, codings: [{ system: 'https://wintehr.org/fhir/CodeSystem/act', code: act }] },
  requester: { id: 'Practitioner/kim', display: 'Kim Ott' }, patient: { id: 'Patient/ada', node: ada }, focus: { id: 'Patient/twin', node: twin }, ...more,
})
const tasks = (...all: object[]) => ({ search: ({ query }: { query: string }) => (query.includes('subject=Patient/ada') ? page(...all) : page()) })
const part = async () => within(await screen.findByRole('region', { name: 'Same person' }))
/** The chart; the records that are compared are asked for by their ids. */
const people = (of: object = ada) => ({ patient: ({ id }: { id: string }) => (id === 'Patient/twin' ? twin : of) })

it('finds the other record, shows both side by side, and proposes with what stays and why', async () => {
  const sent: object[] = []
  show({ root: answering(null, { ...tasks(), ...people(), patients: page(twin), patientMergePropose: ({ input }: { input: object }) => { sent.push(input); return { outcome: { __typename: 'PatientMergeProposed', task: task('patientMerge') } } } }) })
  await userEvent.click(await screen.findByText('Same person as …'))
  await userEvent.type(screen.getByLabelText('The other record'), 'li')
  await userEvent.click(await screen.findByText(/MRN 9/))
  const both = await screen.findByLabelText('The two records')
  const line = (name: string) => within(both).getByText(name).closest('tr')
  expect(line('Born')).toHaveTextContent('Born14-Jul-194514-Jul-1945Same')
  expect(line('Active allergies')).toHaveTextContent('Active allergiesYou may not see thisYou may not see this')
  await userEvent.click(screen.getByText('Propose that they are one person …'))
  await userEvent.selectOptions(screen.getByLabelText('The record that stays in use'), 'Patient/twin')
  fireEvent.change(screen.getByLabelText('How it is known that they are one person'), { target: { value: 'one passport' } })
  fireEvent.click(screen.getByText('Propose'))
  await waitFor(() => expect(sent).toEqual([expect.objectContaining({ survivor: 'Patient/twin', duplicate: 'Patient/ada', reason: 'one passport' })]))
})

it.each([
  ['who proposed it', { __typename: 'SecondPersonRequired', message: 'x' }, /You proposed it yourself/],
  ['both on a ward', { __typename: 'BothInpatient', message: 'x' }, /Both are on a ward now/],
  ['two genders', { __typename: 'DifferentGenderReview', survivor: 'FEMALE', duplicate: 'MALE' }, /disagree on the gender: Female on the one that stays, Male on the other/],
  ['a changed record', { __typename: 'Stale', id: 'Patient/twin', expectedVersion: '7', currentVersion: '8' }, /compare them again/],
])('says in words why nothing was merged: %s', async (_, outcome, words) => {
  const sent: object[] = []
  show({ root: answering(null, { ...tasks(task('patientMerge')), ...people(), patientMerge: ({ input }: { input: object }) => { sent.push(input); return { outcome } } }) })
  const proposed = within(await screen.findByRole('region', { name: 'Proposed merge' }))
  expect(proposed.getByText('Reason: one passport')).toBeVisible()
  await userEvent.click(proposed.getByRole('button', { name: 'Compare the two …' }))
  await userEvent.click(await proposed.findByRole('button', { name: 'Merge them …' }))
  const form = within(screen.getByRole('dialog'))
  await userEvent.click(form.getByLabelText(/I have compared the two records/))
  await userEvent.click(form.getByRole('button', { name: 'Merge' }))
  expect(await form.findByText(words)).toBeVisible()
  expect(sent).toEqual([expect.objectContaining({ task: 'Task/m', expectedVersion: '2', survivorVersion: '3', duplicateVersion: '7' })])
})

it('lets who proposed it take it back, and not carry it out', async () => {
  show({ root: answering(null, { ...tasks(task('patientMerge', { requester: { id: 'Practitioner/lee', display: 'Dr Lee' } })), ...people() }) })
  const proposed = within(await screen.findByRole('region', { name: 'Proposed merge' }))
  expect(proposed.getByRole('button', { name: 'Take back …' })).toBeVisible()
  expect(proposed.queryByRole('button', { name: 'Compare the two …' })).toBeNull()
})

it('offers to part what was merged, by the merge that did it', async () => {
  const sent: object[] = []
  show({ root: answering(null, {
    ...tasks(task('patientMerge', { status: 'COMPLETED' })), ...people({ ...ada, replaces: [twin] }),
    patientUnmergePropose: ({ input }: { input: object }) => { sent.push(input); return { outcome: { __typename: 'PatientMergeProposed', task: task('patientUnmerge') } } },
  }) })
  await userEvent.click((await part()).getByRole('button', { name: 'They are two persons …' }))
  fireEvent.change(screen.getByLabelText('How it is known that they are two persons'), { target: { value: 'two passports' } })
  await userEvent.click(within(screen.getByRole('dialog')).getByRole('button', { name: 'Propose' }))
  await waitFor(() => expect(sent).toEqual([expect.objectContaining({ merge: 'Task/m', reason: 'two passports' })]))
})

it('a merged record says where it went and offers no act', async () => {
  show({ root: answering({ ...ada, replacedBy: twin }, tasks()) })
  expect(await screen.findByRole('note')).toHaveTextContent('This record was merged into')
  expect(screen.getByRole('link', { name: /LIND, A\./ })).toHaveAttribute('href', '/patients/twin/clinical/summary')
  for (const act of ['Change', 'Record the death', 'Same person as …', 'Record a coverage']) expect(screen.queryByRole('button', { name: act })).toBeNull()
})

it('says that the two could not be compared, and tries again', async () => {
  let broken = true
  show({ root: answering(null, { ...tasks(task('patientMerge')), patient: ({ id }: { id: string }) => (id === 'Patient/twin' ? (broken ? failing() : twin) : ada) }) })
  const proposed = within(await screen.findByRole('region', { name: 'Proposed merge' }))
  await userEvent.click(proposed.getByRole('button', { name: 'Compare the two …' }))
  expect(await proposed.findByText('The two records: not loaded.')).toBeVisible()
  broken = false
  await userEvent.click(proposed.getByRole('button', { name: 'Try again' }))
  expect(await proposed.findByRole('button', { name: 'Merge them …' })).toBeVisible()
})

it('a death is recorded only after what it ends was said', async () => {
  const sent: object[] = []
  show({ root: answering(null, { ...tasks(), ...people(), patientRecordDeath: ({ input }: { input: object }) => { sent.push(input); return { outcome: { __typename: 'DeathRecorded', patient: ada, endedOrders: [], cancelledAppointments: [] } } } }) }, 'physician')
  await userEvent.click(await screen.findByRole('button', { name: 'Record the death' }))
  const form = within(screen.getByRole('dialog'))
  await userEvent.click(form.getByRole('button', { name: 'Record the death' }))
  expect(await form.findByText(/The death ends every order of the patient/)).toBeVisible()
  expect(sent).toEqual([])
  await userEvent.click(form.getByRole('button', { name: 'Record the death all the same' }))
  await waitFor(() => expect(sent).toEqual([expect.objectContaining({ id: 'Patient/ada', expectedVersion: '3' })]))
})
