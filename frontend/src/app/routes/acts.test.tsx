/** The forms of the chart before a server that answers as told: what is sent, and what each outcome looks like. */
import { fireEvent, screen, waitFor, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { expect, it } from 'vitest'
import { fullPatient, renderPage, type FakeServer } from '../../testing/chart'
import { AllergiesPage } from './allergies.page'
import { PatientsPage } from './patients.page'
import { ProblemsPage } from './problems.page'
import { SummaryPage } from './summary.page'

type Sent = { input: Record<string, unknown> }
const terms = ({ search }: { search: string }) => ('asthma'.startsWith(search.toLowerCase()) ? [{ text: 'Asthma', codings: [{ system: 'http://snomed.info/sct', code: '195967001' }] }] : [])
const chart = (acts: object): FakeServer => ({ root: { patient: fullPatient, catalog: terms, ...acts } })
const at = (page: React.ReactElement, server: FakeServer, role?: string) => renderPage(page, '/patients/:id/clinical/x', '/patients/ada/clinical/x', server, role)

it('sends a problem with its codes once, and the same key again when no answer came', async () => {
  const sent: Sent[] = []
  const outcome = { __typename: 'ConditionSaved', condition: { id: 'Condition/n', versionId: '1' } }
  const server = chart({ conditionRecord: (args: Sent) => { sent.push(args); return { outcome } } })
  at(<ProblemsPage />, server)
  await userEvent.click(await screen.findByRole('button', { name: 'Add a problem' }))
  const form = within(screen.getByRole('dialog'))
  fireEvent.change(form.getByLabelText('Problem'), { target: { value: 'Asthma' } })
  await form.findByText('SNOMED CT 195967001')
  fireEvent.change(form.getByLabelText('Onset'), { target: { value: '2019-05' } })
  const root = server.root
  server.root = 'down'
  await userEvent.click(form.getByRole('button', { name: 'Record' }))
  await form.findByText(/it cannot be recorded twice/)
  server.root = root
  await userEvent.click(form.getByRole('button', { name: 'Record' }))
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
  expect(sent).toHaveLength(1)
  expect(sent[0]?.input).toMatchObject({
    patient: 'Patient/ada', onset: '2019-05', code: { text: 'Asthma', codings: [{ system: 'http://snomed.info/sct', code: '195967001' }] },
  })
  expect(sent[0]?.input.idempotencyKey).toMatch(/^[0-9a-f-]{36}$/)
})

it('says where an input is wrong, keeps it, and asks before it is thrown away', async () => {
  const outcome = { __typename: 'Invalid', issues: [{ severity: 'ERROR', code: 'value', expression: ['input.onset'], text: 'it lies in the future' }] }
  at(<ProblemsPage />, chart({ conditionRecord: { outcome } }))
  await userEvent.click(await screen.findByRole('button', { name: 'Add a problem' }))
  const form = within(screen.getByRole('dialog'))
  fireEvent.change(form.getByLabelText('Problem'), { target: { value: 'Gout' } })
  expect(form.getByText('In words, without a code')).toBeVisible()
  await userEvent.click(form.getByRole('button', { name: 'Record' }))
  expect(await form.findByRole('alert')).toHaveTextContent('Nothing was recorded: it lies in the future.')
  expect(form.getByLabelText('Onset')).toBeInvalid()
  expect(form.getByLabelText('Problem')).toHaveValue('Gout')
  await userEvent.click(form.getByRole('button', { name: 'Cancel' }))
  expect(screen.getByRole('dialog')).toBeVisible()
  await userEvent.click(form.getByRole('button', { name: 'Discard' }))
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
})

it('sends only what was changed, with the version that was seen, and does not overwrite what somebody else wrote', async () => {
  const sent: Sent[] = []
  const outcome = { __typename: 'Stale', id: 'Condition/c1', expectedVersion: '1', currentVersion: '2' }
  at(<ProblemsPage />, chart({ conditionUpdate: (args: Sent) => { sent.push(args); return { outcome } } }))
  await userEvent.click(await screen.findByRole('button', { name: 'Change Asthma' }))
  const form = within(screen.getByRole('dialog'))
  await userEvent.selectOptions(form.getByLabelText('Certainty'), 'PROVISIONAL')
  await userEvent.click(form.getByRole('button', { name: 'Save' }))
  await form.findByText(/Somebody changed this while you worked on it/)
  expect(form.getByRole('button', { name: 'Save' })).toBeDisabled()
  const { idempotencyKey, ...input } = sent[0]?.input ?? {}
  expect(idempotencyKey).toBeTruthy()
  expect(input).toEqual({ id: 'Condition/c1', expectedVersion: '1', verificationStatus: 'PROVISIONAL' })
})

it('offers no act to whom it is not for', async () => {
  for (const page of [<ProblemsPage key="p" />, <AllergiesPage key="a" />, <SummaryPage key="s" />]) {
    const { unmount } = at(page, chart({}), 'pharmacist')
    expect((await screen.findAllByText(/Asthma|Penicillin/)).length).toBeGreaterThan(0)
    for (const act of [/^Add/, /^Change/, /^Resolve/, /^Mark/, /^Rule out/, /^Record/]) expect(screen.queryByRole('button', { name: act })).toBeNull()
    unmount()
  }
})

it('asks before a substance without a code is recorded', async () => {
  const sent: Sent[] = []
  const allergyRecord = (args: Sent) => {
    sent.push(args)
    return { outcome: args.input.acceptUncoded ? { __typename: 'AllergySaved', allergy: { id: 'AllergyIntolerance/n', versionId: '1' }, ended: [] } : { __typename: 'UncodedSubstance', message: 'no code' } }
  }
  at(<AllergiesPage />, chart({ allergyRecord }))
  await userEvent.click(await screen.findByRole('button', { name: 'Add an allergy' }))
  const form = within(screen.getByRole('dialog'))
  fireEvent.change(form.getByLabelText('Substance'), { target: { value: 'the red pill' } })
  await userEvent.click(form.getByRole('button', { name: 'Record' }))
  await userEvent.click(await form.findByRole('checkbox', { name: /Record it in words/ }))
  await userEvent.click(form.getByRole('button', { name: 'Record' }))
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
  expect(sent.map((s) => s.input.acceptUncoded)).toEqual([false, true])
})

it('sends vital signs that were taken as they were written, and tells which cannot be', async () => {
  const sent: Sent[] = []
  const outcome = { __typename: 'ImplausibleValue', values: [{ input: 'temperature', value: '98.6', unit: '°C', least: 11.8, most: 46.5, source: 's' }] }
  at(<SummaryPage />, chart({ vitalsRecord: (args: Sent) => { sent.push(args); return { outcome } } }))
  await userEvent.click(await screen.findByRole('button', { name: 'Record vital signs' }))
  const form = within(screen.getByRole('dialog'))
  fireEvent.change(form.getByLabelText('Temperature'), { target: { value: '98,6' } })
  fireEvent.change(form.getByLabelText('Heart rate'), { target: { value: '72' } })
  await userEvent.click(form.getByRole('button', { name: 'Record' }))
  expect(await form.findByRole('alert')).toHaveTextContent('Temperature 98.6 °C cannot be')
  expect(form.getByLabelText('Temperature')).toBeInvalid()
  expect(sent[0]?.input).toMatchObject({ patient: 'Patient/ada', temperature: '98.6', heartRate: '72' })
  expect(sent[0]?.input).not.toHaveProperty('weight')
})

it('shows who is alike before a patient is registered twice, and registers with the reason', async () => {
  const sent: Sent[] = []
  const patientRegister = (args: Sent) => {
    sent.push(args)
    return { outcome: args.input.confirmDifferent
      ? { __typename: 'PatientSaved', patient: { id: 'Patient/n', fhirId: 'n', mrn: '000000018' } }
      : { __typename: 'PossibleDuplicates', candidates: [{ agrees: ['family', 'birthDate'], score: 0.5, patient: { ...fullPatient } }] } }
  }
  renderPage(<PatientsPage />, '/patients', '/patients', { root: { patients: { nodes: [], edges: [], pageInfo: { hasNextPage: false, hasPreviousPage: false }, totalCount: 0 }, patientRegister } }, 'registrar')
  await userEvent.click(await screen.findByRole('button', { name: 'Register a patient' }))
  const form = within(screen.getByRole('dialog'))
  fireEvent.change(form.getByLabelText('Family name'), { target: { value: 'Lind' } })
  fireEvent.change(form.getByLabelText('Given names'), { target: { value: 'Ada Maria' } })
  await userEvent.click(form.getByRole('button', { name: 'Register' }))
  expect(await form.findByText(/same family name, date of birth/)).toBeVisible()
  fireEvent.change(form.getByLabelText('Why this is somebody else'), { target: { value: 'her cousin' } })
  await userEvent.click(form.getByRole('button', { name: 'Register all the same' }))
  expect(await screen.findByText('elsewhere')).toBeVisible()
  expect(sent[1]?.input).toMatchObject({ name: { family: 'Lind', given: ['Ada', 'Maria'] }, confirmDifferent: 'her cousin' })
})
