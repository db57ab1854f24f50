// A chart that is opened in an emergency: what was hidden is there, a banner says so, and an administrator reviews it.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { open, url } from './harness.mjs'

let browser, page, trouble, accessible, shot, inTheme, signInAs
let id

before(async () => { ({ browser, page, trouble, accessible, shot, inTheme, signInAs } = await open()) })
after(() => browser?.close())

test('a physician opens a chart in an emergency and ends it', async () => {
  // A patient of the test's own, whom nobody treats.
  await signInAs('registrar')
  const made = await page.request.post(`${url}/fhir/R4/Patient`, { headers: { 'X-WintEHR-Request': '1', 'Content-Type': 'application/fhir+json' }, data: JSON.stringify({ resourceType: 'Patient', name: [{ family: 'Emergency', given: ['Ida'] }], birthDate: '1980-02-03' }) })
  assert.equal(made.status(), 201)
  id = (await made.json()).id
  await signInAs('physician')
  const hidden = await page.request.post(`${url}/fhir/R4/Condition`, {
    headers: { 'X-WintEHR-Request': '1', 'Content-Type': 'application/fhir+json' },
    data: JSON.stringify({ resourceType: 'Condition', subject: { reference: `Patient/${id}` }, code: { text: 'A restricted matter' }, clinicalStatus: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/condition-clinical', code: 'active' }] }, meta: { security: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'R' }] } }),
  })
  assert.equal(hidden.status(), 201)
  await page.goto(`${url}/patients/${id}/clinical/problems`)
  await page.getByRole('heading', { level: 1, name: /emergency/i }).waitFor()
  assert.equal(await page.getByText('A restricted matter').count(), 0)
  await page.getByRole('button', { name: 'Emergency access …' }).click()
  await page.getByLabel('Why, in your words').fill('Unconscious in the emergency room')
  await accessible('emergency dialog')
  await page.getByRole('button', { name: 'Open the chart' }).click()
  await page.getByText('A restricted matter').first().waitFor()
  const banner = page.getByRole('region', { name: 'Emergency access' })
  await banner.getByText(/minutes left/).waitFor()
  await accessible('chart in an emergency')
  await inTheme('dark', () => accessible('chart in an emergency, dark'))
  await shot('21-emergency')
  await banner.getByRole('button', { name: 'End it now' }).click()
  await banner.waitFor({ state: 'detached' })
  await page.getByText('A restricted matter').first().waitFor({ state: 'detached' })
})

test('an administrator reviews it', async () => {
  await signInAs('admin')
  await page.goto(`${url}/administration/emergencies`)
  const row = page.getByRole('row').filter({ hasText: id })
  await row.getByRole('button', { name: /^Review/ }).click()
  await page.getByLabel('Note').fill('Known in the emergency room')
  await accessible('review')
  await page.getByRole('button', { name: 'Justified', exact: true }).click()
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await row.waitFor({ state: 'detached' })
  await page.getByRole('button', { name: 'Reviewed' }).click()
  await row.getByText(/Known in the emergency room/).waitFor()
  await accessible('emergencies')
})

test('an administrator opens what is very restricted to one physician, and ends it', async () => {
  await signInAs('registrar')
  const headers = { 'X-WintEHR-Request': '1', 'Content-Type': 'application/fhir+json' }
  const secret = await page.request.put(`${url}/fhir/R4/Patient/${id}`, {
    headers, data: JSON.stringify({ resourceType: 'Patient', id, name: [{ family: 'Emergency', given: ['Ida'] }], birthDate: '1980-02-03', meta: { security: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'V' }] } }),
  })
  assert.equal(secret.status(), 200)
  const seen = async () => { await signInAs('physician'); return (await page.request.get(`${url}/fhir/R4/Patient/${id}`)).status() }
  assert.equal(await seen(), 404)
  await signInAs('admin')
  await page.goto(`${url}/administration/grants`)
  // The whole way by the keyboard.
  await page.getByRole('button', { name: 'Give a grant' }).focus()
  await page.keyboard.press('Enter')
  await page.getByLabel('User name of a physician, nurse or pharmacist').focus()
  const { demoUsers } = await (await page.request.get(`${url}/auth/config`)).json()
  await page.keyboard.type(demoUsers.find((one) => one.role === 'physician').user)
  await page.keyboard.press('Tab')
  await page.keyboard.type(id)
  await page.keyboard.press('Tab')
  await page.keyboard.type('Treats the family')
  await accessible('giving a grant')
  const tomorrow = await page.evaluate(() => { const at = new Date(Date.now() + 86_400_000); return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16) })
  await page.getByLabel('Until, a year at most').fill(tomorrow)
  await page.getByRole('button', { name: 'Give', exact: true }).press('Enter')
  const row = page.getByRole('row').filter({ hasText: id })
  await row.getByText('Treats the family').waitFor()
  await accessible('grants')
  await inTheme('dark', () => accessible('grants, dark'))
  await shot('24-grants')
  assert.equal(await seen(), 200)
  await signInAs('admin')
  await page.goto(`${url}/administration/grants`)
  await row.getByRole('button', { name: /^End the grant/ }).press('Enter')
  await page.getByRole('button', { name: 'End the grant', exact: true }).press('Enter')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await row.waitFor({ state: 'detached' })
  assert.equal(await seen(), 404)
})

test('nothing went wrong on the way', () => assert.deepEqual(trouble, []))
