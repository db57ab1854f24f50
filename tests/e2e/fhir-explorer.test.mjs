// Any resource type by FHIR search: found, read, its history seen, a wrong question refused in words.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { open, url } from './harness.mjs'

let browser, page, trouble, accessible, shot, inTheme, signInAs

before(async () => { ({ browser, page, trouble, accessible, shot, inTheme, signInAs } = await open()) })
after(() => browser?.close())

const main = () => page.getByRole('main')
const search = () => main().getByRole('button', { name: 'Search', exact: true })

test('a type is chosen and searched with typed criteria, page by page', async () => {
  await signInAs('physician')
  await page.goto(`${url}/patients`)
  await page.getByRole('link', { name: 'FHIR' }).click()
  await page.getByRole('heading', { name: 'FHIR explorer' }).waitFor()
  const types = page.getByRole('navigation', { name: 'Resource types' })
  await types.getByText(/^\d+ of \d+ types have records that you see$/).waitFor()
  const all = await types.getByRole('listitem').count()
  await types.getByLabel('Only types with records').check()
  const some = await types.getByRole('listitem').allInnerTexts()
  assert.ok(some.length > 20 && some.length < all, `${some.length} of ${all}`)
  for (const line of some) assert.match(line, /^\w+\s+[1-9][\d,]*\s+records$/)
  await page.getByLabel('Find a type').fill('observ')
  await page.getByRole('navigation', { name: 'Resource types' }).getByRole('button', { name: 'Observation', exact: true }).click()
  await page.getByRole('button', { name: 'Add a criterion' }).click()
  await page.getByLabel('Parameter 1').selectOption('code')
  await page.getByLabel('Value 1').fill('http://loinc.org|4548-4')
  await search().click()
  await page.getByText(/^20 of \d+ shown$/).waitFor()
  await page.getByRole('button', { name: 'Load more' }).click()
  await page.getByText(/^40 of \d+ shown$/).waitFor()
  assert.equal(new URL(page.url()).search, '?type=Observation', 'criteria stay out of the address')
  await accessible('explorer')
  await inTheme('dark', () => accessible('explorer, dark'))
})

test('a document is read, with its history', async () => {
  await page.getByRole('table', { name: 'Observation' }).getByRole('button').first().click()
  const resource = page.getByRole('complementary')
  await resource.getByText('"resourceType": "Observation"').waitFor()
  await accessible('a resource')
  await shot('12-fhir-explorer')
  await resource.getByRole('button', { name: 'History' }).click()
  await resource.getByText('Version 1').waitFor()
  await resource.getByText('Created.').waitFor()
  await resource.getByRole('button', { name: 'curl' }).click()
  await resource.getByText(/curl -s http/).waitFor()
  await accessible('a history')
})

test('a question that cannot be answered is refused in words', async () => {
  await page.getByLabel('Parameter 1').selectOption('date')
  await page.getByLabel('Value 1').fill('yesterday')
  await search().click()
  await page.getByRole('alert').getByText('The server refused this search.').waitFor()
  assert.match((await page.getByRole('alert').textContent()) ?? '', /yesterday/)
  trouble.splice(0, trouble.length, ...trouble.filter((t) => !/status of 400/.test(t)))
})

test('what a role may not see is said', async () => {
  await signInAs('registrar')
  await page.goto(`${url}/fhir-explorer?type=Condition`)
  await page.getByRole('listitem').filter({ has: page.getByRole('button', { name: 'Condition', exact: true }) }).getByText('no access').waitFor()
  await accessible('types that may not be read')
  await search().click()
  await main().getByText('You may not see this').waitFor()
  trouble.splice(0, trouble.length, ...trouble.filter((t) => !/status of 403/.test(t)))
})

test('nothing went wrong on the way', () => assert.deepEqual(trouble, []))
