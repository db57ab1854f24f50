// What is done to a chart: by keyboard, by two people at once, and through the end of a session.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { open, url } from './harness.mjs'

let browser, page, trouble, accessible, shot, inTheme, signInAs, clear
let patient

before(async () => { ({ browser, page, trouble, accessible, shot, inTheme, signInAs, clear } = await open()); page.setDefaultTimeout(15_000) })
after(() => browser?.close())

const ask = async (query, variables) => (await (await page.request.post(`${url}/graphql`, { headers: { 'X-WintEHR-Request': '1' }, data: { query, variables } })).json()).data
const dialog = (name) => page.getByRole('dialog', { name })
/** Goes to a control by the Tab key alone. */
async function tabTo(locator) {
  for (let i = 0; i < 80; i += 1) {
    if (await locator.evaluate((node) => node === document.activeElement)) return
    await page.keyboard.press('Tab')
  }
  assert.fail('the control is not reached by Tab')
}

test('a registrar registers a patient by keyboard, and is told of one who looks the same', async () => {
  await signInAs('registrar')
  await page.goto(`${url}/patients`)
  const register = page.getByRole('button', { name: 'Register a patient' })
  await register.waitFor()
  const fill = async () => {
    await tabTo(register)
    await page.keyboard.press('Enter')
    await dialog('Register a patient').waitFor()
    for (const text of ['Zephyrin', 'Ottilie Marie', 'Mrs']) {
      await page.keyboard.type(text)
      await page.keyboard.press('Tab')
    }
    await page.keyboard.press('F')
    await page.keyboard.press('Tab')
    await page.keyboard.type('1951-02-03')
  }
  await fill()
  await accessible('registration')
  await inTheme('dark', () => accessible('registration, dark'))
  await shot('20-register')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { level: 1, name: 'ZEPHYRIN, Ottilie Marie (Mrs)' }).waitFor()
  patient = new URL(page.url()).pathname.split('/')[2]
  await page.goto(`${url}/patients`)
  await register.waitFor()
  await fill()
  await page.keyboard.press('Enter')
  await dialog('Register a patient').getByText('People on record look like this one').waitFor()
  await dialog('Register a patient').getByRole('link', { name: /ZEPHYRIN, Ottilie Marie/ }).waitFor()
  await accessible('a possible duplicate')
  await shot('20-register-duplicate')
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Discard' }).click()
  await page.goto(`${url}/patients/${patient}/clinical/problems`)
  await page.getByText('You may not see this').first().waitFor()
  assert.equal(await page.getByRole('button', { name: 'Record a problem' }).count(), 0)
})

test('a nurse records an allergy by keyboard, which ends “none known”', async () => {
  await signInAs('nurse')
  await page.goto(`${url}/patients/${patient}/clinical/allergies`)
  await page.getByText('Nobody has written down whether').waitFor()
  await page.getByRole('button', { name: 'No known allergies' }).click()
  await dialog('No known allergies').getByRole('button', { name: 'State' }).click()
  await page.getByRole('region', { name: 'Patient', exact: true }).getByText('No known allergies').waitFor()
  const stated = page.getByRole('row', { name: /No known allergy/ })
  await stated.waitFor()
  await tabTo(page.getByRole('button', { name: 'Record an allergy' }))
  await page.keyboard.press('Enter')
  await dialog('Record an allergy').waitFor()
  await page.keyboard.type('Peni')
  await page.getByRole('listbox').getByRole('option').first().waitFor()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await dialog('Record an allergy').getByText(/^Coded: /).waitFor()
  await tabTo(page.getByLabel('Reaction that was seen', { exact: false }))
  await page.keyboard.type('hives, wheezing')
  await tabTo(page.getByLabel('Certainty'))
  await page.keyboard.press('ArrowDown')
  await accessible('an allergy form')
  await inTheme('dark', () => accessible('an allergy form, dark'))
  await shot('21-allergy')
  await tabTo(page.getByLabel('First seen', { exact: false }))
  await page.keyboard.press('Enter')
  await page.getByRole('region', { name: 'Patient', exact: true }).getByText(/penicillin/i).waitFor()
  await page.getByRole('region', { name: 'Inactive, resolved and refuted' }).getByText(/No known allergy/).waitFor()
  await accessible('allergies')
  await shot('21-allergies')
})

