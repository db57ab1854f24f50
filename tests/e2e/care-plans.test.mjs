// Care plans and goals: set against a measure, compared with what was measured, reviewed, refused at their place, and marked as mistakes.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { open, url } from './harness.mjs'

let browser, page, trouble, accessible, shot, inTheme, signInAs
let patient
// Names that no earlier run of this file has used.
const run = Date.now() % 1_000_000
const [goal, plan, task] = [`Weight below 80 kg, ${run}`, `Weight plan ${run}`, `Weigh the patient ${run}`]

before(async () => { ({ browser, page, trouble, accessible, shot, inTheme, signInAs } = await open({ width: 1280, height: 900 })); page.setDefaultTimeout(30_000) })
after(() => browser?.close())

const ask = async (query, variables) => (await (await page.request.post(`${url}/graphql`, { headers: { 'X-WintEHR-Request': '1' }, data: { query, variables } })).json()).data
const dialog = (name) => page.getByRole('dialog', { name })
const act = async (of, name) => { await page.getByRole('button', { name: of, exact: true }).click(); await page.getByRole('menuitem', { name, exact: true }).click() }

test('a physician sees each target beside its newest value', async () => {
  await signInAs('physician')
  const found = await ask('{ patients(first: 1, fhirQuery: "_has:Goal:patient:lifecycle-status=active&_has:CarePlan:patient:status=active") { nodes { fhirId } } }')
  patient = found.patients.nodes[0].fhirId
  await page.goto(`${url}/patients/${patient}/clinical/care`)
  const goals = page.getByRole('region', { name: 'Goals' })
  await goals.getByText(/^Target (not )?met$/).first().waitFor()
  assert.match(await goals.textContent(), /\d{2}-[A-Z][a-z]{2}-\d{4}/)
  await accessible('care')
  await inTheme('dark', async () => { await accessible('care, dark'); await shot('70-care-dark') })
  await shot('70-care')
  await goals.getByRole('button', { name: /^Trend of / }).first().click()
  await page.getByRole('complementary', { name: /^Trend of / }).getByRole('button', { name: 'Close' }).waitFor()
  await shot('70-care-trend')
  await page.keyboard.press('Escape')
})

test('a goal is set, refused where it cannot be, and its progress recorded', async () => {
  await page.getByRole('button', { name: 'Set a goal' }).click()
  const form = dialog('Set a goal')
  await form.getByLabel('The goal', { exact: true }).fill(goal)
  await form.getByLabel('What is measured', { exact: false }).selectOption({ label: 'Weight (kg)' })
  await form.getByLabel('Highest value', { exact: false }).fill('8000')
  await form.getByRole('button', { name: 'Set' }).click()
  await form.getByRole('alert').getByText(/is believed/).waitFor()
  await accessible('a goal, refused')
  await shot('71-goal-refused')
  await form.getByLabel('Highest value', { exact: false }).fill('80')
  await form.getByRole('button', { name: 'Set' }).click()
  const row = page.getByRole('row', { name: new RegExp(`^${goal}`) })
  await row.getByText('at most 80 kg', { exact: false }).waitFor()
  await act(`Acts for ${goal}`, 'Record progress')
  await dialog(/^Progress: /).getByLabel('How far it is reached').selectOption({ label: 'Getting there' })
  await dialog(/^Progress: /).getByRole('button', { name: 'Record' }).click()
  await row.getByText('Improving').waitFor()
})

test('a plan is made for the goal, reviewed, and closed; a second of its title is refused', async () => {
  const make = async () => {
    await page.getByRole('button', { name: 'Make a care plan' }).click()
    await dialog('Make a care plan').getByLabel('Title', { exact: true }).fill(plan)
    await dialog('Make a care plan').getByLabel('Goal of the plan', { exact: false }).selectOption({ label: goal })
    await dialog('Make a care plan').getByLabel('Steps', { exact: false }).fill('Dietitian\nWalk half an hour')
    await dialog('Make a care plan').getByRole('button', { name: 'Make' }).click()
  }
  await make()
  const row = page.getByRole('row', { name: new RegExp(`^${plan}`) })
  await row.getByText('Walk half an hour').waitFor()
  await row.getByText(goal).waitFor()
  await make()
  await dialog('Make a care plan').getByRole('alert').getByText(/an open plan of this title/).waitFor()
  await shot('72-plan-refused')
  await dialog('Make a care plan').getByRole('button', { name: 'Cancel' }).click()
  await dialog('Make a care plan').getByRole('button', { name: 'Discard' }).click()
  await act(`Acts for ${plan}`, 'Steps')
  await dialog(/^Steps: /).getByLabel('Walk half an hour', { exact: true }).selectOption({ label: 'In progress' })
  await accessible('the steps of a plan')
  await dialog(/^Steps: /).getByRole('button', { name: 'Save' }).click()
  await row.getByText('In progress').waitFor()
  await act(`Acts for ${plan}`, 'Review')
  await dialog(/^Review: /).getByLabel('What came of the review').fill('Two kilograms less')
  await dialog(/^Review: /).getByRole('button', { name: 'Record the review' }).click()
  await row.getByText(/^Reviewed by .+, \d{2}-/).waitFor()
  await accessible('care with a plan')
  await shot('72-plan')
  await page.setViewportSize({ width: 820, height: 1180 })
  await shot('72-plan-820')
  await page.setViewportSize({ width: 1280, height: 900 })
  await act(`Acts for ${plan}`, 'Change')
  await dialog(/^Change: /).getByLabel('Where it stands').selectOption({ label: 'Done: this closes the plan' })
  await dialog(/^Change: /).getByRole('button', { name: 'Save' }).click()
  await row.getByText('Completed').waitFor()
  await page.getByRole('button', { name: `Acts for ${plan}` }).click()
  assert.deepEqual(await page.getByRole('menuitem').allTextContents(), ['Entered in error', 'History'])
  await page.getByRole('menuitem', { name: 'Entered in error' }).click()
  await dialog(/entered in error/).getByLabel('Why it is a mistake').fill('Of another patient')
  await dialog(/entered in error/).getByRole('button', { name: 'Mark as entered in error' }).click()
  await row.getByText('Entered in error').waitFor()
})

test('somebody is asked for a task, takes it and does it', async () => {
  await page.getByRole('button', { name: 'Ask for a task' }).click()
  const form = dialog('Ask somebody to do something')
  await form.getByLabel('What is to be done', { exact: true }).fill(task)
  await form.getByLabel('By when', { exact: false }).fill('01-Jan-2020 08:00')
  await form.getByRole('button', { name: 'Ask', exact: true }).click()
  await form.getByRole('alert').getByText(/has passed already/).waitFor()
  await form.getByLabel('By when', { exact: false }).fill('')
  await form.getByRole('button', { name: 'Ask', exact: true }).click()
  const row = page.getByRole('region', { name: 'Tasks' }).getByRole('row', { name: new RegExp(`^${task}`) })
  await row.getByText('Nobody yet').waitFor()
  await row.getByRole('button', { name: new RegExp(`^Acts for ${task}`) }).click()
  await page.getByRole('menuitem', { name: 'Mark as done', exact: true }).click()
  await dialog(/^Mark as done: /).getByLabel('What came of it', { exact: false }).fill('82 kg')
  await dialog(/^Mark as done: /).getByRole('button', { name: 'Mark as done' }).click()
  await row.getByText('Completed').waitFor()
  await accessible('care with a task')
})

test('nothing went wrong unseen', () => assert.deepEqual(trouble, []))
