// Outside demo mode a nurse sees the patients in her care only, and opens the chart of another in an emergency; and the pages run on trusted
// documents alone: she finds every tab, and sends no document of her own.
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { open, url as demo } from './harness.mjs'

const wintehr = process.env.WINTEHR_BIN
assert.ok(wintehr, 'WINTEHR_BIN is the program')
const url = `http://127.0.0.1:${Number(new URL(demo).port) + 1}`
const password = 'seventeen quiet herons'
const folder = mkdtempSync(join(tmpdir(), 'wintehr-trusted-'))
chmodSync(folder, 0o711)
const data = ['--data-dir', join(folder, 'data')]
const run = (args, input) => {
  const { status, stdout, stderr } = spawnSync(wintehr, [...args, ...data], { input, encoding: 'utf8' })
  assert.equal(status, 0, stderr)
  return stdout.trim()
}

let server, browser, page, trouble, accessible, token
const ready = async () => { try { return (await fetch(`${url}/health/ready`)).ok } catch { return false } }

before(async () => {
  run(['demo', '--patients', '5'])
  for (const role of ['nurse', 'analyst']) run(['user', 'create', role, '--role', role, '--password-stdin'], `${password}\n`)
  run(['account', 'reader'])
  token = run(['token', 'create', '--user', 'reader', '--scope', 'system/Patient.rs'])
  server = spawn(wintehr, ['serve', '--listen', new URL(url).host, ...data], { stdio: 'ignore' })
  while (!(await ready())) {
    assert.equal(server.exitCode, null, 'the server goes on')
    await new Promise((done) => { setTimeout(done, 100) })
  }
  ;({ browser, page, trouble, accessible } = await open())
})
after(async () => {
  await browser?.close()
  if (server && server.exitCode === null) {
    const gone = new Promise((done) => { server.once('exit', done) })
    server.kill()
    await gone
  }
  rmSync(folder, { recursive: true, force: true })
})

const headers = { 'X-WintEHR-Request': '1' }
const signIn = async (user) => {
  await page.context().clearCookies()
  const answer = await page.request.post(`${url}/auth/login`, { headers, data: { user, password } })
  assert.equal(answer.status(), 200)
}
const ask = async (data) => {
  const answer = await page.request.post(`${url}/graphql`, { headers, data })
  return { status: answer.status(), body: await answer.json() }
}

const TABS = ['Timeline', 'Demographics', 'Problems', 'Medications', 'Allergies', 'Immunizations', 'Procedures', 'Vitals', 'Results', 'Calculators', 'Documents', 'Encounters', 'Care']

test('a nurse who treats nobody looks a patient up, and opens the chart in an emergency', async () => {
  const { entry } = await (await fetch(`${url}/fhir/R4/Patient?_count=1`, { headers: { Authorization: `Bearer ${token}` } })).json()
  const { id, name: [{ family, given: [given] }] } = entry[0].resource
  await signIn('nurse')
  await page.goto(`${url}/patients`)
  await page.getByText('You see the patients in your care.').waitFor()
  await page.getByLabel('Search patients').fill(`${given} ${family}`)
  await page.getByText(/No patient is found/).waitFor()
  assert.equal(await page.getByText(family, { exact: false }).and(page.getByRole('listitem')).count(), 0)
  await page.getByRole('button', { name: 'Look up among all others …' }).press('Enter')
  const others = page.getByRole('region', { name: 'Others on record' })
  const card = others.getByRole('listitem').filter({ hasText: family }).first()
  await card.waitFor()
  await accessible('whom one does not treat')
  await page.goto(`${url}/patients/${id}/clinical/summary`)
  await page.getByRole('heading', { name: 'There is no such patient' }).waitFor()
  await page.goBack()
  await page.getByRole('button', { name: 'Look up among all others …' }).press('Enter')
  await card.getByRole('button', { name: /^Emergency access/ }).press('Enter')
  await page.getByLabel('Why, in your words').fill('Found unconscious')
  await page.getByRole('button', { name: 'Open the chart' }).press('Enter')
  await page.getByRole('region', { name: 'Patient', exact: true }).waitFor()
  await page.getByRole('region', { name: 'Emergency access' }).getByText(/minutes left/).waitFor()
})

test('a nurse walks through the chart; its operations are named, none is sent', async () => {
  await signIn('nurse')
  const asked = []
  const answered = []
  const heard = []
  page.on('request', (request) => { if (request.url().endsWith('/graphql')) asked.push(JSON.parse(request.postData() ?? '{}')) })
  page.on('response', async (response) => { if (response.url().endsWith('/graphql')) answered.push(response) })
  page.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => heard.push(JSON.parse(payload))))
  await page.goto(`${url}/patients`)
  await page.getByText('1 of 1 loaded').waitFor()
  await page.getByRole('row').nth(1).click()
  await page.getByRole('region', { name: 'Patient', exact: true }).waitFor()
  for (const name of TABS) {
    const response = page.waitForResponse((r) => r.url().endsWith('/graphql') && JSON.parse(r.request().postData() ?? '{}').operationName === `${name}Screen`)
    await page.getByRole('navigation', { name: 'Chart' }).getByRole('link', { name, exact: true }).click()
    assert.equal((await (await response).json()).errors, undefined, name)
  }
  await page.goto(`${url}/inpatients`)
  await page.getByRole('heading', { name: 'Inpatients' }).waitFor()
  assert.ok(asked.length > TABS.length)
  for (const request of asked) {
    assert.equal(request.query, undefined, request.operationName)
    assert.match(request.extensions.persistedQuery.sha256Hash, /^[0-9a-f]{64}$/)
  }
  for (const response of answered) assert.equal(response.status(), 200, response.request().postData() ?? '')
  assert.ok(heard.some((message) => message.type === 'next'), 'the line tells')
  assert.deepEqual(heard.filter((message) => message.type === 'error'), [])
  assert.deepEqual(trouble, [])
})

test('a document of her own is refused her, and not an analyst', async () => {
  const own = { query: '{ me { principal } }' }
  const { status, body } = await ask(own)
  assert.deepEqual([status, body.errors[0].extensions.code], [403, 'NOT_PERMITTED'])
  assert.equal(body.data, undefined)
  await signIn('analyst')
  assert.deepEqual((await ask(own)).body, { data: { me: { principal: 'analyst' } } })
})
