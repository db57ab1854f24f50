// Who belongs to a patient, who pays, and what they agreed to: written at the desk, seen elsewhere, refused with its place.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { open, url } from './harness.mjs'

let browser, page, trouble, accessible, shot, inTheme, signInAs
let patient

before(async () => { ({ browser, page, trouble, accessible, shot, inTheme, signInAs } = await open()); page.setDefaultTimeout(60_000) })
after(() => browser?.close())

const ask = async (query, variables) => (await (await page.request.post(`${url}/graphql`, { headers: { 'X-WintEHR-Request': '1' }, data: { query, variables } })).json()).data
const dialog = (name) => page.getByRole('dialog', { name })
const region = (name, on = page) => on.getByRole('region', { name, exact: true })
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
const demographics = () => page.goto(`${url}/patients/${patient}/clinical/demographics`)

test('a registrar records a related person by keyboard; a slip is refused with its place', async () => {
  await signInAs('registrar')
  const { patientRegister: { outcome } } = await ask('mutation($input: PatientRegisterInput!) { patientRegister(input: $input) { outcome { ... on PatientSaved { patient { fhirId } } } } }', { input: { name: { family: 'Quillfeather', given: ['Isolde'] }, gender: 'FEMALE', birthDate: '1948-03-09' } })
  patient = outcome.patient.fhirId
  await demographics()
  await page.getByText('No related person is recorded.').waitFor()
  assert.equal(await page.getByRole('button', { name: 'Let a related person see the record' }).count(), 0, 'nobody could be let')
  await tabTo(page.getByRole('button', { name: 'Record a related person' }))
  await page.keyboard.press('Enter')
  await dialog('Record a related person').waitFor()
  await page.keyboard.press('D')
  await page.keyboard.press('Tab')
  await page.keyboard.type('Quillfeather')
  await page.keyboard.press('Tab')
  await page.keyboard.type('Rosalind')
  await page.keyboard.press('Tab')
  await page.keyboard.press('F')
  await page.keyboard.press('Tab')
  await page.keyboard.type('2999')
  await page.keyboard.press('Tab')
  await page.keyboard.type('555 0199')
  await page.keyboard.press('Enter')
  const form = dialog('Record a related person')
  await form.getByRole('alert').getByText(/it lies in the future/).waitFor()
  await accessible('a related person, refused')
  await inTheme('dark', () => accessible('a related person, refused, dark'))
  await shot('30-related-refused')
  await form.getByRole('alert').getByRole('button', { name: /future/ }).press('Enter')
  assert.ok(await form.getByLabel('Born', { exact: false }).evaluate((node) => node === document.activeElement))
  await form.getByLabel('Born', { exact: false }).fill('1975-11')
  await page.keyboard.press('Enter')
  const row = region('Related persons').getByRole('row', { name: /QUILLFEATHER, Rosalind/ })
  await row.getByText('Daughter').waitFor()
  await row.getByText('Nov-1975').waitFor()
})

test('a coverage is recorded of a payor of the list, changed, and another window sees it; two do not pay first', async () => {
  const other = await page.context().newPage()
  other.setDefaultTimeout(60_000)
  await other.goto(`${url}/patients/${patient}/clinical/demographics`)
  await other.getByText('No coverage is recorded.').waitFor()
  const record = async () => {
    await page.getByRole('button', { name: 'Record a coverage' }).click()
    const form = dialog('Record a coverage')
    const { search } = await ask('{ search(type: "Organization", query: "type=ins&_sort=name", first: 1) { nodes { fhir } } }')
    const name = search.nodes[0].fhir.name
    await form.getByLabel('Who pays').fill(name.slice(0, 5))
    await page.getByRole('option', { name, exact: true }).click()
    await form.getByText('Chosen.').waitFor()
    await form.getByLabel('Member number').fill('QF-1')
    await form.getByRole('button', { name: 'Record' }).click()
    return name
  }
  const payor = await record()
  await region('Coverage').getByRole('row', { name: /QF-1/ }).getByText('pays as number 1').waitFor()
  await other.getByRole('row', { name: /QF-1/ }).waitFor()
  await record()
  await dialog('Record a coverage').getByRole('alert').getByText(/would pay first too/).waitFor()
  await accessible('a second coverage, refused')
  await shot('30-coverage-refused')
  await dialog('Record a coverage').getByRole('button', { name: 'Cancel' }).click()
  await dialog('Record a coverage').getByRole('button', { name: 'Discard' }).click()
  await act(`Acts for ${payor}`, 'Change')
  await dialog(/Change the coverage/).getByLabel('Member number').fill('QF-2')
  await dialog(/Change the coverage/).getByRole('button', { name: 'Save' }).click()
  await region('Coverage').getByRole('row', { name: /QF-2/ }).waitFor()
  await other.getByRole('row', { name: /QF-2/ }).waitFor()
  await other.close()
  await act(`Acts for ${payor}`, 'History')
  await page.getByRole('dialog', { name: /^History of/ }).getByText('QF-1', { exact: false }).first().waitFor()
  await page.getByRole('dialog', { name: /^History of/ }).getByText('by whom is not shown to your role').first().waitFor()
  await page.getByRole('dialog', { name: /^History of/ }).getByRole('button', { name: 'Close' }).click()
})

