import { screen, waitFor, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { expect, it } from 'vitest'
import { answering, fullPatient, node, page, renderPage, type FakeServer } from '../../testing/chart'
import { TimelinePage } from './timeline.page'

const show = (server: FakeServer, at = '?view=axis') => renderPage(<TimelinePage />, '/patients/:id/clinical/timeline', `/patients/ada/clinical/timeline${at}`, server)
const ago = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString()
const base = { fhirId: 'x', versionId: '1', lastUpdated: '2026-01-01T00:00:00Z', fhir: {}, notes: [], category: [] }
const problem = (id: string, at: string, clinicalStatus = 'ACTIVE') => ({ kind: 'CONDITION', begins: at, title: id, node: { __typename: 'Condition', ...base, id: `Condition/${id}`, clinicalStatus, verificationStatus: 'CONFIRMED', onsetAt: at } })
const result = (id: string, at: string, interpretation: string | null = null) => ({ kind: 'OBSERVATION', begins: at, title: id, node: { __typename: 'Observation', ...base, id: `Observation/${id}`, status: 'FINAL', effectiveAt: at, interpretation, value: { __typename: 'Quantity', value: '6.1', unit: 'mmol/L' }, components: [], referenceRanges: [], performers: [] } })
const timeline = (nodes: object[], endCursor: string | null = null) => ({ ...page(...nodes), omitted: [], pageInfo: { hasNextPage: endCursor !== null, hasPreviousPage: false, endCursor } })
const axis = () => screen.findByRole('listbox', { name: 'Timeline, axis' })
const options = () => screen.getAllByRole('option').map((one) => one.getAttribute('aria-label'))

it('the address keeps the form; the axis has lanes by kind, bars for what goes on, and says what is flagged', async () => {
  show({ root: answering({ ...fullPatient, timeline: timeline([result('Potassium', ago(10), 'HIGH'), problem('Asthma', ago(90))]) }) })
  const list = within(await axis())
  expect(list.getAllByRole('group').map((one) => one.getAttribute('aria-label'))).toEqual(['Problems', 'Results and measurements'])
  expect(options()).toEqual([expect.stringMatching(/^Problem: Asthma, .+, goes on/), expect.stringMatching(/^Result: Potassium, 6\.1 mmol\/L, high, /)])
  expect(await axis()).toHaveAccessibleDescription(/^2 entries of 2 in 2 of 2 kinds, 1 flagged/)
  await userEvent.click(screen.getByRole('button', { name: 'List' }))
  expect(await screen.findByRole('grid', { name: 'Timeline' })).toBeVisible()
})

it('is walked by keyboard to the source of an entry', async () => {
  show({ root: answering({ ...fullPatient, timeline: timeline([result('Potassium', ago(10)), problem('Asthma', ago(90))]) }) })
  const list = await axis()
  list.focus()
  await userEvent.keyboard('{ArrowDown}')
  expect(screen.getByRole('option', { selected: true })).toHaveAccessibleName(/Asthma/)
  expect(list).toHaveAttribute('aria-activedescendant', screen.getByRole('option', { selected: true }).id)
  expect(screen.getByRole('link', { name: 'Open in problems' })).toHaveAttribute('href', '/patients/ada/clinical/problems#Condition/Asthma')
  await userEvent.keyboard('{ArrowDown}{ArrowDown}')
  expect(screen.getByRole('option', { selected: true })).toHaveAccessibleName(/Potassium/)
  await userEvent.keyboard('{Enter}')
  expect(await screen.findByText('elsewhere')).toBeVisible()
})

it('what stands together is counted, and Enter tells it apart; what is of one instant is listed', async () => {
  show({ root: answering({ ...fullPatient, timeline: timeline([result('c', ago(10)), result('b', ago(12)), result('a', ago(12.5)), problem('x', '2026-01-02', 'RESOLVED'), problem('y', '2026-01-02', 'RESOLVED')]) }) })
  const list = await axis()
  expect(options().at(-1)).toMatch(/^3 results and measurements, /)
  list.focus()
  await userEvent.keyboard('{ArrowUp}{Enter}')
  await waitFor(() => expect(options().filter((name) => name?.startsWith('Result:'))).toHaveLength(3))
  await userEvent.keyboard('{Escape}{-}{-}{-}{-}{-}{-}{-}{-}')
  await waitFor(() => expect(options()[0]).toMatch(/^2 problems/))
  await userEvent.keyboard('{ArrowDown}{Enter}')
  expect(screen.getAllByRole('link', { name: /^[xy]$/ })).toHaveLength(2)
})

it('pans by keys and buttons, and reads what lies before what is loaded', async () => {
  const asked: (string | undefined)[] = []
  const of = ({ after }: { after?: string }) => { asked.push(after); return after ? timeline([problem('Old', ago(800))]) : timeline([problem('New', ago(1))], 'c1') }
  show({ root: answering({ ...fullPatient, timeline: of }) })
  await axis()
  await waitFor(() => expect(asked).toEqual([undefined, 'c1']))
  expect(await screen.findByText(/2 loaded, .+ to today, that is all/)).toBeVisible()
  const before = document.querySelector('output')?.textContent
  await userEvent.click(screen.getByRole('button', { name: 'Earlier' }))
  expect(document.querySelector('output')?.textContent).not.toBe(before)
  ;(await axis()).focus()
  await userEvent.keyboard('{Home}')
  expect(options()).toEqual([expect.stringContaining('Old')])
  await userEvent.keyboard('{End}')
  expect(options().join()).toContain('New')
})

it('words and a visit are asked of the server, and the address keeps them', async () => {
  const asked: object[] = []
  show({ root: answering({ ...fullPatient, timeline: ({ text, encounter }: { text?: string; encounter?: string }) => { asked.push({ text, encounter }); return timeline(text ? [] : [{ kind: 'ENCOUNTER', begins: ago(9), title: 'Check up', node: { __typename: 'Encounter', ...base, id: 'Encounter/e1', status: 'FINISHED', period: { start: ago(9), end: ago(9) }, reasons: [] } }]) } }) })
  ;(await axis()).focus()
  await userEvent.keyboard('{ArrowDown}')
  await userEvent.click(screen.getByRole('button', { name: 'Only what is under this visit' }))
  await waitFor(() => expect(asked.at(-1)).toEqual({ text: null, encounter: 'Encounter/e1' }))
  await userEvent.type(screen.getByLabelText('Words'), 'gout{Enter}')
  await waitFor(() => expect(asked.at(-1)).toEqual({ text: 'gout', encounter: 'Encounter/e1' }))
  expect(await screen.findByText('Nothing is recorded that the filter lets through.')).toBeVisible()
  await userEvent.click(screen.getByRole('button', { name: 'All visits' }))
  await waitFor(() => expect(asked.at(-1)).toEqual({ text: 'gout', encounter: null }))
})

it('both forms are narrowed by partial dates', async () => {
  const asked: unknown[] = []
  show({ root: answering({ ...fullPatient, timeline: ({ date }: { date: object }) => { asked.push(date && { ...date }); return timeline([problem('Asthma', '2018-05')]) } }) })
  await axis()
  await userEvent.type(screen.getByRole('textbox', { name: 'From' }), '2018')
  await waitFor(() => expect(asked.at(-1)).toEqual({ low: '2018-01-01', high: null }))
  expect(await screen.findByText(/What lies outside of these dates and what has none is left out/)).toBeVisible()
})

it('whose entries are shown is chosen of those on record, named, kept by the address and cleared', async () => {
  const asked: unknown[] = []
  const lee = { ...node('Practitioner/lee'), __typename: 'Practitioner', names: [{ display: 'Dr Lee', given: [], prefix: [], suffix: [] }], identifiers: [], qualifications: [] }
  const root = answering({ ...fullPatient, timeline: ({ author }: { author?: string }) => { asked.push(author); return timeline([problem('Asthma', '2018-05')]) } }, { practitioners: { ...page(lee) }, nodes: ({ ids }: { ids: string[] }) => ids.map(() => lee) })
  show({ root })
  await axis()
  const field = screen.getByRole('combobox', { name: 'Written or done by' })
  await userEvent.type(field, 'lee')
  await userEvent.click(await screen.findByRole('option', { name: 'Dr Lee' }))
  await waitFor(() => expect(asked.at(-1)).toBe('Practitioner/lee'))
  expect(field).toHaveAccessibleDescription('Only what Dr Lee wrote or did.')
  expect(field).toHaveValue('')
  expect(await screen.findByText(/1 loaded.+Only what Dr Lee wrote or did/)).toBeVisible()
  await userEvent.click(screen.getByRole('button', { name: 'By anybody' }))
  await waitFor(() => expect(screen.queryByText(/Only what Dr Lee/)).toBeNull())
  expect(field).toHaveFocus()
  expect(field).toHaveAccessibleDescription('Type a name, then choose one from the list.')
})

it('an address that names an author opens with it', async () => {
  const asked: unknown[] = []
  const house = { ...node('Organization/h'), __typename: 'Organization', name: 'North Clinic' }
  show({ root: answering({ ...fullPatient, timeline: ({ author }: { author?: string }) => { asked.push(author); return { ...timeline([]), omitted: ['GOAL'] } } }, { nodes: ({ ids }: { ids: string[] }) => ids.map((id) => (id === 'Organization/h' ? house : null)) }) }, '?author=Organization/h')
  expect(await screen.findByText('Nothing is recorded that the filter lets through.')).toBeVisible()
  expect(asked).toEqual(['Organization/h'])
  expect(screen.getByRole('combobox', { name: 'Written or done by' })).toHaveAccessibleDescription('Only what North Clinic wrote or did.')
  expect(screen.getByText('Left out, since these cannot be looked up by author, or you may not see them: goals')).toBeVisible()
})
