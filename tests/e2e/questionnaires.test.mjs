// Questionnaires: a scored one by keyboard alone, one that was imported, answers that are refused, taking back, and who may do none of it.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { open, url } from './harness.mjs'

let browser, page, trouble, accessible, shot, inTheme, signInAs
let patient
const begun = new Date().toISOString()

before(async () => { ({ browser, page, trouble, accessible, shot, inTheme, signInAs } = await open()); page.setDefaultTimeout(30_000) })
after(() => browser?.close())

const HEADERS = { 'X-WintEHR-Request': '1' }
const ask = async (query, variables) => (await (await page.request.post(`${url}/graphql`, { headers: HEADERS, data: { query, variables } })).json()).data
const chart = (id = patient) => `${url}/patients/${id}/clinical/questionnaires`
const table = () => page.getByRole('table', { name: 'Questionnaires' })
const reader = (name) => page.getByRole('complementary', { name })
/** Goes to a control by the Tab key alone. */
async function tabTo(locator) {
  for (let i = 0; i < 150; i += 1) {
    if (await locator.evaluate((node) => node === document.activeElement)) return
    await page.keyboard.press('Tab')
  }
  assert.fail('the control is not reached by Tab')
}
const question = (name) => page.getByRole('group', { name })

test('a physician fills in a PHQ-9 by keyboard alone, and reads its score', async () => {
  await signInAs('physician')
  const found = await ask('{ patients(first: 1, fhirQuery: "_has:QuestionnaireResponse:patient:status=completed") { nodes { fhirId questionnaireResponses { totalCount } } } }')
  patient = found.patients.nodes[0].fhirId
  const had = found.patients.nodes[0].questionnaireResponses.totalCount
  assert.ok(had > 0)
  await page.goto(chart())
  await table().getByText(/^(PHQ-9|GAD-7)/).first().waitFor()
  await accessible('questionnaires')
  await shot('70-questionnaires')
  await inTheme('dark', async () => { await accessible('questionnaires, dark'); await shot('70-questionnaires-dark') })
  await tabTo(page.getByRole('button', { name: 'PHQ-9: depression' }).first())
  await page.keyboard.press('Enter')
  await question(/Little interest/).waitFor()
  // The first radio of the first question has the focus: Space answers, arrows change, Tab goes on.
  for (let n = 0; n < 9; n += 1) {
    await page.keyboard.press('Space')
    for (let worth = 0; worth < (n < 5 ? 2 : n === 8 ? 1 : 0); worth += 1) await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Tab')
  }
  // Asked only now that something bothers: a condition that is live.
  await question(/How difficult/).getByRole('radio', { name: 'Somewhat difficult' }).waitFor()
  await page.getByText('Thoughts of death or self-harm are told.').waitFor()
  await page.getByText(/^Kept as in progress /).waitFor()
  await accessible('a questionnaire being filled in')
  await shot('71-questionnaire-fill')
  await inTheme('dark', async () => { await accessible('a questionnaire being filled in, dark'); await shot('71-questionnaire-fill-dark') })
  await tabTo(page.getByRole('button', { name: 'Submit' }))
  await page.keyboard.press('Enter')
  const read = reader('PHQ-9: depression')
  await read.getByText('moderate depression').waitFor()
  await read.getByText('11', { exact: true }).waitFor()
  await read.getByText(/Kroenke K, Spitzer RL/).waitFor()
  await read.getByText('Assess the risk of self-harm').waitFor()
  await accessible('a questionnaire that was filled in')
  await shot('72-questionnaire-read')
  await inTheme('dark', async () => { await accessible('a questionnaire that was filled in, dark'); await shot('72-questionnaire-read-dark') })
  const now = await ask('query Q($id: ID!) { patient(id: $id) { questionnaireResponses(first: 1) { totalCount nodes { status } } tasks(status: [REQUESTED], first: 5) { nodes { priority focus { id } } } } }', { id: `Patient/${patient}` })
  assert.equal(now.patient.questionnaireResponses.totalCount, had + 1, 'keeping it as in progress made one response, not several')
  assert.equal(now.patient.questionnaireResponses.nodes[0].status, 'COMPLETED')
  assert.ok(now.patient.tasks.nodes.some((t) => t.priority === 'URGENT' && t.focus?.id?.startsWith('QuestionnaireResponse/')))
  await page.keyboard.press('Escape')
  await read.waitFor({ state: 'detached' })
  await tabTo(page.getByRole('button', { name: 'Trend of PHQ-9' }))
  await page.keyboard.press('Enter')
  await page.getByRole('complementary', { name: 'Trend of PHQ-9 score' }).getByRole('button', { name: 'Table' }).waitFor()
  await accessible('the trend of a score')
  await page.keyboard.press('Escape')
})

