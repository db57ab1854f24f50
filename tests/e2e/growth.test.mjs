// Growth of a child of the demo hospital: curves, a point by the keyboard, the table, and none of it for an adult.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { open, url } from './harness.mjs'

let browser, page, trouble, accessible, shot, inTheme, signInAs

before(async () => { ({ browser, page, trouble, accessible, shot, inTheme, signInAs } = await open()); page.setDefaultTimeout(20_000) })
after(() => browser?.close())

async function patient(fhirQuery) {
  const query = `{ patients(first: 1, fhirQuery: "${fhirQuery}") { nodes { fhirId } } }`
  const answer = await page.request.post(`${url}/graphql`, { headers: { 'X-WintEHR-Request': '1' }, data: { query } })
  return `${url}/patients/${(await answer.json()).data.patients.nodes[0].fhirId}/clinical/vitals`
}
const yearsAgo = (years) => `${new Date().getFullYear() - years}-01-01`

test('a physician sees a child grow against the reference, and reads a point by the keyboard', async () => {
  await signInAs('physician')
  await page.goto(await patient(`birthdate=gt${yearsAgo(9)}&birthdate=lt${yearsAgo(5)}&_has:Observation:patient:code=9843-4`))
  const operations = []
  const listen = (request) => { if (request.url().endsWith('/graphql')) operations.push(JSON.parse(request.postData() ?? '{}').operationName) }
  const growth = page.getByRole('button', { name: 'Growth', exact: true })
  await growth.waitFor()
  page.on('request', listen)
  await growth.focus()
  await page.keyboard.press('Enter')
  const curves = page.getByRole('group', { name: /^Weight by age, CDC 2000, 2 to 20 years, (boys|girls), percentiles 3 to 97; \d+ measurements$/ })
  await curves.waitFor()
  page.off('request', listen)
  assert.deepEqual(operations, ['VitalsScreen'])
  const point = curves.getByRole('img').first()
  await point.focus()
  assert.match(await page.locator('figcaption').innerText(), /^\d{2}-[A-Z][a-z]{2}-\d{4}, \d+ years?( \d+ months?)?: [\d.]+ kg, percentile [<>]?[\d.]+, z −?\d\.\d\d$/)
  await accessible('growth')
  await shot('25-growth')
  await inTheme('dark', async () => { await accessible('growth, dark'); await shot('25-growth-dark') })
  for (const [width, height] of [[1280, 800], [1920, 1080], [820, 1180]]) {
    await page.setViewportSize({ width, height })
    await curves.waitFor()
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `nothing beyond ${width}`)
    await shot(`25-growth-${width}`)
  }
  await page.setViewportSize({ width: 1440, height: 900 })
  await page.getByRole('button', { name: 'Head', exact: true }).click()
  await page.getByRole('button', { name: 'WHO 2006, birth to 2 years' }).click()
  await page.getByRole('group', { name: /^Head circumference by age, WHO 2006/ }).getByRole('img').first().waitFor()
  await shot('25-growth-head')
  await page.getByRole('button', { name: 'Table', exact: true }).click()
  const table = page.getByRole('table', { name: 'Head circumference' })
  await table.getByRole('row', { name: /WHO 2006, birth to 2 years$/ }).first().waitFor()
  await accessible('growth as a table')
  await page.reload()
  await page.getByRole('group', { name: /^Weight by age/ }).waitFor()
})

test('a child who was born before term stands at the corrected age, with the age since birth beside it', async () => {
  await page.goto(`${await patient('_has:Observation:patient:code-value-quantity=76516-4$lt37')}?view=growth`)
  await page.getByText(/Born at 3[1-6] weeks( and \d days?)? \(recorded \d{2}-[A-Z][a-z]{2}-\d{4}\): .+ before term; up to 24 months/).waitFor()
  await page.getByRole('button', { name: 'WHO 2006, birth to 2 years' }).click()
  const curves = page.getByRole('group', { name: /^Weight by age, WHO 2006/ })
  await curves.getByRole('img', { name: /months \(corrected −?\d+\.\d\): [\d.]+ kg, percentile/ }).last().focus()
  await accessible('growth by corrected age')
  await shot('25-growth-corrected')
  await inTheme('dark', async () => { await accessible('growth by corrected age, dark'); await shot('25-growth-corrected-dark') })
  await page.getByRole('button', { name: 'Table', exact: true }).click()
  await page.getByRole('table', { name: 'Weight' }).getByRole('columnheader', { name: 'Corrected' }).waitFor()
})

test('of an adult there is no growth', async () => {
  await page.goto(`${await patient(`birthdate=lt${yearsAgo(40)}&_has:Observation:patient:code=29463-7`)}?view=growth`)
  await page.getByRole('table', { name: 'Vital signs' }).waitFor()
  assert.equal(await page.getByRole('button', { name: 'Growth', exact: true }).count(), 0)
})

test('nothing went wrong on the way', () => assert.deepEqual(trouble, []))
