// The main screens as the README shows them: at 1280, 1920 and tablet width, light and dark. Not a test; `make shots` runs it.
import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { open, url } from './harness.mjs'

/** Pictures that are committed, and how high; the rest stays in `shots/`. */
const OF_README = new Map([['summary-1280-light', ['summary', 640]], ['growth-1280-light', ['growth', 704]], ['results-1280-dark', ['results-dark', 640]]])
/** Names of the screens to draw, as a regular expression; all without it. */
const ONLY = new RegExp(process.env.WINTEHR_SHOTS ?? '')
const SIZES = [[1280, 800], [1920, 1080], [820, 1180]]

const INPATIENT = '_has:Encounter:patient:status=in-progress&_has:Encounter:patient:class=IMP'
let browser, page, trouble, clear, signInAs

before(async () => { ({ browser, page, trouble, clear, signInAs } = await open()); page.setDefaultTimeout(30_000) })
after(() => browser?.close())

async function chart(fhirQuery) {
  const query = `{ patients(first: 1, fhirQuery: "${fhirQuery}") { nodes { fhirId } } }`
  const answer = await page.request.post(`${url}/graphql`, { headers: { 'X-WintEHR-Request': '1' }, data: { query } })
  return `/patients/${(await answer.json()).data.patients.nodes[0].fhirId}/clinical`
}

/** Draws screens in each size and theme: a name, an address, what tells that it is drawn, and what is pressed then, if anything. One that cannot be drawn does not keep the others from it. */
async function draw(screens, signedIn = true) {
  const failed = []
  for (const [width, height] of SIZES) {
    await page.setViewportSize({ width, height })
    for (const [name, path, drawn, opened] of screens.filter(([name]) => ONLY.test(name))) {
      try {
        await page.goto(`${url}${path}`)
        await drawn().waitFor()
        await loaded()
        if (opened) { await opened(); await loaded() }
        for (const theme of ['light', 'dark']) await shoot(`${name}-${width}-${theme}`, theme, width)
      } catch (e) {
        failed.push(`${name} at ${width}: ${e.message}`)
      }
      if (!signedIn) clear()
      failed.push(...trouble.splice(0).map((t) => `${name} at ${width}: ${t}`))
    }
  }
  assert.deepEqual(failed, [])
}
/** Nothing on the page is still being read. */
const loaded = () => page.waitForFunction(() => !document.querySelector('[role=status][aria-label^="Loading"], .graphiql-spinner'))
async function shoot(shot, theme, width) {
  // As the system is, so is the page, and so is the editor of the playground, which takes its colours from the page's state.
  await page.emulateMedia({ colorScheme: theme })
  await page.waitForFunction((t) => document.documentElement.dataset.theme === t, theme)
  await page.screenshot({ path: `shots/${shot}.png`, animations: 'disabled' })
  const [name, height] = OF_README.get(shot) ?? []
  if (name) await page.screenshot({ path: `../../docs/${name}.png`, animations: 'disabled', clip: { x: 0, y: 0, width, height } })
}
/** Another person at the same browser. */
async function enter(role) {
  await page.goto('about:blank')
  await page.context().clearCookies()
  if (role) await signInAs(role)
}
const button = (name) => () => page.getByRole('button', { name })
const patients = () => page.getByRole('grid', { name: 'Patients' }).getByRole('row').nth(3)
const summary = () => page.getByRole('region', { name: 'Latest results' }).getByRole('row').first()
const vitals = () => page.getByRole('table', { name: 'Vital signs' })
const heading = () => page.getByRole('heading', { level: 1 })
const region = (name) => () => page.getByRole('region', { name, exact: true })
/** A search of the explorer, a document of what it finds opened, and what of it is shown. */
const found = (view) => async () => {
  await page.getByRole('main').getByRole('button', { name: 'Search', exact: true }).click()
  await page.getByRole('table', { name: 'Observation' }).getByRole('button').first().click()
  const resource = page.getByRole('complementary')
  await resource.getByRole('table', { name: 'Elements' }).waitFor()
  if (view) await resource.getByRole('button', { name: view, exact: true }).click()
}
/** Presses buttons one after the other, then waits for the dialog. */
const dialog = (...names) => async () => {
  for (const name of names) await page.getByRole(/^(History|Entered in error)$/.test(name) ? 'menuitem' : 'button', { name }).first().click()
  await page.getByRole('dialog').waitFor()
}