const FORM = {
  resourceType: 'Questionnaire', id: 'travel', url: 'https://example.org/travel', version: '1', title: 'Travel history', status: 'active', subjectType: ['Patient'],
  item: [
    { linkId: 'abroad', type: 'boolean', text: 'Abroad in the last year?', required: true },
    {
      linkId: 'trip', type: 'group', text: 'Trips', repeats: true, required: true, enableWhen: [{ question: 'abroad', operator: '=', answerBoolean: true }],
      item: [
        { linkId: 'country', type: 'string', text: 'Country code', required: true, extension: [{ url: 'http://hl7.org/fhir/StructureDefinition/regex', valueString: '[A-Z]{2}' }] },
        { linkId: 'ill', type: 'choice', text: 'Ill there?', answerOption: [{ valueCoding: { system: 'https://example.org/ill', code: 'no', display: 'No' } }, { valueCoding: { system: 'https://example.org/ill', code: 'fever', display: 'Fever' } }] },
        { linkId: 'degrees', type: 'decimal', text: 'Highest temperature', required: true, enableWhen: [{ question: 'ill', operator: '=', answerCoding: { system: 'https://example.org/ill', code: 'fever' } }], extension: [{ url: 'http://hl7.org/fhir/StructureDefinition/maxValue', valueDecimal: 43 }] },
      ],
    },
  ],
}

test('a form that is imported over FHIR is drawn, with conditions and a group that repeats', async () => {
  await signInAs('admin')
  const stored = await page.request.put(`${url}/fhir/R4/Questionnaire/travel`, { headers: { ...HEADERS, 'Content-Type': 'application/fhir+json' }, data: FORM })
  assert.ok(stored.ok(), await stored.text())
  await signInAs('physician')
  await page.goto(chart())
  await page.getByRole('button', { name: 'Travel history' }).click()
  const form = page.getByRole('form', { name: 'Fill in: Travel history' })
  await question(/Abroad in the last year/).waitFor()
  assert.equal(await form.getByRole('region', { name: 'Trips' }).count(), 0, 'what hangs on an answer is not asked before it')
  await question(/Abroad in the last year/).getByRole('radio', { name: 'Yes' }).check()
  const first = form.getByRole('group', { name: 'Trips: 1' })
  await first.getByLabel('Country code').fill('no')
  await form.getByRole('button', { name: 'Add another: Trips' }).click()
  const second = form.getByRole('group', { name: 'Trips: 2' })
  await second.getByLabel('Country code').fill('KE')
  await second.getByRole('radio', { name: 'Fever' }).check()
  assert.equal(await first.getByLabel('Highest temperature').count(), 0, 'an answer counts in its own repetition')
  await second.getByLabel('Highest temperature').fill('44')
  await accessible('a form with a group that repeats')
  await shot('73-questionnaire-group')
  await form.getByRole('button', { name: 'Submit' }).click()
  await second.getByText('Not more than 43.').waitFor()
  assert.ok(await second.getByLabel('Highest temperature').evaluate((node) => node === document.activeElement), 'the first answer that is wrong has the focus')
  await second.getByLabel('Highest temperature').fill('39.5')
  // The page does not know this rule; the server does, and tells it at the item.
  await form.getByRole('button', { name: 'Submit' }).click()
  await first.getByText('the answer is not of the form [A-Z]{2}').waitFor()
  await accessible('answers that were refused')
  await shot('74-questionnaire-refused')
  await first.getByLabel('Country code').fill('NO')
  await form.getByRole('button', { name: 'Submit' }).click()
  const read = reader('Travel history')
  await read.getByText('39.5').waitFor()
  assert.deepEqual(await read.locator('dd').allTextContents(), ['Yes', '', 'NO', '', 'KE', 'Fever', '39.5'])
})

