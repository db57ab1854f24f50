// Procedures, family history, care teams and what is taken without a prescription: written, seen elsewhere, changed by two at once.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { open, url } from './harness.mjs'

let browser, page, trouble, accessible, shot, inTheme, signInAs
let patient

before(async () => {
  ({ browser, page, trouble, accessible, shot, inTheme, signInAs } = await open())
  page.setDefaultTimeout(60_000)
  await signInAs('registrar')
  const { patientRegister: { outcome } } = await ask('mutation($input: PatientRegisterInput!) { patientRegister(input: $input) { outcome { ... on PatientSaved { patient { fhirId } } } } }', { input: { name: { family: 'Marchbanks', given: ['Leopold'] }, gender: 'MALE', birthDate: '1961-08-21' } })
  patient = outcome.patient.fhirId
  await signInAs('physician')
})
after(() => browser?.close())

const ask = async (query, variables) => (await (await page.request.post(`${url}/graphql`, { headers: { 'X-WintEHR-Request': '1' }, data: { query, variables } })).json()).data
const dialog = (name) => page.getByRole('dialog', { name })
const tab = (name) => page.goto(`${url}/patients/${patient}/clinical/${name}`)
async function tabTo(locator) {
  for (let i = 0; i < 120; i += 1) {
    if (await locator.evaluate((node) => node === document.activeElement)) return
    await page.keyboard.press('Tab')
  }
  assert.fail('the control is not reached by Tab')
}
const act = async (of, name) => {
  await page.getByRole('button', { name: of }).click()
  await page.getByRole('menuitem', { name, exact: true }).click()
}

test('a procedure is recorded by keyboard, refused in the future, and marked as a mistake with its reason', async () => {
  await tab('procedures')
  await page.getByText('No procedure is recorded.').waitFor()
  await tabTo(page.getByRole('button', { name: 'Record a procedure' }))
  await page.keyboard.press('Enter')
  const form = dialog('Record a procedure')
  await form.waitFor()
  await page.keyboard.type('Colono')
  await page.getByRole('listbox').getByRole('option', { name: 'Colonoscopy' }).waitFor()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await form.getByText('Coded: SNOMED CT 73761001').waitFor()
  await form.getByLabel('When', { exact: true }).fill('2999-01-01')
  await form.getByLabel('What came of it', { exact: false }).fill('two polyps removed')
  await page.keyboard.press('Enter')
  await form.getByRole('alert').getByText(/it lies in the future/).waitFor()
  await accessible('a procedure, refused')
  await inTheme('dark', () => accessible('a procedure, refused, dark'))
  await shot('31-procedure-refused')
  await form.getByLabel('When', { exact: true }).fill('2024-05')
  await page.keyboard.press('Enter')
  const row = page.getByRole('row', { name: /Colonoscopy/ })
  await row.getByText('May-2024').waitFor()
  await act('Acts for Colonoscopy', 'Change')
  await dialog('Change Colonoscopy').getByLabel('Where on the body', { exact: false }).fill('sigmoid colon')
  await dialog('Change Colonoscopy').getByRole('button', { name: 'Save' }).click()
  await row.getByText('sigmoid colon').waitFor()
  await act('Acts for Colonoscopy', 'Entered in error')
  await dialog(/entered in error/).getByLabel('Why it is a mistake').fill('another patient’s')
  await dialog(/entered in error/).getByRole('button', { name: 'Mark as entered in error' }).click()
  await row.getByText('Entered in error').waitFor()
  await act('Acts for Colonoscopy', 'History')
  await page.getByRole('dialog', { name: /^History of/ }).getByText('Reason: another patient’s').waitFor()
  await page.getByRole('dialog', { name: /^History of/ }).getByRole('button', { name: 'Close' }).click()
  await accessible('procedures')
  await shot('31-procedures')
})

