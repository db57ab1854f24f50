import { fireEvent, screen, waitFor, within } from '@testing-library/react'
import { expect, it, vi } from 'vitest'
import { answering, emptyPatient, node, page, renderPage } from '../../testing/chart'
import { DemographicsPage } from './demographics.page'
import { PatientsPage } from './patients.page'

// The largest form there is, opened on the largest page.
vi.setConfig({ testTimeout: 60_000 })

const MARITAL = 'http://terminology.hl7.org/CodeSystem/v3-MaritalStatus'
const ada = {
  ...emptyPatient, __typename: 'Patient', versionId: '3',
  telecom: [{ system: 'phone', value: '555 0100', use: 'home' }, { system: 'email', value: 'ada@example.org' }],
  addresses: [{ use: 'home', lines: ['1 Hill', 'Flat 2'], city: 'Bergen', state: null, postalCode: '5003', country: null }, { use: 'temp', text: 'with her sister', lines: [] }],
  language: { text: 'Norwegian Bokmål', codings: [{ system: 'urn:ietf:bcp:47', code: 'nb' }] },
  maritalStatus: { text: 'Married', codings: [{ system: MARITAL, code: 'M' }] },
  generalPractitioners: [{ id: 'Practitioner/lee', display: null, reference: 'Practitioner/lee', node: { __typename: 'Practitioner', ...node('Practitioner/lee'), names: [{ display: 'Dr. Ann Lee', given: [], prefix: [], suffix: [] }] } }],
}
const found = { practitioners: page({ ...node('Practitioner/kim'), names: [{ display: 'Dr. Kim Ott', given: [], prefix: [], suffix: [] }], identifiers: [], qualifications: [] }), search: page() }
const saved = { __typename: 'PatientSaved', patient: { ...ada, versionId: '4' } }

async function changing(of: object = ada, outcomes: object[] = [saved]) {
  const sent: object[] = []
  renderPage(<DemographicsPage />, '/patients/:id/clinical/demographics', '/patients/ada/clinical/demographics', {
    root: answering(of, { ...found, patientUpdate: ({ input }: { input: object }) => { sent.push(JSON.parse(JSON.stringify(input)) as object); return { outcome: outcomes[Math.min(sent.length, outcomes.length) - 1] } } }),
  }, 'registrar')
  press(await screen.findByText('Change'))
  return { form: within(await screen.findByRole('dialog')), sent }
}
const save = (form: Awaited<ReturnType<typeof changing>>['form'], name = 'Save') => { press(form.getByText(name, { selector: 'button' })) }
const write = (field: HTMLElement, value: string) => fireEvent.change(field, { target: { value } })
/** By what is written: among so many fields, to find them by role takes long. */
const row = (form: Awaited<ReturnType<typeof changing>>['form'], name: string) => within(form.getByText(name).closest('fieldset') as HTMLElement)
const press = (button: HTMLElement) => { button.focus(); fireEvent.click(button) }

it('what was not touched is not sent, though all of it stands in the form', async () => {
  const { form, sent } = await changing()
  expect(row(form, 'Contact detail 1').getByLabelText('Telephone')).toHaveValue('555 0100')
  expect(row(form, 'Contact detail 2').getByLabelText('E-mail')).toHaveValue('ada@example.org')
  expect(row(form, 'Address 1').getByLabelText(/^Street/)).toHaveValue('1 Hill\nFlat 2')
  expect(row(form, 'Address 2').getByLabelText(/^Street/)).toHaveValue('with her sister')
  expect(form.getByLabelText(/^Language/)).toHaveValue('Norwegian Bokmål')
  expect(form.getByLabelText(/^Marital status/)).toHaveValue('MARRIED')
  expect(form.getByLabelText(/^General practitioner/)).toHaveValue('Dr. Ann Lee')
  write(form.getByLabelText('Gender'), 'OTHER')
  save(form)
  await waitFor(() => expect(sent).toEqual([{ id: 'Patient/ada', expectedVersion: '3', gender: 'OTHER', idempotencyKey: expect.any(String) as string }]))
})