test('it is amended, taken back with a reason in another window, and struck through in this one', async () => {
  await reader('Travel history').getByRole('button', { name: 'Amend' }).click()
  await page.getByRole('group', { name: 'Trips: 1' }).getByLabel('Country code').fill('SE')
  await page.getByRole('button', { name: 'Record the amendment' }).click()
  await reader('Travel history').getByText('SE', { exact: true }).waitFor()
  await reader('Travel history').getByText('Amended').waitFor()
  await reader('Travel history').getByRole('button', { name: 'Compare' }).click()
  const compared = page.getByRole('dialog', { name: 'Compare: Travel history' })
  await compared.getByText(/^1 of \d answers differ/).waitFor()
  await compared.getByRole('row', { name: /^Country code differs NO SE/ }).waitFor()
  await compared.getByRole('rowheader', { name: 'Trips: 2', exact: true }).waitFor()
  await accessible('two versions of a response')
  await shot('72-questionnaire-compare')
  await inTheme('dark', async () => { await accessible('two versions of a response, dark'); await shot('72-questionnaire-compare-dark') })
  await compared.getByLabel('Only what differs').check()
  assert.equal(await compared.getByRole('row', { name: /^Highest temperature/ }).count(), 0)
  await page.setViewportSize({ width: 820, height: 1180 })
  await shot('72-questionnaire-compare-820')
  await page.setViewportSize({ width: 1440, height: 900 })
  await page.keyboard.press('Escape')
  await compared.waitFor({ state: 'detached' })
  const other = await browser.newContext()
  const nurse = await other.newPage()
  nurse.setDefaultTimeout(30_000)
  const { demoUsers } = await (await nurse.request.get(`${url}/auth/config`)).json()
  const { user, password } = demoUsers.find((one) => one.role === 'nurse')
  await nurse.request.post(`${url}/auth/login`, { headers: HEADERS, data: { user, password } })
  await nurse.goto(chart())
  await nurse.getByRole('table', { name: 'Questionnaires' }).getByRole('button', { name: 'Travel history' }).click()
  await nurse.getByRole('complementary', { name: 'Travel history' }).getByRole('button', { name: 'Entered in error' }).click()
  await nurse.getByLabel('Why it is a mistake').fill('Of another patient')
  await nurse.getByRole('button', { name: 'Mark as entered in error' }).click()
  await nurse.getByRole('complementary', { name: 'Travel history' }).getByText('Entered in error').first().waitFor()
  await other.close()
  await table().locator('s', { hasText: 'Travel history' }).waitFor()
  assert.equal(await reader('Travel history').getByRole('button', { name: 'Amend' }).count(), 0)
})

test('a pharmacist reads them and is offered no act; a registrar may not see them', async () => {
  await signInAs('pharmacist')
  await page.goto(chart())
  await table().getByRole('button', { name: 'PHQ-9: depression' }).first().click()
  await reader('PHQ-9: depression').getByRole('button', { name: 'Print' }).waitFor()
  assert.equal(await page.getByRole('button', { name: 'Amend' }).count(), 0)
  assert.equal(await page.getByRole('region', { name: 'Fill in a questionnaire' }).count(), 0)
  const input = { patient: `Patient/${patient}`, questionnaire: 'Questionnaire/travel', expectedVersion: '1', answers: [{ linkId: 'abroad', values: [{ boolean: false }] }] }
  const refused = await ask('mutation Q($input: QuestionnaireSubmitInput!) { questionnaireSubmit(input: $input) { outcome { __typename ... on NotPermitted { permission } } } }', { input })
  assert.deepEqual(refused.questionnaireSubmit.outcome, { __typename: 'NotPermitted', permission: 'create QuestionnaireResponse' })
  await signInAs('registrar')
  await page.goto(chart())
  await page.getByText('You may not see this.').first().waitFor()
  assert.equal(await table().count(), 0)
  await accessible('questionnaires that one may not see')
})

test('the page as of the past is read only, and fits narrow and wide screens', async () => {
  await signInAs('physician')
  await page.goto(`${chart()}?asOf=${encodeURIComponent(begun)}`)
  await page.getByText(/^Chart as it was on/).first().waitFor()
  assert.equal(await page.getByRole('region', { name: 'Fill in a questionnaire' }).count(), 0)
  await page.goto(chart())
  for (const [width, height] of [[1280, 800], [1920, 1080], [820, 1180]]) {
    await page.setViewportSize({ width, height })
    await table().getByRole('button', { name: 'PHQ-9: depression' }).first().click()
    await reader('PHQ-9: depression').waitFor()
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
    assert.ok(wide <= 0, `${wide} px too wide at ${width}`)
    await shot(`75-questionnaires-${width}`)
    await inTheme('dark', () => shot(`75-questionnaires-${width}-dark`))
  }
})

test('nothing went wrong unseen', () => assert.deepEqual(trouble, []))