test('a nurse takes down vital signs by keyboard; a slip is refused, an abnormal value is flagged', async () => {
  await page.goto(`${url}/patients/${patient}/clinical/vitals`)
  await page.getByText('No vital sign is recorded.').waitFor()
  await tabTo(page.getByRole('button', { name: 'Take down vital signs' }))
  await page.keyboard.press('Enter')
  const entry = page.getByRole('form', { name: 'New measurements' })
  await entry.waitFor()
  for (const value of ['118', '76', '128', '', '98.6']) {
    await page.keyboard.type(value)
    await page.keyboard.press('ArrowDown')
  }
  await accessible('vital signs, entry')
  await inTheme('dark', () => accessible('vital signs, entry, dark'))
  await shot('23-vitals-entry')
  await tabTo(entry.getByRole('button', { name: 'Record' }))
  await page.keyboard.press('Enter')
  await entry.getByRole('alert').getByText(/Temperature in °C: 98.6 is not believed/).waitFor()
  await shot('23-vitals-refused')
  await entry.getByLabel('Temperature').fill('36.80')
  await page.keyboard.press('ArrowDown')
  await tabTo(entry.getByRole('button', { name: 'Record' }))
  await page.keyboard.press('Enter')
  const sheet = page.getByRole('table', { name: 'Vital signs' })
  await sheet.getByText('118/76').waitFor()
  await sheet.getByText('36.80').waitFor()
  await sheet.getByRole('row', { name: /Heart rate/ }).getByTitle('High').waitFor()
  await accessible('vital signs')
  await inTheme('dark', () => accessible('vital signs, dark'))
  await shot('23-vitals')
})

