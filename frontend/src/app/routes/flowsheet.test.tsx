import { screen, waitFor, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { expect, it } from 'vitest'
import { answering, failing, fullPatient, page, renderPage, sheets, type FakeServer } from '../../testing/chart'
import { VitalsPage } from './vitals.page'

const show = (server: FakeServer, at = '?view=intake-output&until=2026-03-02', role?: string) => renderPage(<VitalsPage />, '/patients/:id/clinical/vitals', `/patients/ada/clinical/vitals${at}`, server, role)
const cell = (id: string, at: string, value: string, interpretation: string | null = null, derivedFrom: object[] = []) => ({ at, value, originalValue: value, interpretation, observation: { __typename: 'Observation', id: `Observation/${id}`, fhirId: id, versionId: '2', lastUpdated: '2026-01-01T00:00:00Z', fhir: {}, category: [], components: [], referenceRanges: [], performers: [], notes: [], derivedFrom } })
const [mon, tue] = ['2026-03-01T08:00:00Z', '2026-03-02T08:00:00Z']
const fluids = (rows: (object[])[], excluded: object[] = []) => ({ template: sheets[1], times: [mon, tue], rows: sheets[1]?.rows.map((parameter, i) => ({ parameter, cells: rows[i] ?? [] })), excluded })
const full = fluids([[cell('i1', mon, '2100'), cell('i2', tue, '1800')], [cell('o1', mon, '2400', 'HIGH')]], [{ at: tue, reason: 'UNIT_NOT_CONVERTIBLE', observationId: 'Observation/x' }])

it('offers the flowsheets of the house, and shows one with its balance where both totals end together', async () => {
  const asked: { template: string; date: object }[] = []
  show({ root: answering({ ...fullPatient, flowsheet: ({ template, date }: (typeof asked)[number]) => { asked.push({ template, date: { ...date } }); return full } }) })
  const table = within(await screen.findByRole('table', { name: 'Intake and output' }))
  expect(screen.getByRole('group', { name: 'Show by' })).toHaveTextContent(/^Vital signsIntake and output/)
  expect(asked[0]?.template).toBe('intake-output')
  expect(table.getAllByRole('columnheader').map((one) => one.textContent)).toEqual(['Measurement', 'Unit', 'Course', expect.stringContaining('02-Mar-2026'), expect.stringContaining('01-Mar-2026')])
  const row = (name: RegExp) => table.getByRole('row', { name }).textContent
  expect(table.getByRole('row', { name: /^Fluid intake/ }).querySelector('svg title')).toHaveTextContent('01-Mar-2026 to 02-Mar-2026')
  expect(row(/^Fluid intake/)).toMatch(/mL.*1,8002,100$/)
  expect(row(/^Urine output/)).toMatch(/mL.*2,400H/)
  expect(row(/^Body mass index/)).toBe('Body mass indexƒ computedkg/m2Not recorded at any of the 2 times')
  expect(row(/^Balance/)).toBe('Balance, intake less urineƒ computedmL−300')
  expect(screen.getByText('One record is left out: in a unit that is not the row’s.')).toBeVisible()
})

it('asks for the days of the address, and says of which days nothing is recorded', async () => {
  const asked: { low: string | null; high: string }[] = []
  show({ root: answering({ ...fullPatient, flowsheet: ({ date }: { date: (typeof asked)[number] }) => { asked.push({ ...date }); return { ...full, times: [], rows: fluids([]).rows, excluded: [] } } }) })
  expect(await screen.findByText(/Nothing of this sheet is recorded, 24-Feb-2026 to 02-Mar-2026/)).toBeVisible()
  expect(asked.at(-1)?.low).toMatch(/^2026-02-24T00:00:00/)
  expect(asked.at(-1)?.high).toMatch(/^2026-03-03T00:00:00/)
  await userEvent.click(screen.getByRole('button', { name: 'Earlier' }))
  await waitFor(() => expect(asked.at(-1)?.high).toMatch(/^2026-02-24T00:00:00/))
  await userEvent.click(screen.getByRole('button', { name: 'All' }))
  await waitFor(() => expect(asked.at(-1)?.low).toBeNull())
})

it('what is not loaded is not shown as nothing', async () => {
  const server: FakeServer = { root: answering({ ...fullPatient, flowsheet: failing }) }
  show(server)
  const retry = await screen.findByRole('button', { name: 'Try again' })
  server.root = answering({ ...fullPatient, flowsheet: full })
  await userEvent.click(retry)
  expect(await screen.findByRole('table', { name: 'Intake and output' })).toBeVisible()
})

it('has nothing later than today', async () => {
  show({ root: answering({ ...fullPatient, flowsheet: full }) }, '?view=intake-output')
  expect(await screen.findByRole('button', { name: 'Later' })).toBeDisabled()
  expect(screen.getByRole('button', { name: 'Earlier' })).toBeEnabled()
})

it('says that there is no flowsheet of a name', async () => {
  show({ root: answering({ ...fullPatient, flowsheet: failing }) }, '?view=none')
  expect(await screen.findByText('There is no flowsheet of that name. Choose one above.')).toBeVisible()
})

it('records a column by keyboard, without the rows that are computed, and tells what is not believed at its field', async () => {
  const asked: { template: string; values: { code: string; value: string }[] }[] = []
  let believed = false
  show({ root: answering({ ...fullPatient, flowsheet: full }, { flowsheetRecord: ({ input }: { input: (typeof asked)[number] }) => {
    asked.push({ ...input, values: input.values.map((v) => ({ ...v })) })
    return { outcome: believed ? { __typename: 'FlowsheetSaved', observations: [] } : { __typename: 'ImplausibleValue', values: [{ input: 'values[1].value', value: '150000', unit: 'mL', least: 0, most: 100_000, source: 'ours' }] } }
  } }) })
  await userEvent.click(await screen.findByRole('button', { name: 'Record intake and output' }))
  const form = within(screen.getByRole('form', { name: 'New measurements' }))
  expect(form.queryByLabelText('Body mass index')).toBeNull()
  expect(form.getByLabelText('Fluid intake in 24 hours')).toHaveFocus()
  await userEvent.keyboard('2100{Enter}150000{Enter}{Enter}')
  expect(await form.findByText(/Urine output in 24 hours in mL: 150000 is not believed/)).toBeVisible()
  expect(form.getByLabelText('Urine output in 24 hours')).toHaveAttribute('aria-invalid', 'true')
  expect(form.getByLabelText('Urine output in 24 hours')).toHaveFocus()
  expect(form.getByRole('row', { name: /^Balance/ })).toHaveTextContent(/mLƒ computed−300/)
  believed = true
  await userEvent.clear(form.getByLabelText('Urine output in 24 hours'))
  await userEvent.type(form.getByLabelText('Urine output in 24 hours'), '1500{Enter}{Enter}')
  await waitFor(() => expect(screen.queryByRole('form', { name: 'New measurements' })).toBeNull())
  expect(asked.at(-1)).toMatchObject({ template: 'intake-output', values: [{ code: '9108-2', value: '2100' }, { code: '9192-6', value: '1500' }] })
})

it('what is typed while the sheet arrives goes on in its cell', async () => {
  let arrive: (sheet: typeof full) => void = () => undefined
  show({ root: answering({ ...fullPatient, flowsheet: () => new Promise((done) => { arrive = done }) }) }, '?until=2026-03-02')
  await userEvent.click(await screen.findByRole('button', { name: 'Intake and output' }))
  await userEvent.click(await screen.findByRole('button', { name: 'Record intake and output' }))
  expect(screen.getByLabelText('Fluid intake in 24 hours')).toHaveFocus()
  await userEvent.keyboard('21')
  const before = screen.getByLabelText('Fluid intake in 24 hours')
  arrive(full)
  await screen.findByRole('columnheader', { name: /02-Mar-2026/ })
  expect(screen.getByLabelText('Fluid intake in 24 hours')).not.toBe(before)
  await userEvent.keyboard('50')
  expect(screen.getByLabelText('Fluid intake in 24 hours')).toHaveValue('2150')
})

it('who may not write is offered no entry', async () => {
  show({ root: answering({ ...fullPatient, flowsheet: full }) }, undefined, 'pharmacist')
  await screen.findByRole('table', { name: 'Intake and output' })
  expect(screen.queryByRole('button', { name: /^Record / })).toBeNull()
})

it('a row whose values all lie in other columns tells the latest of them, and is not told as not recorded', async () => {
  const times = Array.from({ length: 9 }, (_, i) => `2026-03-01T1${i}:00:00Z`)
  show({ root: answering({ ...fullPatient, flowsheet: { ...fluids([[cell('old', times[0] ?? '', '900')], times.slice(1).map((at, i) => cell(`o${i}`, at, '100'))]), times } }) })
  const row = await screen.findByRole('row', { name: /^Fluid intake/ })
  expect(row).toHaveTextContent(/mL.*None in these columns; the latest 01-Mar-2026 \d\d:00, 900 mL/)
  expect(screen.getByRole('row', { name: /^Body mass index/ })).toHaveTextContent('Not recorded')
})

it('what was computed from others is marked as such', async () => {
  show({ root: answering({ ...fullPatient, flowsheet: fluids([[cell('i1', mon, '2100', null, [{ __typename: 'ResourceRef', id: 'Observation/a' }])]]) }) })
  expect(await screen.findByRole('row', { name: /^Fluid intake.*computed 2,100/ })).toBeInTheDocument()
})

it('shows hours up to now or to the last value, and steps by them with the keyboard', async () => {
  const asked: { low: string | null; high: string | null }[] = []
  const hour = (date: object) => { asked.push({ ...(date as (typeof asked)[number]) }); return full }
  show({ root: answering({ ...fullPatient, flowsheet: ({ date }: { date: object }) => hour(date), observations: page({ ...fullPatient.labs.nodes[0], effectiveAt: tue }) }) }, '?view=intake-output&span=12h')
  await screen.findByRole('button', { name: 'Last value' })
  await waitFor(() => expect(asked.at(-1)?.high).toBeNull())
  expect(Date.now() - Date.parse(asked.at(-1)?.low ?? '')).toBeLessThan(12.1 * 3_600_000)
  expect(screen.getByRole('button', { name: 'Later' })).toBeDisabled()
  await userEvent.click(screen.getByRole('button', { name: 'Last value' }))
  const sheet = await screen.findByRole('group', { name: 'Intake and output, sheet' })
  expect(Date.parse(asked.at(-1)?.high ?? '')).toBe(Date.parse(tue) + 60_000)
  expect(within(sheet).getAllByRole('columnheader')).toHaveLength(4)
  sheet.focus()
  await userEvent.keyboard('{PageUp}')
  await waitFor(() => expect(Date.parse(asked.at(-1)?.high ?? '')).toBe(Date.parse(tue) + 60_000 - 12 * 3_600_000))
  await userEvent.click(screen.getByRole('button', { name: 'Now' }))
  await waitFor(() => expect(asked.at(-1)?.high).toBeNull())
})

it('a sign of NEWS2 is asked about here too when it is extreme', async () => {
  const asked: { values: object[] }[] = []
  const pain = { ...sheets[0], id: 'pain', title: 'Pain' }
  show({ root: answering({ ...fullPatient, flowsheet: { template: pain, times: [], rows: [{ parameter: pain.rows?.[0], cells: [] }], excluded: [] }, conditions: page() }, { flowsheetTemplates: [pain], flowsheetRecord: ({ input }: { input: (typeof asked)[number] }) => { asked.push(input); return { outcome: { __typename: 'FlowsheetSaved', observations: [] } } } }) }, '?view=pain')
  await userEvent.click(await screen.findByRole('button', { name: 'Record pain' }))
  await userEvent.keyboard('38{Enter}{Enter}')
  expect(screen.getByLabelText('Heart rate')).toHaveAccessibleDescription(/^Extreme value: NEWS2 gives 3 points/)
  expect(asked).toHaveLength(0)
  await userEvent.click(screen.getByRole('button', { name: 'Save with 1 extreme value' }))
  await waitFor(() => expect(asked).toHaveLength(1))
})

it('fluids by source stand by the way they went, and are added up by day, with the part of a day that is added up', async () => {
  const volume = (name: string, code: string, fluid: string) => ({ ...sheets[1]?.rows[0], name, fluid, code: { system: 'http://loinc.org', code } })
  const sources = { id: 'fluids', title: 'Fluids by source', rows: [volume('By mouth', '9000-1', 'INTAKE'), volume('Infusions', '8985-4', 'INTAKE'), volume('Urine', '9187-6', 'OUTPUT')] }
  const cells = [[cell('a', '2026-03-01T20:00:00', '200'), cell('b', '2026-03-02T08:00:00', '150')], [cell('c', '2026-03-02T08:00:00', '500')], [cell('d', '2026-03-02T09:00:00', '900')]]
  const flowsheet = { template: sources, times: ['2026-03-01T20:00:00', '2026-03-02T08:00:00', '2026-03-02T09:00:00'], rows: sources.rows.map((parameter, i) => ({ parameter, cells: cells[i] })), excluded: [] }
  show({ root: answering({ ...fullPatient, flowsheet }, { flowsheetTemplates: [...sheets, sources] }) }, '?view=fluids&span=24h&until=2026-03-02T09:30')
  const sheet = within(await screen.findByRole('table', { name: 'Fluids by source' }))
  expect(sheet.getAllByRole('rowheader').map((one) => one.textContent)).toEqual(['In', 'By mouth', 'Infusions', 'Out', 'Urine'])
  const days = within(screen.getByRole('table', { name: 'Fluids by day' }))
  expect(days.getAllByRole('row').map((one) => one.textContent)).toEqual(['DayIn (mL)Out (mL)Balance (mL)Entries', '02-Mar-2026 until 09:30650900−2503', '01-Mar-2026 from 09:312000+2001'])
})
