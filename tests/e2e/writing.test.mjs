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
  await accessible('an allergy form')
  await inTheme('dark', () => accessible('an allergy form, dark'))
  await shot('21-allergy')
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
  assert.ok(await conflict.getByRole('radio', { name: 'Onset, theirs: 2024-06' }).isChecked(), 'only the other changed the onset')
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

test('nothing went wrong on the way', () => assert.deepEqual(trouble, []))
