// The tabs of a chart, and what each role finds there.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { open, url } from './harness.mjs'

let browser, page, trouble, accessible, shot, inTheme, signInAs
let chart

before(async () => { ({ browser, page, trouble, accessible, shot, inTheme, signInAs } = await open()) })
after(() => browser?.close())

const TABS = ['Problems', 'Medications', 'Allergies', 'Immunizations', 'Procedures', 'Vitals', 'Results', 'Documents', 'Encounters', 'Care']
/** What stands in each tab of a patient in hospital. */
const SEES = {
  Problems: 'Active problems', Medications: 'Current medications', Allergies: /allergies/i, Immunizations: 'Immunizations', Procedures: 'Procedures', Vitals: 'Vital signs', Results: 'Laboratory results',
  Documents: 'Documents', Encounters: 'Encounters', Care: 'Care team',
}

/** The address of the chart of somebody who is in hospital now. */
async function inpatient() {
  const query = '{ patients(first: 1, fhirQuery: "_has:Encounter:patient:status=in-progress&_has:Encounter:patient:class=IMP") { nodes { fhirId } } }'
  const answer = await page.request.post(`${url}/graphql`, { headers: { 'X-WintEHR-Request': '1' }, data: { query } })
  return `${url}/patients/${(await answer.json()).data.patients.nodes[0].fhirId}/clinical`
}

test('a physician walks through the tabs, each read in one operation', async () => {
  await signInAs('physician')
  chart = await inpatient()
  await page.goto(`${chart}/summary`)
  await page.getByRole('region', { name: 'Patient', exact: true }).waitFor()
  for (const name of TABS) {
    const operations = []
    const listen = (request) => { if (request.url().endsWith('/graphql')) operations.push(JSON.parse(request.postData() ?? '{}').operationName) }
    page.on('request', listen)
    await page.getByRole('navigation', { name: 'Chart' }).getByRole('link', { name, exact: true }).click()
    await page.getByRole(name === 'Results' ? 'table' : 'region', { name: SEES[name] }).first().waitFor()
    page.off('request', listen)
    assert.deepEqual(operations, [`${name}Screen`], `one operation on ${name}`)
    assert.equal(page.url(), `${chart}/${name.toLowerCase()}`)
    assert.ok((await page.getByRole('row').count()) > 1, `${name} has rows`)
    await shot(`06-${name.toLowerCase()}`)
  }
})

test('each tab is in reach at every width, in the bar or in the menu at its end, also by the keyboard', async () => {
  const nav = page.getByRole('navigation', { name: 'Chart' })
  const more = nav.getByRole('button', { name: /^More tabs/ })
  const ALL = ['Summary', 'Timeline', 'Demographics', 'Problems', 'Medications', 'Allergies', 'Immunizations', 'Procedures', 'Family history', 'Vitals', 'Results', 'Calculators', 'Notes', 'Questionnaires', 'Documents', 'Encounters', 'Care']
  await page.goto(`${chart}/summary`)
  for (const width of [390, 820, 1024, 1280, 1440, 1920]) {
    await page.setViewportSize({ width, height: 900 })
    await page.getByRole('region', { name: 'Patient', exact: true }).waitFor()
    // The bar is measured with the window's next frame; it has come to rest when nothing in it reaches beyond its end.
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))
    await page.waitForFunction(() => {
      const bar = document.querySelector('nav[aria-label=Chart]')
      return [...bar.querySelectorAll('li a, button')].every((one) => one.getBoundingClientRect().right <= bar.getBoundingClientRect().right + 0.5)
    })
    const names = await nav.getByRole('link').allInnerTexts()
    if (width >= 1440) await more.waitFor({ state: 'detached' })
    if (await more.count()) {
      await more.focus()
      await page.keyboard.press('Enter')
      const menu = page.getByRole('menu', { name: 'More tabs' })
      await menu.waitFor()
      names.push(...await menu.getByRole('menuitem').allInnerTexts())
      if (width === 820) { await accessible('the menu of the tabs'); await inTheme('dark', () => accessible('the menu of the tabs, dark')); await shot('06-more-820') }
      await page.keyboard.press('Escape')
      await menu.waitFor({ state: 'detached' })
    }
    assert.deepEqual(names, ALL, `at ${width}`)
  }
  await page.setViewportSize({ width: 820, height: 1180 })
  await more.focus()
  await page.keyboard.press('Enter')
  await page.getByRole('menu', { name: 'More tabs' }).waitFor()
  await page.keyboard.press('End')
  await page.keyboard.press('Enter')
  await page.waitForURL(`${chart}/care`)
  const open = nav.getByRole('button', { name: 'More tabs, open: Care' })
  await open.waitFor()
  // The keyboard goes on where it was.
  await page.waitForFunction((name) => document.activeElement?.textContent === name, await open.textContent())
  await page.getByRole('region', { name: 'Care team' }).first().waitFor()
  await accessible('a tab of the menu')
  await shot('06-more-care-820')
  await page.setViewportSize({ width: 1440, height: 900 })
  assert.equal(await nav.getByRole('link', { name: 'Care' }).getAttribute('aria-current'), 'page')
})