test('two clinicians change one problem: the second sees both versions and nothing is lost', async () => {
  await signInAs('physician')
  await page.goto(`${url}/patients/${patient}/clinical/problems`)
  await page.getByRole('button', { name: 'Record a problem' }).click()
  const form = dialog('Record a problem')
  await form.getByLabel('Problem', { exact: true }).fill('Ache of the left knee')
  await form.getByLabel('Certainty').selectOption('CONFIRMED')
  await form.getByLabel('Onset', { exact: false }).fill('tomorrow')
  await form.getByRole('button', { name: 'Record' }).click()
  await form.getByRole('alert').getByText(/Onset: write a year/).waitFor()
  await form.getByLabel('Onset', { exact: false }).fill('2024-05')
  await form.getByRole('button', { name: 'Record' }).click()
  await page.getByRole('row', { name: /Ache of the left knee/ }).waitFor()
  const act = async (name) => {
    await page.getByRole('button', { name: /^Acts for Ache/ }).click()
    await page.getByRole('menuitem', { name }).click()
  }
  await act('Change')
  const change = dialog('Change a problem')
  await change.getByLabel('Severity', { exact: false }).selectOption('Severe')
  // Meanwhile, elsewhere.
  const { patient: { conditions: { nodes: [{ id, versionId }] } } } = await ask('query($id: ID!) { patient(id: $id) { conditions(first: 1) { nodes { id versionId } } } }', { id: `Patient/${patient}` })
  const other = await ask('mutation($input: ConditionUpdateInput!) { conditionUpdate(input: $input) { outcome { __typename } } }', { input: { id, expectedVersion: versionId, severity: { text: 'Mild' }, onset: '2024-06' } })
  assert.equal(other.conditionUpdate.outcome.__typename, 'ConditionSaved')
  await change.getByRole('button', { name: 'Save' }).click()
  const conflict = dialog(/changed by somebody else/)
  await conflict.getByRole('row', { name: /Severity/ }).waitFor()
  assert.doesNotMatch(await conflict.getByText(/changed this on/).innerText(), /Practitioner\//, 'who it was has a name')
  assert.ok(await conflict.getByRole('button', { name: 'Save these choices' }).isDisabled(), 'both changed the severity, so one has to choose')
  assert.ok(await conflict.getByRole('radio', { name: 'Onset, theirs: Jun-2024' }).isChecked(), 'only the other changed the onset')
  await accessible('a conflict')
  await inTheme('dark', () => accessible('a conflict, dark'))
  await shot('22-conflict')
  await conflict.getByRole('radio', { name: 'Severity, yours: Severe' }).check()
  await conflict.getByRole('button', { name: 'Save these choices' }).click()
  const row = page.getByRole('row', { name: /Ache of the left knee/ })
  await row.getByText('Severe').waitFor()
  await row.getByText('Jun-2024').waitFor()
  await act('History')
  await dialog(/^History of/).getByText('Version 3').waitFor()
  await accessible('a history')
  await shot('22-history')
  await dialog(/^History of/).getByRole('button', { name: 'Close' }).click()
  await act('Resolve')
  await dialog(/^Resolve/).getByRole('button', { name: 'Resolve' }).click()
  await page.getByRole('region', { name: 'Inactive and resolved' }).getByText('Ache of the left knee').waitFor()
})

test('what was written outlives the session', async () => {
  await page.goto(`${url}/patients/${patient}/clinical/problems`)
  await page.getByRole('button', { name: 'Record a problem' }).click()
  await dialog('Record a problem').getByLabel('Problem', { exact: true }).fill('Cough at night')
  await dialog('Record a problem').getByLabel('Certainty').selectOption('CONFIRMED')
  await page.context().clearCookies()
  await dialog('Record a problem').getByRole('button', { name: 'Record' }).click()
  const again = dialog('Your session has ended')
  await again.waitFor()
  const { demoUsers } = await (await page.request.get(`${url}/auth/config`)).json()
  const { password } = demoUsers.find((one) => one.role === 'physician')
  await again.getByLabel('Password', { exact: true }).fill(password)
  await again.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.getByRole('row', { name: /Cough at night/ }).waitFor()
  clear()
})

test('a mistake stays visible, struck through, with its reason', async () => {
  await page.getByRole('button', { name: /^Acts for Cough/ }).click()
  await page.getByRole('menuitem', { name: 'Entered in error' }).click()
  const form = dialog(/entered in error/)
  await form.getByRole('button', { name: 'Mark as entered in error' }).click()
  await form.getByRole('alert').getByText(/cannot be left out/).waitFor()
  await form.getByLabel('Why it is a mistake').fill('Another patient')
  await form.getByRole('button', { name: 'Mark as entered in error' }).click()
  await page.getByRole('region', { name: 'Entered in error' }).getByText('Cough at night').waitFor()
  await page.getByRole('button', { name: /^Acts for Cough/ }).click()
  await page.getByRole('menuitem', { name: 'History' }).click()
  await dialog(/^History of/).getByText('Reason: Another patient').waitFor()
})

test('the whole chart is shown as it stood at a past instant, by an address, and cannot be written to', async () => {
  const problems = `${url}/patients/${patient}/clinical/problems`
  await page.goto(problems)
  await page.getByRole('region', { name: 'Entered in error' }).getByText('Cough at night').waitFor()
  await page.keyboard.press('o')
  const choose = dialog('The chart as it stood')
  const mistake = choose.getByRole('button', { name: /“Cough at night” changed/ })
  await mistake.waitFor()
  await accessible('choosing an instant')
  await inTheme('dark', async () => { await accessible('choosing an instant, dark'); await shot('25-as-of-choose-dark') })
  await shot('25-as-of-choose')
  await tabTo(choose.getByRole('button', { name: /“Cough at night” recorded/ }))
  await page.keyboard.press('Enter')
  await page.getByText(/^Chart as it was on/).waitFor()
  await page.getByRole('region', { name: 'Active problems' }).getByText('Cough at night').waitFor()
  assert.equal(await page.getByRole('region', { name: 'Entered in error' }).count(), 0)
  assert.ok(new URL(page.url()).searchParams.get('asOf'))
  await accessible('a chart of the past')
  await shot('25-as-of')
  await inTheme('dark', async () => { await accessible('a chart of the past, dark'); await shot('25-as-of-dark') })
  for (const size of [{ width: 1280, height: 800 }, { width: 834, height: 1112 }]) {
    await page.setViewportSize(size)
    await shot(`25-as-of-${size.width}`)
  }
  await page.setViewportSize({ width: 1440, height: 900 })
  await page.reload()
  await page.getByText(/^Chart as it was on/).waitFor()
  // Every tab stays in the past, and none offers an act.
  for (const link of await page.getByRole('navigation', { name: 'Chart' }).getByRole('link').all()) {
    await link.click()
    await page.getByText(/^Chart as it was on/).waitFor()
    await page.getByRole('status', { name: /^Loading/ }).first().waitFor({ state: 'detached' })
    assert.ok(new URL(page.url()).searchParams.get('asOf'), page.url())
    assert.deepEqual(await page.getByRole('main').getByRole('button', { name: /^(Record|Change|Take down|State|No known)/ }).allInnerTexts(), [])
  }
  await page.keyboard.press('g')
  await page.keyboard.press('b')
  await page.getByRole('region', { name: 'Active problems' }).getByText('Cough at night').waitFor()
  await page.getByRole('button', { name: 'Back to now' }).click()
  await page.getByRole('region', { name: 'Entered in error' }).getByText('Cough at night').waitFor()
  await page.getByRole('button', { name: 'Record a problem' }).waitFor()
  await page.goto(`${problems}?asOf=1999-12-31T00:00:00Z`)
  await page.getByRole('heading', { name: /There was no such patient on (31-Dec-1999|01-Jan-2000)/ }).waitFor()
  await page.getByRole('link', { name: 'To the chart as it is now' }).click()
  await page.getByRole('button', { name: 'Record a problem' }).waitFor()
})

test('a record of thousands of entries is scrolled smoothly, jumped through by year and narrowed by kind', async () => {
  const at = (i) => new Date(Date.UTC(2025, 11, 31, 12) - i * 86_400_000).toISOString()
  const reading = (i) => ({
    resourceType: 'Observation', status: 'final', subject: { reference: `Patient/${patient}` }, effectiveDateTime: at(i), valueQuantity: { value: 60 + (i % 40), unit: '/min', system: 'http://unitsofmeasure.org', code: '/min' },
    category: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'vital-signs' }] }], code: { coding: [{ system: 'http://loinc.org', code: '8867-4', display: 'Heart rate' }], text: 'Heart rate' },
  })
  for (let done = 0; done < 3000; done += 500) {
    const entry = Array.from({ length: 500 }, (_, i) => ({ resource: reading(done + i), request: { method: 'POST', url: 'Observation' } }))
    const answer = await page.request.post(`${url}/fhir/R4`, { headers: { 'X-WintEHR-Request': '1', 'Content-Type': 'application/fhir+json' }, data: { resourceType: 'Bundle', type: 'batch', entry } })
    assert.equal(answer.status(), 200, (await answer.text()).slice(0, 400))
    for (const one of (await answer.json()).entry) assert.match(one.response.status, /^201/)
  }
  // The page of before is told of all that, and reads again.
  await page.goto('about:blank')
  const operations = []
  const listen = (request) => { if (request.url().endsWith('/graphql')) operations.push(JSON.parse(request.postData() ?? '{}').operationName) }
  page.on('request', listen)
  await page.goto(`${url}/patients/${patient}/clinical/timeline`)
  const list = page.getByRole('grid', { name: 'Timeline' })
  await list.getByRole('row', { name: /Heart rate/ }).first().waitFor()
  assert.deepEqual(operations.filter((name) => name !== 'MoreTimeline'), ['TimelineScreen'])
  page.off('request', listen)
  await accessible('a timeline')
  await shot('26-timeline')
  await inTheme('dark', async () => { await accessible('a timeline, dark'); await shot('26-timeline-dark') })
  for (const size of [{ width: 1280, height: 800 }, { width: 1920, height: 1080 }, { width: 834, height: 1112 }]) {
    await page.setViewportSize(size)
    await shot(`26-timeline-${size.width}`)
  }
  await page.setViewportSize({ width: 1440, height: 900 })
  // To the end by scrolling: few rows are drawn, and no task holds the page up for long.
  const longest = await list.evaluate(async (el) => {
    let longest = 0
    const observer = new PerformanceObserver((found) => { for (const task of found.getEntries()) longest = Math.max(longest, task.duration) })
    observer.observe({ entryTypes: ['longtask'] })
    const frame = () => new Promise((done) => requestAnimationFrame(done))
    const ended = () => [...document.querySelectorAll('footer span')].some((s) => s.textContent.includes('that is all'))
    for (let i = 0; i < 6000; i += 1) {
      el.scrollTop += 400
      await frame()
      if (ended() && el.scrollTop + el.clientHeight >= el.scrollHeight - 2) break
    }
    observer.disconnect()
    return { longest, rows: el.querySelectorAll('[role=row]').length, told: document.querySelector('footer')?.textContent }
  })
  assert.match(longest.told, /^3\d{3} read, that is all/)
  assert.ok(longest.rows < 90, `${longest.rows} rows are drawn`)
  console.log(`timeline: longest task ${longest.longest} ms, ${longest.rows} rows drawn`)
  assert.ok(longest.longest < 400, `a task of ${longest.longest} ms`)
  await list.focus()
  await page.keyboard.press('Home')
  await page.keyboard.press('ArrowDown')
  await list.getByRole('row', { selected: true }).waitFor()
  await page.getByLabel('From the end of').selectOption('2020')
  await list.getByRole('row', { name: '2020', exact: true }).waitFor()
  await list.getByRole('row', { name: /31-Dec-2020/ }).waitFor()
  assert.equal(await list.getByRole('row', { name: '2025', exact: true }).count(), 0)
  assert.equal(new URL(page.url()).searchParams.get('year'), '2020')
  await page.getByLabel('From the end of').selectOption('')
  // What is ticked stands in the address, and is drawn with the list.
  await page.getByRole('checkbox', { name: 'Problems' }).click()
  await list.getByRole('row', { name: /Ache of the left knee/ }).waitFor()
  await list.getByRole('row', { name: /Heart rate/ }).first().waitFor({ state: 'detached' })
  assert.ok(await page.getByRole('checkbox', { name: 'Problems' }).isChecked())
  await page.reload()
  await list.getByRole('row', { name: /Ache of the left knee/ }).waitFor()
  await list.focus()
  await page.keyboard.press('Home')
  await page.keyboard.press('Enter')
  await page.getByRole('region', { name: 'Inactive and resolved' }).waitFor()
})

