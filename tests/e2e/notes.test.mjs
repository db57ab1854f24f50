// Notes: written, kept, signed by keyboard alone; private while they are drafts; added to; seen in a second window.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { open, url } from './harness.mjs'

let browser, page, trouble, accessible, shot, inTheme, signInAs
let patient

before(async () => { ({ browser, page, trouble, accessible, shot, inTheme, signInAs } = await open()); page.setDefaultTimeout(15_000) })
after(() => browser?.close())

const ask = async (query, variables) => (await (await page.request.post(`${url}/graphql`, { headers: { 'X-WintEHR-Request': '1' }, data: { query, variables } })).json()).data
const dialog = (name) => page.getByRole('dialog', { name })
const chart = (tab = 'notes') => `${url}/patients/${patient.split('/')[1]}/clinical/${tab}`
/** Goes to a control by the Tab key alone. */
async function tabTo(locator) {
  for (let i = 0; i < 120; i += 1) {
    if (await locator.evaluate((node) => node === document.activeElement)) return
    await page.keyboard.press('Tab')
  }
  assert.fail('the control is not reached by Tab')
}

test('a physician writes a note by keyboard alone, with data of the chart, and signs it', async () => {
  await signInAs('physician')
  patient = (await ask('{ census { wards { beds { stays { patient { id } } } } } }')).census.wards.flatMap((w) => w.beds).flatMap((b) => b.stays)[0].patient.id
  await page.goto(chart())
  await page.getByText('A draft is kept while you write').waitFor()
  await accessible('notes, none begun')
  await inTheme('dark', () => accessible('notes, none begun, dark'))
  await tabTo(page.getByRole('button', { name: 'Progress note (SOAP)' }).first())
  await page.keyboard.press('Enter')
  const subjective = page.getByLabel('Subjective', { exact: true })
  await subjective.waitFor()
  await page.keyboard.type('Slept well. Walks to the bathroom alone.')
  const objective = page.getByLabel('Objective', { exact: true })
  await page.waitForFunction((node) => /Vital signs on record at/.test(node.value) && /Laboratory results on record at/.test(node.value) && !node.value.includes('{{'), await objective.elementHandle())
  await tabTo(page.getByLabel('Assessment', { exact: true }))
  await page.keyboard.type('Improving.')
  await tabTo(page.getByLabel('Plan', { exact: true }))
  await page.keyboard.type('Home tomorrow.')
  await page.getByText(/^Draft kept /).waitFor()
  await accessible('a note being written')
  await shot('60-note-editor')
  await inTheme('dark', async () => { await accessible('a note being written, dark'); await shot('60-note-editor-dark') })
  await page.setViewportSize({ width: 1440, height: 600 })
  const body = page.getByRole('group', { name: 'Chart page' })
  const down = await body.evaluate((node) => { node.scrollTop = node.scrollHeight; return node.scrollTop })
  const [seen, list] = await Promise.all([body, page.getByRole('table', { name: 'Notes' })].map((one) => one.boundingBox()))
  assert.ok(down > 0 && list.y >= seen.y && list.y < seen.y + seen.height / 2, 'beside the form that is scrolled the list stays in sight')
  await shot('60-note-editor-scrolled')
  await page.setViewportSize({ width: 1440, height: 900 })
  const acts = []
  page.on('request', (request) => { if (/\/graphql$/.test(request.url())) acts.push(request.postDataJSON().operationName) })
  await tabTo(page.getByRole('button', { name: 'Save and sign' }))
  await page.keyboard.press('Enter')
  await dialog(/^Sign: /).waitFor()
  await accessible('signing a note')
  await tabTo(dialog(/^Sign: /).getByRole('button', { name: 'Sign' }))
  await page.keyboard.press('Enter')
  const reader = page.getByRole('complementary', { name: 'Progress note (SOAP)' })
  await reader.getByText(/^Signed by /).waitFor()
  await reader.getByText('Home tomorrow.').waitFor()
  assert.equal(await reader.getByRole('button', { name: 'Change' }).count(), 0)
  assert.equal(await page.getByRole('table', { name: 'Notes' }).getByRole('button', { name: 'Progress note (SOAP)' }).first().getAttribute('aria-current'), 'true', 'the list says which note is shown')
  assert.deepEqual(acts.filter((name) => /Note$/.test(name)), ['SaveNote', 'SignNote'], 'saved once, signed once')
  await accessible('a signed note')
  await shot('61-note-signed')
  await inTheme('dark', async () => { await accessible('a signed note, dark'); await shot('61-note-signed-dark') })
  await tabTo(reader.getByRole('button', { name: 'Compare versions' }))
  await page.keyboard.press('Enter')
  await dialog(/^Versions: /).getByLabel('To', { exact: true }).getByRole('option', { name: /^Version 2, / }).waitFor({ state: 'attached' })
  await page.keyboard.press('Escape')
})

test('a nurse adds to it in another window, and the physician sees it at once', async () => {
  const other = await browser.newContext()
  const nurse = await other.newPage()
  const { demoUsers } = await (await nurse.request.get(`${url}/auth/config`)).json()
  const { user, password } = demoUsers.find((one) => one.role === 'nurse')
  await nurse.request.post(`${url}/auth/login`, { headers: { 'X-WintEHR-Request': '1' }, data: { user, password } })
  await nurse.goto(chart())
  await nurse.getByRole('table', { name: 'Notes' }).getByRole('button', { name: 'Progress note (SOAP)' }).first().click()
  await nurse.getByRole('button', { name: 'Add an addendum' }).click()
  await nurse.getByLabel('What is added').fill('Pulse 72 at noon.')
  await nurse.getByRole('button', { name: 'Sign the addendum' }).click()
  await nurse.getByRole('complementary').getByText('Pulse 72 at noon.').waitFor()
  await other.close()
  // While somebody is in the list by the keyboard what is new waits behind a button, but for a moment after a dialog was closed.
  const [added, news] = [page.getByRole('complementary').getByText('Pulse 72 at noon.'), page.getByRole('button', { name: 'Show notes as they are now' })]
  await added.or(news).first().waitFor()
  if (await news.count()) await news.click()
  await added.waitFor()
})

