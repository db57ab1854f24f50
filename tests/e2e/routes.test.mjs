// Every address of the pages: no violation that axe can find in either theme, nothing beyond the width of a desk, a wall or a tablet, and what WCAG asks of a small window, of a reader's
// own spacing, of the focus and of targets.
// The addresses are read from the router, so that none is forgotten.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { open, url } from './harness.mjs'
import { clipped, covered, lost, small } from './reach.mjs'

let browser, page, trouble, accessible, inTheme, signInAs, clear
before(async () => { ({ browser, page, trouble, accessible, inTheme, signInAs, clear } = await open()); page.setDefaultTimeout(30_000) })
after(() => browser?.close())

const ROUTES = [...readFileSync('../../frontend/src/app/router.tsx', 'utf8').matchAll(/path: '([^']+)'/g)].map(([, path]) => path)
/** They only lead to others, or are the shell around them. */
const LEADS_ON = ['/', 'patients/:id', 'administration']
/** Who opens a page: whoever works there. */
const roleOf = (route) => (route.startsWith('administration/') ? 'admin' : 'physician')
/** Views of a page that stand in its address. */
const STATES = [
  'inbox?view=gaps', 'schedule?view=week', 'patients/:id/clinical/results?show=abnormal', 'patients/:id/clinical/results?view=reports',
  ...['intake-output', 'neurological', 'pain', 'none'].map((view) => `patients/:id/clinical/vitals?view=${view}&span=all`),
]
const WIDTHS = [[1280, 800], [1920, 1080], [820, 1180]]

/** The page stands, and no part of it waits any more. */
async function drawn() {
  await page.locator('main, [role=main]').first().waitFor()
  await page.getByRole('heading', { level: 1 }).first().waitFor()
  await page.waitForFunction(() => ![...document.querySelectorAll('[role=status]')].some((one) => /^Loading/.test(one.getAttribute('aria-label') ?? '')))
}

/** The page has taken the size of the window: what folds by it has folded. */
const settled = () => page.evaluate(() => new Promise((done) => { setTimeout(() => requestAnimationFrame(() => done()), 150) }))

/** The editor of the playground has themes of its own, which follow the machine's choice. */
async function inDarkEditor(act) {
  await page.emulateMedia({ colorScheme: 'dark' })
  await page.locator('body.graphiql-dark').waitFor()
  await act()
  await page.emulateMedia({ colorScheme: 'light' })
  await page.locator('body.graphiql-dark').waitFor({ state: 'detached' })
}

/** What stands wholly or in part to the right of the window: nobody can reach it but by moving the whole page. */
const beyond = () => page.evaluate(() => Math.max(
  document.documentElement.scrollWidth - innerWidth,
  // The page of a chart scrolls by itself, down only; what is wide in it has a frame of its own.
  ...[...document.querySelectorAll('main, [role=group][aria-label="Chart page"]')].map((one) => one.scrollWidth - one.clientWidth),
))

test('the router has the pages that are looked at here', () => {
  assert.ok(ROUTES.length > 30, `${ROUTES.length} routes`)
  assert.equal(new Set(ROUTES).size, ROUTES.length)
  for (const route of LEADS_ON) assert.ok(ROUTES.includes(route), route)
})

test('who is not signed in sees a door without a fault', async () => {
  await page.goto(`${url}/login`)
  await page.getByRole('button', { name: 'Sign in', exact: true }).waitFor()
  await accessible('/login')
  await inTheme('dark', () => accessible('/login, dark'))
  clear()
})

test('an address that only leads on does so without a word', async () => {
  await signInAs('physician')
  const { data } = await (await page.request.post(`${url}/graphql`, { headers: { 'X-WintEHR-Request': '1' }, data: { query: '{ patients(first: 1) { nodes { fhirId } } }' } })).json()
  const chart = `${url}/patients/${data.patients.nodes[0].fhirId}`
  await page.goto(chart)
  await page.waitForURL(`${chart}/clinical/summary`)
  await drawn()
  await signInAs('admin')
  await page.goto(`${url}/administration`)
  await page.waitForURL(`${url}/administration/audit`)
  await drawn()
  assert.deepEqual(trouble.splice(0), [])
})