test('results are narrowed to a panel by an address, and open their trend beside the table', async () => {
  await page.goto(`${chart}/results`)
  await page.getByRole('navigation', { name: 'Panels' }).getByRole('button', { name: /Basic metabolic panel/ }).click()
  assert.equal(new URL(page.url()).searchParams.get('panel'), 'Basic metabolic panel')
  await page.reload()
  const table = page.getByRole('table', { name: 'Laboratory results' })
  await table.getByRole('button', { name: 'Potassium', exact: true }).click()
  const trend = page.getByRole('complementary', { name: 'Trend of Potassium' })
  await trend.getByRole('img').first().waitFor()
  assert.ok(await table.isVisible())
  await accessible('results with a trend')
  await shot('06-results-trend')
  await page.getByRole('button', { name: 'Reports' }).click()
  await page.getByRole('table', { name: 'Reports' }).waitFor()
})

test('a note is read beside the list, by keyboard', async () => {
  await page.goto(`${chart}/documents`)
  await page.getByRole('button', { name: 'Progress note' }).first().focus()
  await page.keyboard.press('Enter')
  const reader = page.getByRole('complementary', { name: 'Progress note' })
  await reader.getByRole('paragraph').nth(1).waitFor()
  await accessible('a note')
  await page.keyboard.press('Escape')
  await reader.waitFor({ state: 'detached' })
})

test('a registrar sees who the patient is, and that the rest is not theirs to see', async () => {
  await signInAs('registrar')
  await page.goto(`${url}/patients`)
  await page.getByText(/of \d+ loaded/).waitFor()
  assert.equal(await page.getByRole('columnheader', { name: 'Last visit' }).count(), 0, 'a column that has nothing for a registrar')
  await page.goto(`${chart}/summary`)
  const banner = page.getByRole('region', { name: 'Patient', exact: true })
  await banner.getByText('MRN').waitFor()
  await banner.getByText('Allergies: you may not see this').waitFor()
  for (const name of ['Problems', 'Allergies', 'Medications', 'Vitals', 'Latest results', 'Encounters', 'Immunizations']) {
    await page.getByRole('region', { name, exact: true }).getByText('You may not see this').waitFor()
  }
  assert.equal(await page.getByRole('button', { name: 'Try again' }).count(), 0)
  await accessible('summary for a registrar')
  await shot('07-registrar')
  await page.goto(`${chart}/medications`)
  await page.getByText('You may not see this').nth(1).waitFor()
  await page.getByRole('navigation', { name: 'Chart' }).getByRole('link', { name: 'Demographics' }).click()
  await page.getByRole('region', { name: 'Identifiers' }).getByText('Medical record number', { exact: false }).first().waitFor()
  await accessible('demographics')
  await inTheme('dark', () => accessible('demographics, dark'))
  await shot('07-demographics')
})

test('an analyst may not see the list of names, and sees charts without one', async () => {
  await signInAs('physician')
  await page.goto(`${chart}/summary`)
  const banner = page.getByRole('region', { name: 'Patient', exact: true })
  const name = (await banner.getByRole('heading').innerText()).split(',')[0]
  await signInAs('analyst')
  await page.goto(`${chart}/summary`)
  await banner.waitFor()
  assert.doesNotMatch(await page.locator('body').innerText(), new RegExp(name, 'i'))
  await shot('06-analyst')
  await page.goto(`${url}/patients`)
  await page.getByRole('main').getByText('You may not see this').waitFor()
})

test('nothing went wrong on the way', () => assert.deepEqual(trouble, []))
