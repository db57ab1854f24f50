// The main screens as the README shows them: at 1280, 1920 and tablet width, light and dark. Not a test; `make shots` runs it.
import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { open, url } from './harness.mjs'

/** Pictures that are committed; the rest stays in `shots/`. */
const OF_README = new Map([['summary-1280-light', 'summary'], ['growth-1280-light', 'growth'], ['results-1280-dark', 'results-dark']])
const SIZES = [[1280, 800], [1920, 1080], [820, 1180]]
let browser, page, trouble, signInAs

before(async () => { ({ browser, page, trouble, signInAs } = await open()); page.setDefaultTimeout(30_000) })
after(() => browser?.close())

async function chart(fhirQuery) {
  const query = `{ patients(first: 1, fhirQuery: "${fhirQuery}") { nodes { fhirId } } }`
  const answer = await page.request.post(`${url}/graphql`, { headers: { 'X-WintEHR-Request': '1' }, data: { query } })
  return `/patients/${(await answer.json()).data.patients.nodes[0].fhirId}/clinical`
}

test('each main screen is drawn in each size and theme', async () => {
  await signInAs('physician')
  mkdirSync('../../docs', { recursive: true })
  const inpatient = await chart('_has:Encounter:patient:status=in-progress&_has:Encounter:patient:class=IMP')
  const year = new Date().getFullYear()
  const child = await chart(`birthdate=gt${year - 9}-01-01&birthdate=lt${year - 5}-01-01&_has:Observation:patient:code=9843-4`)
  const screens = [
    ['patients', '/patients', () => page.getByRole('grid', { name: 'Patients' }).getByRole('row').nth(3)],
    ['summary', `${inpatient}/summary`, () => page.getByRole('region', { name: 'Latest results' }).getByRole('row').first()],
    ['results', `${inpatient}/results`, () => page.getByRole('table', { name: 'Laboratory results' })],
    ['vitals', `${inpatient}/vitals`, () => page.getByRole('table', { name: 'Vital signs' })],
    ['growth', `${child}/vitals?view=growth`, () => page.getByRole('group', { name: /^Weight by age/ })],
    ['timeline', `${inpatient}/timeline`, () => page.getByRole('grid', { name: 'Timeline' }).getByRole('row').nth(2)],
    ['notes', `${inpatient}/notes`, () => page.getByRole('region', { name: 'Patient', exact: true })],
    ['inpatients', '/inpatients', () => page.getByRole('table').first()],
    ['fluids', `${inpatient}/vitals?view=intake-output&span=all`, () => page.getByRole('region', { name: 'Intake and output', exact: true })],
    ['neurological', `${inpatient}/vitals?view=neurological`, () => page.getByRole('region', { name: 'Neurological signs', exact: true })],
    ['pain', `${inpatient}/vitals?view=pain`, () => page.getByRole('region', { name: 'Pain', exact: true })],
    ['abnormal', `${inpatient}/results?show=abnormal`, () => page.getByRole('table', { name: 'Laboratory results' })],
    ['week', '/schedule?view=week', () => page.getByRole('group', { name: 'Week, by day' })],
    ['gaps', '/inbox?view=gaps', () => page.getByRole('region', { name: 'Gaps in care' })],
    ['demographics', `${inpatient}/demographics`, () => page.getByRole('region', { name: 'Patient', exact: true })],
    ['family', `${inpatient}/family`, () => page.getByRole('region', { name: 'Patient', exact: true })],
    ['documents', `${inpatient}/documents`, () => page.getByRole('region', { name: 'Patient', exact: true })],
    ['care', `${inpatient}/care`, () => page.getByRole('region', { name: 'Care team', exact: true })],
    ['calculators', `${inpatient}/calculators`, () => page.getByRole('region', { name: 'Patient', exact: true })],
    ['questionnaires', `${inpatient}/questionnaires`, () => page.getByRole('region', { name: 'Patient', exact: true })],
    ['schedule', '/schedule', () => page.getByRole('heading', { level: 1 })],
    ['inbox', '/inbox', () => page.getByRole('heading', { level: 1 })],
  ]
  for (const [width, height] of SIZES) {
    await page.setViewportSize({ width, height })
    for (const [name, path, drawn] of screens) {
      await page.goto(`${url}${path}`)
      await drawn().waitFor()
      for (const theme of ['light', 'dark']) {
        await page.evaluate((t) => { document.documentElement.dataset.theme = t }, theme)
        const shot = `${name}-${width}-${theme}`
        await page.screenshot({ path: `shots/${shot}.png` })
        if (OF_README.has(shot)) await page.screenshot({ path: `../../docs/${OF_README.get(shot)}.png`, clip: { x: 0, y: 0, width, height: 640 } })
      }
    }
  }
  assert.deepEqual(trouble, [])
})
