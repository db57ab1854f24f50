// Two records of one person: found at the desk, proposed by one registrar, compared and carried out by another, and parted again.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { open, url } from './harness.mjs'

let browser, page, trouble, accessible, shot, inTheme, signInAs
let survivor, duplicate, second
const SECRET = `${crypto.randomUUID()} as said`

before(async () => { ({ browser, page, trouble, accessible, shot, inTheme, signInAs } = await open()); page.setDefaultTimeout(60_000) })
after(() => browser?.close())

const post = (path, data) => page.request.post(`${url}${path}`, { headers: { 'X-WintEHR-Request': '1' }, data })
const ask = async (query, variables) => (await (await post('/graphql', { query, variables })).json()).data
const register = async (given, gender = 'FEMALE') => {
  const input = { name: { family: 'Twiceborn', given: [given] }, gender, confirmDifferent: 'for this test' }
  return (await ask('mutation($input: PatientRegisterInput!) { patientRegister(input: $input) { outcome { ... on PatientSaved { patient { fhirId mrn } } } } }', { input })).patientRegister.outcome.patient
}
const demographics = (patient) => page.goto(`${url}/patients/${patient.fhirId}/clinical/demographics`)
const part = () => page.getByRole('region', { name: 'Same person', exact: true })
const dialog = (name) => page.getByRole('dialog', { name })
/** Another person at the same browser. */
async function enter(as) {
  await page.goto('about:blank')
  await page.context().clearCookies()
  await as()
}
const asSecond = async () => assert.equal((await post('/auth/login', { user: second, password: SECRET })).status(), 200)
const alert = (form, text) => form.getByRole('alert').getByText(text).waitFor()

test('a second registrar is at the desk, and two records of one person are on file', async () => {
  await signInAs('admin')
  second = `desk-${crypto.randomUUID().slice(0, 8)}`
  const { search } = await ask('{ search(type: "Practitioner", query: "family=Diallo", first: 1) { nodes { id } } }')
  const { userCreate } = await ask('mutation($input: UserCreateInput!) { userCreate(input: $input) { password } }', { input: { login: second, name: 'Fatima Diallo', roles: ['REGISTRAR'], fhirUser: search.nodes[0].id } })
  assert.equal((await post('/auth/login', { user: second, password: userCreate.password, newPassword: SECRET })).status(), 200)
  await enter(() => signInAs('registrar'))
  survivor = await register('Aurelia')
  duplicate = await register('Orelia', 'MALE')
})

test('one registrar finds the other record, sees both side by side, and proposes that they are one person', async () => {
  await demographics(survivor)
  await part().getByText('No other record of this person is known, and none is proposed.').waitFor()
  await part().getByRole('button', { name: 'Same person as …' }).click()
  await part().getByLabel('The other record').fill('twiceborn orelia')
  await page.getByRole('option', { name: /TWICEBORN, Orelia/ }).click()
  const both = part().getByRole('table', { name: 'The two records' })
  await both.getByRole('row', { name: /^Gender Female Male Differs/ }).waitFor()
  await both.getByRole('row', { name: /^Active allergies You may not see this/ }).waitFor()
  await accessible('two records side by side')
  await inTheme('dark', () => accessible('two records side by side, dark'))
  await shot('60-merge-compared')
  await part().getByRole('button', { name: 'Propose that they are one person …' }).click()
  const form = dialog('Propose that two records are one person')
  await form.getByRole('button', { name: 'Propose' }).click()
  await alert(form, /The record that stays in use/)
  await form.getByLabel('The record that stays in use').selectOption({ index: 1 })
  await form.getByLabel('How it is known that they are one person').fill('one passport, seen today')
  await form.getByRole('button', { name: 'Propose' }).click()
  const proposed = part().getByRole('region', { name: 'Proposed merge' })
  await proposed.getByText('Reason: one passport, seen today').waitFor()
  await proposed.getByText(/A second person has to carry it out/).waitFor()
  assert.equal(await proposed.getByRole('button', { name: 'Compare the two …' }).count(), 0, 'who proposed it does not do it')
})

