// Somebody who cannot say who they are, a death with what it ends, and finding people by what is half known of them.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { open, url } from './harness.mjs'
import { lost, small } from './reach.mjs'

let browser, page, trouble, accessible, shot, inTheme, signInAs
let patient

before(async () => { ({ browser, page, trouble, accessible, shot, inTheme, signInAs } = await open()); page.setDefaultTimeout(60_000) })
after(() => browser?.close())

const ask = async (query, variables) => (await (await page.request.post(`${url}/graphql`, { headers: { 'X-WintEHR-Request': '1' }, data: { query, variables } })).json()).data
const dialog = (name) => page.getByRole('dialog', { name })
const demographics = () => page.goto(`${url}/patients/${patient}/clinical/demographics`)
async function enter(role) {
  await page.goto('about:blank')
  await page.context().clearCookies()
  await signInAs(role)
}
const row = (name) => page.getByRole('grid', { name: 'Patients' }).getByRole('row', { name }).first()

test('a registrar registers somebody whose identity is not known, and gives the record the name later', async () => {
  await signInAs('registrar')
  await page.goto(`${url}/patients`)
  await page.getByRole('button', { name: 'Identity not known' }).click()
  const form = dialog('Register somebody whose identity is not known')
  await form.getByRole('button', { name: 'Register' }).click()
  await form.getByRole('alert').getByText(/Gender, as far as it can be seen/).waitFor()
  await accessible('an unknown person, refused')
  await form.getByLabel('Gender, as far as it can be seen').selectOption('FEMALE')
  await form.getByRole('button', { name: 'Register' }).click()
  await page.waitForURL(/clinical\/demographics/)
  await page.getByRole('heading', { level: 1, name: /^UNKNOWN, / }).waitFor()
  patient = /patients\/([^/]+)/.exec(page.url())[1]
  await page.getByRole('button', { name: 'Change', exact: true }).click()
  const change = dialog('Change who the patient is')
  await change.getByLabel('Family name').fill('Quenderby')
  await change.getByLabel('Given names').fill('Isolde')
  await change.getByLabel('Born').fill('14-Jul-1945')
  await change.getByRole('textbox', { name: 'Telephone' }).fill('+1 (555) 014-7733')
  await change.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('heading', { level: 1, name: 'QUENDERBY, Isolde' }).waitFor()
  await page.getByText('Name (temp)').waitFor()
})

