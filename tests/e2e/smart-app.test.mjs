// A real SMART application: the public library fhirclient, launched from a chart and by itself, registered on the page for administrators.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { open, url } from './harness.mjs'
import { SCOPE, serve } from './smart-app.mjs'

let browser, page, trouble, accessible, shot, signInAs, app, server

before(async () => {
  ({ browser, page, trouble, accessible, shot, signInAs } = await open())
  server = await serve(0, url);
  ({ app } = server)
})
after(async () => { await browser?.close(); server?.close() })

const told = async (tab) => {
  await tab.waitForURL((at) => at.origin === app && at.pathname === '/')
  await tab.waitForFunction(() => document.getElementById('told')?.textContent)
  const text = await tab.locator('#told').textContent()
  assert.ok(!text.startsWith('failed'), text)
  return JSON.parse(text)
}

test('an administrator registers an application', async () => {
  await signInAs('admin')
  await page.goto(`${url}/administration/apps`)
  await page.getByRole('button', { name: 'Register an application' }).click()
  await page.getByLabel('client_id').fill('growth')
  await page.getByLabel('Name', { exact: true }).fill('Growth chart')
  await page.getByLabel('Addresses people are sent back to, one a line').fill(`${app}/`)
  await page.getByLabel('Address where a launch from a chart begins').fill(`${app}/launch.html`)
  await page.getByLabel('Scopes it may ask for').fill(`launch launch/patient ${SCOPE}`)
  await accessible('registering an application')
  await page.getByRole('button', { name: 'Register', exact: true }).click()
  await page.getByRole('row').filter({ hasText: 'growth' }).getByText(`${app}/launch.html`).waitFor()
  await accessible('applications')
  await shot('22-applications')
})

test('it is launched from a chart and reads that patient alone', async () => {
  await signInAs('physician')
  const { entry } = await (await page.request.get(`${url}/fhir/R4/Patient?_count=1&_has:Observation:patient:status=final`)).json()
  const { id } = entry[0].resource
  await page.goto(`${url}/patients/${id}/clinical/summary`)
  await page.getByRole('button', { name: 'Apps' }).click()
  const opened = page.context().waitForEvent('page')
  await page.getByRole('menuitem', { name: 'Growth chart' }).click()
  const tab = await opened
  await tab.getByRole('heading', { name: 'Growth chart asks for access' }).waitFor()
  await tab.getByRole('button', { name: 'Allow' }).click()
  const { patient, results, seen, user, scope } = await told(tab)
  assert.deepEqual([patient, seen], [id, [id]])
  assert.ok(results > 0)
  assert.match(user, /Practitioner\//)
  assert.match(scope, /patient\/\*\.rs/)
  await tab.close()
})

test('one that is registered for it is shown within the chart, and cannot lead it away', async () => {
  await signInAs('admin')
  await page.goto(`${url}/administration/apps`)
  await page.getByRole('button', { name: 'Register an application' }).click()
  await page.getByLabel('client_id').fill('inside')
  await page.getByLabel('Name', { exact: true }).fill('Inner growth')
  await page.getByLabel('Addresses people are sent back to, one a line').fill(`${app}/`)
  await page.getByLabel('Address where a launch from a chart begins').fill(`${app}/framed.html`)
  await page.getByLabel('Where it is shown').selectOption('CHART')
  await page.getByLabel('Scopes it may ask for').fill(`launch ${SCOPE}`)
  await page.getByRole('button', { name: 'Register', exact: true }).click()
  await page.getByRole('row').filter({ hasText: 'inside' }).getByText('Within the chart, in a frame').waitFor()
  await signInAs('physician')
  const { entry } = await (await page.request.get(`${url}/fhir/R4/Patient?_count=1&_has:Observation:patient:status=final`)).json()
  const { id } = entry[0].resource
  const chart = `${url}/patients/${id}/clinical/summary`
  await page.goto(chart)
  await page.getByRole('button', { name: 'Apps' }).click()
  await page.getByRole('menuitem', { name: 'Inner growth' }).click()
  const inner = page.frameLocator('iframe[title="Inner growth"]').frameLocator('iframe')
  await inner.getByRole('heading', { name: 'Inner growth asks for access' }).waitFor()
  await inner.getByRole('button', { name: 'Allow' }).click()
  await inner.locator('#told').getByText(id).first().waitFor()
  const { patient, seen } = JSON.parse(await inner.locator('#told').textContent())
  assert.deepEqual([patient, seen], [id, [id]])
  const before = trouble.length
  const refused = await inner.locator('#told').evaluate(() => { try { window.top.location.href = 'about:blank'; return 'led away' } catch (error) { return error.name } })
  assert.equal(refused, 'SecurityError')
  assert.equal(page.url(), chart)
  // The browser says in its console that it refused, and that pages of ours, which the person is asked on, have no sandbox before us.
  trouble.splice(0, trouble.length, ...trouble.filter((text, at) => !/can escape its sandboxing/.test(text) && !(at >= before && /navigat/i.test(text))))
  await accessible('an application within the chart')
  await page.getByRole('button', { name: 'Close Inner growth' }).press('Enter')
  await page.locator('iframe').waitFor({ state: 'detached' })
})

test('it is launched by itself, and the person chooses the patient', async () => {
  const { entry } = await (await page.request.get(`${url}/fhir/R4/Patient?_count=1`)).json()
  const { id, name } = entry[0].resource
  const tab = await page.context().newPage()
  await tab.goto(`${app}/alone.html`)
  await tab.getByLabel('Find the patient by name').fill(name[0].family)
  await tab.getByRole('button', { name: 'Find' }).click()
  await tab.locator(`input[name=patient][value="${id}"]`).check()
  await tab.getByRole('button', { name: 'Allow' }).click()
  const { patient, seen } = await told(tab)
  assert.deepEqual([patient, seen], [id, [id]])
  await tab.close()
})

test('what was allowed is listed, and its access ends at once', async () => {
  await page.goto(`${url}/settings`)
  const list = page.getByRole('list', { name: 'Apps' })
  await list.getByRole('listitem').first().waitFor()
  const before = await list.getByRole('listitem').count()
  assert.ok(before >= 2)
  await list.getByRole('button', { name: /^End Growth chart/ }).first().click()
  await page.waitForFunction((n) => document.querySelectorAll('ul[aria-label="Apps"] li').length === n - 1, before)
  await accessible('settings with apps')
})

test('nothing went wrong on the way', () => assert.deepEqual(trouble, []))