test('each main screen is drawn in each size and theme', async () => {
  await signInAs('physician')
  mkdirSync('../../docs', { recursive: true })
  const inpatient = await chart(INPATIENT)
  const year = new Date().getFullYear()
  const child = await chart(`birthdate=gt${year - 9}-01-01&birthdate=lt${year - 5}-01-01&_has:Observation:patient:code=9843-4`)
  const results = () => page.getByRole('table', { name: 'Laboratory results' })
  const week = () => page.getByRole('group', { name: 'Week, by day' })
  await draw([
    ['patients', '/patients', patients],
    ['summary', `${inpatient}/summary`, summary],
    ['results', `${inpatient}/results`, results],
    ['vitals', `${inpatient}/vitals`, vitals],
    ['growth', `${child}/vitals?view=growth`, () => page.getByRole('group', { name: /^Weight by age/ })],
    ['timeline', `${inpatient}/timeline`, () => page.getByRole('grid', { name: 'Timeline' }).getByRole('row').nth(2)],
    ['author', `${inpatient}/timeline`, () => page.getByRole('grid', { name: 'Timeline' }).getByRole('row').nth(2), async () => {
      await page.getByRole('combobox', { name: 'Written or done by' }).fill('Lambert')
      await page.getByRole('option', { name: /Lambert/ }).first().click()
      await page.getByText(/Only what .+ wrote or did/).first().waitFor()
    }],
    ['notes', `${inpatient}/notes`, region('Notes')],
    ['inpatients', '/inpatients', () => page.getByRole('table').first()],
    ['fluids', `${inpatient}/vitals?view=intake-output&span=all`, region('Intake and output')],
    ['sources', `${inpatient}/vitals?view=fluids`, () => page.getByRole('table', { name: 'Fluids by day' })],
    ['neurological', `${inpatient}/vitals?view=neurological`, region('Neurological signs')],
    ['pain', `${inpatient}/vitals?view=pain`, region('Pain')],
    ['abnormal', `${inpatient}/results?show=abnormal`, results],
    ['week', '/schedule?view=week', week],
    ['gaps', '/inbox?view=gaps', region('Gaps in care')],
    ['demographics', `${inpatient}/demographics`, region('Related persons')],
    ['problems', `${inpatient}/problems`, region('Active problems')],
    ['medications', `${inpatient}/medications`, region('Current medications')],
    ['allergies', `${inpatient}/allergies`, button('Record an allergy')],
    ['immunizations', `${inpatient}/immunizations`, region('Immunizations')],
    ['procedures', `${inpatient}/procedures`, region('Procedures')],
    ['encounters', `${inpatient}/encounters`, region('Encounters')],
    ['encounter', `${inpatient}/encounters?status=in_progress`, region('Encounters'), async () => {
      await page.getByRole('table', { name: 'Encounters' }).getByRole('link', { name: 'Inpatient' }).first().click()
      await page.getByRole('table', { name: 'Recorded in it' }).waitFor()
    }],
    ['family', `${inpatient}/family`, region('Family history')],
    ['documents', `${inpatient}/documents`, region('Documents')],
    ['care', `${inpatient}/care`, region('Care team')],
    ['calculators', `${inpatient}/calculators`, () => page.getByRole('navigation', { name: 'Calculators' })],
    ['questionnaires', `${inpatient}/questionnaires`, region('Questionnaires')],
    ['schedule', '/schedule', heading],
    ['inbox', '/inbox', heading],
    ['settings', '/settings', heading],
    ['docs', '/docs', heading],
    ['fhir-explorer', '/fhir-explorer', heading],
    ['explorer-builder', '/fhir-explorer?type=Observation', heading, async () => {
      await page.getByRole('button', { name: 'Add a condition' }).click()
      await page.getByLabel('Parameter 1').selectOption('value-quantity')
      await page.getByRole('button', { name: 'Include', exact: true }).click()
      await page.getByRole('button', { name: 'Sort', exact: true }).click()
      await page.getByRole('main').getByRole('button', { name: 'Search', exact: true }).click()
      await page.getByText(/of [\d,]+ shown/).first().waitFor()
    }],
    ['explorer-elements', '/fhir-explorer?type=Observation', heading, found()],
    ['explorer-tree', '/fhir-explorer?type=Observation', heading, found('Tree')],
    ['explorer-json', '/fhir-explorer?type=Observation', heading, found('JSON')],
    ['explorer-history', '/fhir-explorer?type=Observation', heading, found('History')],
    ['explorer-graph', '/fhir-explorer?type=Observation', heading, found('References')],
    ['explorer-validation', '/fhir-explorer?type=Observation', heading, found('Validation')],
    ['playground', '/playground', () => page.getByRole('button', { name: /^Execute/ })],
    ['no-page', '/there-is-no-such-page', heading],
  ])
})