test('a physician acknowledges a critical result; a corrected one is to be seen anew', async () => {
  await signInAs('physician')
  const potassium = (value, status, id) => ({
    resourceType: 'Observation', ...(id ? { id } : {}), status, subject: { reference: `Patient/${patient}` }, effectiveDateTime: '2026-01-05T07:40:00Z', valueQuantity: { value, unit: 'mmol/L', system: 'http://unitsofmeasure.org', code: 'mmol/L' },
    category: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'laboratory' }] }], code: { coding: [{ system: 'http://loinc.org', code: '2823-3' }], text: 'Potassium' },
    interpretation: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation', code: 'HH' }] }], referenceRange: [{ low: { value: 3.5, unit: 'mmol/L' }, high: { value: 5.3, unit: 'mmol/L' } }],
  })
  const fhir = { 'X-WintEHR-Request': '1', 'Content-Type': 'application/fhir+json', Prefer: 'return=representation' }
  const made = await page.request.post(`${url}/fhir/R4/Observation`, { headers: fhir, data: potassium(6.8, 'final') })
  assert.equal(made.status(), 201, await made.text())
  const { id } = await made.json()
  await page.goto(`${url}/patients/${patient}/clinical/results`)
  const critical = page.getByRole('region', { name: 'Critical results' })
  await critical.getByText('Potassium 6.8 mmol/L').waitFor()
  await accessible('a critical result')
  await inTheme('dark', async () => { await accessible('a critical result, dark'); await shot('28-critical-dark') })
  await shot('28-critical')
  await tabTo(critical.getByRole('button', { name: 'Acknowledge Potassium' }))
  await page.keyboard.press('Enter')
  await dialog('Acknowledge Potassium 6.8 mmol/L').waitFor()
  await page.keyboard.type('Calcium gluconate is being given')
  await accessible('an acknowledgement')
  await shot('28-acknowledge')
  await tabTo(dialog('Acknowledge Potassium 6.8 mmol/L').getByRole('button', { name: 'Acknowledge' }))
  await page.keyboard.press('Enter')
  // Behind a dialog the page has no roles: what stands there is looked for when the dialog has gone.
  await dialog('Acknowledge Potassium 6.8 mmol/L').waitFor({ state: 'detached' })
  await critical.waitFor({ state: 'detached' })
  // The laboratory corrects it: that arrives by itself, and nobody has seen that version.
  const corrected = await page.request.put(`${url}/fhir/R4/Observation/${id}`, { headers: fhir, data: potassium(7.1, 'corrected', id) })
  assert.equal(corrected.status(), 200, await corrected.text())
  await critical.getByText('Potassium 7.1 mmol/L').waitFor()
  await page.getByRole('button', { name: 'Corrected: what Potassium said before' }).click()
  await dialog('History of Potassium').getByText('6.8').waitFor()
  await shot('28-corrected')
  await dialog('History of Potassium').getByRole('button', { name: 'Close' }).click()
})