test('a related person is let see the record, until it is taken back with a reason', async () => {
  await page.getByRole('button', { name: 'Let a related person see the record' }).click()
  const form = dialog('Let a related person see the record')
  await form.getByLabel('Who', { exact: true }).selectOption('QUILLFEATHER, Rosalind, daughter')
  await accessible('a proxy consent')
  await inTheme('dark', () => accessible('a proxy consent, dark'))
  await shot('30-proxy')
  await form.getByRole('button', { name: 'Record' }).click()
  const row = region('Consents').getByRole('row', { name: /Rosalind/ })
  await row.getByText('This person sees the whole record, to read.').waitFor()
  await accessible('demographics with consents')
  await shot('30-household')
  await act(/^Acts for Privacy/, 'Take back')
  await dialog(/^Take back/).getByRole('button', { name: 'Take back' }).click()
  await dialog(/^Take back/).getByRole('alert').getByText(/Why: say it/).waitFor()
  await dialog(/^Take back/).getByLabel('Why').fill('does not want it any more')
  await dialog(/^Take back/).getByRole('button', { name: 'Take back' }).click()
  await row.getByText('Inactive').waitFor()
  assert.equal(await row.getByText('This person sees the whole record').count(), 0)
})

test('somebody is nothing to the patient any more, and stays on record', async () => {
  await act(/^Acts for QUILLFEATHER, Rosalind/, 'Is nothing to the patient any more')
  await page.getByRole('dialog').getByRole('button', { name: 'End' }).click()
  await region('Related persons').getByRole('row', { name: /Rosalind/ }).getByText('No longer').waitFor()
  await page.getByRole('button', { name: 'Let a related person see the record' }).waitFor({ state: 'detached' })
})

test('a physician records what the patient says and adds nobody; a nurse changes who pays and consents to nothing', async () => {
  await signInAs('physician')
  await demographics()
  await page.getByRole('button', { name: 'Record a consent' }).click()
  const form = dialog('Record a consent')
  await form.getByLabel('What it is about').selectOption('Research')
  await form.getByLabel('The patient', { exact: true }).selectOption('Refuses')
  await form.getByLabel('Kind of consent').selectOption('Research information access')
  await form.getByRole('button', { name: 'Record' }).click()
  await region('Consents').getByRole('row', { name: /Research/ }).getByText('Refuses').waitFor()
  assert.equal(await page.getByRole('button', { name: 'Record a related person' }).count(), 0)
  await act(/^Acts for Privacy/, 'History')
  await page.getByRole('dialog', { name: /^History of/ }).getByText('Reason: does not want it any more').waitFor()
  await page.getByRole('dialog', { name: /^History of/ }).getByRole('button', { name: 'Close' }).click()
  assert.equal(await page.getByRole('button', { name: 'Record a coverage' }).count(), 0)
  await signInAs('nurse')
  await demographics()
  await region('Consents').getByRole('row', { name: /Research/ }).waitFor()
  assert.equal(await page.getByRole('button', { name: 'Record a consent' }).count(), 0)
  await page.getByRole('button', { name: /^Acts for Research/ }).click()
  assert.deepEqual(await page.getByRole('menuitem').allInnerTexts(), ['History'])
  await page.keyboard.press('Escape')
  await accessible('demographics for a nurse')
  await inTheme('dark', async () => { await accessible('demographics for a nurse, dark'); await shot('30-household-dark') })
})

test('the demo hospital has related persons, coverage and consents of more than ten patients', async () => {
  const { patients } = await ask('{ patients(first: 40) { nodes { relatedPersons(first: 1) { nodes { id } } coverage(first: 1) { nodes { id } } consents(first: 1) { nodes { id } } familyHistory(first: 1) { nodes { id } } procedures(first: 1) { nodes { id } } } } }')
  for (const list of ['relatedPersons', 'coverage', 'consents', 'familyHistory', 'procedures']) {
    const count = patients.nodes.filter((p) => p[list].nodes.length > 0).length
    assert.ok(count >= 10, `${list} of ${count}`)
  }
})

test('nothing went wrong on the way', () => { assert.deepEqual(trouble, []) })
