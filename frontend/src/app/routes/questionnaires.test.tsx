import { screen, waitFor, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { afterEach, expect, it, vi } from 'vitest'
import { answering, emptyPatient, fullPatient, page, renderPage, type FakeServer } from '../../testing/chart'
import { QuestionnairesPage } from './questionnaires.page'

afterEach(() => vi.unstubAllGlobals())

const at = (server: FakeServer, role?: string, query = '') => renderPage(<QuestionnairesPage />, '/patients/:id/clinical/x', `/patients/ada/clinical/x${query}`, server, role)
const none = { boolean: null, number: null, coding: null, quantity: null }
const option = (code: string, text: string) => ({ ...none, kind: 'CODING', text, coding: { system: 'http://loinc.org', code, display: text } })
const base = { parent: null, prefix: null, codes: [], required: true, repeats: false, readOnly: false, hidden: false, enableWhen: [], enableAny: false, options: [], valueSet: null, initial: [], maxLength: null, minValue: null, maxValue: null, minOccurs: null, maxOccurs: null, units: [], cannot: null }
const often = [option('LA6568-5', 'Not at all'), option('LA6569-3', 'Several days')]
const form = {
  id: 'Questionnaire/phq9', fhirId: 'phq9', versionId: '3', lastUpdated: '2026-01-01T00:00:00Z', fhir: {}, title: 'PHQ-9: depression', description: null, copyright: 'Free to use', codes: [], instrument: { panel: '44249-1' },
  items: [
    { ...base, linkId: '1', text: 'Feeling down', type: 'CHOICE', options: often, codes: [{ system: 'http://loinc.org', code: '44255-8' }] },
    { ...base, linkId: '9', text: 'Thoughts of death', type: 'CHOICE', options: often, codes: [{ system: 'http://loinc.org', code: '44260-8' }] },
    { ...base, linkId: 'since', text: 'Since when', type: 'DATE', required: false, enableWhen: [{ question: '1', operator: '!=', answer: often[0] }] },
  ],
}
type Input = { answers: { linkId: string; values: object[] }[]; finished: boolean; response?: string; responseVersion?: string; questionnaire: string; expectedVersion: string }
const saved = (version: number) => ({ outcome: { __typename: 'QuestionnaireSubmitted', response: { id: 'QuestionnaireResponse/new', versionId: String(version) }, score: null, urgent: null } })

it('is filled in by keyboard, kept as in progress while one writes, and submitted', async () => {
  const inputs: Input[] = []
  at({ root: answering(emptyPatient, { questionnaire: form, questionnaireSubmit: ({ input }: { input: Input }) => { inputs.push(input); return saved(inputs.length) } }) })
  await userEvent.click(await screen.findByRole('button', { name: 'PHQ-9: depression' }))
  const down = within(await screen.findByRole('group', { name: /Feeling down/ }))
  expect(down.getByRole('radio', { name: 'Not at all' })).toHaveFocus()
  expect(screen.queryByLabelText(/Since when/)).toBeNull()
  await userEvent.keyboard('{ArrowDown}')
  expect(down.getByRole('radio', { name: 'Several days' })).toBeChecked()
  await userEvent.type(screen.getByLabelText(/Since when/), '2026-10')
  expect(await screen.findByText(/^Kept as in progress /, {}, { timeout: 15_000 })).toBeVisible()
  expect(inputs.at(-1)).toMatchObject({ finished: false, questionnaire: 'Questionnaire/phq9', expectedVersion: '3' })
  await userEvent.click(screen.getByRole('button', { name: 'Submit' }))
  expect(screen.getByRole('alert')).toHaveTextContent('Thoughts of death: This has to be answered.')
  const death = within(screen.getByRole('group', { name: /Thoughts of death/ }))
  expect(death.getByRole('radio', { name: 'Not at all' })).toHaveFocus()
  await userEvent.click(death.getByRole('radio', { name: 'Several days' }))
  expect(screen.getByRole('alert')).toHaveTextContent('Thoughts of death or self-harm are told.')
  await userEvent.click(death.getByRole('radio', { name: 'Not at all' }))
  expect(screen.queryByRole('alert')).toBeNull()
  await userEvent.click(screen.getByRole('button', { name: 'Submit' }))
  await waitFor(() => expect(inputs.at(-1)?.finished).toBe(true))
  expect(inputs.at(-1)).toMatchObject({ response: 'QuestionnaireResponse/new', answers: [{ linkId: '1' }, { linkId: '9' }, { linkId: 'since', values: [{ date: '2026-10' }] }] })
  await waitFor(() => expect(screen.queryByRole('form')).toBeNull())
})

it('what the server refuses is told at its item, and nothing is lost', async () => {
  at({ root: answering(emptyPatient, { questionnaire: form, questionnaireSubmit: () => ({ outcome: { __typename: 'Invalid', issues: [{ severity: 'ERROR', code: 'code-invalid', expression: ['input.answers[0]'], text: '1: the answer is none of the options' }] } }) }) })
  await userEvent.click(await screen.findByRole('button', { name: 'PHQ-9: depression' }))
  for (const name of [/Feeling down/, /Thoughts of death/]) await userEvent.click(within(await screen.findByRole('group', { name })).getByRole('radio', { name: 'Not at all' }))
  await userEvent.click(screen.getByRole('button', { name: 'Submit' }))
  const down = await screen.findByRole('group', { name: /Feeling down/ })
  await waitFor(() => expect(down).toHaveAccessibleDescription('the answer is none of the options'))
  expect(within(down).getByRole('radio', { name: 'Not at all' })).toBeChecked()
  expect(within(down).getByRole('radio', { name: 'Not at all' })).toHaveFocus()
})

it('is read item by item, amended with what stood in it, and two who amend it see both', async () => {
  const inputs: Input[] = []
  const theirs = [{ parent: null, linkId: '1', text: 'Feeling down', values: [often[0]] }, { parent: null, linkId: '9', text: 'Thoughts of death', values: [often[0]] }]
  const current = { ...(fullPatient.questionnaireResponses.nodes[0] as object), items: theirs }
  at({
    root: answering(fullPatient, {
      questionnaire: form,
      questionnaireSubmit: ({ input }: { input: Input }) => {
        inputs.push(input)
        return inputs.length === 1 ? { outcome: { __typename: 'Stale', id: 'QuestionnaireResponse/q1', expectedVersion: '1', currentVersion: '4', current } } : saved(5)
      },
    }),
  })
  await userEvent.click(within(await screen.findByRole('table', { name: 'Questionnaires' })).getByRole('button', { name: 'PHQ-9: depression' }))
  const reader = within(await screen.findByRole('complementary', { name: 'PHQ-9: depression' }))
  expect(reader.getByText('Several days')).toBeVisible()
  expect(reader.getByText('Kroenke 2001')).toBeVisible()
  await userEvent.click(reader.getByRole('button', { name: 'Amend' }))
  expect(within(await screen.findByRole('group', { name: /Feeling down/ })).getByRole('radio', { name: 'Several days' })).toBeChecked()
  await userEvent.click(within(screen.getByRole('group', { name: /Thoughts of death/ })).getByRole('radio', { name: 'Not at all' }))
  await userEvent.click(screen.getByRole('button', { name: 'Record the amendment' }))
  await userEvent.click(await screen.findByRole('button', { name: 'Take the other answers' }))
  expect(within(screen.getByRole('group', { name: /Feeling down/ })).getByRole('radio', { name: 'Not at all' })).toBeChecked()
  await userEvent.click(screen.getByRole('button', { name: 'Record the amendment' }))
  await waitFor(() => expect(inputs.at(-1)).toMatchObject({ response: 'QuestionnaireResponse/q1', responseVersion: '4', finished: true }))
})

it('an urgent answer stays in sight until its task is done', async () => {
  const task = { id: 'Task/u', fhirId: 'u', versionId: '1', lastUpdated: '2026-01-01T00:00:00Z', fhir: {}, status: 'REQUESTED', priority: 'URGENT', code: { text: 'Assess the risk of self-harm', codings: [] }, description: 'Thoughts were told', focus: { id: 'QuestionnaireResponse/q1' }, notes: [] }
  at({ root: answering({ ...fullPatient, tasks: page(task) }) })
  expect(await screen.findByText('Urgent: to be dealt with')).toBeVisible()
  await userEvent.click(within(screen.getByRole('table', { name: 'Questionnaires' })).getByRole('button', { name: 'PHQ-9: depression' }))
  expect(within(await screen.findByRole('complementary')).getByRole('alert')).toHaveTextContent('Assess the risk of self-harm')
})

it.each([
  ['a pharmacist', 'pharmacist', ''],
  ['a physician in the past', 'physician', '?asOf=2026-11-20T08:00:00Z'],
])('%s reads and does nothing', async (_, role, query) => {
  at({ root: answering(fullPatient) }, role, query)
  await userEvent.click(within(await screen.findByRole('table', { name: 'Questionnaires' })).getByRole('button', { name: 'PHQ-9: depression' }))
  const reader = within(await screen.findByRole('complementary'))
  expect(reader.getByRole('button', { name: 'Print' })).toBeVisible()
  for (const name of ['Amend', 'Entered in error']) expect(reader.queryByRole('button', { name })).toBeNull()
  expect(screen.queryByRole('region', { name: 'Fill in a questionnaire' })).toBeNull()
})

const coded = (text: string) => ({ linkId: '1', text: 'Feeling down', answer: [{ valueCoding: { display: text } }] })
const stored = (versionId: string, text: string) => ({ resource: { resourceType: 'QuestionnaireResponse', id: 'q1', meta: { versionId, lastUpdated: `2026-11-2${versionId}T08:00:00Z` }, status: 'completed', questionnaire: 'https://example.org/phq9|1', item: [coded(text)] } })

it('two responses to one questionnaire stand side by side, with what differs and the scores; so do versions', async () => {
  vi.stubGlobal('fetch', (url: string) => Promise.resolve(new Response(JSON.stringify({ entry: url.includes('Provenance') ? [] : [stored('2', 'Several days'), stored('1', 'Not at all')] }))))
  const [one] = fullPatient.questionnaireResponses.nodes as [object]
  const now = { ...one, versionId: '2', items: [{ parent: null, linkId: '1', text: 'Feeling down', values: [often[1]] }, { parent: null, linkId: '2', text: 'Tired', values: [often[0]] }] }
  const earlier = { ...one, id: 'QuestionnaireResponse/q0', authored: '2026-10-01T08:00:00Z', items: [{ parent: null, linkId: '1', text: 'Feeling down', values: [often[0]] }, { parent: null, linkId: '2', text: 'Tired', values: [often[0]] }] }
  const other = { ...one, id: 'QuestionnaireResponse/g1', questionnaire: 'https://example.org/gad7', title: 'GAD-7: anxiety' }
  const [score] = fullPatient.questionnaireScores.nodes as [object]
  const scores = page(score, { ...score, id: 'Observation/s0', effectiveAt: '2026-10-01T08:00:00Z', value: { __typename: 'Quantity', value: '7' }, derivedFrom: [{ id: 'QuestionnaireResponse/q0' }] })
  const history = { nodes: [], pageInfo: { hasNextPage: false, hasPreviousPage: false } }
  at({ root: answering({ ...fullPatient, questionnaireResponses: page(now, other, earlier), questionnaireScores: scores }, { node: () => ({ ...one, history }) }) })
  await userEvent.click(within(await screen.findByRole('table', { name: 'Questionnaires' })).getAllByRole('button', { name: 'PHQ-9: depression' })[0] as HTMLElement)
  await userEvent.click(screen.getByRole('button', { name: 'Compare' }))
  const dialog = within(await screen.findByRole('dialog', { name: 'Compare: PHQ-9: depression' }))
  expect(dialog.getByText(/^1 of 2 answers differ/)).toBeVisible()
  const row = (name: RegExp) => dialog.getByRole('row', { name }).textContent
  expect(row(/^Feeling down/)).toBe('Feeling downdiffersNot at allSeveral days')
  expect(row(/^Tired/)).toBe('TiredNot at allNot at all')
  expect(row(/^PHQ-9 score/)).toBe('PHQ-9 scorediffers7 of 27 minimal depression12 of 27 moderate depression (+5)')
  await userEvent.click(dialog.getByLabelText('Only what differs'))
  expect(dialog.queryByRole('row', { name: /^Tired/ })).toBeNull()
  await userEvent.selectOptions(dialog.getByLabelText('From'), await within(dialog.getByLabelText('From')).findByRole('option', { name: /^Version 1 of this one/ }))
  expect(row(/^PHQ-9 score/)).toMatch(/Not kept of an earlier version12 of 27/)
  expect(dialog.getByText(/^2 of 2 answers differ/)).toBeVisible()
  expect(row(/^Tired/)).toBe('TireddiffersNo answerNot at all')
  expect(dialog.queryByRole('option', { name: /^Version 2/ })).toBeNull()
})

it('what cannot be compared with anything says so, and versions that could not be read can be asked for again', async () => {
  let down = true
  vi.stubGlobal('fetch', (url: string) => Promise.resolve(new Response(JSON.stringify({ entry: url.includes('Provenance') ? [] : [stored('1', 'Several days')] }), { status: down ? 500 : 200 })))
  const [one] = fullPatient.questionnaireResponses.nodes as [object]
  at({ root: answering(fullPatient, { node: () => ({ ...one, history: { nodes: [], pageInfo: { hasNextPage: false, hasPreviousPage: false } } }) }) })
  await userEvent.click(within(await screen.findByRole('table', { name: 'Questionnaires' })).getByRole('button', { name: 'PHQ-9: depression' }))
  await userEvent.click(screen.getByRole('button', { name: 'Compare' }))
  const dialog = within(await screen.findByRole('dialog'))
  await dialog.findByText(/^Earlier versions/)
  down = false
  await userEvent.click(dialog.getByRole('button', { name: /again/i }))
  expect(await dialog.findByText(/There is nothing to compare with/)).toBeVisible()
})