test('a second registrar sees it on either record, is asked about the gender, and merges them', async () => {
  await enter(asSecond)
  await demographics(duplicate)
  const proposed = part().getByRole('region', { name: 'Proposed merge' })
  await proposed.getByText(/By Nina Duarte/).waitFor()
  await proposed.getByRole('button', { name: 'Compare the two …' }).click()
  await proposed.getByRole('button', { name: 'Merge them …' }).click()
  const form = dialog('Make one record of the two')
  await form.getByRole('button', { name: 'Merge' }).click()
  await alert(form, /I have compared the two records/)
  await form.getByLabel(/I have compared the two records/).check()
  await form.getByRole('button', { name: 'Merge' }).click()
  await alert(form, /The records disagree on the gender: Female on the one that stays, Male on the other/)
  await shot('61-merge-gender')
  await form.getByLabel('Why they are one person all the same').fill('a slip at the desk')
  await form.getByRole('button', { name: 'Merge' }).click()
  await page.getByRole('note').getByText(/This record was merged into/).waitFor()
})

test('the merged record says where it went and takes nothing new; the list says so too', async () => {
  await page.getByText('Who the patient is', { exact: true }).waitFor()
  for (const act of ['Change', 'Record a coverage', 'Record a related person']) assert.equal(await page.getByRole('button', { name: act, exact: true }).count(), 0, act)
  await accessible('a merged record')
  await inTheme('dark', () => accessible('a merged record, dark'))
  await shot('62-merged')
  await page.goto(`${url}/patients`)
  await page.getByLabel('Search patients').fill('twiceborn')
  await page.getByRole('row', { name: /TWICEBORN, Orelia/ }).getByText(`Merged into MRN ${survivor.mrn}`).waitFor()
  await demographics(duplicate)
  await page.getByRole('note').getByRole('link', { name: /TWICEBORN, Aurelia/ }).click()
  await page.waitForURL((at) => at.pathname.startsWith(`/patients/${survivor.fhirId}/`))
})

test('it was a mistake: one proposes to part them, and takes it back; proposed again, the other parts them', async () => {
  await demographics(survivor)
  await part().getByText(/was merged into this record/).waitFor()
  const propose = async (reason) => {
    await part().getByRole('button', { name: 'They are two persons …' }).click()
    const form = dialog('Propose that they are two persons after all')
    await form.getByLabel('How it is known that they are two persons').fill(reason)
    await form.getByRole('button', { name: 'Propose' }).click()
    await part().getByText(`Reason: ${reason}`).waitFor()
  }
  await propose('a slip of mine')
  await part().getByRole('button', { name: 'Take back …' }).click()
  await dialog('Take the proposal back').getByLabel('Why').fill('the other record was meant')
  await dialog('Take the proposal back').getByRole('button', { name: 'Take back' }).click()
  await part().getByRole('button', { name: 'They are two persons …' }).waitFor()
  await propose('two passports')
  await enter(() => signInAs('registrar'))
  await demographics(survivor)
  const proposed = part().getByRole('region', { name: 'Proposed to part' })
  await proposed.getByText(/By Fatima Diallo/).waitFor()
  await proposed.getByRole('button', { name: 'Compare the two …' }).click()
  await proposed.getByRole('button', { name: 'Part them …' }).click()
  const form = dialog('Make two records of the one again')
  await form.getByLabel(/I have compared the two records/).check()
  await form.getByRole('button', { name: 'Part them' }).click()
  await part().getByText('No other record of this person is known, and none is proposed.').waitFor()
  await demographics(duplicate)
  await page.getByRole('button', { name: 'Change', exact: true }).waitFor()
  assert.equal(await page.getByRole('note').count(), 0)
})

test('nothing was complained of', () => assert.deepEqual(trouble, []))