it('a list is sent whole and in its order; a row that is empty says nothing, and one taken out goes', async () => {
  const { form, sent } = await changing()
  press(form.getByText('Add a contact detail'))
  expect(row(form, 'Contact detail 3').getByLabelText('Kind')).toHaveFocus()
  write(row(form, 'Contact detail 3').getByLabelText(/^Telephone/), '555 0102')
  write(row(form, 'Contact detail 3').getByLabelText(/^For/), 'MOBILE')
  press(form.getByLabelText('Move up contact detail 3, Telephone 555 0102 mobile'))
  expect(form.getByLabelText('Move up contact detail 2, Telephone 555 0102 mobile')).toHaveFocus()
  press(form.getByLabelText('Remove contact detail 3, E-mail ada@example.org'))
  expect(row(form, 'Contact detail 2').getByLabelText('Kind')).toHaveFocus()
  press(form.getByText('Add a contact detail'))
  save(form)
  await waitFor(() => expect(sent).toEqual([expect.objectContaining({ telecoms: [{ system: 'PHONE', value: '555 0100', use: 'HOME' }, { system: 'PHONE', value: '555 0102', use: 'MOBILE' }] })]))
  expect(sent[0]).not.toHaveProperty('addresses')
})

it('an address keeps its lines, and what is wrong with one is told at its place', async () => {
  const { form, sent } = await changing(ada, [{ __typename: 'Invalid', issues: [{ text: 'Addresses: too long', expression: ['input.addresses[1].city'] }] }])
  write(row(form, 'Address 2').getByLabelText(/^City/), 'Oslo')
  write(row(form, 'Contact detail 2').getByLabelText('E-mail'), '')
  save(form)
  const link = await form.findByText('Contact detail 2, e-mail: say it, it cannot be left out.', { selector: 'button' })
  expect(sent).toEqual([])
  press(link)
  expect(row(form, 'Contact detail 2').getByLabelText('E-mail')).toHaveFocus()
  expect(row(form, 'Contact detail 2').getByLabelText('E-mail')).toHaveAccessibleDescription('Contact detail 2, e-mail: say it, it cannot be left out.')
  write(row(form, 'Contact detail 2').getByLabelText('E-mail'), 'ada@example.org')
  save(form)
  press(await form.findByText('Addresses: too long', { selector: 'button' }))
  expect(row(form, 'Address 2').getByLabelText(/^City/)).toHaveFocus()
  expect(sent).toEqual([expect.objectContaining({ addresses: [{ use: 'HOME', lines: ['1 Hill', 'Flat 2'], city: 'Bergen', postalCode: '5003' }, { use: 'TEMP', lines: ['with her sister'], city: 'Oslo' }] })])
  expect(sent[0]).not.toHaveProperty('telecoms')
})

it('language and practitioner are chosen of a list, and what is emptied is removed', async () => {
  const { form, sent } = await changing()
  write(form.getByLabelText(/^Language/), '')
  write(form.getByLabelText(/^Language/), 'american sign')
  press(await screen.findByText('American Sign Language'))
  write(form.getByLabelText(/^General practitioner/), '')
  write(form.getByLabelText(/^General practitioner/), 'kim')
  save(form)
  expect(await form.findByText('General practitioner or practice: choose one from the list.', { selector: 'button' })).toBeVisible()
  write(form.getByLabelText(/^General practitioner/), 'kim ')
  press(await screen.findByText('Dr. Kim Ott'))
  write(form.getByLabelText(/^Marital status/), '')
  save(form)
  await waitFor(() => expect(sent).toEqual([{ id: 'Patient/ada', expectedVersion: '3', language: 'ase', maritalStatus: null, generalPractitioner: 'Practitioner/kim', idempotencyKey: expect.any(String) as string }]))
})

