// The page that describes the GraphQL schema: it is the schema that the server tells.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { open, url } from './harness.mjs'

let browser, page, trouble, accessible, inTheme, shot, signInAs
before(async () => { ({ browser, page, trouble, accessible, inTheme, shot, signInAs } = await open()) })
after(() => browser?.close())

test('an analyst finds the page in the rail and reads what can be asked', async () => {
  await signInAs('analyst')
  await page.goto(`${url}/settings`)
  await page.getByRole('navigation', { name: 'Areas' }).getByRole('link', { name: 'Schema' }).click()
  await page.getByRole('heading', { name: 'Query', exact: true }).waitFor()
  const example = await page.getByLabel('Example of patient', { exact: true }).innerText()
  assert.match(example, /^query[^]*patient\(id: /)
  await accessible('docs')
  await shot('45-docs')
  await inTheme('dark', async () => { await accessible('docs, dark'); await shot('45-docs-dark') })
})

test('words lead to a field, and a field to its type', async () => {
  await page.getByLabel('Search the schema').fill('medical record number')
  const found = page.getByRole('region', { name: 'Found' })
  await found.getByRole('link', { name: 'Patient.mrn', exact: true }).click()
  await page.getByRole('heading', { name: 'Patient', exact: true }).waitFor()
  await page.getByRole('link', { name: 'HumanName', exact: true }).first().click()
  await page.getByRole('heading', { name: 'HumanName', exact: true }).waitFor()
  assert.equal(new URL(page.url()).search, '?type=HumanName')
  await page.getByLabel('Search the schema').fill('qqqq')
  await page.getByText('Nothing in the schema has these words.').waitFor()
  await page.goto(`${url}/docs?type=Nobody`)
  await page.getByText('There is no type Nobody.').waitFor()
  assert.deepEqual(trouble, [])
})
