// The timeline on an axis: by keyboard, by buttons, by the wheel and by dragging, with thousands of entries.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { open, url } from './harness.mjs'

let browser, page, trouble, accessible, shot, inTheme, signInAs, patient
before(async () => {
  ({ browser, page, trouble, accessible, shot, inTheme, signInAs } = await open())
  page.setDefaultTimeout(30_000)
  await signInAs('physician')
  const query = '{ patients(first: 1, fhirQuery: "_has:Encounter:patient:status=in-progress&_has:Encounter:patient:class=IMP") { nodes { fhirId } } }'
  const { data } = await (await page.request.post(`${url}/graphql`, { headers: { 'X-WintEHR-Request': '1' }, data: { query } })).json()
  patient = data.patients.nodes[0].fhirId
})
after(() => browser?.close())

const axis = () => page.getByRole('listbox', { name: 'Timeline, axis' })
const loaded = () => page.waitForFunction(() => /that is all/.test(document.querySelector('footer')?.textContent ?? ''), null, { timeout: 120_000 })

test('a physician sees the record in lanes, and goes from an entry to its row by the keyboard', async () => {
  await page.goto(`${url}/patients/${patient}/clinical/timeline`)
  await page.getByRole('grid', { name: 'Timeline' }).waitFor()
  await page.getByRole('button', { name: 'Axis', exact: true }).click()
  await axis().getByRole('option').first().waitFor()
  assert.match(page.url(), /view=axis/)
  await page.waitForTimeout(1500)
  await accessible('a timeline axis')
  await shot('66-axis')
  await inTheme('dark', async () => { await accessible('a timeline axis, dark'); await shot('66-axis-dark') })
  await page.getByRole('button', { name: 'Whole record' }).click()
  await loaded()
  await shot('66-axis-whole')
  await inTheme('dark', () => shot('66-axis-whole-dark'))
  await axis().focus()
  await page.keyboard.press('ArrowDown')
  await axis().getByRole('option', { selected: true }).waitFor()
  await accessible('a timeline axis with an entry')
  await shot('66-axis-entry')
  for (const width of [1280, 820, 400]) {
    await page.setViewportSize({ width, height: 900 })
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `nothing beyond ${width}`)
    await shot(`66-axis-${width}`)
  }
  await page.setViewportSize({ width: 1440, height: 900 })
  await page.emulateMedia({ media: 'print' })
  await page.getByRole('table', { name: 'Timeline' }).waitFor()
  await shot('66-axis-print')
  await page.emulateMedia({ media: 'screen' })
  // A problem of its own lies somewhere; the one that is chosen opens at its row.
  await page.goto(`${url}/patients/${patient}/clinical/timeline?view=axis&kinds=condition`)
  await axis().getByRole('option').first().waitFor()
  await axis().focus()
  for (let i = 0; i < 40 && !(await page.getByRole('link', { name: 'Open in problems' }).count()); i += 1) await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await page.waitForURL(/problems#Condition\//)
  await page.locator('tr[data-marked]').waitFor()
  await shot('66-axis-row')
})

