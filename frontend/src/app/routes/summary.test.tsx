import { cleanup, screen, waitFor, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { afterEach, expect, it, vi } from 'vitest'
import { partName } from '../../components/clinical/trend'
import { answering, fullPatient, page, renderPage, type FakeServer } from '../../testing/chart'
import { ProblemsPage } from './problems.page'
import { SummaryPage } from './summary.page'

const show = (server: FakeServer) => renderPage(<SummaryPage />, '/patients/:id/clinical/x', '/patients/ada/clinical/x', server)
/** The window fits every query, or none. */
const fits = (matches: boolean) => vi.stubGlobal('matchMedia', () => ({ matches, addEventListener: () => undefined, removeEventListener: () => undefined }))
afterEach(() => vi.unstubAllGlobals())

it.each([
  [true, ['Problems', 'Allergies', 'Vitals', 'Latest results', 'Medications', 'Encounters']],
  [false, ['Problems', 'Allergies', 'Encounters', 'Care team', 'Vitals', 'Latest results']],
])('in one column (%s) the signs are read before the visits', async (narrow, first) => {
  fits(narrow)
  show({ root: answering(fullPatient) })
  await screen.findByRole('region', { name: 'Vitals' })
  const regions = screen.getAllByRole('region').map((region) => region.getAttribute('aria-label') ?? document.getElementById(region.getAttribute('aria-labelledby') ?? '')?.textContent ?? '')
  const known = regions.flatMap((name) => first.find((one) => name.startsWith(one)) ?? [])
  expect(known.slice(0, first.length)).toEqual(first)
})

const signs = fullPatient.latestResults({ category: 'VITAL_SIGNS' })[0] as { code: { text: string }; observation: object }
const part = (name: string, ...values: string[]) => ({ code: { text: name, codings: [] }, series: values.map((value, i) => ({ at: `2026-11-2${i}T08:00:00Z`, value, observationId: `Observation/${i}` })) })
const trendPart = (name: string, ...values: string[]) => ({
  code: { text: name, codings: [] }, unit: 'mm[Hg]',
  points: values.map((value, i) => ({ at: `2026-11-2${i}T08:00:00Z`, value, originalValue: value, originalUnit: 'mmHg', interpretation: null, observation: { id: `Observation/${i}` } })),
})

it('blood pressure has a line for each of its numbers, in the summary and over time', async () => {
  const pressure = { ...signs, components: [part('Systolic blood pressure', '128', '134', '121'), part('Diastolic blood pressure', '78', '82', '74')] }
  show({ root: answering({
    ...fullPatient, latestResults: ({ category }: { category: string }) => (category === 'VITAL_SIGNS' ? [pressure] : []),
    trend: { code: { text: 'Blood pressure', codings: [] }, points: [], omitted: [], excluded: [], downsampled: false, components: [trendPart('Systolic blood pressure', '128', '134'), trendPart('Diastolic blood pressure', '78', '82')] },
  }) })
  const row = (await screen.findByRole('button', { name: 'Blood pressure' })).closest('tr') as HTMLElement
  expect(row.querySelectorAll('svg line')).toHaveLength(4)
  await userEvent.click(screen.getByRole('button', { name: 'Blood pressure' }))
  const panel = within(await screen.findByRole('complementary', { name: 'Trend of Blood pressure' }))
  expect(row).toHaveAttribute('aria-current', 'true')
  expect(await panel.findByText(/^2 results, none flagged\. The latest, 21-Nov-2026 \d\d:\d\d: Systolic 134, Diastolic 82 mmHg\.$/)).toBeVisible()
  expect(panel.getAllByRole('img')).toHaveLength(4)
  await userEvent.click(panel.getByRole('button', { name: 'Table' }))
  expect(panel.getAllByRole('columnheader').map((h) => h.textContent)).toEqual(['Taken', 'Systolic (mmHg)', 'Diastolic (mmHg)'])
  expect(panel.getAllByRole('row')[1]).toHaveTextContent(/134\s*82/)
})

it('a value is bold only when it is not as expected, and blood pressure has the ranges of its parts', async () => {
  const [potassium] = fullPatient.latestResults({ category: 'LABORATORY' })
  const { components } = signs.observation as { components: { value: object }[] }
  const pressure = { ...signs, observation: { ...signs.observation, components: components.map((one, i) => ({ ...one, referenceRanges: [{ low: { value: ['90', '60'][i] }, high: { value: ['129', '79'][i] }, appliesTo: [] }] })) } }
  show({ root: answering({ ...fullPatient, latestResults: ({ category }: { category: string }) => (category === 'VITAL_SIGNS' ? [pressure] : [potassium]) }) })
  const row = await screen.findByRole('row', { name: /^Blood pressure/ })
  expect(row).toHaveTextContent(/90–129 \/ 60–79/)
  expect(within(row).getByText('104/58').closest('strong')).toBeNull()
  expect(within(screen.getByRole('row', { name: /^Potassium/ })).getByText('6.10').tagName).toBe('STRONG')
})

it('a part is called by its own words', () => {
  expect([partName('Systolic blood pressure', 'Blood pressure'), partName('Pain at rest', 'Pain'), partName('Pain', 'Pain')]).toEqual(['Systolic', 'Pain at rest', 'Pain'])
})

it('what was recorded by mistake, is not sure or did not take place does not read as a plain fact', async () => {
  const [shot] = fullPatient.immunizations.nodes, [problem] = fullPatient.conditions.nodes, [visit] = fullPatient.encounters.nodes
  const list = (...nodes: object[]) => ({ nodes, totalCount: nodes.length, pageInfo: { hasNextPage: false } })
  show({ root: answering({
    ...fullPatient,
    immunizations: list({ ...shot, id: 'Immunization/w', vaccine: { text: 'Measles', codings: [] }, status: 'ENTERED_IN_ERROR' }),
    conditions: list({ ...problem, id: 'Condition/d', code: { text: 'Lyme disease', codings: [] }, verificationStatus: 'DIFFERENTIAL' }, problem as object),
    encounters: list({ ...visit, id: 'Encounter/x', status: 'CANCELLED' }, { ...visit, id: 'Encounter/y', class: { code: 'AMB' }, status: 'ENTERED_IN_ERROR' }),
  }) })
  expect((await screen.findByText('Measles')).closest('s')).not.toBeNull()
  expect(screen.getByText('Measles').closest('li')).toHaveTextContent('Entered in error')
  expect(screen.getByText('Lyme disease').closest('li')).toHaveTextContent('Differential')
  expect(screen.getByText('Asthma').closest('li')).not.toHaveTextContent('Confirmed')
  const visits = within(screen.getByRole('region', { name: 'Encounters' }))
  expect(visits.getByText('Inpatient').closest('li')).toHaveTextContent('Cancelled')
  expect(visits.getByText('Outpatient').closest('s')).not.toBeNull()
})

it('each row leads to its record in its tab, which marks it', async () => {
  show({ root: answering(fullPatient) })
  expect(await screen.findByRole('link', { name: 'Asthma' })).toHaveAttribute('href', '/patients/ada/clinical/problems#Condition/c1')
  expect(screen.getByRole('link', { name: 'apixaban' })).toHaveAttribute('href', '/patients/ada/clinical/medications#MedicationRequest/m1')
  cleanup()
  renderPage(<ProblemsPage />, '/patients/:id/clinical/x', '/patients/ada/clinical/x#Condition/c2', { root: answering(fullPatient) })
  await waitFor(() => expect(screen.getByRole('row', { name: /Gout/ })).toHaveAttribute('data-marked'))
  expect(screen.getByRole('row', { name: /Asthma/ })).not.toHaveAttribute('data-marked')
  cleanup()
  renderPage(<ProblemsPage />, '/patients/:id/clinical/x', '/patients/ada/clinical/x#Condition/gone', { root: answering(fullPatient) })
  expect(await screen.findByText('The record that was followed here is not among the rows that are loaded.')).toBeVisible()
})

it('gaps in care are of now only', async () => {
  renderPage(<SummaryPage />, '/patients/:id/clinical/x', '/patients/ada/clinical/x?asOf=2026-01-01T00:00:00Z', { root: answering({ ...fullPatient, careGaps: null }) })
  expect(await screen.findByText(/computed of now only/)).toBeVisible()
})

it('says that there are more kinds of results, and leaves out the least abnormal', async () => {
  const [potassium] = fullPatient.latestResults({ category: 'LABORATORY' }) 
  const kinds = Array.from({ length: 26 }, (_, i) => ({ ...potassium, code: { text: `Test ${i + 1}`, codings: [] }, observation: { ...potassium?.observation, id: `Observation/${i}`, interpretation: i === 25 ? 'HIGH' : null } }))
  show({ root: answering({ ...fullPatient, latestResults: ({ category }: { category: string }) => (category === 'LABORATORY' ? kinds : []) }) })
  const part = within(await screen.findByRole('region', { name: 'Latest results' }))
  expect(await part.findByText('newest of each of 25 kinds, abnormal first; more kinds are on record')).toBeVisible()
  expect(part.getAllByRole('row')[1]).toHaveTextContent('Test 26')
  expect(part.getAllByRole('row')).toHaveLength(26)
})

it('says what has come since the last visit, and leads to it', async () => {
  const [visit] = fullPatient.encounters.nodes
  show({ root: answering({ ...fullPatient, sinceLastVisit: { visit: { ...visit, class: { code: 'AMB' } }, since: '2026-10-12T09:00:00Z', counts: [{ kind: 'OBSERVATION', count: 3 }, { kind: 'MEDICATION_REQUEST', count: 1 }], more: true, omitted: [] } }) })
  const line = await screen.findByRole('note', { name: 'Since the last visit' })
  expect(line).toHaveTextContent('Since the outpatient visit of 12-Oct-2026: more than 4 entries, of which the newest are 3 results and measurements, 1 prescription.')
  expect(within(line).getByRole('link', { name: 'Timeline from that day' })).toHaveAttribute('href', '/patients/ada/clinical/timeline?from=2026-10-12')
})

it('that none of a kind is known is told behind the allergies, with who says so, and is not counted as one', async () => {
  const [penicillin] = fullPatient.allergies.nodes
  const none = { ...penicillin, id: 'AllergyIntolerance/none', substance: { text: 'No known food allergy', codings: [] }, criticality: null, reactions: [], recordedAt: '2026-11-02', fhir: { code: { coding: [{ system: 'http://snomed.info/sct', code: '429625007' }] }, recorder: { display: 'Dr Lee' } } }
  show({ root: answering({ ...fullPatient, allergies: { ...page(none, penicillin ?? {}), status: 'KNOWN' } }) })
  const card = within(await screen.findByRole('region', { name: 'Allergies' }))
  await card.findByRole('listitem')
  expect(card.getAllByRole('listitem').map((row) => row.textContent)).toEqual([expect.stringMatching(/^Penicillin/)])
  expect(card.getByText('1', { selector: 'span' })).toBeVisible()
  const said = card.getByText(/^No known food allergies/)
  expect(said).toHaveTextContent('No known food allergies (Dr Lee, 02-Nov-2026)')
  expect(card.getByRole('listitem').compareDocumentPosition(said)).toBe(Node.DOCUMENT_POSITION_FOLLOWING)
})
