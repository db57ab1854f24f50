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
const column = () => page.getByRole('form', { name: 'New measurements' })
const cell = (name) => column().getByLabel(name, { exact: true })
const save = () => column().getByRole('button', { name: /^Save/ })
const isFocused = (locator) => locator.evaluate((node) => node === document.activeElement)
const type = (text) => page.keyboard.type(text)
const press = (key) => page.keyboard.press(key)
/** Goes to a control by the Tab key alone. */
async function tabTo(locator) {
  for (let i = 0; i < 80; i += 1) {
    if (await isFocused(locator)) return
    await press('Tab')
  }
  assert.fail('the control is not reached by Tab')
}
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
  await column().waitFor()
  await both('entry')
  for (const [name, value] of [['Systolic pressure', '98'], ['Diastolic pressure', '60'], ['Heart rate', '112'], ['Respiratory rate', '22'], ['Temperature', '38.4'], ['Oxygen saturation', '93'], ['Oxygen flow', '2']]) await cell(name).fill(value)
  await cell('Level of responsiveness').selectOption('ALERT')
  await sheet().getByRole('row', { name: /^NEWS2/ }).getByRole('button', { name: /: 11, high/ }).first().waitFor()
  await save().click()
  await column().waitFor({ state: 'detached' })
  const score = sheet().getByRole('button', { name: /^NEWS2, .*: 11, high/ }).first()
  await score.press('Enter')
  await page.getByText(/NEWS2 of .*: 11, high: respiratory rate 2, saturation 2, oxygen 2, systolic pressure 2, heart rate 2, consciousness 0, temperature 1/).waitFor()
  await both('news')
})

test('by the keyboard alone a nurse charts in the sheet; a slip is refused at its cell, and an extreme value asks', async () => {
  await page.goto(`${patient}/vitals`)
  await sheet().waitFor()
  await tabTo(page.getByRole('button', { name: 'Record vital signs' }))
  await press('Enter')
  await column().waitFor()
  assert.ok(await isFocused(cell('Systolic pressure')), 'charting begins in the first cell')
  // When it was taken stands before the first cell; five minutes ago.
  await press('Shift+Tab')
  assert.ok(await isFocused(cell('New, taken')), 'the time stands before the first cell')
  const taken = await page.evaluate(() => { const at = new Date(Date.now() - 300_000); return new Date(at - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16).replace('T', ' ') })
  await press('Control+A')
  await type(taken)
  await press('Enter')
  await type('122/78')
  await press('Enter')
  await type('150')
  await press('Tab')
  await type('12')
  await press('ArrowUp')
  assert.ok(await isFocused(cell('Heart rate')), 'the arrow goes up')
  await press('ArrowDown')
  assert.ok(await isFocused(cell('Respiratory rate')), 'and down')
  await type('22')
  await press('Enter')
  await type('98.6')
  await press('Enter')
  await type('97')
  await press('Tab')
  await type('0')
  await press('Enter')
  await type('Al')
  for (let i = 0; i < 3; i += 1) await press('Enter')
  assert.ok(await isFocused(save()), 'after the last cell stands Save')
  assert.deepEqual(await Promise.all(['Systolic pressure', 'Diastolic pressure', 'Heart rate', 'Respiratory rate', 'Temperature', 'Oxygen saturation', 'Oxygen flow', 'Level of responsiveness'].map((name) => cell(name).inputValue())), ['122', '78', '150', '22', '98.6', '97', '0', 'ALERT'])
  await press('Enter')
  // What nobody has is mended before anything is asked.
  await column().getByRole('alert').getByText(/Temperature in °C: 98.6 is not believed/).waitFor()
  assert.ok(await isFocused(cell('Temperature')), 'what is refused has the focus')
  assert.equal(await cell('Temperature').getAttribute('aria-invalid'), 'true')
  await sheet().getByRole('row', { name: /^Temperature/ }).getByText(/^98.6 is not believed. Between 11.8 and 46.5 °C/).waitFor()
  await both('entry-refused')
  await page.setViewportSize({ width: 320, height: 900 })
  await accessible('entry, 320')
  for (const name of ['New, taken', 'Temperature', 'Height']) {
    await cell(name).focus()
    const { x, width } = await cell(name).boundingBox()
    assert.ok(x >= 0 && x + width <= 320, `${name} is in sight at 320`)
  }
  await shot('67-entry-refused-320')
  await page.setViewportSize({ width: 1440, height: 900 })
  await cell('Temperature').focus()
  await press('Control+A')
  await type('37.2')
  await tabTo(save())
  await press('Enter')
  await column().getByRole('group', { name: 'Extreme values' }).getByRole('button', { name: 'Heart rate 150 /min' }).waitFor()
  assert.equal(await save().innerText(), 'Save with 1 extreme value')
  assert.ok(await isFocused(cell('Heart rate')), 'what is asked about has the focus')
  await sheet().getByRole('row', { name: /^Heart rate/ }).getByText('Extreme value: NEWS2 gives 3 points. Save it as it is?').waitFor()
  await both('entry-asked')
  await press('Tab')
  await press('Enter')
  assert.equal(await save().innerText(), 'Save')
  assert.ok(await isFocused(save()), 'when all is confirmed it can be saved')
  await press('Enter')
  await column().waitFor({ state: 'detached' })
  assert.ok(await isFocused(page.getByRole('button', { name: 'Record vital signs' })), 'the focus goes back to where it came from')
  await sheet().getByText('122/78').waitFor()
  await sheet().getByRole('row', { name: /^Heart rate.*150/ }).waitFor()
})

test('what was written is not given up without a word', async () => {
  await press('Enter')
  await column().waitFor()
  await type('120')
  await press('Escape')
  const asked = page.getByRole('dialog', { name: 'What you wrote is not recorded' })
  await asked.waitFor()
  await press('Enter')
  await asked.waitFor({ state: 'detached' })
  assert.equal(await cell('Systolic pressure').inputValue(), '120')
  assert.ok(await isFocused(cell('Systolic pressure')), 'the focus is where it was')
  await press('Escape')
  await asked.waitFor()
  await press('Shift+Tab')
  await press('Enter')
  await column().waitFor({ state: 'detached' })
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