test('and every dialog and form', async () => {
  await signInAs('physician')
  const inpatient = await chart(INPATIENT)
  await draw([
    ['dialog-palette', `${inpatient}/summary`, summary, dialog('Search')],
    ['dialog-keys', `${inpatient}/summary`, summary, async () => { await page.keyboard.press('?'); await page.getByRole('dialog').waitFor() }],
    ['dialog-past', `${inpatient}/summary`, summary, dialog('The chart as it stood')],
    ['dialog-trend', `${inpatient}/summary`, summary, async () => { await page.getByRole('region', { name: 'Latest results' }).getByRole('rowheader').getByRole('button').first().click(); await page.getByRole('complementary', { name: /^Trend of/ }).getByRole('img').first().waitFor() }],
    ['dialog-problem', `${inpatient}/problems`, region('Active problems'), dialog('Record a problem')],
    ['dialog-history', `${inpatient}/problems`, region('Active problems'), dialog(/^Acts for/, 'History')],
    ['dialog-mistake', `${inpatient}/problems`, region('Active problems'), dialog(/^Acts for/, 'Entered in error')],
    ['dialog-taken', `${inpatient}/medications`, region('Current medications'), dialog('Record what is taken')],
    ['dialog-allergy', `${inpatient}/allergies`, button('Record an allergy'), dialog('Record an allergy')],
    ['dialog-vaccination', `${inpatient}/immunizations`, region('Immunizations'), dialog('Record a vaccination')],
    ['dialog-vaccination-change', `${inpatient}/immunizations`, region('Immunizations'), async () => {
      await page.getByRole('button', { name: /^Acts for/ }).first().click()
      await page.getByRole('menuitem', { name: 'Change' }).click()
      await page.getByRole('dialog').waitFor()
    }],
    ['dialog-procedure', `${inpatient}/procedures`, region('Procedures'), dialog('Record a procedure')],
    ['dialog-family', `${inpatient}/family`, region('Family history'), dialog('Record family history')],
    ['dialog-visit', `${inpatient}/encounters`, region('Encounters'), dialog('Begin a visit')],
    ['dialog-document', `${inpatient}/documents`, region('Documents'), dialog('Put a document on record')],
    ['dialog-team', `${inpatient}/care`, region('Care team'), dialog('Make a care team')],
    ['dialog-export', '/patients?list=inpatients', patients, dialog('Export')],
    ['dialog-phrase', '/settings', region('Phrases'), dialog('Add a phrase')],
    ['dialog-message', '/inbox', heading, dialog('Write a message')],
    ['dialog-hours', '/schedule', heading, dialog('Open hours')],
    ['entry-vitals', `${inpatient}/vitals`, vitals, () => page.getByRole('button', { name: 'Record vital signs' }).click()],
    ['entry-fluids', `${inpatient}/vitals?view=intake-output`, region('Intake and output'), () => page.getByRole('button', { name: /^Record / }).click()],
    ['entry-sources', `${inpatient}/vitals?view=fluids`, region('Fluids by source'), () => page.getByRole('button', { name: /^Record / }).click()],
    ['entry-extreme', `${inpatient}/vitals`, vitals, async () => {
      await page.getByRole('button', { name: 'Record vital signs' }).click()
      for (const [sign, value] of [['Systolic pressure', '84'], ['Diastolic pressure', '48'], ['Heart rate', '138'], ['Temperature', '101.2']]) await page.getByLabel(sign, { exact: true }).fill(value)
      await page.getByRole('button', { name: 'Save', exact: true }).click()
      await page.getByRole('group', { name: 'Extreme values' }).waitFor()
    }],
    ['entry-note', `${inpatient}/notes`, region('Notes'), async () => { await page.getByRole('button', { name: 'Progress note (SOAP)' }).click(); await page.getByRole('form', { name: /^Write:/ }).waitFor() }],
    ['entry-form', `${inpatient}/questionnaires`, region('Questionnaires'), async () => { await region('Fill in a questionnaire')().getByRole('button').first().click(); await page.getByRole('form', { name: /^Fill in:/ }).waitFor() }],
  ])
})

test('and those of the administration, the registration and the door', async () => {
  await enter('registrar')
  const anybody = await chart('_has:Coverage:beneficiary:status=active')
  await draw([
    ['dialog-register', '/patients', patients, dialog('Register a patient')],
    ['registrar-demographics', `${anybody}/demographics`, region('Related persons')],
    ['merge', `${anybody}/demographics`, region('Same person'), async () => {
      await page.getByRole('button', { name: 'Same person as …' }).click()
      await page.getByLabel('The other record').fill('halvorsen')
      await page.getByRole('option').first().click()
      await page.getByRole('table', { name: 'The two records' }).waitFor()
    }],
    ['dialog-person', `${anybody}/demographics`, region('Related persons'), dialog('Change')],
    ['dialog-related', `${anybody}/demographics`, region('Related persons'), dialog('Record a related person')],
    ['dialog-coverage', `${anybody}/demographics`, region('Related persons'), dialog('Record a coverage')],
  ])
  await enter('admin')
  await draw([
    ['audit', '/administration/audit', () => page.getByRole('table', { name: 'Events' })],
    ['users', '/administration/users', () => page.getByRole('table').first()],
    ['roles', '/administration/roles', () => page.getByRole('table').first()],
    ['apps', '/administration/apps', heading],
    ['grants', '/administration/grants', heading],
    ['emergencies', '/administration/emergencies', heading],
    ['dialog-account', '/administration/users', () => page.getByRole('table').first(), dialog('New account')],
    ['dialog-app', '/administration/apps', heading, dialog('Register an application')],
    ['dialog-grant', '/administration/grants', heading, dialog('Give a grant')],
  ])
  await enter()
  await draw([['login', '/login', () => page.getByRole('button', { name: 'Sign in', exact: true })]], false)
})
