import { screen, waitFor, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { expect, it } from 'vitest'
import { answering, emptyPatient, fullPatient, page, renderPage, type FakeServer } from '../../testing/chart'
import { QuestionnairesPage } from './questionnaires.page'

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
