// Visits: begun, read in summary, found by a filter, cancelled and ended.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { open, url } from './harness.mjs'

let browser, page, trouble, accessible, shot, inTheme, signInAs
before(async () => { ({ browser, page, trouble, accessible, shot, inTheme, signInAs } = await open()); page.setDefaultTimeout(20_000) })
after(() => browser?.close())

async function graphql(query, variables) {
  const answer = await page.request.post(`${url}/graphql`, { headers: { 'X-WintEHR-Request': '1' }, data: { query, variables } })
  const { data, errors } = await answer.json()
  assert.equal(errors, undefined, JSON.stringify(errors))
  return data
}
/** The address of the chart of somebody in hospital, or of somebody living who is not. */
async function chart(inHospital) {
  const stays = '_has:Encounter:patient:status=in-progress&_has:Encounter:patient:class=IMP'
  const { patients } = await graphql(`{ patients(first: 40, filter: { deceased: false }, fhirQuery: "${inHospital ? stays : ''}") { nodes { fhirId encounters(first: 3, filter: { status: [IN_PROGRESS] }) { nodes { id } } } } }`)
  return `${url}/patients/${patients.nodes.find((p) => inHospital || p.encounters.nodes.length === 0).fhirId}/clinical`
}
const field = (name) => page.getByRole('dialog').getByLabel(name)
const press = (name) => page.getByRole('dialog').getByRole('button', { name, exact: true }).click()

test('a physician reads the summary of a stay: who, where, what was found and what is recorded in it', async () => {
  await signInAs('physician')
  const at = await chart(true)
  await page.goto(`${at}/encounters?status=in_progress`)
  await page.getByText('Only: in progress').waitFor()
  await page.getByRole('table', { name: 'Encounters' }).getByRole('link', { name: 'Inpatient' }).click()
  await page.getByRole('table', { name: 'Recorded in it' }).waitFor()
  assert.match(page.url(), /\/encounters\/[a-z0-9]+$/)
  await page.getByText('attender').waitFor()
  await page.getByRole('table', { name: 'Results and measurements' }).getByRole('row').nth(2).waitFor()
  await page.getByRole('button', { name: 'Load more' }).click()
  await page.getByRole('table', { name: 'Results and measurements' }).getByRole('row').nth(40).waitFor()
  await accessible('the summary of a visit')
  await shot('90-visit')
  await inTheme('dark', async () => { await accessible('the summary of a visit, dark'); await shot('90-visit-dark') })
  await page.setViewportSize({ width: 820, height: 1180 })
  await shot('90-visit-820')
  await page.setViewportSize({ width: 1280, height: 800 })
  await page.getByRole('table', { name: 'Recorded in it' }).getByRole('row').filter({ hasText: 'Problem' }).getByRole('link').first().click()
  await page.locator('tr[data-marked]').waitFor()
  await shot('90-marked')
})

test('a physician begins a visit with its type and beginning, cancels it, and finds it by its status', async () => {
  const at = await chart(false)
  await page.goto(`${at}/encounters`)
  await page.getByRole('button', { name: 'Begin a visit' }).click()
  await field('Kind').selectOption('VIRTUAL')
  await field('Type of visit').fill('Call about the results')
  await shot('91-begin-a-visit')
  await press('Begin')
  const row = page.getByRole('row', { name: /Call about the results/ })
  await row.getByText('In progress').waitFor()
  await row.getByRole('button', { name: /^Acts for/ }).click()
  await page.getByRole('menuitem', { name: 'Cancel the visit' }).click()
  await field('Why it does not take place').fill('The patient was not reached.')
  await press('Cancel the visit')
  await row.getByText('Cancelled').waitFor()
  await page.getByLabel('Status').selectOption('finished')
  await row.waitFor({ state: 'detached' })
  await page.getByLabel('Status').selectOption('cancelled')
  await row.waitFor()
  await page.getByRole('group', { name: 'Filter' }).getByText('Only: cancelled').waitFor()
  await accessible('the encounters tab with a filter')
  await shot('91-encounters')
  await page.goto(`${at}/summary`)
  await page.getByRole('region', { name: 'Encounters' }).getByText('Cancelled').first().waitFor()
  assert.deepEqual(trouble, [])
})

test('nobody begins a visit of a patient who has died', async () => {
  const { patients } = await graphql('{ patients(first: 1, filter: { deceased: true }) { nodes { fhirId } } }')
  await page.goto(`${url}/patients/${patients.nodes[0].fhirId}/clinical/encounters`)
  await page.getByRole('table', { name: 'Encounters' }).waitFor()
  assert.equal(await page.getByRole('button', { name: /^(Begin a visit|Admit to a bed)$/ }).count(), 0)
})

test('the visits of all patients are found by class and status, and lead to the chart at that visit', async () => {
  await page.goto(`${url}/`)
  await page.getByRole('navigation', { name: 'Areas' }).getByRole('link', { name: 'Visits' }).click()
  const table = page.getByRole('table', { name: 'Encounters of all patients' })
  await table.getByRole('row').nth(1).waitFor()
  await page.getByLabel('Class').selectOption('IMP')
  await page.getByLabel('Status').selectOption('in_progress')
  await page.getByText(/newest first, only inpatient, in progress/).waitFor()
  await accessible('all encounters')
  for (const width of [1280, 820, 320]) {
    await page.setViewportSize({ width, height: 900 })
    await shot(`92-house-${width}`)
    // The table may move in its frame, and at the width of a tablet it need not; nothing else does.
    const moves = await page.evaluate(() => [...document.querySelectorAll('html, body, #root, main, main *')].filter((el) => el.scrollWidth > el.clientWidth + 1 && /auto|scroll/.test(getComputedStyle(el).overflowX)).map((el) => el.getAttribute('aria-label') ?? el.tagName))
    assert.deepEqual(moves, width < 820 ? ['Encounters of all patients, table'] : [], `${width} wide`)
    const [label, field] = await Promise.all([page.getByText('Until', { exact: true }).boundingBox(), page.getByLabel('Until').boundingBox()])
    assert.ok(label.y < field.y + field.height && label.y + label.height > field.y && label.x < field.x, `the label stands beside its field, ${width} wide`)
  }
  await inTheme('dark', async () => { await accessible('all encounters, dark'); await shot('92-house-dark') })
  await page.setViewportSize({ width: 1280, height: 800 })
  await table.getByRole('row').nth(1).getByRole('link').click()
  await page.getByRole('table', { name: 'Recorded in it' }).waitFor()
  await page.goto(`${page.url().split('/encounters')[0]}/summary`)
  await page.getByRole('note', { name: 'Since the last visit' }).waitFor()
  await page.waitForFunction(() => !document.querySelector('[role=status][aria-label^="Loading"]'))
  for (const width of [1280, 820]) {
    await page.setViewportSize({ width, height: 900 })
    await accessible(`the summary at ${width}`)
    await shot(`93-summary-${width}`)
  }
  await inTheme('dark', () => shot('93-summary-dark'))
  assert.deepEqual(trouble, [])
})
