import { fireEvent, screen, waitFor, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { expect, it } from 'vitest'
import { answering, emptyPatient, failing, fullPatient, page, renderPage, type FakeServer } from '../../testing/chart'
import { SummaryPage } from './summary.page'
import { VitalsPage } from './vitals.page'

const show = (server: FakeServer, at = '') => renderPage(<VitalsPage />, '/patients/:id/clinical/vitals', `/patients/ada/clinical/vitals${at}`, server)
const sign = (id: string, code: string, title: string, value: object, at = '2026-11-22T07:40:00Z') => ({ ...fullPatient.vitals.nodes[0], id: `Observation/${id}`, fhirId: id, code: { text: title, codings: [{ system: 'http://loinc.org', code }] }, components: [], effectiveAt: at, value })
const number = (value: string, unit: string, code?: string) => ({ __typename: 'Quantity', value, unit, code })
const confused = sign('lor', '67775-7', 'Level of responsiveness', { __typename: 'Concept', text: 'Confused', codings: [{ system: 'http://loinc.org', code: 'LA6560-2' }] })

/** Opens the column; `asked` gets what is sent. */
async function entry(asked: object[], patient: object = {}, outcome: () => object = () => ({ __typename: 'VitalsSaved', observations: [] })) {
  const server: FakeServer = { root: answering({ ...emptyPatient, vitals: fullPatient.vitals, ...patient }, { vitalsRecord: ({ input }: { input: object }) => { asked.push({ ...input }); return { outcome: outcome() } } }) }
  show(server)
  await userEvent.click(await screen.findByText('Record vital signs'))
  return server
}
const column = () => screen.getByRole('form', { name: 'New measurements' })
const press = (name: string | RegExp) => fireEvent.click(within(column()).getByRole('button', { name }))
const write = (name: string, value: string) => fireEvent.change(screen.getByLabelText(name), { target: { value } })

it('of oxygen and consciousness nothing is chosen for the writer', async () => {
  await entry([])
  expect(screen.getByLabelText('Oxygen flow')).toHaveAccessibleDescription('L/min 0 is room air.')
  expect(screen.getByLabelText('Level of responsiveness')).toHaveValue('')
  expect(screen.getByLabelText('Level of responsiveness')).toHaveTextContent(/^Not assessedAlertNew confusionResponds to voiceResponds to painUnresponsive$/)
})

it('they are recorded by keyboard', async () => {
  const asked: object[] = []
  await entry(asked)
  await userEvent.type(screen.getByLabelText('Oxygen flow'), '2{Enter}')
  const level = screen.getByLabelText('Level of responsiveness')
  expect(level).toHaveFocus()
  fireEvent.change(level, { target: { value: 'ALERT' } })
  await userEvent.keyboard('{Enter}')
  expect(screen.getByLabelText('Weight')).toHaveFocus()
  press('Save')
  await waitFor(() => expect(asked).toHaveLength(1))
  expect(asked[0]).toMatchObject({ oxygenFlow: '2', consciousness: 'ALERT' })
})

it('what was not assessed is not sent', async () => {
  const asked: object[] = []
  await entry(asked)
  fireEvent.change(screen.getByLabelText('Heart rate'), { target: { value: '72' } })
  press('Save')
  await waitFor(() => expect(asked).toHaveLength(1))
  expect(asked[0]).not.toHaveProperty('consciousness')
})

it('a sign that is told in words stands after the oxygen, and has no trend', async () => {
  show({ root: answering({ ...fullPatient, vitals: page(confused, sign('o2', '3151-8', 'Oxygen flow', number('2', 'L/min')), sign('w', '29463-7', 'Weight', number('72', 'kg'))) }) })
  const rows = within(await screen.findByRole('table', { name: 'Vital signs' })).getAllByRole('rowheader').map((one) => one.textContent)
  expect(rows).toEqual(['Oxygen flow', 'Level of responsiveness', 'Weight'])
  expect(screen.getByRole('row', { name: /^Level of responsiveness/ })).toHaveTextContent('Confused')
  expect(screen.getByRole('button', { name: 'Oxygen flow' })).toBeVisible()
  expect(screen.queryByRole('button', { name: 'Level of responsiveness' })).toBeNull()
})

it('nor has it one in the summary', async () => {
  const latest = (observation: { code: object }) => ({ code: observation.code, observation, change: null, series: [], excludedCount: 0, components: [] })
  renderPage(<SummaryPage />, '/patients/:id/clinical/summary', '/patients/ada/clinical/summary', { root: answering({ ...fullPatient, latestResults: ({ category }: { category: string }) => (category === 'VITAL_SIGNS' ? [latest(confused), latest(sign('w', '29463-7', 'Weight', number('72', 'kg')))] : []) }) })
  const table = within(await screen.findByRole('table', { name: 'Vital signs' }))
  expect(table.getByRole('row', { name: /^Level of responsiveness Confused/ })).toBeVisible()
  expect(table.getAllByRole('button').map((one) => one.textContent)).toEqual(['Weight'])
})

it('a trend is a column beside the sheet, not a sheet over it', async () => {
  const trend = { code: { text: 'Weight', codings: [] }, unit: 'kg', points: ['71', '72'].map((value, i) => ({ at: `2026-11-2${i}T08:00:00Z`, value, originalValue: value, originalUnit: 'kg', interpretation: null, observation: { id: `Observation/${i}`, referenceRanges: [] } })), omitted: [], excluded: [], downsampled: false, components: [] }
  show({ root: answering({ ...fullPatient, vitals: page(sign('w', '29463-7', 'Weight', number('72', 'kg'))), trend }) })
  await userEvent.click(await screen.findByRole('button', { name: 'Weight' }))
  const panel = await screen.findByRole('complementary', { name: 'Trend of Weight' })
  // Drawn as wide as a column, and never wider, which would enlarge its words.
  const drawing = await within(panel).findByRole('group', { name: /^Weight, 2 results/ })
  expect(drawing).toHaveAttribute('viewBox', '0 0 432 240')
  expect(drawing).toHaveStyle({ maxWidth: '432px' })
})

const hours = (n: number) => Array.from({ length: n }, (_, i) => `2026-11-22T${String(23 - i).padStart(2, '0')}:00:00Z`)

it('a row whose values all lie in other columns tells the latest of them', async () => {
  const rates = hours(10).map((at, i) => sign(`r${i}`, '8867-4', 'Heart rate', number('70', '/min'), at))
  const weights = [['w2', '9', 'ENTERED_IN_ERROR'], ['w1', '72', 'FINAL']].map(([id = '', value = '', status], i) => ({ ...sign(id, '29463-7', 'Weight', number(value, 'kg'), `2026-11-1${5 - i}T12:00:00Z`), status, interpretation: 'HIGH' }))
  show({ root: answering({ ...fullPatient, vitals: page(...rates, ...weights) }) })
  const row = () => screen.getByRole('row', { name: /^Weight/ })
  await screen.findByText(/^Times 1 to 8 of 12$/)
  expect(row()).toHaveTextContent(/Weight.*kgNone in these columns; the latest 14-Nov-2026 \d\d:00, 72 kg H/)
  await userEvent.click(screen.getByRole('button', { name: 'Older' }))
  expect(row()).not.toHaveTextContent('None in these columns')
})

it('what may be missing of the last moment loaded is not told as not taken', async () => {
  const [at = '', before = ''] = hours(2)
  const first = page(sign('r1', '8867-4', 'Heart rate', number('70', '/min'), at), sign('w1', '29463-7', 'Weight', number('72', 'kg'), at), sign('r2', '8867-4', 'Heart rate', number('71', '/min'), before))
  const rest = page(sign('w2', '29463-7', 'Weight', number('73', 'kg'), before))
  const vitals = ({ after }: { after?: string }) => (after ? rest : { ...first, pageInfo: { ...first.pageInfo, hasNextPage: true, endCursor: 'c' } })
  show({ root: answering({ ...fullPatient, vitals }) })
  const row = async (name: RegExp) => (await screen.findByRole('row', { name })).textContent
  expect(await row(/^Weight/)).toMatch(/kg72Not loaded$/)
  expect(await row(/^Heart rate/)).not.toContain('Not loaded')
  await userEvent.click(screen.getByRole('button', { name: 'Load more' }))
  await waitFor(async () => expect(await row(/^Weight/)).toMatch(/kg7273$/))
})

it('a row without a value in the columns does not say of what may be missing that there is none', async () => {
  const times = hours(9)
  const rates = times.map((at, i) => sign(`r${i}`, '8867-4', 'Heart rate', number('70', '/min'), at))
  const first = page(sign('w', '29463-7', 'Weight', number('72', 'kg'), times[0]), ...rates)
  show({ root: answering({ ...fullPatient, vitals: { ...first, pageInfo: { ...first.pageInfo, hasNextPage: true, endCursor: 'c' } } }) })
  await screen.findByText(/^Times 1 to 8 of 9 loaded$/)
  await userEvent.click(screen.getByRole('button', { name: 'Older' }))
  expect(screen.getByRole('row', { name: /^Weight/ })).toHaveTextContent(/kgNot loaded$/)
})

const part = (code: string, value: string) => ({ code: { text: code, codings: [{ system: 'http://loinc.org', code }] }, value: number(value, 'mmHg', 'mm[Hg]'), referenceRanges: [] })
const news = (at: string) => [
  sign(`b${at}`, '9279-1', 'Respiratory rate', number('22', '/min', '/min'), at), sign(`s${at}`, '2708-6', 'Oxygen saturation', number('93', '%', '%'), at), sign(`p${at}`, '8867-4', 'Heart rate', number('112', '/min', '/min'), at),
  { ...sign(`t${at}`, '8310-5', 'Temperature', number('38.4', '°C', 'Cel'), at) }, { ...sign(`bp${at}`, '85354-9', 'Blood pressure', number('', ''), at), value: null, components: [part('8480-6', '98'), part('8462-4', '60')] },
]
const scores = async () => (await screen.findByRole('row', { name: /^NEWS2/ })).textContent

it('the early warning score of each moment is a row, and its parts are told when it is pressed', async () => {
  const [now = '', before = ''] = hours(2)
  const oxygen = [sign('o', '3151-8', 'Oxygen flow', number('2', 'L/min', 'L/min'), now), { ...confused, effectiveAt: now, value: { ...confused.value, codings: [{ system: 'http://loinc.org', code: 'LA9340-6' }] } }]
  show({ root: answering({ ...fullPatient, conditions: page(), vitals: page(...news(now), ...oxygen, ...news(before).filter((o) => o.code.text !== 'Temperature')) }) })
  expect(await scores()).toMatch(/^NEWS2ƒ computedpoints11highnot computable: no temperature$/)
  await userEvent.click(screen.getByRole('button', { name: /^NEWS2, .*11, high/ }))
  expect(screen.getByText(/NEWS2 of 22-Nov-2026 .*: 11, high: respiratory rate 2, saturation 2, oxygen 2, systolic pressure 2, heart rate 2, consciousness 0, temperature 1/)).toBeVisible()
  await userEvent.click(screen.getByRole('button', { name: /^NEWS2, .*11, high/ }))
  expect(screen.queryByText(/^NEWS2 of 22-Nov-2026/)).toBeNull()
})

it('what nobody took of oxygen and consciousness makes it a least one', async () => {
  show({ root: answering({ ...fullPatient, conditions: page(), vitals: page(...news(hours(1)[0] ?? '')) }) })
  expect(await scores()).toContain('≥ 9')
  expect(screen.getByRole('button', { name: /at least 9, high.*Not recorded then and counted as none: oxygen, consciousness/ })).toBeInTheDocument()
})

it('it does not apply to a child, nor in a pregnancy', async () => {
  show({ root: answering({ ...fullPatient, birthDate: '2015-01-01', conditions: page(), vitals: page(...news(hours(1)[0] ?? '')) }) })
  expect(await scores()).toContain('not applicable: under 16 years')
})

it('nor in a pregnancy that is on record', async () => {
  const pregnant = { ...fullPatient.conditions.nodes[0], onsetAt: '2026-05-01', clinicalStatus: 'ACTIVE', verificationStatus: 'CONFIRMED' }
  show({ root: answering({ ...fullPatient, conditions: ({ filter }: { filter?: { code?: string } }) => page(...(filter?.code?.endsWith('72892002') ? [pregnant] : [])), vitals: page(...news(hours(1)[0] ?? '')) }) })
  expect(await scores()).toContain('not applicable: pregnancy')
})

it('a stretch of hours is asked of the server, and the address keeps it', async () => {
  const asked: (object | null)[] = []
  show({ root: answering({ ...fullPatient, conditions: page(), vitals: ({ date }: { date?: object }) => { asked.push(date ? { ...date } : null); return fullPatient.vitals } }) }, '?span=4h&until=2026-11-22T08:00')
  await screen.findByRole('table', { name: 'Vital signs' })
  expect(asked.at(-1)).toEqual({ low: expect.stringMatching(/^2026-11-22T04:01:00/) as string, high: expect.stringMatching(/^2026-11-22T08:01:00/) as string })
  expect(screen.getByText(/measurements?, 22-Nov-2026 04:01 to 22-Nov-2026 08:00, newest first/)).toBeVisible()
  await userEvent.click(screen.getByRole('button', { name: 'All' }))
  await waitFor(() => expect(asked.at(-1)).toEqual({ low: null, high: expect.stringMatching(/^2026-11-23T00:00/) as string }))
  await userEvent.click(screen.getByRole('button', { name: 'Now' }))
  await waitFor(() => expect(asked.at(-1)).toBeNull())
})

it('blood pressure is written as a pair in one place', async () => {
  const asked: object[] = []
  await entry(asked)
  const both = within(screen.getByRole('group', { name: 'Blood pressure' }))
  expect(both.getByLabelText('Systolic pressure')).toHaveFocus()
  await userEvent.keyboard('120/80{Enter}')
  expect(both.getByLabelText('Diastolic pressure')).toHaveValue('80')
  expect(screen.getByLabelText('Heart rate')).toHaveFocus()
  await userEvent.click(both.getByLabelText('Systolic pressure'))
  await userEvent.clear(both.getByLabelText('Systolic pressure'))
  await userEvent.paste('118/76')
  press('Save')
  await waitFor(() => expect(asked[0]).toMatchObject({ systolic: '118', diastolic: '76' }))
})

it('a set that is due by the newest score is told, and marked when it is late', async () => {
  const earlyWarning = { name: 'NEWS2', value: '7', band: 'High', at: '2026-11-22T07:40:00Z', inputs: [], missing: [], monitoring: 'continuously', dueAt: '2026-11-22T08:40:00Z', source: 'x' }
  show({ root: answering({ ...fullPatient, conditions: page(), earlyWarning }) })
  expect(await screen.findByText(/^Next set of vital signs overdue since 22-Nov-2026 .*\. NEWS2 was 7, high, at .*: continuously/)).toBeVisible()
})

it('what is to be watched without a pause has no time that it is due', async () => {
  const earlyWarning = { name: 'NEWS2', value: '11', band: 'High', at: '2026-11-22T07:40:00Z', inputs: [], missing: [], monitoring: 'Without a pause', dueAt: null, source: 'x' }
  show({ root: answering({ ...fullPatient, conditions: page(), earlyWarning }) })
  expect(await screen.findByText(/^NEWS2 was 11, high, at 22-Nov-2026 .*: Without a pause/)).toBeVisible()
})

it('the column stands in the sheet: a cell in each row that is written, also where nothing was recorded before, none where it is computed', async () => {
  await entry([], { vitals: page(sign('h', '8867-4', 'Heart rate', number('71', '/min')), sign('f', '8310-5', 'Temperature', number('98', '[degF]')), { ...sign('b', '39156-5', 'Body mass index', number('24', 'kg/m2')), derivedFrom: [{ id: 'Observation/w' }] }) })
  const table = within(screen.getByRole('table', { name: 'Vital signs' }))
  expect(table.getAllByRole('rowheader').map((one) => one.textContent)).toEqual(['Blood pressuremmHg', 'Heart rate/min', 'Respiratory rate/min', 'Temperature[degF]', 'Temperature°C', 'Oxygen saturation%', 'Oxygen flowL/min', 'Level of responsiveness', 'Weightkg', 'Heightcm', 'Body mass indexƒ computedkg/m²', 'NEWS2ƒ computedpoints'])
  const cells = (name: RegExp) => table.getAllByRole('row', { name }).map((row) => [within(row).queryAllByRole('textbox').length, within(row).getAllByRole('cell')[1]?.textContent.replace('\u200b', '')])
  expect(cells(/^Heart rate/)).toEqual([[1, '/min']])
  expect(cells(/^Temperature/)).toEqual([[0, ''], [1, '°C']])
  expect([...cells(/^Body mass/), ...cells(/^NEWS2/)]).toEqual([[0, 'ƒ computed'], [0, 'ƒ computed']])
  expect(screen.getByLabelText('Systolic pressure')).toHaveFocus()
  expect(table.getByRole('columnheader', { name: /^New, taken/ })).toBeVisible()
})

it('keys go from cell to cell, past what stands beside them, which the arrows to the sides go to', async () => {
  await entry([], { vitals: page(sign('h', '8867-4', 'Heart rate', number('71', '/min'))) })
  await userEvent.keyboard('{Tab}{Tab}72{Tab}')
  expect(screen.getByLabelText('Respiratory rate')).toHaveFocus()
  await userEvent.keyboard('{ArrowUp}')
  expect(screen.getByLabelText('Heart rate')).toHaveFocus()
  await userEvent.keyboard('{ArrowRight}{ArrowRight}')
  expect(screen.getByRole('button', { name: /^Acts for Heart rate/ })).toHaveFocus()
  await userEvent.click(screen.getByLabelText('Height'))
  await userEvent.keyboard('{Enter}')
  expect(within(column()).getByRole('button', { name: 'Save' })).toHaveFocus()
  await userEvent.click(screen.getByLabelText('Systolic pressure'))
  await userEvent.tab({ shift: true })
  expect(screen.getByLabelText('New, taken')).toHaveFocus()
  await userEvent.keyboard('{Enter}')
  expect(screen.getByLabelText('Systolic pressure')).toHaveFocus()
})

it('the score of what is written is computed as it is written', async () => {
  await entry([])
  for (const [name, value] of [['Respiratory rate', '22'], ['Oxygen saturation', '93'], ['Systolic pressure', '98'], ['Heart rate', '112'], ['Temperature', '38.4']] as const) write(name, value)
  expect(within(screen.getByRole('row', { name: /^NEWS2/ })).getByRole('button', { name: /: at least 9, high: respiratory rate 2/ })).toHaveTextContent('≥ 9')
})

it('what no body has is refused at its cell, and all that was written is kept', async () => {
  const asked: object[] = []
  await entry(asked, {}, () => (asked.length > 1 ? { __typename: 'VitalsSaved', observations: [] } : { __typename: 'ImplausibleValue', values: [{ input: 'temperature', value: '98.6', unit: '°C', least: 11.8, most: 46.5, source: 'a paper' }] }))
  write('Temperature', '98.6')
  write('Heart rate', '72')
  press('Save')
  const temperature = screen.getByLabelText('Temperature')
  await waitFor(() => expect(temperature).toBeInvalid())
  expect(temperature).toHaveFocus()
  expect(temperature).toHaveAccessibleDescription('98.6 is not believed. Between 11.8 and 46.5 °C. °C')
  expect(screen.getByLabelText('Heart rate')).toHaveValue('72')
  screen.getByLabelText('Heart rate').focus()
  await userEvent.click(within(screen.getByRole('alert')).getByRole('button', { name: /^Temperature in °C: 98.6 is not believed. Between 11.8 and 46.5 °C \(a paper\)/ }))
  expect(temperature).toHaveFocus()
  write('Temperature', '36.8')
  press('Save')
  await waitFor(() => expect(screen.queryByRole('form', { name: 'New measurements' })).toBeNull())
  expect(asked.map((one) => (one as { idempotencyKey: string }).idempotencyKey)).toEqual([expect.any(String), (asked[0] as { idempotencyKey: string }).idempotencyKey])
  expect(screen.getByRole('button', { name: 'Record vital signs' })).toHaveFocus()
})

it('what was written is kept when the server cannot be reached', async () => {
  const asked: object[] = []
  const server = await entry(asked)
  const { root } = server
  write('Heart rate', '72')
  server.root = 'down'
  press('Save')
  expect(await within(column()).findByText(/The server cannot be reached. What you wrote is kept/)).toBeVisible()
  expect(screen.getByLabelText('Heart rate')).toHaveValue('72')
  server.root = root
  press('Save')
  await waitFor(() => expect(asked).toHaveLength(1))
})

it('an extreme value is asked about at its cell before anything is sent, and saved by a word at the cell', async () => {
  const asked: object[] = []
  await entry(asked)
  write('Heart rate', '131')
  write('Respiratory rate', '20')
  press('Save')
  const rate = screen.getByLabelText('Heart rate')
  expect(rate).toHaveFocus()
  expect(rate).toHaveAccessibleDescription('Extreme value: NEWS2 gives 3 points. Save it as it is? /min')
  expect(rate).toBeValid()
  expect(screen.getByLabelText('Respiratory rate')).not.toHaveAccessibleDescription(/Extreme/)
  await userEvent.keyboard('{Tab}')
  expect(screen.getByRole('button', { name: 'Confirm Heart rate 131 /min' })).toHaveFocus()
  await userEvent.keyboard('{Enter}')
  expect(rate).toHaveAccessibleDescription('Extreme value: NEWS2 gives 3 points. Confirmed. /min')
  expect(asked).toHaveLength(0)
  expect(within(column()).getByRole('button', { name: 'Save' })).toHaveFocus()
  await userEvent.keyboard('{Enter}')
  await waitFor(() => expect(asked[0]).toMatchObject({ heartRate: '131', respiratoryRate: '20' }))
})

it('or by a Save of another name; another value is asked about anew', async () => {
  const asked: object[] = []
  await entry(asked)
  write('Systolic pressure', '88')
  write('Level of responsiveness', 'CONFUSED')
  press('Save')
  expect(within(screen.getByRole('group', { name: 'Extreme values' })).getAllByRole('button').map((one) => one.textContent)).toEqual(['Systolic pressure 88 mmHg', 'Level of responsiveness New confusion'])
  expect(screen.getByLabelText('Systolic pressure')).toHaveAccessibleDescription(/^Systolic pressure: Extreme value/)
  expect(within(column()).getByRole('button', { name: 'Save with 2 extreme values' })).toBeVisible()
  write('Systolic pressure', '86')
  press('Save')
  expect(asked).toHaveLength(0)
  press('Save with 2 extreme values')
  await waitFor(() => expect(asked[0]).toMatchObject({ systolic: '86', consciousness: 'CONFUSED' }))
})

it.each([['a child', { birthDate: '2015-01-01' }], ['somebody whose age is not certain', { birthDate: null }]])('of %s no value is asked about', async (_, patient) => {
  const asked: object[] = []
  await entry(asked, patient)
  write('Heart rate', '150')
  press('Save')
  await waitFor(() => expect(asked[0]).toMatchObject({ heartRate: '150' }))
})

it('Escape gives up what was written only after a word, and nothing is asked where nothing was', async () => {
  await entry([])
  await userEvent.keyboard('120{Escape}')
  await userEvent.click(await screen.findByRole('button', { name: 'Stay here' }))
  expect(screen.getByLabelText('Systolic pressure')).toHaveValue('120')
  press('Cancel')
  await userEvent.click(await screen.findByRole('button', { name: 'Give it up and go on' }))
  await userEvent.click(screen.getByRole('button', { name: 'Record vital signs' }))
  expect(screen.getByLabelText('Systolic pressure')).toHaveValue('')
  await userEvent.keyboard('{Escape}')
  expect(screen.queryByRole('form', { name: 'New measurements' })).toBeNull()
})

it('another stretch of time has the column too, with what is written in it', async () => {
  await entry([], { vitals: ({ date }: { date?: object }) => (date ? page() : fullPatient.vitals) })
  write('Heart rate', '72')
  await userEvent.click(screen.getByRole('button', { name: '4 h' }))
  await waitFor(() => expect(screen.getByRole('region', { name: 'Vital signs' })).toHaveTextContent('0 measurements'))
  expect(screen.getByLabelText('Heart rate')).toHaveValue('72')
})

it('the column can be written when what is on record cannot be read', async () => {
  const asked: object[] = []
  await entry(asked, { vitals: failing })
  write('Heart rate', '72')
  press('Save')
  await waitFor(() => expect(asked[0]).toMatchObject({ heartRate: '72' }))
})
