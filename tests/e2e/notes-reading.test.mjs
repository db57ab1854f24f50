// Notes as they are read: where data and copied text are from, groups by kind, versions as words; and data inserted by a typed phrase.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { open, url } from './harness.mjs'

let browser, page, trouble, accessible, shot, inTheme, signInAs
let patient

before(async () => { ({ browser, page, trouble, accessible, shot, inTheme, signInAs } = await open({ width: 1280, height: 900 })); page.setDefaultTimeout(30_000) })
after(() => browser?.close())

const ask = async (query, variables) => (await (await page.request.post(`${url}/graphql`, { headers: { 'X-WintEHR-Request': '1' }, data: { query, variables } })).json()).data
const dialog = (name) => page.getByRole('dialog', { name })
const reader = () => page.getByRole('complementary', { name: 'Progress note (SOAP)' })
const list = () => page.getByRole('table', { name: 'Notes' })
async function saved(name) {
  await page.getByRole('button', { name }).click()
  await reader().getByText('Not signed').waitFor()
}

test('a phrase becomes data of the chart; Escape takes it back; a number stays a number', async () => {
  await signInAs('physician')
  patient = (await ask('{ census { wards { beds { stays { patient { id } } } } } }')).census.wards.flatMap((w) => w.beds).flatMap((b) => b.stays)[1].patient.id
  await page.goto(`${url}/patients/${patient.split('/')[1]}/clinical/notes`)
  await page.getByRole('button', { name: 'Progress note (SOAP)' }).first().click()
  const subjective = page.getByLabel('Subjective', { exact: true })
  const objective = page.getByLabel('Objective', { exact: true })
  await page.waitForFunction((node) => /Laboratory results on record at/.test(node.value), await objective.elementHandle())
  await subjective.pressSequentially('Slept badly, 0.labs .meds ')
  await page.waitForFunction((node) => /Medications on record at/.test(node.value), await subjective.elementHandle())
  assert.match(await subjective.inputValue(), /^Slept badly, 0\.labs \nMedications on record at .+:\n- /)
  await shot('73-phrase')
  await accessible('a note with a phrase')
  await page.keyboard.press('Escape')
  assert.equal(await subjective.inputValue(), 'Slept badly, 0.labs .meds ')
  await subjective.pressSequentially('\n.vitals\n')
  await page.waitForFunction((node) => /Vital signs on record at/.test(node.value), await subjective.elementHandle())
  await page.keyboard.press('Control+z')
  assert.equal(await subjective.inputValue(), 'Slept badly, 0.labs .meds \n.vitals\n')
  await subjective.fill('Slept badly.')
  await page.getByLabel('Assessment', { exact: true }).fill('Stable.')
  await page.getByLabel('Plan', { exact: true }).fill('Home today.')
  await saved('Save, sign later')
})

test('the reader names the records behind the data', async () => {
  const behind = reader().getByText(/^Taken from \d+ records?, as /)
  await behind.first().click()
  await reader().getByText(/, measured \d{2}-[A-Z][a-z]{2}-\d{4}/).first().waitFor()
  await accessible('a note with its sources')
  await shot('74-sources')
  await inTheme('dark', async () => { await accessible('a note with its sources, dark'); await shot('74-sources-dark') })
})

test('copied text has a beginning and an end with its origin', async () => {
  await reader().getByRole('button', { name: 'Close' }).click()
  await page.getByRole('region', { name: 'Write a note' }).getByRole('button', { name: 'Progress note (SOAP)' }).click()
  await page.getByLabel('Copy into Subjective').selectOption({ index: 1 })
  const subjective = page.getByLabel('Subjective', { exact: true })
  assert.match(await subjective.inputValue(), /^\[Copied from Progress note \(SOAP\), .+\]\nSlept badly\.\n\[End of copied text\]$/)
  await subjective.press('Control+End')
  await subjective.pressSequentially('\nBetter today.')
  await page.getByLabel('Assessment', { exact: true }).fill('Stable.')
  await page.getByLabel('Plan', { exact: true }).fill('Home today.')
  await saved('Save, sign later')
  const copied = reader().getByRole('group', { name: /^Copied from Progress note/ })
  await copied.getByText('End of copied text').waitFor()
  assert.equal(await copied.getByText('Better today.').count(), 0)
  await shot('75-copied')
  await accessible('a note with copied text')
})

test('two versions are compared as words', async () => {
  await reader().getByRole('button', { name: 'Change' }).click()
  await page.getByLabel('Plan', { exact: true }).fill('Home tomorrow, with the nurse.')
  await page.getByRole('button', { name: 'Save, sign later' }).click()
  await reader().getByText('Home tomorrow, with the nurse.').waitFor()
  await reader().getByRole('button', { name: 'Compare versions' }).click()
  const plan = dialog(/^Versions: /).getByRole('region', { name: 'Plan' })
  await plan.locator('ins').waitFor()
  assert.match(await plan.locator('del').textContent(), /today\./)
  assert.match(await plan.locator('ins').textContent(), /tomorrow, with the nurse\./)
  await accessible('versions of a note')
  await shot('76-versions')
  await inTheme('dark', async () => { await accessible('versions of a note, dark'); await shot('76-versions-dark') })
  await page.setViewportSize({ width: 820, height: 1180 })
  await shot('76-versions-820')
  await page.setViewportSize({ width: 1280, height: 900 })
  await dialog(/^Versions: /).getByRole('button', { name: 'Close' }).click()
})

test('notes stand by kind and by visit, shut and opened by keyboard', async () => {
  await reader().getByRole('button', { name: 'Close' }).click()
  await page.getByRole('button', { name: 'By kind' }).click()
  const group = list().getByRole('button', { expanded: true }).first()
  const rows = await list().getByRole('row').count()
  await shot('77-tree')
  await group.focus()
  await page.keyboard.press('ArrowLeft')
  await list().getByRole('button', { expanded: false }).waitFor()
  assert.ok(await list().getByRole('row').count() < rows, 'its notes are not listed while it is shut')
  await accessible('notes by kind')
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'By visit' }).click()
  await list().getByRole('button', { expanded: true }).first().waitFor()
  await shot('77-tree-visit')
})

test('nothing went wrong unseen', () => assert.deepEqual(trouble, []))