test('two change one relative: the second sees both versions and nothing is lost', async () => {
  await tab('family')
  await page.getByText('Not recorded. Nobody has written down').waitFor()
  await page.getByRole('button', { name: 'Record family history' }).click()
  const form = dialog('Record family history')
  await form.getByLabel('The patient’s').selectOption('Mother')
  await form.getByLabel('Illness', { exact: false }).first().fill('Type 2 diab')
  await page.getByRole('option', { name: 'Type 2 diabetes mellitus' }).click()
  await form.getByLabel('Began at the age of', { exact: false }).fill('52')
  await accessible('family history, form')
  await inTheme('dark', () => accessible('family history, form, dark'))
  await shot('31-family-form')
  await form.getByRole('button', { name: 'Record' }).click()
  const row = page.getByRole('row', { name: /^Mother/ })
  await row.getByText('at 52 years').waitFor()
  await act('Acts for Mother', 'Change')
  const change = dialog('Change the history of the patient’s mother')
  await change.getByLabel('Name', { exact: false }).fill('Ida')
  const { patient: { familyHistory } } = await ask('query($id: ID!) { patient(id: $id) { familyHistory { nodes { id versionId } } } }', { id: `Patient/${patient}` })
  const { id, versionId } = familyHistory.nodes[0]
  const meanwhile = await ask('mutation($input: FamilyHistoryUpdateInput!) { familyHistoryUpdate(input: $input) { outcome { __typename } } }', { input: { id, expectedVersion: versionId, deceased: true } })
  assert.equal(meanwhile.familyHistoryUpdate.outcome.__typename, 'FamilyHistorySaved')
  await change.getByRole('button', { name: 'Save' }).click()
  const conflict = dialog(/changed by somebody else/)
  await conflict.getByRole('row', { name: /Has died/ }).waitFor()
  await accessible('family history, both versions')
  await shot('31-family-conflict')
  await conflict.getByRole('button', { name: 'Save these choices' }).click()
  await row.getByText('Ida', { exact: false }).waitFor()
  await row.getByText('Has died').waitFor()
  await row.getByText('at 52 years').waitFor()
  await page.getByRole('button', { name: 'Record family history' }).click()
  await form.getByLabel('The patient’s').selectOption('Father')
  await form.getByRole('button', { name: 'Record' }).click()
  await page.getByRole('row', { name: /^Father/ }).getByText('No known illness').waitFor()
  await accessible('family history')
  await inTheme('dark', async () => { await accessible('family history, dark'); await shot('31-family-dark') })
})

test('a care team is made of somebody of the list; a member joins and leaves, seen in another window', async () => {
  await tab('care')
  await page.getByText('No care team is recorded.').waitFor()
  const other = await page.context().newPage()
  other.setDefaultTimeout(60_000)
  await other.goto(`${url}/patients/${patient}/clinical/care`)
  await other.getByText('No care team is recorded.').waitFor()
  const { practitioners } = await ask('{ practitioners(first: 2) { nodes { names { display family } } } }')
  const [first, second] = practitioners.nodes.map((p) => p.names[0])
  const join = async (form, name) => {
    await form.getByLabel('Name', { exact: true }).fill(name.family)
    await page.getByRole('option', { name: name.display, exact: true }).click()
    await form.getByText('Chosen.').waitFor()
  }
  await page.getByRole('button', { name: 'Make a care team' }).click()
  await dialog('Make a care team').getByLabel('Name of the team').fill('Home team')
  await join(dialog('Make a care team'), first)
  await dialog('Make a care team').getByLabel('What they do', { exact: false }).fill('lead')
  await accessible('a care team, form')
  await shot('31-team-form')
  await dialog('Make a care team').getByRole('button', { name: 'Make' }).click()
  await page.getByRole('row', { name: /^Home team/ }).waitFor()
  await other.getByRole('row', { name: /^Home team/ }).waitFor()
  await act('Acts for Home team', 'Somebody joins')
  await join(dialog('Somebody joins Home team'), second)
  await dialog('Somebody joins Home team').getByRole('button', { name: 'Join' }).click()
  await page.getByRole('row', { name: new RegExp(`^${second.display}`) }).waitFor()
  await act(`Acts for ${second.display} in Home team`, 'Leaves the team')
  await page.getByRole('dialog').getByRole('button', { name: 'Leave' }).click()
  await page.getByText('has left').waitFor()
  await other.getByText('has left').waitFor()
  await other.close()
  await accessible('care with a team')
  await inTheme('dark', async () => { await accessible('care with a team, dark'); await shot('31-team-dark') })
  await shot('31-team')
  await act('Acts for Home team', 'End the team')
  await page.getByRole('dialog').getByRole('button', { name: 'End the team' }).click()
  await page.getByRole('region', { name: 'Care teams that ended' }).getByRole('row', { name: /^Home team/ }).waitFor()
})

