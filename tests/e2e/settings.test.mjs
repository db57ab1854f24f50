// Settings: who one is, the keys, the list of patients to begin with, and whether the system works.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { open, url } from './harness.mjs'

let browser, page, trouble, accessible, shot, inTheme, signInAs

before(async () => { ({ browser, page, trouble, accessible, shot, inTheme, signInAs } = await open()) })
after(() => browser?.close())

const main = () => page.getByRole('main')

test('one sees who one is, the keys, and what the system says of itself', async () => {
  await signInAs('physician')
  await page.goto(`${url}/settings`)
  await main().getByText('In the record').waitFor()
  await main().getByText('Qualifications').waitFor()
  await page.getByRole('table', { name: 'In a chart' }).getByRole('row', { name: /Medications/ }).waitFor()
  const health = page.getByRole('list', { name: 'System health' })
  await health.getByText('Ready for work: ok').waitFor()
  await page.getByRole('button', { name: 'Check again' }).click()
  await page.getByRole('status').getByText('System: all is well').waitFor()
  await accessible('settings')
  await inTheme('dark', () => accessible('settings, dark'))
  await shot('09-settings')
  await page.getByRole('region', { name: 'System' }).scrollIntoViewIfNeeded()
  await shot('09-settings-foot')
})

test('the list of patients begins with what was chosen, and others can be asked for', async () => {
  await page.getByLabel('List of patients to begin with').selectOption('starred')
  await page.goto(`${url}/patients`)
  await page.waitForURL(/[?]list=starred$/)
  await page.getByRole('button', { name: 'All', exact: true }).click()
  await page.waitForURL(/[?]list=all/)
  await page.goto(`${url}/settings`)
  assert.equal(await page.getByLabel('List of patients to begin with').inputValue(), 'starred')
  await page.getByLabel('List of patients to begin with').selectOption('all')
  await page.goto(`${url}/patients`)
  await page.getByText(/of \d+ loaded/).waitFor()
  assert.equal(new URL(page.url()).search, '')
})

test('nothing went wrong on the way', () => assert.deepEqual(trouble, []))