it('what is on record in words alone stands in the form, and stays', async () => {
  const { form, sent } = await changing({ ...ada, language: { text: 'that of her valley', codings: [] }, maritalStatus: { text: 'Partnered', codings: [] }, generalPractitioners: [{ id: null, display: 'Dr. Far Away', reference: null, node: null }] })
  expect(form.getByLabelText(/^Language/)).toHaveValue('that of her valley')
  expect(form.getByLabelText(/^Marital status/)).toHaveDisplayValue('Partnered')
  expect(form.getByLabelText(/^General practitioner/)).toHaveValue('Dr. Far Away')
  write(form.getByLabelText(/^Title/), 'Dr')
  save(form)
  await waitFor(() => expect(sent).toHaveLength(1))
  for (const name of ['language', 'maritalStatus', 'generalPractitioner']) expect(sent[0]).not.toHaveProperty(name)
})

it('two who change one patient see in words where they differ, and what is theirs is not sent again', async () => {
  const theirs = { ...ada, versionId: '5', lastUpdated: '2026-12-01T08:00:00Z', telecom: [...ada.telecom, { system: 'sms', value: '555 0109' }], maritalStatus: { text: 'Widowed', codings: [{ system: MARITAL, code: 'W' }] }, generalPractitioners: [] }
  const { form, sent } = await changing(ada, [{ __typename: 'Stale', id: 'Patient/ada', currentVersion: '5', current: theirs }, saved])
  write(form.getByLabelText(/^Marital status/), 'DIVORCED')
  write(row(form, 'Address 1').getByLabelText(/^Country/), 'NO')
  save(form)
  const table = within(await screen.findByRole('table', { name: 'Differences' }))
  expect(table.getByRole('row', { name: /^Marital status/ })).toHaveTextContent(/^Marital statusMarried.*Divorced.*Widowed$/)
  expect(table.getByRole('row', { name: /^Telephone/ })).toHaveTextContent(/Telephone 555 0100 home; E-mail ada@example.org.*; Text message 555 0109$/)
  expect(table.getByRole('row', { name: /^General practitioner/ })).toHaveTextContent(/Dr. Ann Lee.*empty$/)
  press(within(table.getByRole('row', { name: /^Marital status/ })).getByRole('radio', { name: /theirs/ }))
  press(screen.getByRole('button', { name: 'Save these choices' }))
  await waitFor(() => expect(sent).toHaveLength(2))
  expect(sent[1]).toEqual({ id: 'Patient/ada', expectedVersion: '5', addresses: expect.arrayContaining([expect.objectContaining({ lines: ['1 Hill', 'Flat 2'], country: 'NO' })]) as unknown, idempotencyKey: expect.any(String) as string })
})

it('a new patient has them from the beginning', async () => {
  const sent: object[] = []
  renderPage(<PatientsPage />, '/patients', '/patients', { root: { patients: page(), ...found, patientRegister: ({ input }: { input: object }) => { sent.push(JSON.parse(JSON.stringify(input)) as object); return { outcome: saved } } } }, 'registrar')
  press(await screen.findByText('Register a patient'))
  const form = within(await screen.findByRole('dialog', { name: 'Register a patient' }))
  write(form.getByLabelText('Family name'), 'Vik')
  write(form.getByLabelText('Given names'), 'Eva')
  write(form.getByLabelText('Gender'), 'FEMALE')
  write(row(form, 'Contact detail 1').getByLabelText(/^Telephone/), '555 0200')
  write(row(form, 'Address 1').getByLabelText(/^City/), 'Oslo')
  write(form.getByLabelText(/^Language/), 'portuguese (br')
  press(await screen.findByText('Portuguese (Brazil)'))
  write(form.getByLabelText(/^Marital status/), 'UNKNOWN')
  save(form, 'Register')
  await waitFor(() => expect(sent).toEqual([{
    name: { family: 'Vik', given: ['Eva'] }, gender: 'FEMALE', telecoms: [{ system: 'PHONE', value: '555 0200' }], addresses: [{ use: 'HOME', city: 'Oslo' }], language: 'pt-BR', maritalStatus: 'UNKNOWN', idempotencyKey: expect.any(String) as string,
  }]))
})
