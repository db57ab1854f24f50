// Charts on paper: whole, and with whose they are on every page.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { open, url } from './harness.mjs'

let browser, page, trouble, signInAs, patient
before(async () => {
  ({ browser, page, trouble, signInAs } = await open())
  await signInAs('physician')
  const query = '{ patients(first: 1, fhirQuery: "_has:Encounter:patient:status=in-progress&_has:Encounter:patient:class=IMP") { nodes { fhirId mrn name { family } conditions(first: 100) { nodes { code { text } } } } } }'
  const answer = await page.request.post(`${url}/graphql`, { headers: { 'X-WintEHR-Request': '1' }, data: { query } })
  patient = (await answer.json()).data.patients.nodes[0]
})
after(() => browser?.close())

/** The text of each printed page; `pdftotext` is of poppler-utils. */
async function paper(name, landscape = false) {
  const pdf = `shots/${name}.pdf`
  mkdirSync('shots', { recursive: true })
  writeFileSync(pdf, await page.pdf({ format: 'A4', landscape, preferCSSPageSize: false, printBackground: true }))
  return execFileSync('pdftotext', ['-layout', pdf, '-']).toString().split('\f').slice(0, -1)
}
const flat = (text) => text.replace(/\s+/g, ' ')
function named(pages, name) {
  for (const [i, text] of pages.entries()) {
    assert.match(text, new RegExp(`${patient.name.family.toUpperCase()}, .* Born \\d\\d-\\w{3}-\\d{4} · MRN ${patient.mrn}`), `${name}, page ${i + 1} says whose it is`)
    assert.match(text, /Printed \d\d-\w{3}-\d{4} \d\d:\d\d by /, `${name}, page ${i + 1} says when it was printed`)
    assert.match(text, new RegExp(`page ${i + 1} of ${pages.length}`), `${name}, page ${i + 1} is counted`)
  }
}

const TABS = ['summary', 'timeline', 'demographics', 'problems', 'medications', 'allergies', 'immunizations', 'procedures', 'family', 'vitals', 'results', 'calculators', 'notes', 'questionnaires', 'documents', 'encounters', 'care']
test('every page of a chart prints whole, and each sheet says whose it is', { skip: !process.env.CI && !pdftotext() && 'pdftotext is not here' }, async () => {
  for (const tab of TABS) {
    await page.goto(`${url}/patients/${patient.fhirId}/clinical/${tab}`)
    await page.getByRole('region', { name: 'Patient', exact: true }).waitFor()
    await page.waitForFunction(() => !document.querySelector('[role=status][aria-label^="Loading"]'))
    const seen = await page.evaluate(() => {
      // What only a screen reader is told is on no paper.
      const unseen = document.createElement('style')
      unseen.nonce = document.querySelector('style,script')?.nonce ?? ''
      unseen.textContent = '.visually-hidden { display: none !important }'
      document.head.append(unseen)
      const rows = [...document.querySelectorAll('main tbody tr, main li')].filter((row) => !row.closest('nav')).map((row) => row.querySelector('th, a, strong')?.innerText?.trim() ?? '').filter((name) => name && !/[▲▼]/.test(name))
      unseen.remove()
      return rows
    })
    const pages = await paper(tab)
    named(pages, tab)
    const all = flat(pages.join(' '))
    if (['summary', 'problems', 'medications', 'encounters', 'immunizations', 'care'].includes(tab)) {
      const lost = seen.filter((name) => !name.split(/\s+/).every((word) => all.includes(word)))
      assert.deepEqual(lost, [], `${tab} prints every row`)
    }
  }
  assert.deepEqual(trouble, [])
})

test('a long list takes as many sheets as it needs, also from a dark screen', { skip: !pdftotext() && 'pdftotext is not here' }, async () => {
  await page.evaluate(() => { document.documentElement.dataset.theme = 'dark' })
  await page.goto(`${url}/patients/${patient.fhirId}/clinical/timeline`)
  await page.getByRole('grid', { name: 'Timeline' }).getByRole('row').nth(10).waitFor()
  const pages = await paper('timeline')
  assert.ok(pages.length > 1, `${pages.length} sheets`)
  named(pages, 'the timeline')
})

test('the page is printed by its button, and from the palette on any page of a chart', async () => {
  await page.goto(`${url}/patients/${patient.fhirId}/clinical/summary`)
  await page.evaluate(() => { window.print = () => { document.title = `printed ${document.querySelectorAll('[role=dialog]').length}` } })
  await page.getByRole('group', { name: 'As of' }).getByRole('button', { name: 'Print' }).click()
  await page.waitForFunction(() => document.title === 'printed 0')
  await page.evaluate(() => { document.title = '' })
  await page.keyboard.press('Control+k')
  await page.getByRole('combobox', { name: 'Search patients and pages' }).fill('print this')
  await page.keyboard.press('Enter')
  await page.waitForFunction(() => document.title === 'printed 0')
})

function pdftotext() {
  try { execFileSync('pdftotext', ['-v'], { stdio: 'ignore' }); return true } catch { return false }
}
