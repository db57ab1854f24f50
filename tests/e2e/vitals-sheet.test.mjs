// The sheet of vital signs: its early warning score, its stretches of hours, and its printed form.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { open, url } from './harness.mjs'

let browser, page, trouble, accessible, shot, inTheme, signInAs, patient
before(async () => {
  ({ browser, page, trouble, accessible, shot, inTheme, signInAs } = await open())
  page.setDefaultTimeout(20_000)
  await signInAs('nurse')
  const query = '{ patients(first: 1, fhirQuery: "_has:Encounter:patient:status=in-progress&_has:Encounter:patient:class=IMP") { nodes { fhirId } } }'
  const { data } = await (await page.request.post(`${url}/graphql`, { headers: { 'X-WintEHR-Request': '1' }, data: { query } })).json()
  patient = `${url}/patients/${data.patients.nodes[0].fhirId}/clinical`
})
after(() => browser?.close())

const sheet = () => page.getByRole('table', { name: 'Vital signs' })
async function both(name) {
  await accessible(name)
  await shot(`67-${name}`)
  await inTheme('dark', async () => { await accessible(`${name}, dark`); await shot(`67-${name}-dark`) })
  for (const width of [1280, 820]) {
    await page.setViewportSize({ width, height: 900 })
    await shot(`67-${name}-${width}`)
  }
  await page.setViewportSize({ width: 1440, height: 900 })
}

test('a nurse records a full set of signs, and reads the score of that moment with its parts', async () => {
  await page.goto(`${patient}/vitals`)
  await page.getByRole('button', { name: 'Record vital signs' }).click()
  const form = page.getByRole('form', { name: 'New measurements' })
  await form.waitFor()
  await both('entry')
  for (const [name, value] of [['Systolic pressure', '98'], ['Diastolic pressure', '60'], ['Heart rate', '112'], ['Respiratory rate', '22'], ['Temperature', '38.4'], ['Oxygen saturation', '93'], ['Oxygen flow', '2']]) await form.getByLabel(name).fill(value)
  await form.getByLabel('Level of responsiveness').selectOption('ALERT')
  await form.getByRole('button', { name: 'Record' }).click()
  await form.waitFor({ state: 'detached' })
  const score = sheet().getByRole('button', { name: /^NEWS2, .*: 11, high/ }).first()
  await score.focus()
  await page.getByText(/NEWS2 of .*: 11, high: respiratory rate 2, saturation 2, oxygen 2, systolic pressure 2, heart rate 2, consciousness 0, temperature 1/).waitFor()
  await both('news')
})

test('hours up to now, up to the last value, and back by the keyboard', async () => {
  await page.getByRole('button', { name: '4 h', exact: true }).click()
  await page.getByRole('region', { name: 'Vital signs' }).getByText(/to now, newest first/).waitFor()
  await both('hours')
  await page.getByRole('button', { name: 'Last value' }).click()
  await page.waitForURL(/until=/)
  await sheet().waitFor()
  const before = page.url()
  await page.getByRole('group', { name: 'Vital signs, sheet' }).focus()
  await page.keyboard.press('PageUp')
  await page.waitForFunction((was) => location.href !== was, before)
  await page.goto(`${patient}/vitals?view=neurological&span=24h`)
  await page.getByRole('region', { name: 'Neurological signs' }).waitFor()
  await both('neurological-24h')
})

test('sheets are printed without what is pressed', async () => {
  await page.goto(`${patient}/vitals`)
  await sheet().waitFor()
  await page.emulateMedia({ media: 'print' })
  assert.equal(await page.getByRole('button', { name: 'Record vital signs' }).isVisible(), false)
  await shot('67-print')
  await page.goto(`${patient}/vitals?view=neurological&span=all`)
  await page.getByRole('region', { name: 'Neurological signs' }).waitFor()
  await shot('67-print-flowsheet')
  await page.emulateMedia({ media: 'screen' })
})

test('nothing went wrong on the way', () => assert.deepEqual(trouble, []))
