// At the door: why a session ended, the way back to where one was, and a narrow screen.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { open, url } from './harness.mjs'

let browser, page, trouble, accessible, shot, inTheme, signInAs, endSessions

before(async () => { ({ browser, page, trouble, accessible, shot, inTheme, signInAs, endSessions } = await open()) })
after(() => browser?.close())

async function enter(role) {
  await page.getByRole('button', { name: new RegExp(role) }).first().click()
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
}

test('who asks for a page without a session signs in and comes to it, to its very end', async () => {
  await page.goto(`${url}/fhir-explorer?type=Observation#request`)
  await page.getByText('Sign in to see the page that you asked for.').waitFor()
  await accessible('sign-in')
  await inTheme('dark', () => accessible('sign-in, dark'))
  await enter('physician')
  await page.getByRole('heading', { name: 'FHIR explorer' }).waitFor()
  assert.equal(page.url(), `${url}/fhir-explorer?type=Observation#request`)
})

test('of a session that the server ended one is told so, and somebody else comes back to the page too', async () => {
  await page.getByText(/types have records that you see/).waitFor()
  await endSessions('physician')
  // The server knows a session for a second after it was asked about.
  await page.waitForTimeout(1500)
  const dialog = page.getByRole('dialog', { name: 'Your session has ended' })
  // Live updates may have been told already.
  if (!await dialog.isVisible()) await page.getByRole('main').getByRole('button', { name: 'Search', exact: true }).click()
  await dialog.getByText(/The session was ended from another device or browser/).waitFor()
  await accessible('a session that has ended')
  await dialog.getByRole('link', { name: /Sign in as somebody else/ }).click()
  await page.getByText(/change your password\. You come back to where you were\./).waitFor()
  await shot('10-sign-in-ended')
  await enter('nurse')
  await page.getByRole('heading', { name: 'FHIR explorer' }).waitFor()
  assert.equal(page.url(), `${url}/fhir-explorer?type=Observation#request`)
})

test('at 320 pixels nothing is lost', async () => {
  await page.context().clearCookies()
  await page.setViewportSize({ width: 320, height: 700 })
  await page.goto(`${url}/login?ended=administrator&next=%2Fsettings`)
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 320)
  await page.getByText('DEMO', { exact: true }).waitFor()
  await shot('10-sign-in-320')
  await accessible('sign-in at 320 pixels')
  await enter('physician')
  await page.getByRole('heading', { name: 'Settings' }).waitFor()
  await page.getByRole('list', { name: 'System health' }).waitFor()
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 320)
  await page.goto(`${url}/fhir-explorer?type=Patient`)
  await page.getByLabel(/^Request/).waitFor()
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 320)
})

test('nothing went wrong on the way', () => assert.deepEqual(trouble.filter((t) => !/status of 401/.test(t)), []))
