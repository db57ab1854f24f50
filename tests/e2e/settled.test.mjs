// What comes to a list while somebody points into it: the rows stay where they are until they are asked to move.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { open, url } from './harness.mjs'

let browser, page, trouble, accessible, shot, inTheme, signInAs, clear
before(async () => { ({ browser, page, trouble, accessible, shot, inTheme, signInAs, clear } = await open()); page.setDefaultTimeout(30_000) })
after(() => browser?.close())

const news = () => page.getByRole('status').filter({ hasText: 'new or changed' })
let patient
async function report(text) {
  const resource = {
    resourceType: 'Observation', status: 'final', subject: { reference: `Patient/${patient}` }, effectiveDateTime: new Date().toISOString(), code: { text },
    category: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'laboratory' }] }], valueQuantity: { value: 42, unit: 'ug/L', system: 'http://unitsofmeasure.org', code: 'ug/L' },
  }
  const answer = await page.request.post(`${url}/fhir/R4/Observation`, { headers: { 'X-WintEHR-Request': '1', 'Content-Type': 'application/fhir+json' }, data: resource })
  assert.equal(answer.status(), 201)
}

test('a result that comes while the results are pointed at waits behind a bar', async () => {
  await signInAs('physician')
  const query = '{ patients(first: 1, fhirQuery: "_has:Encounter:patient:status=in-progress&_has:Encounter:patient:class=IMP") { nodes { fhirId } } }'
  const { data } = await (await page.request.post(`${url}/graphql`, { headers: { 'X-WintEHR-Request': '1' }, data: { query } })).json()
  patient = data.patients.nodes[0].fhirId
  await page.goto(`${url}/patients/${patient}/clinical/results`)
  const table = page.getByRole('table', { name: 'Laboratory results' })
  await table.getByRole('row').nth(3).hover()
  await page.getByText('Live', { exact: true }).waitFor()
  await page.getByText(/^read at \d\d:\d\d$/).waitFor()
  const times = await table.getByRole('columnheader').allInnerTexts()
  await report('Ferritin, first')
  await news().waitFor()
  assert.match(await news().innerText(), /^1 new or changed/)
  assert.deepEqual(await table.getByRole('columnheader').allInnerTexts(), times)
  await accessible('a list with news')
  await inTheme('dark', () => accessible('a list with news, dark'))
  await shot('30-news')
  await page.getByRole('button', { name: 'Show results as they are now' }).press('Enter')
  await table.getByRole('row', { name: 'Ferritin, first' }).waitFor()
  assert.equal(await news().count(), 0)
})

test('with nobody in the list it comes at once', async () => {
  await page.getByRole('heading', { level: 1 }).hover()
  await page.evaluate(() => document.activeElement?.blur())
  await report('Ferritin, second')
  await page.getByRole('row', { name: 'Ferritin, second' }).waitFor()
})

test('nothing went wrong on the way', () => {
  clear()
  assert.deepEqual(trouble, [])
})
