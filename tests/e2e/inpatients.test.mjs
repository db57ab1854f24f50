// Who lies where: wards and beds, live.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { open, url } from './harness.mjs'

let browser, page, trouble, accessible, shot, inTheme, signInAs
before(async () => { ({ browser, page, trouble, accessible, shot, inTheme, signInAs } = await open()) })
after(() => browser?.close())

async function graphql(query, variables, as = page) {
  const answer = await as.request.post(`${url}/graphql`, { headers: { 'X-WintEHR-Request': '1' }, data: { query, variables } })
  const { data, errors } = await answer.json()
  assert.equal(errors, undefined, JSON.stringify(errors))
  return data
}

/** The rows of those who are in hospital: who is expected and who went home stands in tables of their own. */
const rows = () => page.locator('table:not([aria-label="Discharged"]):not([aria-label="Expected"])').getByRole('row')

test('the census shows each ward with its beds, and leads to the chart', async () => {
  await signInAs('nurse')
  await page.goto(`${url}/`)
  await page.getByRole('navigation', { name: 'Areas' }).getByRole('link', { name: 'Inpatients' }).click()
  const { census } = await graphql('{ census { patientCount wards { ward { display } beds { stays { patient { fhirId } } } withoutBed { patient { fhirId } } } } }')
  await page.getByText(`${census.patientCount} patients as of`).waitFor()
  for (const { ward } of census.wards.filter((w) => w.ward)) await page.getByRole('region', { name: ward.display, exact: true }).waitFor()
  const stays = census.wards.flatMap((ward) => [...ward.beds.flatMap((bed) => bed.stays), ...ward.withoutBed])
  assert.equal(stays.length, census.patientCount)
  assert.equal(await rows().getByRole('link').count(), census.patientCount)
  await accessible('the census')
  await shot('30-inpatients')
  await inTheme('dark', async () => { await accessible('the census, dark'); await shot('30-inpatients-dark') })
  await rows().getByRole('link').first().click()
  await page.getByRole('region', { name: 'Patient', exact: true }).waitFor()
  assert.match(page.url(), new RegExp(`/patients/(${stays.map((s) => s.patient.fhirId).join('|')})/clinical/summary`))
})

test('a bed is free on every screen when its patient goes home', async () => {
  await page.goto(`${url}/inpatients`)
  await page.getByRole('status').getByText('Live').waitFor()
  const { census } = await graphql('{ census { patientCount wards { beds { stays { patient { mrn } encounter { id versionId } } } } } }')
  const [stay] = census.wards.flatMap((ward) => ward.beds.flatMap((bed) => bed.stays))
  const gone = rows().filter({ hasText: stay.patient.mrn })
  await gone.waitFor()
  const input = { id: stay.encounter.id, expectedVersion: stay.encounter.versionId, disposition: 'HOME' }
  const other = await open()
  await other.signInAs('physician')
  const { encounterDischarge } = await graphql('mutation($input: EncounterDischargeInput!) { encounterDischarge(input: $input) { outcome { __typename } } }', { input }, other.page)
  await other.browser.close()
  assert.equal(encounterDischarge.outcome.__typename, 'EncounterDischarged')
  await gone.waitFor({ state: 'detached', timeout: 5_000 })
  await page.getByText(`${census.patientCount - 1} patients as of`).waitFor()
  await page.getByRole('table', { name: 'Discharged' }).getByRole('row', { name: stay.patient.mrn }).waitFor()
  assert.deepEqual(trouble, [])
})