test('a draft survives the window, and nobody else is shown it', async () => {
  await page.goto(chart())
  await page.getByRole('button', { name: 'Discharge summary' }).click()
  await page.getByRole('textbox', { name: 'Hospital course' }).fill('Begun and not finished')
  await page.getByText(/^Draft kept /).waitFor()
  await page.reload()
  await page.getByRole('table', { name: 'My drafts' }).getByRole('button', { name: 'Discharge summary' }).click()
  assert.equal(await page.getByRole('textbox', { name: 'Hospital course' }).inputValue(), 'Begun and not finished')
  const mine = await ask('{ noteDrafts { id } }')
  assert.equal(mine.noteDrafts.length, 1)
  await signInAs('nurse')
  assert.deepEqual((await ask('{ noteDrafts { id } }')).noteDrafts, [])
  await signInAs('physician')
  await page.reload()
  await page.getByRole('table', { name: 'My drafts' }).getByRole('button', { name: 'Discharge summary' }).click()
  await page.getByRole('button', { name: 'Discard the draft' }).click()
  // The list of drafts is not there while one writes: first the form goes, when the draft is gone, then the list.
  await page.getByRole('form', { name: 'Write: Discharge summary' }).waitFor({ state: 'detached' })
  await page.getByRole('table', { name: 'My drafts' }).waitFor({ state: 'detached' })
  assert.deepEqual((await ask('{ noteDrafts { id } }')).noteDrafts, [])
})

test('a phrase of one’s own is made in the settings, typed in a note, changed and removed', async () => {
  await page.goto(chart())
  await page.getByRole('button', { name: 'Progress note (SOAP)' }).first().click()
  await page.getByRole('link', { name: 'Make some in the settings' }).click()
  await page.waitForURL(/settings#phrases$/)
  const part = page.getByRole('region', { name: 'Phrases' })
  await part.getByText('You have no phrases.').waitFor()
  await part.getByRole('button', { name: 'Add a phrase' }).click()
  const adding = dialog('Add a phrase')
  await adding.getByLabel('Name').fill('vitals')
  await adding.getByLabel('Text').fill('No shortness of breath.\nSleeps flat.')
  await adding.getByRole('button', { name: 'Add' }).click()
  await adding.getByRole('button', { name: 'Name: .vitals stands for data of the chart already.' }).waitFor()
  await accessible('a phrase whose name is taken')
  await shot('76-phrase-refused')
  await adding.getByLabel('Name').fill('sob')
  await adding.getByRole('button', { name: 'Add' }).click()
  await part.getByRole('button', { name: 'Add a phrase' }).click()
  await adding.getByLabel('Name').fill('day-2')
  await adding.getByLabel('Text').fill('Second day.\n.vitals')
  await adding.getByRole('button', { name: 'Add' }).click()
  await part.getByRole('row', { name: /^\.day-2 Second day/ }).waitFor()
  await accessible('phrases of one’s own')
  await shot('76-phrases')
  await inTheme('dark', async () => { await accessible('phrases of one’s own, dark'); await shot('76-phrases-dark') })
  await page.setViewportSize({ width: 820, height: 1180 })
  await shot('76-phrases-820')
  await page.setViewportSize({ width: 1440, height: 900 })

  await page.goto(chart())
  await page.getByRole('button', { name: 'Progress note (SOAP)' }).first().click()
  const field = page.getByLabel('Subjective', { exact: true })
  await field.pressSequentially('Today: .sob and\n.day-2\n')
  await page.waitForFunction((node) => /Vital signs on record at/.test(node.value), await field.elementHandle())
  assert.match(await field.inputValue(), /^Today: No shortness of breath\.\nSleeps flat\. and\nSecond day\.\nVital signs on record at .+:\n- /)
  await shot('77-own-phrase')
  await accessible('a note with phrases of one’s own')
  await page.keyboard.press('Escape')
  assert.match(await field.inputValue(), /and\n\.day-2\n$/)
  await page.getByLabel('Insert into Plan').selectOption({ label: '.sob: No shortness of breath. Sleeps flat.' })
  assert.equal(await page.getByLabel('Plan', { exact: true }).inputValue(), 'No shortness of breath.\nSleeps flat.')
  await page.getByText(/^Draft kept /).waitFor()
  await page.getByRole('button', { name: 'Discard the draft' }).click()
  await page.getByRole('form', { name: 'Write: Progress note (SOAP)' }).waitFor({ state: 'detached' })

  await page.goto(`${url}/settings#phrases`)
  for (const name of ['.sob', '.day-2']) {
    await part.getByRole('button', { name: `Remove ${name}` }).click()
    await dialog(`Remove ${name}`).getByRole('button', { name: 'Remove' }).click()
    await part.getByRole('button', { name: `Remove ${name}` }).waitFor({ state: 'detached' })
  }
  await part.getByText('You have no phrases.').waitFor()
})

test('nothing went wrong unseen', () => assert.deepEqual(trouble, []))