test('the desk adds ways to reach her, addresses, language, marital status and practitioner, and loses nothing that was there', async () => {
  // What a form does not show: since when a number holds, and the district of an address.
  const at = `${url}/fhir/R4/Patient/${patient}`
  const stored = await (await page.request.get(at)).json()
  stored.telecom[0].period = { start: '2020-01-01' }
  stored.address = [{ use: 'home', line: ['1 Hill', 'Flat 2'], city: 'Bergen', district: 'North' }]
  const headers = { 'X-WintEHR-Request': '1', 'Content-Type': 'application/fhir+json' }
  assert.equal((await page.request.put(at, { headers, data: stored })).status(), 200)
  await demographics()
  await page.getByText('1 Hill, Flat 2, Bergen').waitFor()
  await page.getByRole('button', { name: 'Change', exact: true }).click()
  const form = dialog('Change who the patient is')
  const add = form.getByRole('button', { name: 'Add a contact detail' })
  await add.focus()
  await page.keyboard.press('Enter')
  const second = form.getByRole('group', { name: 'Contact detail 2', exact: true })
  await second.getByLabel('Kind').and(page.locator(':focus')).waitFor()
  await page.keyboard.press('E')
  await page.keyboard.press('Tab')
  await page.keyboard.type('isolde@example.org')
  await form.getByRole('button', { name: 'Move up contact detail 2, E-mail isolde@example.org' }).focus()
  await page.keyboard.press('Enter')
  await form.getByRole('group', { name: 'Contact detail 1', exact: true }).getByRole('textbox', { name: 'E-mail' }).waitFor()
  await form.getByRole('button', { name: 'Add an address' }).click()
  const away = form.getByRole('group', { name: 'Address 2', exact: true })
  await form.getByRole('button', { name: 'Save' }).waitFor()
  await away.getByLabel('Street and number').fill('2 Quay')
  await away.getByLabel('City').fill('Oslo')
  await away.getByLabel('For').selectOption('TEMP')
  for (const [label, part, name] of [['Language to speak', 'american sign', 'American Sign Language'], ['General practitioner or practice', 'ach', /Achterberg/]]) {
    await form.getByLabel(label).fill(part)
    await page.getByRole('listbox').getByRole('option', { name }).waitFor()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await form.getByLabel(label).and(page.locator(typeof name === 'string' ? `[value="${name}"]` : '[value*=Achterberg]')).waitFor()
  }
  await form.getByLabel('Marital status').selectOption('WIDOWED')
  await accessible('a changed person')
  await inTheme('dark', () => accessible('a changed person, dark'))
  for (const width of [820, 320]) {
    await page.setViewportSize({ width, height: 900 })
    await shot(`63-person-${width}`)
    for (const [what, faults] of [['out of sight', await lost(page)], ['too small', await small(page)]]) assert.deepEqual(faults, [], `${what} at ${width}`)
  }
  await page.setViewportSize({ width: 1440, height: 900 })
  await form.getByRole('button', { name: 'Save' }).click()
  await form.waitFor({ state: 'detached' })
  for (const text of ['American Sign Language', 'Widowed', 'isolde@example.org', '2 Quay, Oslo', /Achterberg/]) await page.getByRole('definition').filter({ hasText: text }).first().waitFor()
  const now = await (await page.request.get(at)).json()
  assert.deepEqual(now.telecom.map((t) => [t.system, t.value, t.period?.start]), [['email', 'isolde@example.org', undefined], ['phone', '+1 (555) 014-7733', '2020-01-01']])
  assert.deepEqual(now.address, [{ use: 'home', line: ['1 Hill', 'Flat 2'], city: 'Bergen', district: 'North' }, { use: 'temp', line: ['2 Quay'], city: 'Oslo' }])
  assert.deepEqual([now.communication[0].language.coding[0].code, now.maritalStatus.coding[0].code], ['ase', 'W'])
})

test('a way to reach her that is left empty is told at its place, and what is taken out goes', async () => {
  await page.getByRole('button', { name: 'Change', exact: true }).click()
  const form = dialog('Change who the patient is')
  await form.getByRole('group', { name: 'Contact detail 1', exact: true }).getByRole('textbox', { name: 'E-mail' }).fill('')
  await form.getByLabel('Marital status').selectOption('')
  await form.getByLabel('Language to speak').fill('')
  await form.getByRole('button', { name: 'Save' }).click()
  await form.getByRole('button', { name: /^Contact detail 1, e-mail: say it/ }).click()
  await form.getByRole('textbox', { name: 'E-mail' }).and(page.locator(':focus')).waitFor()
  await accessible('a person, refused')
  await form.getByRole('button', { name: /^Remove contact detail 1/ }).click()
  await form.getByRole('group', { name: 'Contact detail 1', exact: true }).getByLabel('Kind').and(page.locator(':focus')).waitFor()
  await form.getByRole('button', { name: 'Save' }).click()
  await form.waitFor({ state: 'detached' })
  await page.getByText('isolde@example.org').waitFor({ state: 'detached' })
  const now = await (await page.request.get(`${url}/fhir/R4/Patient/${patient}`)).json()
  assert.deepEqual([now.telecom.length, now.telecom[0].period?.start, now.communication, now.maritalStatus, now.generalPractitioner.length], [1, '2020-01-01', undefined, undefined, 1])
})

test('she is found by the sound of her name, by name and birth date, and by her telephone', async () => {
  await page.goto(`${url}/patients`)
  const search = page.getByLabel('Search patients')
  await search.fill('kwenderbi')
  await page.getByText(/^Read as: name parts start with “kwenderbi”; after them: name parts sound like “kwenderbi”/).waitFor()
  await page.getByText('No patient is found: name parts start with “kwenderbi”, nor name parts sound like “kwenderbi”.').waitFor()
  await search.fill('quinderbee')
  await row(/QUENDERBY, Isolde/).waitFor()
  await page.getByText('name parts sound like “quinderbee”').nth(1).waitFor()
  await accessible('found by sound')
  await inTheme('dark', () => accessible('found by sound, dark'))
  await shot('63-by-sound')
  await search.fill('quend 1945')
  await page.getByText(/name parts start with “quend”, born 1945/).first().waitFor()
  await row(/QUENDERBY, Isolde/).waitFor()
  await search.fill('+1 555 0147733')
  await page.getByText('telephone number is “+1 555 0147733”').waitFor()
  await row(/QUENDERBY, Isolde/).waitFor()
})