test('a pharmacist takes down what is taken without a prescription, and that it is stopped', async () => {
  await signInAs('pharmacist')
  await tab('procedures')
  await page.getByRole('row', { name: /Colonoscopy/ }).waitFor()
  assert.equal(await page.getByRole('button', { name: 'Record a procedure' }).count(), 0)
  await tab('medications')
  await page.getByText('Nothing is recorded as taken without a prescription.').waitFor()
  await tabTo(page.getByRole('button', { name: 'Record what is taken' }))
  await page.keyboard.press('Enter')
  const form = dialog('Record what is taken')
  await form.waitFor()
  await page.keyboard.type('ibuprof')
  await page.getByRole('listbox').getByRole('option').first().waitFor()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await form.getByLabel('How it is taken', { exact: false }).fill('one when the back aches')
  await form.getByLabel('Since', { exact: false }).fill('2999')
  await page.keyboard.press('Enter')
  await form.getByRole('alert').getByText(/it lies in the future/).waitFor()
  await form.getByLabel('Since', { exact: false }).fill('2025')
  await accessible('what is taken, form')
  await page.keyboard.press('Enter')
  const told = page.getByRole('region', { name: 'Taken as told' })
  await told.getByText('one when the back aches').waitFor()
  await page.getByRole('region', { name: 'Current medications' }).getByText('one when the back aches').waitFor()
  await accessible('medications as told')
  await shot('31-taken')
  await told.getByRole('button', { name: /^Acts for ibuprofen/ }).click()
  await page.getByRole('menuitem', { name: 'Stopped', exact: true }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Record' }).click()
  await told.getByText('Stopped').waitFor()
  await page.getByRole('region', { name: 'Current medications' }).getByText('one when the back aches').waitFor({ state: 'detached' })
})

test('a registrar sees neither family history nor teams', async () => {
  await signInAs('registrar')
  for (const name of ['family', 'care', 'procedures']) {
    await tab(name)
    await page.getByText('You may not see this').first().waitFor()
    assert.equal(await page.getByRole('button', { name: /^(Record|Make)/ }).count(), 0, name)
  }
})

test('the chart of a past instant is read, not written', async () => {
  await signInAs('physician')
  await page.goto(`${url}/patients/${patient}/clinical/family?asOf=${encodeURIComponent(new Date().toISOString())}`)
  await page.getByRole('row', { name: /^Mother/ }).waitFor()
  assert.equal(await page.getByRole('button', { name: 'Record family history' }).count(), 0)
  await page.getByRole('button', { name: 'Acts for Mother' }).click()
  assert.deepEqual(await page.getByRole('menuitem').allInnerTexts(), ['History'])
  await page.keyboard.press('Escape')
})

test('each new page in each width and theme', async () => {
  const { patients } = await ask('{ patients(first: 1, fhirQuery: "_has:CareTeam:patient:status=active&_has:FamilyMemberHistory:patient:status=completed&_has:Consent:patient:status=active&_has:Procedure:patient:status=completed") { nodes { fhirId } } }')
  const rich = patients.nodes[0].fhirId
  const there = { summary: 'Consents', demographics: 'Consents', family: 'Family history', care: 'Care team', procedures: 'Procedures', medications: 'Taken as told' }
  for (const [width, height] of [[1280, 800], [1920, 1080], [820, 1180]]) {
    await page.setViewportSize({ width, height })
    for (const [name, what] of Object.entries(there)) {
      await page.goto(`${url}/patients/${rich}/clinical/${name}`)
      await page.getByRole('region', { name: what, exact: true }).scrollIntoViewIfNeeded()
      for (const theme of ['light', 'dark']) await inTheme(theme, async () => { await accessible(`${name} at ${width}, ${theme}`); await shot(`32-${name}-${width}-${theme}`) })
    }
  }
})

test('nothing went wrong on the way', () => { assert.deepEqual(trouble, []) })
