// Papers of the chart: text, a picture and a PDF are read in the page, replaced by newer ones, and marked as mistakes.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { open, url } from './harness.mjs'

let browser, page, trouble, accessible, shot, inTheme, signInAs
let patient

before(async () => {
  ({ browser, page, trouble, accessible, shot, inTheme, signInAs } = await open())
  page.setDefaultTimeout(60_000)
  await signInAs('registrar')
  const { patientRegister: { outcome } } = await ask('mutation($input: PatientRegisterInput!) { patientRegister(input: $input) { outcome { ... on PatientSaved { patient { fhirId } } } } }', { input: { name: { family: 'Quillfeather', given: ['Ambrose'] }, gender: 'MALE', birthDate: '1949-10-30' } })
  patient = outcome.patient.fhirId
  await signInAs('physician')
  for (const [text, contentType, data] of PAPERS) {
    const { documentRecord } = await ask('mutation($input: DocumentRecordInput!) { documentRecord(input: $input) { outcome { __typename } } }', { input: { patient: `Patient/${patient}`, type: { text }, title: `${text} file`, file: { inline: { contentType, data: Buffer.from(data).toString('base64') } } } })
    assert.equal(documentRecord.outcome.__typename, 'DocumentSaved', text)
  }
})
after(() => browser?.close())

const PDF = '%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n'
/** One pixel. */
const PNG = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64')
const PAPERS = [['Letter', 'text/plain', 'He walks with a stick.'], ['Photograph', 'image/png', PNG], ['Report', 'application/pdf', PDF]]
const ask = async (query, variables) => (await (await page.request.post(`${url}/graphql`, { headers: { 'X-WintEHR-Request': '1' }, data: { query, variables } })).json()).data
const dialog = (name) => page.getByRole('dialog', { name })
const act = async (of, name) => {
  await page.getByRole('button', { name: `Acts for ${of}` }).first().click()
  await page.getByRole('menuitem', { name, exact: true }).click()
}
const read = async (name) => {
  await page.getByRole('button', { name, exact: true }).first().click()
  const reader = page.getByRole('complementary', { name })
  await reader.getByRole('button', { name: `Open ${name} file` }).click()
  return reader
}

test('text and a picture are read in the page, and can be printed', async () => {
  await page.goto(`${url}/patients/${patient}/clinical/documents`)
  const letter = await read('Letter')
  await letter.getByText('He walks with a stick.').waitFor()
  await page.evaluate(() => { window.print = () => { document.title = 'printed' } })
  await letter.getByRole('button', { name: 'Print' }).click()
  assert.equal(await page.title(), 'printed')
  await accessible('a letter')
  const photograph = await read('Photograph')
  await photograph.getByRole('img', { name: 'Photograph file' }).waitFor()
  await photograph.getByRole('link', { name: 'Save' }).waitFor()
  await accessible('a picture')
  await inTheme('dark', async () => { await accessible('a picture, dark'); await shot('35-document-dark') })
})

test('a PDF is shown in the page, or can be saved where the browser or the house does not show it', async () => {
  const report = await read('Report')
  await report.getByRole('link', { name: 'Save' }).waitFor()
  const shown = await report.locator('iframe').count()
  assert.equal(await report.getByText('This browser shows no PDF in the page.').count(), shown === 0 ? 1 : 0)
  if (shown > 0) await accessible('a PDF')
  await shot('35-pdf')
})

test('a document is replaced by a newer one, for a reason, and one is marked as a mistake', async () => {
  await act('Letter', 'Replace')
  const form = dialog('Replace Letter')
  await form.getByLabel('File', { exact: true }).setInputFiles({ name: 'newer.txt', mimeType: 'text/plain', buffer: Buffer.from('He walks without a stick.') })
  await form.getByRole('button', { name: 'Replace', exact: true }).click()
  await form.getByRole('alert').getByText(/^Why it is replaced/).waitFor()
  await form.getByLabel('Why it is replaced').fill('he is better')
  await accessible('a document, replaced')
  await form.getByRole('button', { name: 'Replace', exact: true }).click()
  await form.waitFor({ state: 'detached' })
  await page.getByRole('row', { name: /^Letter.*Superseded/ }).waitFor()
  await page.getByRole('row', { name: /^Letter.*Final/ }).waitFor()
  await act('Photograph', 'Entered in error')
  await dialog('Photograph: entered in error').getByLabel('Why it is a mistake').fill('another patient’s')
  await dialog('Photograph: entered in error').getByRole('button', { name: 'Mark as entered in error' }).click()
  await page.getByRole('row', { name: /^Photograph.*Entered in error/ }).waitFor()
  await accessible('documents')
  await shot('35-documents')
  assert.deepEqual(trouble, [])
})