test('a registrar may not record a death that would end orders; a physician does, and is told what it ends', async () => {
  await enter('physician')
  const order = { resourceType: 'MedicationRequest', status: 'active', intent: 'order', subject: { reference: `Patient/${patient}` }, medicationCodeableConcept: { text: 'Ibuprofen' } }
  const written = await page.request.post(`${url}/fhir/R4/MedicationRequest`, { headers: { 'X-WintEHR-Request': '1', 'Content-Type': 'application/fhir+json' }, data: order })
  assert.equal(written.status(), 201)
  const { id } = await written.json()
  await enter('registrar')
  await demographics()
  await page.getByRole('button', { name: 'Record the death' }).click()
  const refused = dialog('Record the death')
  await refused.getByRole('button', { name: 'Record the death' }).click()
  await refused.getByRole('button', { name: 'Record the death all the same' }).click()
  await refused.getByRole('alert').getByText(/your role may not end them. Ask a physician/).waitFor()
  await enter('physician')
  await demographics()
  await page.getByRole('button', { name: 'Record the death' }).click()
  const form = dialog('Record the death')
  await form.getByLabel('When').fill('1944')
  await form.getByRole('button', { name: 'Record the death' }).click()
  await form.getByRole('alert').getByText(/The death ends every order of the patient/).waitFor()
  await accessible('a death, asked')
  await inTheme('dark', () => accessible('a death, asked, dark'))
  await shot('64-death-asked')
  await form.getByRole('button', { name: 'Record the death all the same' }).click()
  await form.getByRole('alert').getByText(/it lies before the birth/).waitFor()
  const day = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10)
  await form.getByLabel('When').fill(day)
  await form.getByLabel('At what time').fill('14:05')
  await form.getByLabel('How it is known').fill('told by the family')
  await form.getByRole('button', { name: 'Record the death all the same' }).click()
  await form.waitFor({ state: 'detached' })
  await page.getByRole('region', { name: 'Patient', exact: true }).getByText(/Died/).waitFor()
  await page.getByText(/14:05/).first().waitFor()
  const ended = await ask('query($id: ID!) { node(id: $id) { ... on MedicationRequest { status } } }', { id: `MedicationRequest/${id}` })
  assert.equal(ended.node.status, 'STOPPED')
})

test('it was somebody else: the death is corrected, with its reason', async () => {
  await page.getByRole('button', { name: 'Correct the death' }).click()
  const form = dialog('Correct what is said of the death')
  await form.getByLabel('What is right').selectOption('ALIVE')
  await form.getByRole('button', { name: 'Correct', exact: true }).click()
  await form.getByRole('alert').getByText(/Why it is corrected/).waitFor()
  await form.getByLabel('Why it is corrected').fill('another person of that name')
  await form.getByRole('button', { name: 'Correct', exact: true }).click()
  await page.getByRole('button', { name: 'Record the death' }).waitFor()
})

test('a physician lists who comes today and who lies on a ward', async () => {
  await page.goto(`${url}/patients`)
  await page.getByRole('button', { name: 'Today', exact: true }).click()
  await page.getByText('Today: everybody on this list').waitFor()
  await page.getByText(/\d+ of \d+ loaded/).waitFor()
  await page.getByRole('button', { name: 'Ward', exact: true }).click()
  const ward = page.getByLabel('Ward', { exact: true })
  const { census } = await ask('{ census { wards { ward { id display } patientCount } } }')
  const full = census.wards.filter((w) => w.ward).sort((a, b) => b.patientCount - a.patientCount)[0]
  await ward.selectOption(full.ward.id)
  await page.getByText(new RegExp(`^${full.patientCount} of ${full.patientCount} loaded`)).waitFor()
  await page.getByRole('grid', { name: 'Patients' }).getByText(full.ward.display).first().waitFor()
  await accessible('a ward')
  await shot('65-ward')
})

test('nothing was complained of', () => assert.deepEqual(trouble, []))
