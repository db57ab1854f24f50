// Those who run the house: who touched whose record, by patient and by user, and as a file.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { open, url } from './harness.mjs'

let browser, page, trouble, accessible, shot, inTheme, signInAs

before(async () => { ({ browser, page, trouble, accessible, shot, inTheme, signInAs } = await open()) })
after(() => browser?.close())

test('the administrator sees who did what', async () => {
  await signInAs('physician')
  const patients = await (await page.request.get(`${url}/fhir/R4/Patient?_count=1`)).json()
  const { id } = patients.entry[0].resource
  assert.equal((await page.request.get(`${url}/fhir/R4/Patient/${id}`)).status(), 200)
  await signInAs('admin')
  await page.goto(`${url}/settings`)
  await page.getByRole('link', { name: 'Admin' }).click()
  await page.getByRole('table', { name: 'Events' }).waitFor()
  await page.getByLabel('Patient id').fill(id)
  await page.getByLabel('Event', { exact: true }).selectOption('READ')
  await page.getByRole('button', { name: 'Show' }).click()
  await page.getByRole('cell', { name: `Patient/${id}` }).first().waitFor()
  await page.getByRole('table', { name: 'Events' }).getByText('physician').first().waitFor()
  assert.equal(new URL(page.url()).search, '', 'whom one looks for stays out of the address')
  await accessible('audit')
  await inTheme('dark', () => accessible('audit, dark'))
  await shot('20-audit')
  const csv = await page.request.get(`${url}${await page.getByRole('link', { name: 'CSV' }).getAttribute('href')}`)
  assert.match(await csv.text(), new RegExp(`,${id},`))
})

test('nothing went wrong on the way', () => assert.deepEqual(trouble, []))
