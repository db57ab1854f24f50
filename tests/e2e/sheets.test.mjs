// Flowsheets beside vital signs, and the switch to results that are not as expected.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { open, url } from './harness.mjs'

let browser, page, trouble, accessible, shot, inTheme, signInAs, patient
before(async () => {
  ({ browser, page, trouble, accessible, shot, inTheme, signInAs } = await open())
  page.setDefaultTimeout(15_000)
  await signInAs('nurse')
  const query = '{ patients(first: 1, fhirQuery: "_has:Encounter:patient:status=in-progress&_has:Encounter:patient:class=IMP") { nodes { fhirId } } }'
  const { data } = await (await page.request.post(`${url}/graphql`, { headers: { 'X-WintEHR-Request': '1' }, data: { query } })).json()
  patient = `${url}/patients/${data.patients.nodes[0].fhirId}/clinical`
})
after(() => browser?.close())

const entry = () => page.getByRole('form', { name: 'New measurements' })
async function both(name) {
  await accessible(name)
  await shot(`64-${name}`)
  await inTheme('dark', async () => { await accessible(`${name}, dark`); await shot(`64-${name}-dark`) })
  for (const width of [1280, 820]) {
    await page.setViewportSize({ width, height: 900 })
    await shot(`64-${name}-${width}`)
  }
  await page.setViewportSize({ width: 1440, height: 900 })
}

test('a nurse records intake and output by keyboard, and reads the balance of the day', async () => {
  await page.goto(`${patient}/vitals`)
  await page.getByRole('table', { name: 'Vital signs' }).waitFor()
  await page.getByRole('button', { name: 'Intake and output' }).click()
  const add = page.getByRole('button', { name: 'Record intake and output' })
  await add.waitFor()
  assert.match(page.url(), /view=intake-output/)
  await add.focus()
  await page.keyboard.press('Enter')
  await entry().getByLabel('Fluid intake in 24 hours', { exact: true }).and(page.locator(':focus')).waitFor()
  await page.keyboard.type('2150')
  await page.keyboard.press('Enter')
  await page.keyboard.type('150000')
  await both('fluids-entry')
  await entry().getByRole('button', { name: 'Save' }).focus()
  await page.keyboard.press('Enter')
  await entry().getByRole('alert').getByText(/Urine output in 24 hours in mL: 150000 is not believed/).waitFor()
  await entry().getByLabel('Urine output in 24 hours', { exact: true }).fill('2600')
  await entry().getByRole('button', { name: 'Save' }).focus()
  await page.keyboard.press('Enter')
  await entry().waitFor({ state: 'detached' })
  const sheet = page.getByRole('table', { name: 'Intake and output' })
  await sheet.getByRole('row', { name: /^Balance, intake less urine.*mL.*−450/ }).waitFor()
  await sheet.getByRole('row', { name: /^Fluid intake in 24 hours mL.*2,150/ }).waitFor()
  await both('fluids')
})

test('a trend stands beside its sheet or above it, never over it', async () => {
  await page.goto(`${patient}/vitals`)
  await page.getByRole('table', { name: 'Vital signs' }).getByRole('button', { name: 'Heart rate', exact: true }).click()
  const trend = page.getByRole('complementary', { name: 'Trend of Heart rate' })
  await trend.getByRole('img').first().waitFor()
  for (const width of [1440, 1280, 1100, 820]) {
    await page.setViewportSize({ width, height: 900 })
    const [a, b] = await Promise.all([trend, page.getByRole('group', { name: 'Vital signs, sheet' })].map((one) => one.boundingBox()))
    assert.ok(a.x >= b.x + b.width - 1 || a.y + a.height <= b.y + 1, `at ${width} the trend lies over the sheet`)
    await shot(`64-vitals-trend-${width}`)
  }
  await page.setViewportSize({ width: 1440, height: 900 })
  await accessible('vital signs with a trend')
})

test('the parts of the coma scale give its total', async () => {
  await page.goto(`${patient}/vitals`)
  await page.getByRole('button', { name: 'Neurological signs' }).click()
  await page.getByRole('button', { name: 'Record neurological signs' }).click()
  for (const [name, value] of [['Eye opening', '3'], ['Verbal response', '4'], ['Motor response', '6']]) await entry().getByLabel(name, { exact: true }).fill(value)
  await entry().getByRole('button', { name: 'Save' }).click()
  await entry().waitFor({ state: 'detached' })
  await page.getByRole('table', { name: 'Neurological signs' }).getByRole('row', { name: /^Glasgow Coma Scale, total points.*13/ }).waitFor()
  await both('neurological')
  await page.getByRole('button', { name: 'Pain', exact: true }).click()
  await page.getByRole('button', { name: 'Record pain' }).waitFor()
  await page.getByRole('button', { name: 'All', exact: true }).click()
  await page.getByRole('region', { name: 'Pain', exact: true }).getByText(/until/).waitFor()
  await both('pain')
})

test('results that are not as expected are shown alone, and the address keeps it', async () => {
  await page.goto(`${patient}/results`)
  await page.getByRole('table', { name: 'Laboratory results' }).waitFor()
  await page.getByRole('button', { name: 'Abnormal only' }).click()
  await page.getByText(/results that are not abnormal are hidden/).waitFor()
  assert.match(page.url(), /show=abnormal/)
  await page.reload()
  await page.getByText(/results that are not abnormal are hidden/).waitFor()
  await both('abnormal')
})

test('nothing went wrong unseen', () => assert.deepEqual(trouble, []))
