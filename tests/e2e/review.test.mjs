// Lists of the chart that are looked through: two records of one problem are merged, the list is marked, and what changed since is told.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { open, url } from './harness.mjs'

let browser, page, trouble, accessible, shot, inTheme, signInAs
let patient

before(async () => {
  ({ browser, page, trouble, accessible, shot, inTheme, signInAs } = await open())
  page.setDefaultTimeout(60_000)
  await signInAs('registrar')
  const { patientRegister: { outcome } } = await ask('mutation($input: PatientRegisterInput!) { patientRegister(input: $input) { outcome { ... on PatientSaved { patient { fhirId } } } } }', { input: { name: { family: 'Thistlewood', given: ['Petronella'] }, gender: 'FEMALE', birthDate: '1958-02-11' } })
  patient = outcome.patient.fhirId
  await signInAs('physician')
})
after(() => browser?.close())

const ask = async (query, variables) => (await (await page.request.post(`${url}/graphql`, { headers: { 'X-WintEHR-Request': '1' }, data: { query, variables } })).json()).data
const dialog = (name) => page.getByRole('dialog', { name })
const tab = (name) => page.goto(`${url}/patients/${patient}/clinical/${name}`)
const region = (name) => page.getByRole('region', { name, exact: true })
const act = async (row, name) => {
  await row.getByRole('button', { name: /^Acts for/ }).click()
  await page.getByRole('menuitem', { name, exact: true }).click()
}
const ASTHMA = { system: 'http://snomed.info/sct', code: '195967001', display: 'Asthma' }
const record = async (input) => {
  const { conditionRecord: { outcome } } = await ask('mutation($input: ConditionRecordInput!) { conditionRecord(input: $input) { outcome { __typename ... on ConditionSaved { condition { id versionId } } } } }', { input: { patient: `Patient/${patient}`, verificationStatus: 'CONFIRMED', ...input } })
  assert.equal(outcome.__typename, 'ConditionSaved')
  return outcome.condition
}

test('a problem that is on record twice is marked, and the two are made one in a form that shows both', async () => {
  await record({ code: { text: 'Asthma', codings: [ASTHMA] }, onset: '2019-05', note: 'worse in spring' })
  // A diagnosis of a visit is recorded beside the problem list.
  await record({ code: { text: 'Bronchial asthma', codings: [ASTHMA] }, category: 'ENCOUNTER_DIAGNOSIS', note: 'came with a cough' })
  await record({ code: { text: 'Eczema of the hands' } })
  await tab('problems')
  const active = region('Active problems')
  await active.getByText('Not reviewed yet').waitFor()
  await active.getByText(/^Same code as Bronchial asthma, recorded /).waitFor()
  await active.getByText(/^Same code as Asthma, recorded /).waitFor()
  await page.getByRole('button', { name: 'Diagnoses of visits' }).click()
  await page.getByText('2 not shown by this filter').waitFor()
  await active.getByText('Show all kinds to mark the list reviewed.').waitFor()
  await accessible('problems, filtered')
  await page.getByRole('button', { name: 'All kinds' }).click()
  await accessible('problems, twice')
  await inTheme('dark', async () => { await accessible('problems, twice, dark'); await shot('34-problems-dark') })
  await shot('34-problems')
  await act(active.getByRole('row', { name: /^Asthma/ }), 'Merge')
  const form = dialog('Merge Asthma with another record of it')
  const both = form.getByRole('table', { name: 'Both records' })
  await both.getByText('came with a cough').waitFor()
  await form.getByRole('button', { name: 'Merge' }).click()
  await form.getByRole('alert').getByText(/^Which is kept/).waitFor()
  await form.getByLabel('Which is kept').selectOption('The first record')
  await both.getByText('will be marked as a mistake').waitFor()
  await accessible('a merge')
  await inTheme('dark', () => accessible('a merge, dark'))
  await shot('34-merge')
  await form.getByLabel('Why they are the same', { exact: false }).fill('one asthma, written twice')
  await form.getByRole('button', { name: 'Merge' }).click()
  await form.waitFor({ state: 'detached' })
  await region('Entered in error').getByText('Bronchial asthma').waitFor()
  await active.getByRole('row', { name: /^Asthma.*worse in spring.*came with a cough/ }).waitFor()
  assert.equal(await page.getByText(/^Same code as/).count(), 0)
})

test('the list is marked as reviewed; what changes afterwards is counted', async () => {
  const active = region('Active problems')
  await active.getByRole('button', { name: 'Mark list reviewed' }).click()
  await active.getByText(/^Reviewed by .+; no change since$/).first().waitFor()
  await accessible('a list, reviewed')
  await act(active.getByRole('row', { name: /^Eczema/ }), 'Change')
  await dialog('Change a problem').getByLabel('Severity', { exact: false }).selectOption('Mild')
  await dialog('Change a problem').getByRole('button', { name: 'Save' }).click()
  await active.getByText(/; 1 change since/).waitFor()
  await shot('34-reviewed')
})

test('an allergy list is marked too, and that there is none can be said again once none is active', async () => {
  await tab('allergies')
  await page.getByRole('button', { name: 'No known allergies' }).click()
  await dialog('No known allergies').getByRole('button', { name: 'State' }).click()
  const list = region('No known allergies')
  await list.getByRole('button', { name: 'Mark list reviewed' }).click()
  await list.getByText(/no change since/).waitFor()
  await page.getByRole('button', { name: 'State it anew' }).waitFor()
  await accessible('allergies, reviewed')
  await shot('34-allergies')
})

test('the problem that a visit is mainly about is named, and marked in the list', async () => {
  const { encounterStart: { outcome } } = await ask('mutation($input: EncounterStartInput!) { encounterStart(input: $input) { outcome { __typename } } }', { input: { patient: `Patient/${patient}`, class: 'AMBULATORY' } })
  assert.equal(outcome.__typename, 'EncounterSaved')
  await tab('problems')
  const active = region('Active problems')
  await act(active.getByRole('row', { name: /^Asthma/ }), 'Principal of this visit')
  const form = dialog(/^What the visit is mainly about/)
  await form.getByRole('button', { name: 'Save' }).click()
  await active.getByRole('row', { name: /^Asthma.*Principal problem of: / }).waitFor()
  await page.getByRole('button', { name: 'Principal problem' }).click()
  await form.getByLabel('Principal problem', { exact: false }).selectOption('')
  await accessible('a principal problem')
  await form.getByRole('button', { name: 'Save' }).click()
  await active.getByText(/^Principal problem of: /).waitFor({ state: 'detached' })
})

test('the chart of a past instant is read, not marked', async () => {
  await page.goto(`${url}/patients/${patient}/clinical/problems?asOf=${encodeURIComponent(new Date().toISOString())}`)
  await page.getByRole('row', { name: /^Asthma/ }).waitFor()
  assert.equal(await page.getByRole('button', { name: 'Mark list reviewed' }).count(), 0)
  assert.deepEqual(trouble, [])
})
