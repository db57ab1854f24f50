// Questions of one's own, kept under a name on the server: in the explorer and in the playground; and what one may do, told there.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { open, url } from './harness.mjs'

let browser, page, trouble, accessible, shot, inTheme, signInAs

before(async () => { ({ browser, page, trouble, accessible, shot, inTheme, signInAs } = await open()) })
after(() => browser?.close())

const main = () => page.getByRole('main')
const request = () => main().getByLabel(/^Request/)

test('a search is kept under a name, opened again after the page was loaded anew, and removed', async () => {
  await signInAs('physician')
  await page.goto(`${url}/fhir-explorer?type=Patient`)
  await main().getByText(/You have saved no searches/).waitFor()
  await request().fill('Patient?gender=female&_sort=birthdate&_count=5')
  await main().getByText('Take the request into the fields first.').waitFor()
  await page.getByRole('button', { name: 'Take into the fields' }).click()
  await page.getByLabel('Save as').fill('Oldest women')
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByLabel('Saved searches').waitFor()
  assert.match(await page.getByLabel('Saved searches').inputValue(), /^Oldest women/)
  await page.goto(`${url}/fhir-explorer?type=Observation`)
  await page.getByRole('button', { name: 'Open', exact: true }).click()
  await main().getByRole('heading', { name: 'Patient', exact: true }).waitFor()
  assert.equal(await request().inputValue(), 'Patient?gender=female&_sort=birthdate&_count=5')
  await accessible('a saved search')
  await inTheme('dark', () => accessible('a saved search, dark'))
  await page.getByRole('button', { name: 'Remove', exact: true }).click()
  await main().getByText(/You have saved no searches/).waitFor()
})

test('a query of the playground is kept with its variables, and nobody else sees it', async () => {
  await page.goto(`${url}/playground`)
  await page.getByRole('button', { name: /HbA1c over time/ }).and(page.locator(':enabled')).waitFor()
  await page.getByRole('button', { name: /People with type 2 diabetes/ }).click()
  await page.getByRole('region', { name: 'Rows', exact: true }).getByText(/^15 rows/).waitFor()
  await page.getByRole('button', { name: /Saved queries/ }).click()
  await page.getByLabel('Save as').fill(`Diabetes ${Date.now()}`)
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByLabel('Saved queries', { exact: true }).waitFor()
  await accessible('saved queries')
  await page.getByRole('button', { name: /Examples/ }).click()
  await page.getByRole('button', { name: /HbA1c over time/ }).click()
  await page.getByRole('region', { name: 'Rows', exact: true }).getByText(/^10 rows/).waitFor()
  await page.getByRole('button', { name: /Saved queries/ }).click()
  await page.getByRole('button', { name: 'Open', exact: true }).click()
  await page.getByRole('button', { name: /^Execute/ }).click()
  await page.getByRole('region', { name: 'Rows', exact: true }).getByText(/^15 rows/).waitFor()
  await page.getByRole('button', { name: 'Remove', exact: true }).click()
  await page.getByRole('status').getByText(/^“Diabetes.*” removed$/).waitFor()
  await page.context().clearCookies()
  await signInAs('analyst')
  await page.goto(`${url}/playground`)
  await page.getByRole('button', { name: /Saved queries/ }).click()
  await main().getByText(/You have saved no queries/).waitFor()
  await page.getByRole('button', { name: /Your rights/ }).click()
  await main().getByText(/told to administrators only/).waitFor()
  await accessible('the rights of an analyst')
})

test('an administrator reads what their role may do', async () => {
  await page.context().clearCookies()
  await signInAs('admin')
  await page.goto(`${url}/playground`)
  await page.getByRole('button', { name: /Your rights/ }).click()
  await page.getByRole('group', { name: 'Rights by type' }).getByText(/^\d+ of \d+ types\.$/).waitFor()
  await accessible('the rights of an administrator')
  await shot('13-playground-rights')
  await page.emulateMedia({ colorScheme: 'dark' })
  await page.locator('body.graphiql-dark').waitFor()
  await accessible('the rights of an administrator, dark')
})

test('nothing of it is kept in the browser, and nothing went wrong', async () => {
  assert.deepEqual(await page.evaluate(() => Object.keys(localStorage).filter((key) => key !== 'wintehr.appearance').concat(Object.keys(sessionStorage))), [])
  assert.deepEqual(trouble, [])
})