test('whose observations are overdue is marked, can be shown alone, and is so no longer once they are taken', async () => {
  await page.goto(`${url}/inpatients`)
  await page.getByRole('status').getByText('Live').waitFor()
  // Somebody comes in whose last set, three hours ago, scored 5: the next one was due an hour after it.
  const { census, patients } = await graphql('{ census { wards { beds { bed { id } stays { since } } } } patients(first: 60, filter: { birthDate: { high: "2000-01-01" } }) { nodes { id mrn gender deceased { deceased } encounters(first: 1, filter: { status: [IN_PROGRESS] }) { nodes { id } } } } }')
  const { id: patient, mrn } = patients.nodes.find((p) => p.mrn && p.gender === 'MALE' && !p.deceased?.deceased && p.encounters.nodes.length === 0)
  const location = census.wards.flatMap((ward) => ward.beds).find((bed) => bed.stays.length === 0).bed.id
  const taken = async (input) => assert.equal((await graphql('mutation($input: VitalsRecordInput!) { vitalsRecord(input: $input) { outcome { __typename } } }', { input: { patient, ...input } })).vitalsRecord.outcome.__typename, 'VitalsSaved')
  await taken({ takenAt: new Date(Date.now() - 3 * 3600_000).toISOString(), systolic: '105', diastolic: '70', heartRate: '95', respiratoryRate: '22', temperature: '37.2', oxygenSaturation: '94', oxygenFlow: '0', consciousness: 'ALERT' })
  await graphql('mutation($input: EncounterStartInput!) { encounterStart(input: $input) { outcome { __typename } } }', { input: { patient, class: 'INPATIENT', location, reason: { text: 'Observation after a fall' } } })
  const row = rows().filter({ hasText: mrn })
  await row.getByText(/^Observations overdue since \d\d:\d\d$/).waitFor()
  await shot('32-marked')
  const late = await rows().getByText(/^Observations overdue since/).count()
  await page.getByRole('checkbox', { name: `Observations overdue only (${late})` }).click()
  await page.getByText(new RegExp(`^${late} of \\d+ patients shown: the next observations by NEWS2 are overdue`)).waitFor()
  assert.equal(await rows().getByRole('link').count(), late)
  assert.match(page.url(), /show=overdue/)
  await accessible('who is overdue')
  await shot('32-overdue')
  await inTheme('dark', async () => { await accessible('who is overdue, dark'); await shot('32-overdue-dark') })
  await taken({ systolic: '124', diastolic: '78', heartRate: '72', respiratoryRate: '16', temperature: '36.8', oxygenSaturation: '97', oxygenFlow: '0', consciousness: 'ALERT' })
  // What is measured is read every 15 seconds at most.
  await row.waitFor({ state: 'detached', timeout: 25_000 })
  await page.getByRole('checkbox', { name: `Observations overdue only (${late - 1})` }).click()
  await row.getByText(/^Next due/).waitFor()
  assert.deepEqual(trouble, [])
})

test('a nurse admits to a free bed of one ward, moves the patient, and sends them home', async () => {
  const { patients } = await graphql('{ patients(first: 60) { nodes { mrn deceased { deceased } encounters(first: 1, filter: { status: [IN_PROGRESS] }) { nodes { id } } } } }')
  const { mrn } = patients.nodes.find((p) => p.mrn && !p.deceased?.deceased && p.encounters.nodes.length === 0)
  await page.goto(`${url}/inpatients`)
  await page.getByRole('combobox', { name: /^Ward/ }).selectOption({ label: '4 East' })
  await page.getByRole('button', { name: 'Admit to 4 East, bed 2' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Patient').fill(mrn)
  await page.getByRole('option').first().click()
  await dialog.getByText('Chosen.').waitFor()
  await dialog.getByLabel('Reason').fill('Observation after a fall')
  await shot('31-admit')
  await dialog.getByRole('button', { name: 'Admit', exact: true }).click()
  const row = rows().filter({ hasText: mrn })
  await row.getByText('Bed 2').waitFor()
  await row.getByRole('button', { name: /^Acts for/ }).click()
  await page.getByRole('menuitem', { name: 'Transfer' }).click()
  await dialog.getByLabel('Bed').selectOption({ label: '4 East, bed 5' })
  await dialog.getByRole('button', { name: 'Transfer', exact: true }).click()
  await row.getByText('Bed 5').waitFor()
  await accessible('one ward of the census')
  await shot('31-ward')
  await row.getByRole('button', { name: /^Acts for/ }).click()
  await page.getByRole('menuitem', { name: 'Discharge' }).click()
  await dialog.getByLabel('Where to').selectOption('HOME')
  await dialog.getByRole('button', { name: 'Discharge', exact: true }).click()
  await row.waitFor({ state: 'detached' })
  assert.match(page.url(), /ward=Location/)
  assert.deepEqual(trouble, [])
})

test('who has no part in stays is not led there, and told so', async () => {
  await signInAs('registrar')
  await page.goto(`${url}/patients`)
  await page.getByText(/of \d+ loaded/).waitFor()
  assert.equal(await page.getByRole('navigation', { name: 'Areas' }).getByRole('link', { name: 'Inpatients' }).count(), 0)
})
