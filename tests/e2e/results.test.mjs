// Results and reports as they are read: one of them beside the table, what it says in full, and what is done with it.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { open, url } from './harness.mjs'

let browser, page, trouble, accessible, shot, inTheme, signInAs
let chart, patient

before(async () => {
  ({ browser, page, trouble, accessible, shot, inTheme, signInAs } = await open({ width: 1280, height: 800 }))
  page.setDefaultTimeout(30_000)
  await signInAs('physician')
  const of = '_has:Encounter:patient:status=in-progress&_has:Encounter:patient:class=IMP'
  patient = (await ask(`{ patients(first: 1, fhirQuery: "${of}") { nodes { fhirId } } }`)).patients.nodes[0].fhirId
  chart = `${url}/patients/${patient}/clinical`
})
after(() => browser?.close())

const dialog = (name) => page.getByRole('dialog', { name })
const ask = async (query, variables) => (await (await page.request.post(`${url}/graphql`, { headers: { 'X-WintEHR-Request': '1' }, data: { query, variables } })).json()).data
const loinc = (code, text) => ({ coding: [{ system: 'http://loinc.org', code }], text })
const stands = (code, display) => [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation', code, display }] }]
const category = (system, code) => [{ coding: [{ system: `http://terminology.hl7.org/CodeSystem/${system}`, code }] }]

/** Puts a resource on record, as the laboratory does. */
async function put(resource, id) {
  const headers = { 'X-WintEHR-Request': '1', 'Content-Type': 'application/fhir+json', Prefer: 'return=representation' }
  const at = `${url}/fhir/R4/${resource.resourceType}`
  const answer = id ? await page.request.put(`${at}/${id}`, { headers, data: { ...resource, id } }) : await page.request.post(at, { headers, data: resource })
  assert.ok(answer.ok(), await answer.text())
  return (await answer.json()).id
}
/** A result of this patient. */
const result = (code, effectiveDateTime, more) => ({ resourceType: 'Observation', status: 'final', subject: { reference: `Patient/${patient}` }, category: category('observation-category', 'laboratory'), code, effectiveDateTime, ...more })
const kg = (value) => ({ value, unit: 'mOsm/kg', system: 'http://unitsofmeasure.org', code: 'mosm/kg' })
const osmolality = (at, value, more = {}) => result(loinc('2692-2', 'Osmolality'), at, { valueQuantity: kg(value), referenceRange: [{ low: kg(275), high: kg(295) }], ...more })

test('a cell opens all that is recorded of its result, and gives the focus back', async () => {
  const hour = (n) => new Date(Date.now() - n * 3_600_000).toISOString()
  const swab = await put({ resourceType: 'Specimen', status: 'available', type: { text: 'venous blood' }, subject: { reference: `Patient/${patient}` }, collection: { collectedDateTime: hour(3) }, accessionIdentifier: { value: 'L-2291' } })
  await put(osmolality(hour(30), 293.0, { referenceRange: [{ low: kg(278), high: kg(300) }] }))
  await put(osmolality(hour(2), 301.5, { interpretation: stands('H', 'High'), issued: hour(1), specimen: { reference: `Specimen/${swab}` }, method: { text: 'Ion-selective electrode' }, note: [{ text: 'Slightly haemolysed.' }], performer: [{ display: 'Laboratory' }] }))
  await page.goto(`${chart}/results`)
  const table = page.getByRole('table', { name: 'Laboratory results' })
  const cell = table.getByRole('button', { name: /^Osmolality 301\.5 mOsm\/kg/ })
  await cell.focus()
  await shot('results-table')
  await page.keyboard.press('Enter')
  const pane = page.getByRole('complementary', { name: 'Osmolality' })
  for (const text of ['High. As it was reported.', '275 mOsm/kg – 295 mOsm/kg', /\+8\.5 mOsm\/kg since/, 'Ion-selective electrode', 'Venous blood', 'L-2291', 'Slightly haemolysed.', 'By nobody yet']) await pane.getByText(text).first().waitFor()
  await accessible('one result')
  await inTheme('dark', async () => { await accessible('one result, dark'); await shot('results-pane-dark') })
  await shot('results-pane')
  // Once more goes to what is open already.
  await cell.press('Enter')
  assert.ok(await pane.getByRole('button', { name: 'Close' }).evaluate((node) => node === document.activeElement))
  await page.keyboard.press('Escape')
  await pane.waitFor({ state: 'detached' })
  assert.ok(await cell.evaluate((node) => node === document.activeElement))
})

test('a result is passed on to a colleague, and acknowledged where it is read', async () => {
  await page.getByRole('button', { name: /^Osmolality 301\.5 mOsm\/kg/ }).click()
  const pane = page.getByRole('complementary', { name: 'Osmolality' })
  await pane.getByRole('button', { name: 'Forward' }).click()
  const form = dialog(/^Forward Osmolality 301\.5 mOsm\/kg/)
  await form.getByRole('combobox', { name: 'To', exact: true }).fill('Lindqvist')
  await page.getByRole('option', { name: /Lindqvist/ }).first().click()
  await form.getByRole('textbox', { name: 'Message' }).fill('Please have a look at this.')
  await accessible('a result that is passed on')
  await shot('results-forward')
  await form.getByRole('button', { name: 'Send' }).click()
  await form.waitFor({ state: 'detached' })
  await pane.getByRole('button', { name: 'Acknowledge' }).click()
  await dialog(/^Acknowledge Osmolality/).getByRole('button', { name: 'Acknowledge' }).click()
  await pane.getByText(/^By .*\d\d:\d\d/).waitFor()
  assert.equal(await pane.getByRole('button', { name: 'Acknowledge' }).count(), 0)
})

test('the trend has the range of each result at its own time', async () => {
  await page.getByRole('complementary', { name: 'Osmolality' }).getByRole('button', { name: 'Trend' }).click()
  const trend = page.getByRole('complementary', { name: 'Trend of Osmolality' })
  await trend.getByRole('img').first().waitFor()
  await trend.getByText(/The reference range changed on/).waitFor()
  await shot('results-trend')
  await inTheme('dark', async () => { await accessible('a trend whose range changed, dark'); await shot('results-trend-dark') })
  await accessible('a trend whose range changed')
  await trend.getByRole('button', { name: 'Table' }).click()
  for (const range of ['278–300', '275–295']) await trend.getByRole('cell', { name: range }).waitFor()
  await shot('results-trend-table')
  await trend.getByRole('button', { name: 'Close' }).click()
})

test('a report of microbiology is read with what was tried against what grew', async () => {
  const grown = await put(result(loinc('600-7', 'Bacteria identified in blood by culture'), '2026-01-04T10:00:00Z', {
    valueCodeableConcept: { text: 'Escherichia coli' }, interpretation: stands('A', 'Abnormal'),
    component: [
      { code: { text: 'Ampicillin' }, valueQuantity: { value: 32, comparator: '>=', unit: 'mg/L' }, interpretation: stands('R', 'Resistant') },
      { code: { text: 'Meropenem' }, valueQuantity: { value: 0.25, comparator: '<=', unit: 'mg/L' }, interpretation: stands('S', 'Susceptible') },
    ],
  }))
  const report = (conclusion, status) => ({
    resourceType: 'DiagnosticReport', status, subject: { reference: `Patient/${patient}` }, category: [{ text: 'Microbiology' }], code: loinc('600-7', 'Blood culture'), effectiveDateTime: '2026-01-04T10:00:00Z', issued: '2026-01-06T09:00:00Z',
    performer: [{ display: 'Microbiology' }], result: [{ reference: `Observation/${grown}` }], conclusion,
  })
  const id = await put(report('Growth in one of two bottles.', 'final'))
  await put(report('Growth in two of two bottles.\n\nEscherichia coli, resistant to ampicillin. Remove the line if it is the source.', 'corrected'), id)
  await page.goto(`${chart}/results?view=reports&report=DiagnosticReport/${id}`)
  const pane = page.getByRole('complementary', { name: 'Blood culture' })
  for (const text of ['Growth in two of two bottles.', /It corrects an earlier version/, 'Resistant', 'Susceptible']) await pane.getByText(text).first().waitFor()
  assert.equal(await pane.getByRole('region', { name: 'Conclusion' }).getByRole('paragraph').count(), 2)
  await accessible('a report')
  await inTheme('dark', async () => { await accessible('a report, dark'); await shot('results-report-dark') })
  await shot('results-report')
  await pane.getByRole('button', { name: 'What it said before' }).click()
  await dialog('Versions: Blood culture').getByText('Growth in one of two bottles.').waitFor()
  await dialog('Versions: Blood culture').getByRole('button', { name: 'Close' }).click()
  await page.setViewportSize({ width: 820, height: 1180 })
  await shot('results-report-820')
  await page.goto(`${chart}/results`)
  await page.getByRole('table', { name: 'Laboratory results' }).waitFor()
  await shot('results-table-820')
  await page.setViewportSize({ width: 1280, height: 800 })
})

test('who was told of a critical result, and what they read back, is recorded; then it is acknowledged', async () => {
  await put(osmolality(new Date(Date.now() - 3_600_000).toISOString(), 352.5, { interpretation: stands('HH', 'Critical high') }))
  await page.goto(`${chart}/results`)
  const critical = page.getByRole('region', { name: 'Critical results' })
  await critical.getByRole('button', { name: /^Osmolality 352\.5/ }).click()
  const pane = page.getByRole('complementary', { name: 'Osmolality' })
  await pane.getByRole('button', { name: 'Somebody was told' }).click()
  const form = dialog('Somebody was told of Osmolality 352.5 mOsm/kg')
  const told = form.getByRole('combobox', { name: 'Told to' })
  await told.fill('Dr Kim, on call')
  await form.getByText(/^In words only/).waitFor()
  await told.fill('Lindqvist')
  await page.getByRole('option', { name: /Lindqvist/ }).first().click()
  await form.getByText('Chosen of the directory: the result waits for them.').waitFor()
  await form.getByRole('textbox', { name: 'What they read back' }).fill('352.5 mOsm/kg')
  await form.getByRole('button', { name: 'Record' }).click()
  await form.getByText('Nothing was recorded.').waitFor()
  await accessible('that somebody was told')
  await form.getByLabel('What was read back was right').check()
  await shot('results-read-back')
  await form.getByRole('button', { name: 'Record' }).click()
  await form.waitFor({ state: 'detached' })
  await pane.getByText(/Lindqvist/).first().waitFor()
  await pane.getByRole('button', { name: 'Acknowledge' }).click()
  await dialog(/^Acknowledge Osmolality/).getByRole('button', { name: 'Acknowledge' }).click()
  await critical.waitFor({ state: 'detached' })
  await shot('results-acknowledged')
})

test('nothing on the way was an error', () => assert.deepEqual(trouble, []))
