// A vaccination on record is changed: what was wrong is put right, what is on record is not emptied.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { open, url } from './harness.mjs'

let browser, page, trouble, accessible, shot, signInAs
before(async () => { ({ browser, page, trouble, accessible, shot, signInAs } = await open()); page.setDefaultTimeout(30_000) })
after(() => browser?.close())

const rows = () => page.getByRole('table', { name: 'Immunizations' }).getByRole('row')
const dialog = () => page.getByRole('dialog', { name: /^Change / })
const save = () => dialog().getByRole('button', { name: 'Save' }).click()

test('a nurse puts the lot of a vaccination right, with a remark', async () => {
  await signInAs('nurse')
  const query = '{ patients(first: 1, fhirQuery: "_has:Immunization:patient:status=completed") { nodes { fhirId } } }'
  const { data } = await (await page.request.post(`${url}/graphql`, { headers: { 'X-WintEHR-Request': '1' }, data: { query } })).json()
  await page.goto(`${url}/patients/${data.patients.nodes[0].fhirId}/clinical/immunizations`)
  const lot = dialog().getByLabel(/^Lot/)
  await rows().getByRole('button', { name: /^Acts for/ }).first().click()
  await page.getByRole('menuitem', { name: 'Change' }).click()
  assert.notEqual(await lot.inputValue(), '')
  await accessible('a vaccination that is changed')
  await shot('95-vaccination-change')
  await lot.fill('')
  await save()
  await dialog().getByRole('alert').getByText(/Lot: say it/).waitFor()
  await lot.fill('ZZ-4711')
  await dialog().getByLabel(/^A further remark/).fill('Read from the vial again')
  await save()
  await dialog().waitFor({ state: 'detached' })
  const row = rows().filter({ hasText: 'ZZ-4711' })
  await row.getByText('Read from the vial again').waitFor()
  assert.deepEqual(trouble, [])
})