test('only what one person wrote or did is shown, by name; the address keeps it, and one press clears it', async () => {
  const query = 'query($id: ID!) { patient(id: $id) { encounters(first: 5) { nodes { participants { id } } } } }'
  const read = async (of, variables) => (await (await page.request.post(`${url}/graphql`, { headers: { 'X-WintEHR-Request': '1' }, data: { query: of, variables } })).json()).data
  const who = (await read(query, { id: `Patient/${patient}` })).patient.encounters.nodes.flatMap((e) => e.participants).find((p) => p.id?.startsWith('Practitioner/')).id
  const { names } = (await read('query($id: ID!) { node(id: $id) { ... on Practitioner { names { display family } } } }', { id: who })).node
  await page.goto(`${url}/patients/${patient}/clinical/timeline`)
  const foot = page.locator('footer', { hasText: ' loaded' })
  await foot.waitFor()
  const field = page.getByRole('combobox', { name: 'Written or done by' })
  await field.fill(names[0].family)
  await accessible('a timeline whose author is looked for')
  await page.getByRole('option', { name: names[0].display }).first().click()
  await foot.getByText(/Only what .+ wrote or did/).waitFor()
  assert.match(decodeURIComponent(page.url()), /author=Practitioner\//)
  await accessible('a timeline of one author')
  await shot('66-author')
  await inTheme('dark', async () => { await accessible('a timeline of one author, dark'); await shot('66-author-dark') })
  await page.setViewportSize({ width: 820, height: 1180 })
  assert.ok(await page.getByRole('checkbox', { name: 'Questionnaires' }).evaluate((box) => { const filter = box.closest('fieldset').parentElement; return filter.scrollHeight <= filter.clientHeight }), 'every kind is in sight')
  await shot('66-author-820')
  await page.setViewportSize({ width: 1440, height: 900 })
  await page.reload()
  await foot.getByText(/Only what .+ wrote or did/).waitFor()
  await page.getByRole('button', { name: 'By anybody' }).click()
  await foot.getByText(/Only what .+ wrote or did/).waitFor({ state: 'detached' })
  assert.doesNotMatch(page.url(), /author=/)
})

test('it is zoomed by keys and wheel, and panned by keys and by dragging', async () => {
  await page.goto(`${url}/patients/${patient}/clinical/timeline?view=axis`)
  await axis().getByRole('option').first().waitFor()
  const span = () => page.locator('output').first().innerText()
  const changes = async (act, what) => { const before = await span(); await act(); await page.waitForFunction((b) => document.querySelector('output')?.innerText !== b, before).catch(() => assert.fail(what)) }
  await axis().focus()
  for (const key of ['+', '-', 'ArrowLeft', 'ArrowRight', 'PageUp', 'PageDown', 'Home', 'End']) await changes(() => page.keyboard.press(key), key)
  const box = await axis().boundingBox()
  await page.mouse.move(box.x + box.width * 0.6, box.y + 60)
  await changes(async () => { await page.keyboard.down('Control'); await page.mouse.wheel(0, -240); await page.keyboard.up('Control') }, 'wheel')
  await changes(async () => { await page.mouse.down(); await page.mouse.move(box.x + box.width * 0.3, box.y + 62, { steps: 5 }); await page.mouse.up() }, 'drag')
  assert.equal(await page.evaluate(() => visualViewport.scale), 1)
})

test('3,000 entries are panned and zoomed without a task of 150 ms or more', async () => {
  const reading = (i) => ({
    resourceType: 'Observation', status: 'final', subject: { reference: `Patient/${patient}` }, effectiveDateTime: new Date(Date.UTC(2024, 11, 31, 12) - i * 3_600_000 * 5).toISOString(), code: { coding: [{ system: 'http://loinc.org', code: '8867-4' }], text: 'Heart rate' },
    valueQuantity: { value: 60 + (i % 40), unit: '/min', system: 'http://unitsofmeasure.org', code: '/min' }, category: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'vital-signs' }] }],
  })
  await page.goto('about:blank')
  for (let from = 0; from < 3000; from += 500) {
    const bundle = { resourceType: 'Bundle', type: 'batch', entry: Array.from({ length: 500 }, (_, i) => ({ request: { method: 'POST', url: 'Observation' }, resource: reading(from + i) })) }
    const answer = await page.request.post(`${url}/fhir/R4`, { headers: { 'X-WintEHR-Request': '1', 'Content-Type': 'application/fhir+json' }, data: bundle, timeout: 120_000 })
    assert.equal(answer.status(), 200, (await answer.text()).slice(0, 300))
  }
  await page.goto(`${url}/patients/${patient}/clinical/timeline?view=axis`)
  await axis().getByRole('option').first().waitFor()
  await page.getByRole('button', { name: 'Whole record' }).click()
  await loaded()
  await shot('66-axis-many')
  await axis().focus()
  const tasks = await axis().evaluate(async (el) => {
    const tasks = []
    const observer = new PerformanceObserver((found) => tasks.push(...found.getEntries().map((one) => Math.round(one.duration))))
    observer.observe({ entryTypes: ['longtask'] })
    const frame = () => new Promise((done) => requestAnimationFrame(done))
    for (const key of [...Array(12).fill('+'), ...Array(20).fill('ArrowLeft'), ...Array(20).fill('PageUp'), ...Array(14).fill('-'), ...Array(20).fill('ArrowRight'), ...Array(20).fill('ArrowDown')]) {
      el.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }))
      await frame()
      await frame()
    }
    observer.disconnect()
    return tasks
  })
  console.log(`axis: tasks over 50 ms: ${tasks.length}, ${tasks.join(' ')}; ${await axis().getByRole('option').count()} marks drawn`)
  assert.ok(tasks.length === 0 || Math.max(...tasks) < 150, `a task of ${Math.max(...tasks)} ms`)
})

test('nothing went wrong on the way', () => assert.deepEqual(trouble, []))
