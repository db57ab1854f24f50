import { fireEvent, screen, waitFor, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { expect, it } from 'vitest'
import { answering, failing, fullPatient, node, page, renderPage } from '../../testing/chart'
import { ResultsPage } from './results.page'

const labs = (fullPatient.labs as { nodes: object[] }).nodes

it('asks the server for what is abnormal, keeps the choice in the address, and says how many are hidden', async () => {
  const asked: (boolean | null)[] = []
  const of = ({ abnormalOnly, first }: { abnormalOnly?: boolean; first: number }) => {
    if (first === 40) asked.push(abnormalOnly ?? null)
    return abnormalOnly ? page(...labs) : { ...page(...labs), totalCount: 12 }
  }
  renderPage(<ResultsPage />, '/patients/:id/clinical/results', '/patients/ada/clinical/results', { root: answering({ ...fullPatient, labs: of }) })
  await screen.findByRole('table', { name: 'Laboratory results' })
  expect(asked).toEqual([false])
  await userEvent.click(screen.getByRole('button', { name: 'Abnormal only' }))
  expect(await screen.findByText(/11 results that are not abnormal are hidden/)).toBeVisible()
  expect(asked.at(-1)).toBe(true)
  await userEvent.click(screen.getByRole('button', { name: 'All results' }))
  await waitFor(() => expect(screen.queryByText(/are hidden/)).toBeNull())
})

it('says that nothing is abnormal, and how many results are hidden', async () => {
  const of = ({ abnormalOnly }: { abnormalOnly?: boolean }) => (abnormalOnly ? page() : { ...page(...labs), totalCount: 1 })
  renderPage(<ResultsPage />, '/patients/:id/clinical/results', '/patients/ada/clinical/results?show=abnormal', { root: answering({ ...fullPatient, labs: of }) })
  expect(await screen.findByText('No abnormal laboratory result is recorded. One result that is not abnormal is hidden.')).toBeVisible()
  expect(screen.getByRole('button', { name: 'Abnormal only' })).toHaveAttribute('aria-pressed', 'true')
})

it('tells what is not loaded from what was not measured', async () => {
  const one = (name: string, at: string) => ({ ...labs[0], id: `Observation/${name}${at}`, code: { text: name, codings: [{ system: 'http://loinc.org', code: name }] }, interpretation: null, effectiveAt: at })
  const cut = { ...page(one('Sodium', '2026-11-22'), one('Potassium', '2026-11-22'), one('Sodium', '2026-11-21')), totalCount: 4, pageInfo: { hasNextPage: true, hasPreviousPage: false, endCursor: 'c1' } }
  const of = ({ after }: { after?: string }) => (after === 'c1' ? { ...page(one('Chloride', '2026-11-21')), totalCount: 4 } : cut)
  renderPage(<ResultsPage />, '/patients/:id/clinical/results', '/patients/ada/clinical/results', { root: answering({ ...fullPatient, labs: of }) })
  const table = within(await screen.findByRole('table', { name: 'Laboratory results' }))
  // More of the older day may be on the next page, so nothing is said of it.
  expect(table.getAllByRole('columnheader').map((head) => head.textContent)).toEqual(['Test', 'Unit', 'Range', expect.stringMatching(/^Change since 21-Nov-2026/) as string, '22-Nov-2026'])
  expect(screen.getByText('2 of 2 tests in the newest 3 of 4 results')).toBeVisible()
  await userEvent.click(screen.getByRole('button', { name: 'Earlier' }))
  expect(await table.findByRole('row', { name: /^Potassium.*–$/ })).toBeVisible()
  expect(table.getByRole('columnheader', { name: '21-Nov-2026' })).toBeVisible()
  expect(screen.getByText('3 of 3 tests')).toBeVisible()
  expect(screen.getByRole('button', { name: 'Earlier' })).toBeDisabled()
})

it.each([['', 'None in these columns'], ['?show=abnormal', 'None abnormal in these columns']])('a row whose values are all in other columns says so, with the latest: %s', async (query, text) => {
  const first = labs[0] as object
  const days = ['26', '25', '24', '23', '22'].map((day) => ({ ...first, id: `Observation/${day}`, effectiveAt: `2026-11-${day}T07:40:00Z` }))
  const older = { ...first, id: 'Observation/ldl', code: { text: 'LDL cholesterol', codings: [{ system: 'http://loinc.org', code: '13457-7' }] }, interpretation: 'HIGH', value: { __typename: 'Quantity', value: '162', unit: 'mg/dL' }, effectiveAt: '2025-03-01T07:40:00Z' }
  renderPage(<ResultsPage />, '/patients/:id/clinical/results', `/patients/ada/clinical/results${query}`, { root: answering({ ...fullPatient, labs: page(...days, older) }) })
  expect(await screen.findByRole('row', { name: /^LDL cholesterol/ })).toHaveTextContent(new RegExp(`${text}; the latest 01-Mar-2025 \\d\\d:40, 162 H`))
})

const place = '/patients/:id/clinical/results'
const at = '/patients/ada/clinical/results'
const [potassium] = labs as [Record<string, unknown>]
const sodium = { ...potassium, id: 'Observation/na', code: { text: 'Sodium', codings: [] }, interpretation: null }
const lee = { by: { display: 'Dr Lee' }, at: '2026-11-22T08:10:00Z', notes: [{ text: 'Repeat it' }], task: {} }
/** Results by page: all of them, and the abnormal ones, of which a second page is older. */
const paged = (all: object[], abnormal: object[], older: object[]) => ({ abnormalOnly, after }: { abnormalOnly?: boolean; after?: string }) =>
  (after === 'older' ? page(...older) : abnormalOnly ? { ...page(...abnormal), totalCount: abnormal.length + older.length, pageInfo: { hasNextPage: older.length > 0, hasPreviousPage: false, endCursor: 'older' } } : page(...all))

it('warns of a critical result that is older than what is loaded of all, and says that still older abnormal ones are not loaded', async () => {
  const oldest = { ...potassium, id: 'Observation/oldest', code: { text: 'Lactate', codings: [] } }
  renderPage(<ResultsPage />, place, at, { root: answering({ ...fullPatient, labs: paged([sodium], [potassium], [oldest]) }) })
  const critical = within(await screen.findByRole('region', { name: 'Critical results' }))
  expect(critical.getByText('Potassium 6.10 mmol/L')).toBeVisible()
  expect(screen.getByText(/A critical one that nobody has acknowledged may be among them/)).toBeVisible()
  expect(screen.getByText('1 of 2 abnormal results loaded.')).toBeVisible()
  await userEvent.click(screen.getByRole('button', { name: 'Load more' }))
  expect(await critical.findByText('Lactate 6.10 mmol/L')).toBeVisible()
  expect(screen.queryByText(/may be among them/)).toBeNull()
})

it('warns of nobody having seen it only where that could be read', async () => {
  renderPage(<ResultsPage />, place, at, { root: answering({ ...fullPatient, labs: paged([sodium], [{ ...potassium, acknowledgement: failing }], []) }) })
  expect(await screen.findByText('One result is critical. Whether it is acknowledged is not known here.')).toBeVisible()
  expect(screen.queryByRole('region', { name: 'Critical results' })).toBeNull()
})

it('says of each report who has seen the version that is shown', async () => {
  const report = (fullPatient.diagnosticReports as { nodes: object[] }).nodes[0] as object
  const results = ['HIGH', 'HIGH', 'CRITICAL_LOW', null].map((interpretation, i) => ({ __typename: 'Observation', id: `Observation/r${i}`, interpretation }))
  const diagnosticReports = page({ ...report, results, acknowledgement: lee }, { ...report, id: 'DiagnosticReport/r2', code: { text: 'Blood count', codings: [] } })
  renderPage(<ResultsPage />, place, `${at}?view=reports`, { root: answering({ ...fullPatient, diagnosticReports }) }, 'nurse')
  expect(await screen.findByRole('row', { name: /^Renal panel/ })).toHaveTextContent(/Dr Lee, 22-Nov-2026 \d\d:10: Repeat it$/)
  expect(screen.getByRole('row', { name: /^Renal panel/ })).toHaveTextContent(/4 results 2 H\s*1 LL !!/)
  expect(screen.getByRole('row', { name: /^Blood count/ })).toHaveTextContent(/Nobody yet$/)
})

it('a critical result that somebody was told of is recorded only when it was read back', async () => {
  const sent: { input: object }[] = []
  const criticalResultNotify = (args: { input: object }) => { sent.push(args); return { outcome: { __typename: 'CriticalResultNotified', notification: { id: 'Communication/n', text: [] } } } }
  const now = { ...potassium, interpretationSource: 'REPORTED', notifications: [{ id: 'Communication/o', at: '2026-11-22T08:00:00Z', text: ['Told to the ward'], versionId: '1' }], members: [], basedOn: [], derivedFrom: [] }
  renderPage(<ResultsPage />, place, `${at}?result=Observation/k`, { root: answering(fullPatient, { node: () => now, criticalResultNotify }) })
  expect(await screen.findByText('Told to the ward')).toBeVisible()
  await userEvent.click(screen.getByRole('button', { name: 'Somebody was told' }))
  const form = within(await screen.findByRole('dialog', { name: 'Somebody was told of Potassium 6.10 mmol/L' }))
  fireEvent.change(form.getByLabelText('Told to'), { target: { value: 'Dr Kim' } })
  fireEvent.change(form.getByLabelText('What they read back'), { target: { value: '6.10' } })
  await userEvent.click(form.getByRole('button', { name: 'Record' }))
  expect(await form.findByText('Nothing was recorded.')).toBeVisible()
  expect(sent).toEqual([])
  await userEvent.click(form.getByLabelText('What was read back was right'))
  await userEvent.click(form.getByRole('button', { name: 'Record' }))
  await waitFor(() => expect(sent[0]?.input).toMatchObject({ id: 'Observation/k', expectedVersion: '1', toldTo: 'Dr Kim', readBack: '6.10' }))
}, 60_000)

it('who was told of a critical result is chosen of the directory', async () => {
  const sent: { input: object }[] = []
  const criticalResultNotify = (args: { input: object }) => { sent.push(args); return { outcome: { __typename: 'Invalid', issues: [{ severity: 'ERROR', code: 'NOT_FOUND', text: 'There is no such practitioner', expression: ['input.practitioner'] }] } } }
  const kim = { ...node('Practitioner/kim'), names: [{ display: 'Dr Kim', given: [], prefix: [], suffix: [] }], identifiers: [], qualifications: [] }
  const now = { ...potassium, interpretationSource: 'REPORTED', notifications: [], members: [], basedOn: [], derivedFrom: [] }
  renderPage(<ResultsPage />, place, `${at}?result=Observation/k`, { root: answering(fullPatient, { node: () => now, criticalResultNotify, practitioners: page(kim) }) })
  await userEvent.click(await screen.findByRole('button', { name: 'Somebody was told' }))
  const form = within(await screen.findByRole('dialog', { name: 'Somebody was told of Potassium 6.10 mmol/L' }))
  const told = form.getByRole('combobox', { name: 'Told to' })
  await userEvent.type(told, 'ki')
  expect(told).toHaveAccessibleDescription(/^In words only/)
  await userEvent.click(await screen.findByRole('option', { name: 'Dr Kim' }))
  expect(told).toHaveAccessibleDescription('Chosen of the directory: the result waits for them.')
  fireEvent.change(form.getByLabelText('What they read back'), { target: { value: '6.10' } })
  await userEvent.click(form.getByLabelText('What was read back was right'))
  await userEvent.click(form.getByRole('button', { name: 'Record' }))
  await waitFor(() => expect(sent[0]?.input).toMatchObject({ toldTo: 'Dr Kim', practitioner: 'Practitioner/kim' }))
  await userEvent.click(await form.findByRole('button', { name: 'There is no such practitioner' }))
  expect(told).toHaveFocus()
}, 60_000)

it('opens one result from its cell, with what came with it and the change, and gives the focus back', async () => {
  const now = { ...potassium, notes: [{ text: 'Not haemolysed.' }], interpretationSource: 'REPORTED', method: { text: 'Electrode', codings: [] }, issued: '2026-11-22T08:00:00Z', members: [], basedOn: [], derivedFrom: [] }
  const before = { ...potassium, id: 'Observation/k0', effectiveAt: '2026-11-21T07:40:00Z', interpretation: null, value: { __typename: 'Quantity', value: '5.3', unit: 'mmol/L' }, referenceRanges: [{ low: { value: '3.4' }, high: { value: '5.2' }, appliesTo: [] }] }
  renderPage(<ResultsPage />, place, at, { root: answering({ ...fullPatient, labs: ({ codes }: { codes?: string[] }) => page(...(codes ? [] : [now]), before) }, { node: () => now }) })
  const cell = await screen.findByRole('button', { name: /^Potassium 6\.10 mmol\/L, 22-Nov-2026/ })
  expect(screen.getByRole('row', { name: /^Potassium/ })).toHaveTextContent(/\+0\.80/)
  expect(screen.getByRole('columnheader', { name: /^Change since 21-Nov-2026/ })).toBeVisible()
  expect(screen.getByText('range 3.4–5.2')).toBeVisible()
  cell.focus()
  await userEvent.keyboard('{Enter}')
  const pane = within(await screen.findByRole('complementary', { name: 'Potassium' }))
  for (const text of ['Critically high', 'Critically high. As it was reported.', '3.5 – 5.3', 'Electrode', 'Not haemolysed.', 'By nobody yet', 'Not recorded']) expect(pane.getAllByText(text)[0]).toBeVisible()
  expect(await pane.findByText(/\+0\.80 mmol\/L since/)).toHaveTextContent(/\(5\.3 mmol\/L\)$/)
  await userEvent.keyboard('{Escape}')
  expect(screen.queryByRole('complementary')).toBeNull()
  expect(cell).toHaveFocus()
})

it('says that the result of an address is not there, or not loaded', async () => {
  const server: { root: object } = { root: answering(fullPatient, { node: failing }) }
  renderPage(<ResultsPage />, place, `${at}?result=Observation/gone`, server)
  const pane = within(await screen.findByRole('complementary', { name: 'Result' }))
  server.root = answering(fullPatient, { node: null })
  await userEvent.click(await pane.findByRole('button', { name: 'Try again' }))
  expect(await pane.findByText('There is no such result, or you may not see it.')).toBeVisible()
})

it('opens a report to read, with its text in paragraphs and what was tried against what grew', async () => {
  const susceptible = { interpretation: [{ coding: [{ code: 'S', display: 'Susceptible' }] }] }
  const grown = {
    ...potassium, id: 'Observation/g', code: { text: 'Culture', codings: [] }, interpretation: 'ABNORMAL', value: { __typename: 'Concept', text: 'Escherichia coli' }, referenceRanges: [], members: [], fhir: { component: [susceptible] },
    components: [{ code: { text: 'Meropenem', codings: [] }, interpretation: 'OTHER', value: { __typename: 'Quantity', value: '0.25', comparator: '<=', unit: 'mg/L' }, referenceRanges: [] }],
  }
  const report = { __typename: 'DiagnosticReport', id: 'DiagnosticReport/r1', versionId: '2', fhir: {}, presentedForms: [{ title: 'Letter', contentType: 'text/plain', data: btoa('As a letter.') }, { title: 'Film', contentType: 'image/tiff' }], conclusionCodes: [{ text: 'Bacteremia', codings: [] }], specimens: [{ id: 'Specimen/s', node: { __typename: 'Specimen', id: 'Specimen/s', type: { text: 'Venous blood', codings: [] } } }, { display: 'Line tip' }], status: 'CORRECTED', code: { text: 'Blood culture', codings: [] }, category: [], performers: [], conclusion: 'Growth.\n\nRemove the line.', results: [grown, null] }
  renderPage(<ResultsPage />, place, `${at}?view=reports`, { root: answering(fullPatient, { node: () => report }) })
  await userEvent.click(await screen.findByRole('button', { name: 'Renal panel' }))
  const pane = within(await screen.findByRole('complementary', { name: 'Blood culture' }))
  for (const text of ['Growth.', 'Remove the line.', 'As a letter.', 'It is kept elsewhere and cannot be shown here (image/tiff).', 'Coded as: Bacteremia', 'Venous blood', 'Line tip', 'Susceptible', '≤ 0.25 mg/L', /It corrects an earlier version that was wrong\. This is version 2/, 'One more result is named by the report and absent, or not for you to see.']) expect(pane.getByText(text)).toBeVisible()
  expect(pane.getByRole('button', { name: 'What it said before' })).toBeVisible()
})

it('draws the ranges of a trend where they held, and the newest days alone when that is asked for', async () => {
  const point = (day: string, value: string, high: string) => ({ at: `${day}T08:00:00Z`, value, originalValue: value, originalUnit: 'mmol/L', interpretation: null, observation: { id: `Observation/${day}`, referenceRanges: [{ low: { value: '3.5' }, high: { value: high }, appliesTo: [] }] } })
  const trend = { code: { text: 'Potassium', codings: [] }, unit: 'mmol/L', points: [point('2023-11-20', '4.0', '5.1'), point('2026-11-20', '4.1', '5.1'), point('2026-11-21', '4.2', '5.3'), point('2026-11-22', '4.3', '5.3')], omitted: [], excluded: [], downsampled: false, components: [] }
  renderPage(<ResultsPage />, place, at, { root: answering({ ...fullPatient, trend }) })
  await userEvent.click(await screen.findByRole('button', { name: 'Potassium' }))
  const panel = within(await screen.findByRole('complementary', { name: 'Trend of Potassium' }))
  expect(await panel.findByText(/^4 results, .*The reference range changed on 21-Nov-2026\.$/)).toBeVisible()
  await userEvent.click(panel.getByRole('button', { name: 'Newest 30 days' }))
  expect(panel.getByText(/^3 results, .*One earlier result is not drawn\.$/)).toBeVisible()
  await userEvent.click(panel.getByRole('button', { name: 'Table' }))
  expect(panel.getAllByRole('row').map((row) => row.textContent)).toEqual(expect.arrayContaining([expect.stringMatching(/^20-Nov-2026.*4\.1.*3\.5–5\.1/), expect.stringMatching(/^22-Nov-2026.*4\.3.*3\.5–5\.3/)]) as string[])
})