for (const route of [...ROUTES.filter((one) => !LEADS_ON.includes(one) && one !== '/login'), ...STATES]) {
  test(`${route} in both themes, at each width`, async () => {
    await signInAs('physician')
    const query = '{ patients(first: 1, fhirQuery: "_has:Encounter:patient:status=in-progress&_has:Encounter:patient:class=IMP&_has:FamilyMemberHistory:patient:status=completed") { nodes { fhirId encounters(first: 1) { nodes { fhirId } } } } }'
    const { data } = await (await page.request.post(`${url}/graphql`, { headers: { 'X-WintEHR-Request': '1' }, data: { query } })).json()
    await signInAs(roleOf(route))
    await page.setViewportSize({ width: 1440, height: 900 })
    const [patient] = data.patients.nodes
    await page.goto(`${url}/${route.replace(':id', patient?.fhirId).replace(':encounter', patient?.encounters.nodes[0]?.fhirId).replace('*', 'there-is-no-such-page')}`)
    await drawn()
    await accessible(route)
    const inDark = route === 'playground' ? inDarkEditor : (act) => inTheme('dark', act)
    await inDark(() => accessible(`${route}, dark`))
    for (const [width, height] of WIDTHS) {
      await page.setViewportSize({ width, height })
      assert.ok((await beyond()) <= 0, `${route} is wider than ${width} by ${await beyond()}`)
    }
    await page.setViewportSize({ width: 1280, height: 800 })
    await settled()
    assert.deepEqual(await covered(page), [], `${route}: covered when it has the focus (2.4.11)`)
    assert.deepEqual(await clipped(page), [], `${route}: cut off by a reader's spacing (1.4.12)`)
    await page.evaluate(() => { document.documentElement.dataset.density = 'compact' })
    assert.deepEqual(await small(page), [], `${route}: targets below 24 pixels in the compact density (2.5.8)`)
    await page.evaluate(() => { document.documentElement.dataset.density = 'standard' })
    await page.setViewportSize({ width: 320, height: 640 })
    await settled()
    assert.ok((await beyond()) <= 0, `${route} is wider than 320 by ${await beyond()} (1.4.10)`)
    assert.deepEqual(await lost(page), [], `${route}: out of reach in a window of 320 (1.4.10)`)
    assert.deepEqual(await covered(page), [], `${route}: covered when it has the focus in a window of 320 (2.4.11)`)
    assert.deepEqual(await small(page), [], `${route}: targets below 24 pixels in a window of 320 (2.5.8)`)
    assert.deepEqual(trouble.splice(0), [], route)
  })
}

test('what is looked for on the pages is found where it is wrong', async () => {
  await page.setViewportSize({ width: 320, height: 640 })
  await page.goto('about:blank')
  await page.setContent(`
    <body style="margin: 0"><p style="margin: 0; height: 900px">text</p>
    <div style="display: flex"><button style="width: 20px; height: 20px">one</button><button style="width: 20px; height: 20px">two</button><button style="width: 24px; height: 24px">fits</button></div>
    <div style="overflow: hidden; width: 300px"><button style="margin-left: 400px; width: 60px; height: 30px">lost</button></div>
    <div style="overflow: hidden; height: 20px; width: 13ch; font: 14px/20px monospace">these words</div>
    <button style="width: 60px; height: 30px; display: block">under</button>
    <div style="position: fixed; bottom: 0; left: 0; right: 0; height: 80px; background: white"></div>`)
  const names = (told) => told.map((one) => one.split(' ')[0])
  assert.deepEqual(names(await small(page)), ['one', 'two'])
  assert.deepEqual(names(await lost(page)), ['lost'])
  assert.deepEqual(names(await clipped(page)), ['these'])
  assert.deepEqual(names(await covered(page)), ['lost', 'under'])
})