test('measurements that are not recorded are not lost by going elsewhere', async () => {
  await page.goto(`${url}/patients/${patient}/clinical/vitals`)
  await page.getByRole('button', { name: 'Take down vital signs' }).click()
  await page.getByRole('textbox', { name: 'Heart rate' }).fill('72')
  await page.getByRole('navigation', { name: 'Chart' }).getByRole('link', { name: 'Summary' }).click()
  await dialog('What you wrote is not recorded').waitFor()
  await accessible('an unsaved form')
  await shot('29-unsaved')
  await page.keyboard.press('Enter')
  assert.equal(await page.getByRole('textbox', { name: 'Heart rate' }).inputValue(), '72')
  await page.getByRole('navigation', { name: 'Chart' }).getByRole('link', { name: 'Summary' }).click()
  await dialog('What you wrote is not recorded').getByRole('button', { name: 'Give it up and go on' }).click()
  await page.getByRole('region', { name: 'Problems', exact: true }).waitFor()
})

test('a patient is admitted to a free bed, transferred and discharged', async () => {
  await page.goto(`${url}/patients/${patient}/clinical/encounters`)
  await page.getByText('No encounter is recorded.').waitFor()
  const beds = (await ask('{ search(type: "Location", query: "status=active", first: 200) { nodes { id fhir } } }')).search.nodes.filter((n) => n.fhir.physicalType?.coding?.[0]?.code === 'bd')
  const taken = new Set((await ask('{ search(type: "Encounter", query: "status=in-progress", first: 200) { nodes { fhir } } }')).search.nodes.flatMap((n) => (n.fhir.location ?? []).map((l) => l.location.reference)))
  const names = (free) => beds.filter((n) => !taken.has(n.id) === free).map((n) => n.fhir.name)
  const [first, second] = names(true)
  await page.getByRole('button', { name: 'Admit to a bed' }).click()
  const admit = dialog('Admit to a bed')
  await admit.getByLabel('Bed').selectOption(names(false)[0])
  await admit.getByRole('button', { name: 'Admit' }).click()
  await admit.getByRole('alert').waitFor()
  await accessible('an admission')
  await inTheme('dark', () => accessible('an admission, dark'))
  await shot('30-admit')
  await admit.getByLabel('Bed').selectOption(first)
  await admit.getByRole('button', { name: 'Admit' }).click()
  const row = page.getByRole('row', { name: /Inpatient/ })
  await row.getByText(first).waitFor()
  const act = async (name) => {
    await row.getByRole('button', { name: /^Acts for/ }).click()
    await page.getByRole('menuitem', { name }).click()
  }
  await act('Transfer')
  await dialog('Transfer to another bed').getByLabel('Bed').selectOption(second)
  await dialog('Transfer to another bed').getByRole('button', { name: 'Transfer' }).click()
  await row.getByText(second).waitFor()
  await accessible('encounters')
  await shot('30-encounters')
  await act('Discharge')
  await dialog('Discharge').getByLabel('Where to').selectOption('Home')
  await dialog('Discharge').getByRole('button', { name: 'Discharge' }).click()
  await row.getByText('Finished').waitFor()
  await page.getByRole('button', { name: 'Begin a visit' }).click()
  await dialog('Begin a visit').getByLabel('Kind').selectOption('Visit')
  await dialog('Begin a visit').getByRole('button', { name: 'Begin' }).click()
  await page.getByRole('row', { name: /In progress/ }).getByRole('button', { name: /^Acts for/ }).click()
  await page.getByRole('menuitem', { name: 'End the visit' }).click()
  await dialog('End the visit').getByRole('button', { name: 'End' }).click()
  await dialog('End the visit').waitFor({ state: 'detached' })
  await page.getByRole('row', { name: /In progress/ }).waitFor({ state: 'detached' })
})

test('nothing went wrong on the way', () => assert.deepEqual(trouble, []))
