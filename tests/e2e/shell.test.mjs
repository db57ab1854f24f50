// What stands around every page: search from anywhere, keys, appearance, and a session that ends while work is open.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { open, url } from './harness.mjs'

let browser, page, trouble, accessible, shot, inTheme, signInAs, clear

before(async () => { ({ browser, page, trouble, accessible, shot, inTheme, signInAs, clear } = await open()) })
after(() => browser?.close())

const palette = () => page.getByRole('dialog', { name: 'Search and commands' })
const heading = (name) => page.getByRole('heading', { level: 1, name })

test('a patient is found and opened from anywhere, by keyboard alone', async () => {
  await signInAs('physician')
  await page.goto(`${url}/settings`)
  await heading('Settings').waitFor()
  assert.equal(await page.title(), 'Settings · WintEHR')
  const { data } = await (await page.request.post(`${url}/graphql`, { headers: { 'X-WintEHR-Request': '1' }, data: { query: '{ patients(first: 1) { nodes { fhirId mrn name { family } } } }' } })).json()
  const [patient] = data.patients.nodes
  await page.keyboard.press('Control+k')
  await palette().waitFor()
  await page.keyboard.type(patient.mrn.replaceAll(' ', ''))
  await palette().getByRole('option', { name: new RegExp(patient.name.family, 'i') }).waitFor()
  await accessible('palette')
  await inTheme('dark', () => accessible('palette, dark'))
  await shot('08-palette')
  await page.keyboard.press('Enter')
  await page.getByRole('region', { name: 'Patient', exact: true }).waitFor()
  assert.equal(new URL(page.url()).pathname, `/patients/${patient.fhirId}/clinical/summary`)
  assert.equal(await page.title(), 'Summary · WintEHR')
})

test('g and a letter go to a tab, ? tells the keys, and they can be turned off', async () => {
  await page.keyboard.press('g')
  await page.keyboard.press('r')
  await page.getByRole('table', { name: 'Laboratory results' }).waitFor()
  await page.keyboard.press('?')
  const keys = page.getByRole('dialog', { name: 'Keys' })
  await keys.getByText('Medications').waitFor()
  await accessible('keys')
  await keys.getByRole('button', { name: 'Turn single keys off' }).click()
  await page.keyboard.press('Escape')
  await keys.waitFor({ state: 'detached' })
  await page.keyboard.press('?')
  await page.keyboard.press('Control+k')
  await palette().waitFor()
  assert.equal(await keys.count(), 0)
  await page.keyboard.type('density: compact')
  await page.keyboard.press('Enter')
  await palette().waitFor({ state: 'detached' })
  assert.equal(await page.evaluate(() => document.documentElement.dataset.density), 'compact')
})

test('settings hold for this browser', async () => {
  await page.getByRole('link', { name: 'Settings' }).click()
  await heading('Settings').waitFor()
  await page.getByRole('button', { name: 'Dark' }).click()
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'dark')
  await accessible('settings, dark')
  await page.reload()
  await heading('Settings').waitFor()
  assert.deepEqual(await page.evaluate(() => ({ ...document.documentElement.dataset })), { theme: 'dark', density: 'compact' })
  await page.getByRole('button', { name: 'Light' }).click()
  await page.getByRole('button', { name: 'Standard' }).click()
  await page.getByRole('button', { name: 'On', exact: true }).click()
  await accessible('settings')
  await shot('09-settings')
})

test('the first control skips to the page', async () => {
  await page.reload()
  await heading('Settings').waitFor()
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  assert.equal(await page.evaluate(() => document.activeElement?.id), 'page')
})

test('who does nothing is warned after fourteen minutes, and any key goes on', async () => {
  await page.clock.install()
  await page.goto(`${url}/patients`)
  await page.getByText(/of \d+ loaded/).waitFor()
  await page.getByLabel('Search patients').fill('a')
  await page.clock.fastForward('13:30')
  const warning = page.getByRole('dialog', { name: 'Are you still there?' })
  assert.equal(await warning.count(), 0)
  await page.clock.fastForward('00:40')
  await warning.waitFor()
  await accessible('warning')
  await shot('10-still-there')
  await page.keyboard.press('a')
  await page.clock.runFor(1000)
  await warning.waitFor({ state: 'detached' })
  assert.equal(await page.getByLabel('Search patients').inputValue(), 'a')
})

test('a session that ended is signed in to again in place, and what was written is kept', async () => {
  await page.clock.fastForward('15:01')
  const again = page.getByRole('dialog', { name: 'Your session has ended' })
  await again.waitFor()
  await accessible('sign in again')
  await shot('11-sign-in-again')
  const { demoUsers } = await (await page.request.get(`${url}/auth/config`)).json()
  const { user, password } = demoUsers.find((one) => one.role === 'physician')
  assert.equal(await again.getByLabel('User name').inputValue(), user)
  await again.getByLabel('Password').fill(password)
  await again.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.clock.runFor(1000)
  await again.waitFor({ state: 'detached' })
  assert.equal(await page.getByLabel('Search patients').inputValue(), 'a')
})

test('an analyst is led to the playground, an administrator to the settings they may use', async () => {
  await page.context().clearCookies()
  await signInAs('analyst')
  await page.goto(url)
  await heading('Playground').waitFor()
  const rail = page.getByRole('navigation', { name: 'Areas' })
  assert.equal(await rail.getByRole('link', { name: 'Patients' }).count(), 0)
  await rail.getByRole('link', { name: 'Settings' }).click()
  await heading('Settings').waitFor()
  assert.equal(await rail.getByRole('link', { name: 'Patients' }).count(), 0)
})

test('nothing went wrong on the way', () => {
  clear()
  assert.deepEqual(trouble, [])
})