test('the summary shows each column of its tables at 1280', async () => {
  await page.setViewportSize({ width: 1280, height: 800 })
  await signInAs('physician')
  const query = '{ patients(first: 1, fhirQuery: "_has:Encounter:patient:status=in-progress&_has:Encounter:patient:class=IMP") { nodes { fhirId } } }'
  const { data } = await (await page.request.post(`${url}/graphql`, { headers: { 'X-WintEHR-Request': '1' }, data: { query } })).json()
  await page.goto(`${url}/patients/${data.patients.nodes[0].fhirId}/clinical/summary`)
  await drawn()
  for (const name of ['Vitals', 'Latest results']) {
    const cut = await page.getByRole('region', { name, exact: true }).evaluate((part) => {
      const column = part.closest('[role=group]').getBoundingClientRect()
      return [...part.querySelectorAll('th, td')].filter((cell) => cell.getBoundingClientRect().right > column.right + 0.5).map((cell) => cell.textContent)
    })
    assert.deepEqual(cut, [], name)
  }
})

test('at the width of a tablet the tables of the summary have all of it', async () => {
  await page.setViewportSize({ width: 820, height: 1180 })
  for (const name of ['Vitals', 'Latest results']) {
    const [table, region] = await page.getByRole('region', { name, exact: true }).evaluate((part) => [part.querySelector('table').getBoundingClientRect().width, part.getBoundingClientRect().width])
    assert.ok(table >= region - 1, `${name}: ${table} of ${region}`)
  }
})

test('the demo hospital fills each part of a chart, of ten patients at least', async () => {
  await signInAs('physician')
  const ask = async (query) => { const answer = await (await page.request.post(`${url}/graphql`, { headers: { 'X-WintEHR-Request': '1' }, data: { query } })).json(); assert.equal(answer.errors, undefined, JSON.stringify(answer.errors)); return answer.data }
  const LISTS = ['conditions', 'allergies', 'medicationRequests', 'immunizations', 'procedures', 'encounters', 'documents', 'notes', 'questionnaireResponses', 'carePlans', 'goals', 'appointments', 'relatedPersons', 'coverage', 'consents', 'familyHistory', 'labs', 'vitals']
  const count = new Map(LISTS.map((list) => [list, 0]))
  for (const part of [LISTS.slice(0, 9), LISTS.slice(9)]) {
    const { patients } = await ask(`{ patients(first: 100) { nodes { ${part.map((list) => `${list}(first: 1) { nodes { id } }`).join(' ')} } } }`)
    for (const patient of patients.nodes) for (const list of part) count.set(list, count.get(list) + (patient[list].nodes.length > 0 ? 1 : 0))
  }
  for (const [list, of] of count) assert.ok(of >= 10, `${list} of ${of} patients`)
  // Those whom the design names: years of HbA1c, vital signs every few hours, a child that grows, one born before term, a critical potassium that nobody has seen.
  const one = async (fhirQuery, fields) => (await ask(`{ patients(first: 1, fhirQuery: "${fhirQuery}") { nodes { ${fields} } } }`)).patients.nodes[0]
  const points = (code) => `trend(code: "LOINC|${code}") { points { at value interpretation } }`
  const diabetic = await one('_has:Observation:patient:code=4548-4&_has:CarePlan:patient:status=active', points('4548-4'))
  const years = new Set(diabetic.trend.points.map((p) => p.at.slice(0, 4)))
  assert.ok(years.size >= 3, `HbA1c of the years ${[...years]}`)
  const inpatient = await one('_has:Encounter:patient:status=in-progress&_has:Encounter:patient:class=IMP', points('8867-4'))
  assert.ok(inpatient.trend.points.length >= 6, 'heart rates of an inpatient')
  assert.ok((await one('_has:Observation:patient:code=9843-4', points('9843-4'))).trend.points.length >= 3, 'a head that grows')
  assert.ok(await one('_has:Observation:patient:code-value-quantity=76516-4$lt37', 'id'), 'a child born before term')
  assert.ok((await one('_has:Observation:patient:code-value-quantity=2823-3$gt6', points('2823-3'))).trend.points.some((p) => p.interpretation === 'CRITICAL_HIGH'), 'a critical potassium')
})
