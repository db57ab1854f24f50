// An analyst's question in the playground: chosen, run, seen as rows, taken away as a file.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { open, url } from './harness.mjs'

let browser, page, trouble, accessible, shot, signInAs

before(async () => { ({ browser, page, trouble, accessible, shot, signInAs } = await open()) })
after(() => browser?.close())

const ready = () => page.getByRole('button', { name: /HbA1c over time/ }).and(page.locator(':enabled')).waitFor()

test('the playground is reached from the list of patients, in a document of its own', async () => {
  await signInAs('physician')
  await page.goto(`${url}/patients`)
  await page.getByText(/of \d+ loaded/).waitFor()
  assert.equal(await page.evaluate(() => performance.getEntriesByType('resource').some((r) => /monaco|playground/.test(r.name))), false)
  await page.getByRole('link', { name: 'Query' }).click()
  await page.getByRole('heading', { name: 'Playground' }).waitFor()
  await ready()
  const policy = (await page.request.get(`${url}/playground`)).headers()['content-security-policy']
  assert.match(policy, /script-src 'self' 'wasm-unsafe-eval';/)
  const chart = (await page.request.get(`${url}/patients`)).headers()['content-security-policy']
  assert.doesNotMatch(chart, /unsafe-inline/)
})

test('an example runs, its rows are seen and exported', async () => {
  await page.getByRole('button', { name: /HbA1c over time/ }).click()
  const bar = page.getByRole('region', { name: 'Rows', exact: true })
  await bar.getByText(/^10 rows/).waitFor()
  await bar.getByRole('combobox').selectOption('patients.nodes.trend.points')
  await bar.getByRole('button', { name: 'Show table' }).click()
  const rows = page.getByRole('group', { name: /Rows of/ }).getByRole('row')
  assert.ok((await rows.count()) > 10)
  const head = await rows.first().textContent()
  assert.match(head ?? '', /trend\.points\.value/)
  await bar.getByText('One page only').waitFor()
  const [download] = await Promise.all([page.waitForEvent('download'), bar.getByRole('button', { name: 'Export CSV' }).click()])
  const text = readFileSync(await download.path(), 'utf8')
  const lines = text.split('\r\n')
  assert.equal(lines.length - 2, Number(/^(\d+) rows/.exec((await bar.textContent()) ?? '')?.[1]))
  assert.match(lines[0], /^\uFEFFmrn,trend\.unit,trend\.points\.at,trend\.points\.value/)
  await accessible('playground')
  await shot('05-playground')
  await page.emulateMedia({ colorScheme: 'dark' })
  await page.locator('body.graphiql-dark').waitFor()
  await accessible('playground, dark')
  await page.emulateMedia({ colorScheme: 'light' })
})

test('an example is asked for as soon as it is pressed', async () => {
  const asked = await page.getByRole('button', { name: /People with type 2 diabetes/ }).evaluate(async (button) => {
    const bodies = []
    const ask = window.fetch
    window.fetch = (address, init) => { bodies.push(init?.body); return ask(address, init) }
    button.click()
    await new Promise((done) => { setTimeout(done) })
    window.fetch = ask
    return bodies.map((body) => JSON.parse(body).operationName)
  })
  assert.deepEqual(asked, ['DiabetesCohort'])
})

test('every example answers with rows and without errors', async () => {
  const names = await page.getByRole('region', { name: 'Examples' }).getByRole('button').locator('strong').allTextContents()
  assert.ok(names.length >= 6)
  for (const name of names) {
    const answered = page.waitForResponse((r) => r.url().endsWith('/graphql'))
    await page.getByRole('button', { name: new RegExp(name) }).click()
    const body = await (await answered).json()
    assert.equal(body.errors, undefined, name)
    assert.ok(body.data.patients.nodes.length > 0, name)
  }
})

test('a browser that asks the GraphQL door for a page is sent here', async () => {
  await page.goto(`${url}/graphql`)
  await page.getByRole('heading', { name: 'Playground' }).waitFor()
  assert.equal(new URL(page.url()).pathname, '/playground')
})

test('who is not signed in signs in and comes back', async () => {
  await page.context().clearCookies()
  await page.goto(`${url}/playground`)
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  await page.getByRole('button', { name: /analyst/ }).first().click()
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.getByRole('heading', { name: 'Playground' }).waitFor()
  await ready()
})

test('nothing of the questions is kept in the browser, and nothing went wrong', async () => {
  const kept = await page.evaluate(() => Object.keys(localStorage).filter((key) => key !== 'wintehr.appearance').concat(Object.keys(sessionStorage)))
  assert.deepEqual(kept, [])
  assert.deepEqual(trouble.filter((t) => !/status of 401/.test(t)), [])
})
