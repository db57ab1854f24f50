// What waits for somebody, and who comes today.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { open, url } from './harness.mjs'

let browser, page, trouble, accessible, shot, inTheme, signInAs
before(async () => { ({ browser, page, trouble, accessible, shot, inTheme, signInAs } = await open()); page.setDefaultTimeout(15_000) })
after(() => browser?.close())

async function graphql(query, variables) {
  const { data, errors } = await (await page.request.post(`${url}/graphql`, { headers: { 'X-WintEHR-Request': '1' }, data: { query, variables } })).json()
  assert.equal(errors, undefined, JSON.stringify(errors))
  return data
}

test('a task comes into the inbox by itself, and leaves it when it is done', async () => {
  await signInAs('physician')
  await page.goto(`${url}/`)
  await page.getByRole('navigation', { name: 'Areas' }).getByRole('link', { name: 'Inbox' }).click()
  await page.getByRole('region', { name: 'My tasks' }).waitFor()
  await page.getByRole('status').getByText('Live').waitFor()
  const { me } = await graphql('{ me { fhirUser } }')
  const made = await graphql('mutation($i: TaskCreateInput!) { taskCreate(input: $i) { outcome { __typename } } }', { i: { code: { text: 'Call' }, description: 'Call the pharmacy back', priority: 'URGENT', owner: me.fhirUser } })
  assert.equal(made.taskCreate.outcome.__typename, 'TaskSaved')
  const row = page.getByRole('region', { name: 'My tasks' }).getByRole('row', { name: /Call the pharmacy back/ })
  await row.waitFor()
  await accessible('the inbox')
  await shot('62-inbox')
  await inTheme('dark', async () => { await accessible('the inbox, dark'); await shot('62-inbox-dark') })
  await row.getByRole('button', { name: 'Done Call the pharmacy back' }).click()
  await page.getByLabel('What came of it').fill('They have it')
  await page.getByRole('dialog').getByRole('button', { name: 'Done' }).click()
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await row.waitFor({ state: 'detached' })
})

test('a registrar books a patient and moves the appointment', async () => {
  await signInAs('registrar')
  await page.goto(`${url}/schedule`)
  const { search } = await graphql('{ search(type: "Practitioner", query: "_sort=family", first: 1) { nodes { id } } }')
  await page.getByLabel('Of', { exact: true }).selectOption(search.nodes[0].id)
  const { patients } = await graphql('{ patients(first: 1, filter: { deceased: false }) { nodes { mrn } } }')
  await page.getByLabel('Name, number or birth date').fill(patients.nodes[0].mrn)
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: /^Book for / }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel(/^Begins/).fill(`${new Date().toLocaleDateString('sv')}T04:10`)
  await dialog.getByLabel(/^What for/).fill('Dressing change')
  await dialog.getByRole('button', { name: 'Book' }).click()
  const row = page.getByRole('row', { name: /Dressing change/ })
  await row.waitFor()
  await accessible('the schedule')
  await shot('63-schedule')
  await inTheme('dark', async () => { await accessible('the schedule, dark'); await shot('63-schedule-dark') })
  await row.getByRole('button', { name: /^Acts for / }).click()
  await page.getByRole('menuitem', { name: 'Move' }).click()
  await dialog.getByLabel(/^Begins/).fill(`${new Date().toLocaleDateString('sv')}T04:40`)
  await dialog.getByRole('button', { name: 'Move' }).click()
  await page.getByRole('row', { name: /^04:40–05:00.*Dressing change/ }).waitFor()
})

test('nothing went wrong unseen', () => assert.deepEqual(trouble, []))
