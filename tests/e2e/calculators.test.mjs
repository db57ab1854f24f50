// Calculators beside the chart: what they take from it, and what they say when something is missing.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { open, url } from './harness.mjs'

let browser, page, trouble, accessible, shot, inTheme, signInAs

before(async () => { ({ browser, page, trouble, accessible, shot, inTheme, signInAs } = await open()); page.setDefaultTimeout(15_000) })
after(() => browser?.close())

test('a score takes its inputs from the chart, tells from when, and computes nothing without them', async () => {
  await signInAs('physician')
  const query = '{ patients(first: 1, fhirQuery: "_has:Encounter:patient:status=in-progress&_has:Encounter:patient:class=IMP&birthdate=lt1970") { nodes { fhirId } } }'
  const answer = await page.request.post(`${url}/graphql`, { headers: { 'X-WintEHR-Request': '1' }, data: { query } })
  await page.goto(`${url}/patients/${(await answer.json()).data.patients.nodes[0].fhirId}/clinical/calculators`)
  await page.getByRole('button', { name: 'eGFR (CKD-EPI 2021)' }).click()
  const egfr = page.getByRole('region', { name: 'eGFR (CKD-EPI 2021)' })
  await egfr.getByText(/^From the chart, \d{2}-/).waitFor()
  await egfr.getByText('mL/min/1.73 m²').waitFor()
  await accessible('a calculator')
  await inTheme('dark', () => accessible('a calculator, dark'))
  await shot('24-calculators')
  const back = egfr.getByRole('button', { name: 'Values of the chart again' })
  assert.ok(await back.isDisabled(), 'they are the values of the chart')
  await egfr.getByLabel('Creatinine').fill('1.2')
  await egfr.getByLabel('Age').fill('55')
  await egfr.getByLabel('Sex for the formula').selectOption('MALE')
  assert.equal(await egfr.getByRole('status', { name: 'Result' }).locator('strong').innerText(), '71')
  await egfr.getByLabel('Creatinine').fill('')
  await egfr.getByText('Not computed. Missing: Creatinine.').waitFor()
  await back.click()
  await egfr.getByText(/^From the chart, \d{2}-/).waitFor()
  assert.ok(await back.isDisabled())
  assert.ok(await egfr.evaluate((sheet) => sheet.contains(document.activeElement)), 'the keyboard goes on in the sheet')
  await page.getByRole('button', { name: 'NEWS2' }).click()
  await page.getByRole('region', { name: 'NEWS2' }).getByText(/respiratory rate \d, saturation \d/).waitFor()
  await shot('24-news2')
  await page.getByRole('button', { name: 'Wells score for deep vein thrombosis' }).click()
  const wells = page.getByRole('region', { name: /^Wells/ })
  await wells.getByRole('radiogroup', { name: 'Active cancer' }).getByLabel('Yes').check()
  await wells.getByRole('radiogroup', { name: 'Whole leg swollen' }).getByLabel('Yes').check()
  await wells.getByText('Likely', { exact: true }).waitFor()
  await wells.getByText(/^Counted as no, not answered: Paralysis/).waitFor()
  await accessible('a score of findings')
})

test('nothing went wrong on the way', () => assert.deepEqual(trouble, []))
