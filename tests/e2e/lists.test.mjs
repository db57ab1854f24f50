// The lists of the patients page: mine, recent, starred, inpatients; a star by the keyboard, in the list and in the chart.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { open, url } from './harness.mjs'

let browser, page, trouble, accessible, shot, inTheme, signInAs

before(async () => { ({ browser, page, trouble, accessible, shot, inTheme, signInAs } = await open()); page.setDefaultTimeout(20_000) })
after(() => browser?.close())

const list = (name) => page.getByRole('group', { name: 'List' }).getByRole('button', { name, exact: true })
const rows = () => page.getByRole('grid', { name: 'Patients' }).getByRole('row').filter({ hasNot: page.getByRole('columnheader') })

test('a physician stars a patient by the keyboard and finds them again, also in another browser', async () => {
  await signInAs('physician')
  await page.goto(`${url}/patients`)
  await rows().first().waitFor()
  const name = await rows().nth(1).locator('strong').innerText()
  await page.getByRole('grid', { name: 'Patients' }).focus()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('s')
  await page.getByRole('button', { name: `Star ${name}`, exact: true, pressed: true }).waitFor()
  const operations = []
  const listen = (request) => { if (request.url().endsWith('/graphql')) operations.push(JSON.parse(request.postData() ?? '{}').operationName) }
  page.on('request', listen)
  await list('Starred').focus()
  await page.keyboard.press('Enter')
  await page.getByText('1 of 1 loaded').waitFor()
  page.off('request', listen)
  assert.deepEqual(operations, ['PatientList'], 'one operation a list')
  assert.equal(await rows().first().locator('strong').innerText(), name)
  assert.equal(new URL(page.url()).searchParams.get('list'), 'starred')
  await accessible('starred')
  await inTheme('dark', async () => { await accessible('starred, dark'); await shot('02-starred-dark') })
  await rows().first().click()
  const banner = page.getByRole('region', { name: 'Patient', exact: true })
  const star = banner.getByRole('button', { name: `Star ${name}`, exact: true })
  await star.waitFor()
  assert.equal(await star.getAttribute('aria-pressed'), 'true')
  await star.focus()
  await page.keyboard.press('Enter')
  await banner.getByRole('button', { name: `Star ${name}`, exact: true, pressed: false }).waitFor()
  await accessible('a chart with a star')
  await page.goto(`${url}/patients?list=starred`)
  await page.getByText(/You have starred no patient/).waitFor()
  await page.goto(`${url}/patients?list=recent`)
  await rows().first().waitFor()
  assert.equal(await rows().first().locator('strong').innerText(), name, 'the chart that was opened last')
  await accessible('recent')
  for (const [width, height] of [[1280, 800], [1920, 1080], [820, 1180]]) {
    await page.setViewportSize({ width, height })
    await rows().first().waitFor()
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `nothing beyond ${width}`)
    await shot(`02-recent-${width}`)
  }
  await page.setViewportSize({ width: 1440, height: 900 })
})

test('mine and the inpatients are there at once', async () => {
  for (const name of ['Mine', 'Inpatients']) {
    await list(name).click()
    await page.getByText(/^[1-9]\d* of [1-9]\d* loaded$/).waitFor()
    await page.getByText(`${name}: everybody on this list`).waitFor()
    await accessible(name)
    await shot(`02-${name.toLowerCase()}`)
  }
})

test('nothing went wrong on the way', () => assert.deepEqual(trouble, []))

test('a list leaves the house as a table, with a reason that the audit keeps', async () => {
  await signInAs('physician')
  await page.goto(`${url}/patients?list=inpatients`)
  const [, loaded] = /(\d+) of \1 loaded/.exec(await page.getByText(/of \d+ loaded/).innerText()) ?? []
  await page.getByRole('button', { name: 'Export', exact: true }).click()
  const dialog = page.getByRole('dialog', { name: 'Export the list' })
  await dialog.getByText(`${loaded} patients: everybody on the list “Inpatients”.`).waitFor()
  await accessible('the export of a list')
  await shot('02-export')
  await inTheme('dark', async () => { await accessible('the export of a list, dark'); await shot('02-export-dark') })
  await dialog.getByRole('button', { name: 'Export', exact: true }).click()
  await dialog.getByRole('alert').getByText('Nothing was exported.').waitFor()
  await dialog.getByLabel('What it is for').fill('Round of the infection control team')
  const [download] = await Promise.all([page.waitForEvent('download'), dialog.getByRole('button', { name: 'Export', exact: true }).click()])
  await page.getByText(`${loaded} patients exported to ${download.suggestedFilename()}`).first().waitFor()
  assert.match(download.suggestedFilename(), /^patients-\d{8}-\d{4}\.csv$/)
  const text = readFileSync(await download.path(), 'utf8')
  assert.match(text, /^\uFEFFMRN,Family name,/)
  assert.equal(text.trimEnd().split('\r\n').length, Number(loaded) + 1)
  await accessible('after the export')
  const other = await open()
  await other.signInAs('admin')
  await other.page.goto(`${url}/administration/audit`)
  await other.page.getByText('Round of the infection control team').first().waitFor()
  await other.browser.close()
  assert.deepEqual(trouble, [])
})
