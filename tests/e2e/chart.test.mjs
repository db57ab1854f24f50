// A clinician's first minutes, in headless Chromium against the real server with the demo hospital. Screenshots go to `shots/`.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { open, url } from './harness.mjs'

let browser, page, trouble, accessible, shot, inTheme, clear

before(async () => { ({ browser, page, trouble, accessible, shot, inTheme, clear } = await open()) })
after(() => browser?.close())

test('who is not signed in is sent to the door, and comes back', async () => {
  await page.goto(`${url}/patients?q=a`)
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  await accessible('sign-in')
  await inTheme('dark', () => accessible('sign-in, dark'))
  await shot('01-login')
  await page.getByLabel('User name').fill('nobody')
  await page.getByLabel('Password').fill('wrong')
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.getByText('User name or password is not right').waitFor()
  clear()
  await page.getByRole('button', { name: /physician/ }).first().click()
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.getByRole('heading', { name: 'Patients' }).waitFor()
  assert.equal(new URL(page.url()).searchParams.get('q'), 'a')
})

test('the list is searched, ordered and paged by the server', async () => {
  const rows = page.getByRole('grid').getByRole('row')
  const foot = page.getByText(/of .* loaded/)
  await page.getByLabel('Search patients').fill('')
  await page.getByText('of 200 loaded').waitFor()
  assert.ok((await rows.count()) < 60, 'only the rows in sight are drawn')
  await accessible('patients')
  await inTheme('dark', async () => { await accessible('patients, dark'); await shot('02-patients-dark') })
  await shot('02-patients')
  const first = async () => (await rows.nth(1).getByRole('gridcell').first().textContent()) ?? ''
  const byName = await first()
  await page.getByRole('button', { name: 'Youngest' }).click()
  await page.waitForFunction((before) => document.querySelectorAll('[role=row]')[1]?.textContent !== before, byName)
  await page.getByRole('button', { name: 'Family name' }).click()
  for (let i = 0; i < 2000 && !(await foot.textContent())?.startsWith('200 of 200'); i += 1) {
    await page.locator('#patient-rows').evaluate((el) => { el.scrollTop = el.scrollHeight })
    await page.evaluate(() => new Promise((r) => requestAnimationFrame(r)))
  }
  await page.getByText('200 of 200 loaded').waitFor()
  await page.getByLabel('Search patients').fill('zzzz-nobody-1')
  assert.equal(new URL(page.url()).searchParams.get('q'), null, 'whom one looks for stays out of the address')
  await page.getByText('No patient is found').waitFor()
  await page.getByLabel('Search patients').fill('')
  await page.getByText('of 200 loaded').waitFor()
})

test('three charts open and show what is on record', async () => {
  for (const place of [0, 1, 2]) {
    await page.goto(`${url}/patients`)
    await page.getByText('of 200 loaded').waitFor()
    const operations = []
    const listen = (request) => { if (request.url().endsWith('/graphql')) operations.push(JSON.parse(request.postData() ?? '{}').operationName) }
    await page.getByLabel('Search patients').focus()
    for (let i = 0; i < place; i += 1) await page.keyboard.press('ArrowDown')
    page.on('request', listen)
    await page.keyboard.press('Enter')
    await page.getByRole('region', { name: 'Patient', exact: true }).waitFor()
    for (const name of ['Problems', 'Allergies', 'Medications', 'Vitals', 'Latest results', 'Encounters', 'Immunizations']) {
      await page.getByRole('heading', { name, exact: true }).waitFor()
    }
    page.off('request', listen)
    // What is opened in an emergency is asked once for all screens, by the shell.
    assert.deepEqual(operations, ['Summary'], 'one operation a screen')
    assert.ok((await page.getByRole('table').getByRole('row').count()) > 3, 'results are shown')
  }
  await accessible('summary')
  await shot('03-summary')
  await inTheme('dark', async () => { await accessible('summary, dark'); await shot('03-summary-dark') })
})

test('a result opens its trend, as chart and as table', async () => {
  await page.getByRole('table', { name: 'Vital signs' }).getByRole('button').nth(1).click()
  const panel = page.getByRole('complementary', { name: /Trend of/ })
  await panel.getByRole('img').first().waitFor()
  await panel.getByRole('img').first().focus()
  await accessible('trend')
  await shot('04-trend')
  await panel.getByRole('button', { name: 'Table' }).click()
  assert.ok((await panel.getByRole('row').count()) > 1)
  await page.keyboard.press('Escape')
  await panel.waitFor({ state: 'detached' })
})

test('a deep link survives a reload, an unknown one says so, an unknown file is 404', async () => {
  await page.reload()
  await page.getByRole('region', { name: 'Patient', exact: true }).waitFor()
  await page.goto(`${url}/patients/nobody/clinical/summary`)
  await page.getByRole('heading', { name: 'There is no such patient' }).waitFor()
  await page.goto(`${url}/some/where`)
  await page.getByRole('heading', { name: 'There is no such page' }).waitFor()
  assert.equal((await page.request.get(`${url}/assets/none.js`)).status(), 404)
  const policy = (await page.request.get(`${url}/`)).headers()['content-security-policy']
  assert.match(policy, /style-src 'self' 'nonce-[\w+/]{24}'/)
})

test('signing out closes the door', async () => {
  await page.getByRole('button', { name: /menu/ }).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await page.getByText('You are signed out.').waitFor()
  assert.equal((await page.request.get(`${url}/fhir/R4/Patient`)).status(), 401)
})

test('nothing went wrong on the way', () => {
  clear()
  assert.deepEqual(trouble, [])
})
