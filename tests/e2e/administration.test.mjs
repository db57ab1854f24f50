// Those who run the house: who touched whose record, by patient and by user, and as a file.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { open, url } from './harness.mjs'

let browser, page, trouble, accessible, shot, inTheme, signInAs

before(async () => { ({ browser, page, trouble, accessible, shot, inTheme, signInAs } = await open()) })
after(() => browser?.close())

test('the administrator sees who did what', async () => {
  await signInAs('physician')
  const patients = await (await page.request.get(`${url}/fhir/R4/Patient?_count=1`)).json()
  const { id } = patients.entry[0].resource
  assert.equal((await page.request.get(`${url}/fhir/R4/Patient/${id}`)).status(), 200)
  await signInAs('admin')
  await page.goto(`${url}/settings`)
  await page.getByRole('link', { name: 'Admin' }).click()
  await page.getByRole('table', { name: 'Events' }).waitFor()
  await page.getByLabel('Patient id').fill(id)
  await page.getByLabel('Event', { exact: true }).selectOption('READ')
  await page.getByRole('button', { name: 'Show' }).click()
  await page.getByRole('cell', { name: `Patient/${id}` }).first().waitFor()
  await page.getByRole('table', { name: 'Events' }).getByText('physician').first().waitFor()
  assert.equal(new URL(page.url()).search, '', 'whom one looks for stays out of the address')
  await accessible('audit')
  await inTheme('dark', () => accessible('audit, dark'))
  await shot('20-audit')
  const csv = await page.request.get(`${url}${await page.getByRole('link', { name: 'CSV' }).getAttribute('href')}`)
  assert.match(await csv.text(), new RegExp(`,${id},`))
})

test('the table of roles is shown as the server answers it', async () => {
  await signInAs('admin')
  await page.goto(`${url}/administration/users`)
  await page.getByRole('navigation', { name: 'Administration' }).getByRole('link', { name: 'Roles' }).click()
  const table = page.getByRole('table', { name: 'Roles' })
  await table.waitFor()
  const answer = await page.request.post(`${url}/graphql`, { headers: { 'X-WintEHR-Request': '1', Origin: url }, data: { query: '{ roleTable { resourceType rights { role interactions } } }' } })
  const { roleTable } = (await answer.json()).data
  const word = { CREATE: 'create', READ: 'read', UPDATE: 'change', DELETE: 'delete', SEARCH: 'search' }
  const expected = roleTable.map((line) => [line.resourceType, ...line.rights.map((right) => right.interactions.map((one) => word[one]).join(', ') || 'nothing')])
  const shown = await table.locator('tbody tr').evaluateAll((rows) => rows.map((row) => [...row.children].map((cell) => cell.firstChild?.textContent)))
  assert.ok(expected.length > 100, `${expected.length} types`)
  assert.deepEqual(shown, expected)
  await accessible('roles')
  await page.getByLabel('Role', { exact: true }).selectOption('REGISTRAR')
  await page.getByLabel('Part of a type').fill('medicationrequest')
  await page.getByText('No role may do anything with a type of that name.').waitFor()
  await page.getByLabel('Part of a type').fill('appointment')
  await page.getByRole('row', { name: 'Appointment create, read, change, search' }).waitFor()
})

test('one sees where one is signed in, and ends what is open elsewhere', async () => {
  await signInAs('nurse')
  const elsewhere = await browser.newContext({ userAgent: 'Mozilla/5.0 (Windows NT 10.0) Firefox/132.0' })
  const { demoUsers } = await (await page.request.get(`${url}/auth/config`)).json()
  const { user, password } = demoUsers.find((one) => one.role === 'nurse')
  const entered = await elsewhere.request.post(`${url}/auth/login`, { headers: { 'X-WintEHR-Request': '1' }, data: { user, password } })
  assert.equal(entered.status(), 200)
  await page.goto(`${url}/settings`)
  await page.getByRole('list', { name: 'Sessions' }).getByText('This one').waitFor()
  const other = page.getByRole('button', { name: /^End\s*Firefox on Windows/ })
  await other.click()
  await other.waitFor({ state: 'detached' })
  assert.equal((await elsewhere.request.get(`${url}/auth/session`)).status(), 401)
  assert.equal((await page.request.get(`${url}/auth/session`)).status(), 200)
  await elsewhere.close()
})

test('the fields of its forms have edges to be seen', async () => {
  await signInAs('admin')
  for (const [path, act] of [['users', 'New account'], ['apps', 'Register an application'], ['grants', 'Give a grant']]) {
    await page.goto(`${url}/administration/${path}`)
    await page.getByRole('button', { name: act }).click()
    const form = page.getByRole('dialog')
    await form.getByRole('textbox').first().waitFor()
    const edges = await form.locator('.MuiOutlinedInput-notchedOutline').evaluateAll((all) => all.map((edge) => getComputedStyle(edge).borderTopWidth))
    assert.equal(edges.length, await form.locator('input:not([type=checkbox], [aria-hidden=true]), textarea:not([readonly]), select').count())
    assert.deepEqual([...new Set(edges)], ['1px'], act)
    await accessible(act)
    await inTheme('dark', () => accessible(`${act}, dark`))
  }
})

test('an account is closed when it was asked, by keyboard, and opened again', async () => {
  await signInAs('admin')
  await page.goto(`${url}/administration/users`)
  const acts = page.getByRole('group', { name: 'Acts on silva' })
  const question = page.getByRole('dialog', { name: 'Close the account silva?' })
  const close = acts.getByRole('button', { name: 'Close account' })
  await close.focus()
  await page.keyboard.press('Enter')
  await question.getByRole('button', { name: 'Keep it open' }).and(page.locator(':focus')).waitFor()
  await accessible('closing an account')
  await inTheme('dark', () => accessible('closing an account, dark'))
  await shot('35-closing')
  await page.keyboard.press('Escape')
  await question.waitFor({ state: 'detached' })
  await close.and(page.locator(':focus')).waitFor()
  await page.keyboard.press('Enter')
  await question.getByRole('button', { name: 'Close the account' }).focus()
  await page.keyboard.press('Enter')
  const reopen = acts.getByRole('button', { name: 'Reopen account' })
  await reopen.and(page.locator(':focus')).waitFor()
  await page.keyboard.press('Enter')
  await close.waitFor()
})

test('nothing went wrong on the way', () => assert.deepEqual(trouble, []))
