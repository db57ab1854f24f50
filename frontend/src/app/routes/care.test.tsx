import { screen, waitFor, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { expect, it } from 'vitest'
import { answering, emptyPatient, fullPatient, page, renderPage } from '../../testing/chart'
import { CarePage } from './care.page'

/** Writes all of it at once: a key at a time takes long on a busy machine. */
const fill = async (field: HTMLElement, text: string) => { await userEvent.click(field); await userEvent.paste(text) }
const show = (root: object, at = '/patients/ada/clinical/care', role?: string) => renderPage(<CarePage />, '/patients/:id/clinical/care', at, { root }, role)

it('writes about the patient of the chart, to a team that is in force', async () => {
  const sent: unknown[] = []
  const node = (id: string) => ({ id, fhirId: id.split('/')[1], versionId: '1', lastUpdated: '2026-01-01T00:00:00Z', fhir: {} })
  show(answering({ ...emptyPatient, careTeams: fullPatient.careTeams }, {
    practitioners: page(),
    messageSend: ({ input }: { input: object }) => { sent.push({ ...input }); return { outcome: { __typename: 'MessageSent', message: { ...node('Communication/x'), text: '', recipients: [], inReplyTo: [], about: [] }, tasks: [] } } },
  }))
  await userEvent.click(await screen.findByRole('button', { name: 'Write a message' }))
  const dialog = within(await screen.findByRole('dialog', { name: 'Write about LIND, Ada (Mrs)' }))
  expect(dialog.queryByLabelText(/^About/)).toBeNull()
  await userEvent.type(dialog.getByLabelText('To'), 'ward')
  await userEvent.click(await screen.findByRole('option', { name: 'Ward 6 West, team of LIND, Ada (Mrs)' }))
  await fill(dialog.getByLabelText('Subject'), 'Handover')
  await fill(dialog.getByLabelText('Message'), 'Sleeps well')
  await userEvent.click(dialog.getByRole('button', { name: 'Send' }))
  await waitFor(() => expect(sent).toMatchObject([{ recipients: ['CareTeam/t1'], patient: 'Patient/ada', subject: 'Handover', priority: 'ROUTINE' }]))
})

it('offers no message from a chart as it stood in the past', async () => {
  show(answering(fullPatient), '/patients/ada/clinical/care?asOf=2026-01-01T00:00:00Z')
  await screen.findAllByText('Ward 6 West')
  expect(screen.queryByRole('button', { name: 'Write a message' })).toBeNull()
})

const node = (id: string) => ({ id, fhirId: id.split('/')[1], versionId: '1', lastUpdated: '2026-01-01T00:00:00Z', fhir: {} })
const loinc = (text: string, code: string) => ({ text, codings: [{ system: 'http://loinc.org', code }] })
const a1c = loinc('Hemoglobin A1c', '4548-4')
const amount = (value: string, unit = '%', comparator?: string) => ({ __typename: 'Quantity', value, unit, code: unit, comparator })
const latest = { code: a1c, observation: { ...(fullPatient.labs.nodes[0] as object), ...node('Observation/a1c'), code: a1c, value: amount('7.4'), interpretation: null, effectiveAt: '2026-10-12' }, series: [{ at: '2026-04-01', value: '8.1' }, { at: '2026-10-12', value: '7.4' }], excludedCount: 0, components: [] }
const goal = (id: string, text: string, target: object, more: object = {}) => ({ ...node(`Goal/${id}`), status: 'ACTIVE', description: { text, codings: [] }, targets: [{ measure: a1c, ...target }], addresses: [], notes: [], ...more })
const measured = (...goals: object[]) => ({ ...emptyPatient, goals: page(...goals), latestResults: ({ category }: { category: string }) => (category === 'LABORATORY' ? [latest] : []) })

it('a goal shows the newest value of its measure, and by words whether that is what it asks for', async () => {
  show(answering(measured(
    goal('met', 'Below 8', { high: amount('8.0') }), goal('missed', 'Below 7', { quantity: amount('7.0', '%', '<') }), goal('other', 'In another unit', { high: amount('53', 'mmol/mol') }),
    goal('none', 'Peak flow', { measure: loinc('Peak flow', '19935-6'), low: amount('400', 'L/min') }), goal('words', 'Walks to the shop', {}, { targets: [] }),
  )))
  const row = async (name: RegExp) => (await screen.findByRole('row', { name })).textContent
  expect(await row(/^Below 8/)).toContain('7.4 %Target met')
  expect(await row(/^Below 8/)).toContain('12-Oct-2026')
  expect(await row(/^Below 7/)).toContain('7.4 %Target not met')
  expect(await row(/^In another unit/)).toContain('Not comparable: the units differ')
  expect(await row(/^Peak flow/)).toContain('Not measured')
  expect(await row(/^Walks to the shop/)).toContain('The goal has no measure')
})

it('a goal that cannot be is refused at its place, and nothing is sent', async () => {
  const sent: unknown[] = []
  show(answering(measured(goal('g', 'Below 8', { high: amount('8.0') })), { goalSet: ({ input }: { input: object }) => { sent.push(input); return { outcome: { __typename: 'GoalSaved', goal: goal('new', 'Below 7', {}), withoutMeasure: false } } } }))
  await userEvent.click(await screen.findByRole('button', { name: 'Set a goal' }))
  const form = within(await screen.findByRole('dialog', { name: 'Set a goal' }))
  await fill(form.getByLabelText('The goal'), 'below  8')
  await userEvent.selectOptions(form.getByLabelText(/^What is measured/), 'Hemoglobin A1c (%)')
  await fill(form.getByLabelText(/^Lowest value/), '9')
  await fill(form.getByLabelText(/^Highest value/), '7')
  await userEvent.click(form.getByRole('button', { name: 'Set' }))
  const told = await form.findByRole('alert')
  expect(told).toHaveTextContent('This goal is pursued already: Below 8')
  expect(told).toHaveTextContent('The highest value, 7, lies below the lowest, 9.')
  expect(sent).toEqual([])
  await userEvent.clear(form.getByLabelText(/^Lowest value/))
  await userEvent.clear(form.getByLabelText('The goal'))
  await fill(form.getByLabelText('The goal'), 'Below 7')
  await userEvent.click(form.getByRole('button', { name: 'Set' }))
  await waitFor(() => expect(sent).toMatchObject([{ patient: 'Patient/ada', description: { text: 'Below 7' }, target: { measure: { codings: [{ system: 'http://loinc.org', code: '4548-4' }] }, high: '7', unit: '%' } }]))
  expect((sent[0] as { target: object }).target).not.toHaveProperty('low')
})

it('asks before a goal is recorded as reached that its newest value does not reach', async () => {
  const sent: unknown[] = []
  show(answering(measured(goal('g', 'Below 7', { high: amount('7.0') })), { goalProgressRecord: ({ input }: { input: object }) => { sent.push(input); return { outcome: { __typename: 'GoalSaved', goal: goal('g', 'Below 7', {}), withoutMeasure: false } } } }))
  await userEvent.click(await screen.findByRole('button', { name: 'Acts for Below 7' }))
  await userEvent.click(screen.getByRole('menuitem', { name: 'Record progress' }))
  const form = within(await screen.findByRole('dialog', { name: 'Progress: Below 7' }))
  await userEvent.selectOptions(form.getByLabelText('How far it is reached'), 'Reached')
  await userEvent.selectOptions(form.getByLabelText(/^What shows it/), 'Hemoglobin A1c 7.4 %, 12-Oct-2026')
  await userEvent.click(form.getByRole('button', { name: 'Record' }))
  expect(await form.findByRole('alert')).toHaveTextContent('not what the target asks for: Hemoglobin A1c 7.4 %')
  expect(sent).toEqual([])
  await userEvent.click(form.getByRole('button', { name: 'Record all the same' }))
  await waitFor(() => expect(sent).toMatchObject([{ id: 'Goal/g', expectedVersion: '1', achievement: 'ACHIEVED', observation: 'Observation/a1c' }]))
})

it('a review stands with the plan; a plan that is closed meanwhile takes nothing more', async () => {
  const plan = { ...node('CarePlan/p1'), status: 'ACTIVE', title: 'Asthma plan', category: [], addresses: [{ id: 'Condition/c1', node: { __typename: 'Condition', ...node('Condition/c1'), code: { text: 'Asthma', codings: [] } } }], goals: [], activities: [{ description: 'Inhaler technique', status: 'in-progress' }], notes: [{ text: 'Remark', author: 'Dr Kim', time: '2026-01-02T08:00:00Z' }, { text: 'Review: Going well', author: 'Dr Lee', time: '2026-11-02T08:00:00Z' }] }
  show(answering({ ...emptyPatient, carePlans: page(plan) }, { carePlanUpdate: () => ({ outcome: { __typename: 'PlanClosed', status: 'completed' } }) }))
  const row = await screen.findByRole('row', { name: /^Asthma plan/ })
  expect(row).toHaveTextContent(/Going wellReviewed by Dr Lee, 02-Nov-2026.*RemarkRemark by Dr Kim/)
  expect(row).toHaveTextContent(/Asthma.*Inhaler technique/)
  await userEvent.click(screen.getByRole('button', { name: 'Acts for Asthma plan' }))
  await userEvent.click(screen.getByRole('menuitem', { name: 'Change' }))
  const form = within(await screen.findByRole('dialog', { name: 'Change: Asthma plan' }))
  await fill(form.getByLabelText(/^Further steps/), 'inhaler technique')
  await userEvent.click(form.getByRole('button', { name: 'Save' }))
  expect(await form.findByRole('alert')).toHaveTextContent('“inhaler technique” is a step of this plan already.')
  await userEvent.clear(form.getByLabelText(/^Further steps/))
  await fill(form.getByLabelText(/^Further steps/), 'Spirometry')
  await userEvent.click(form.getByRole('button', { name: 'Save' }))
  await waitFor(() => expect(form.getByRole('alert')).toHaveTextContent('The plan is closed: completed. Make a new one.'))
})

it('a step is said to be done by its place in the version that was seen; the others are not sent', async () => {
  const sent: unknown[] = []
  const plan = { ...node('CarePlan/p1'), status: 'ACTIVE', title: 'Asthma plan', category: [], addresses: [], goals: [], notes: [], activities: [{ reference: { display: 'Referral' } }, { description: 'Inhaler technique', status: 'in-progress' }, { description: 'Spirometry', status: 'not-started' }] }
  show(answering({ ...emptyPatient, carePlans: page(plan) }, { carePlanUpdate: ({ input }: { input: object }) => { sent.push(input); return { outcome: { __typename: 'CarePlanSaved', carePlan: plan } } } }))
  await userEvent.click(await screen.findByRole('button', { name: 'Acts for Asthma plan' }))
  await userEvent.click(screen.getByRole('menuitem', { name: 'Steps' }))
  const form = within(await screen.findByRole('dialog', { name: 'Steps: Asthma plan' }))
  expect(form.queryByLabelText('Referral')).toBeNull()
  expect(form.getByLabelText('Inhaler technique')).toHaveValue('IN_PROGRESS')
  await userEvent.selectOptions(form.getByLabelText('Spirometry'), 'Completed')
  await userEvent.click(form.getByRole('button', { name: 'Save' }))
  await waitFor(() => expect(sent).toMatchObject([{ id: 'CarePlan/p1', expectedVersion: '1', steps: [{ index: 2, status: 'COMPLETED' }] }]))
})

it('further care plans are asked for, and it says how many are not loaded', async () => {
  const plan = (id: string) => ({ ...node(`CarePlan/${id}`), status: 'ACTIVE', title: `Plan ${id}`, category: [], addresses: [], goals: [], activities: [], notes: [] })
  show(answering({ ...emptyPatient, carePlans: ({ after }: { after?: string }) => (after ? { ...page(plan('second')), totalCount: 2 } : { ...page(plan('first')), totalCount: 2, pageInfo: { hasNextPage: true, hasPreviousPage: false, endCursor: 'x' } }) }))
  const part = within(await screen.findByRole('region', { name: 'Care plans' }))
  expect(part.getByText('1 of 2 care plans loaded.')).toBeVisible()
  await userEvent.click(part.getByRole('button', { name: 'Load more' }))
  expect(await part.findByRole('row', { name: /^Plan second/ })).toBeVisible()
})

it('in a chart of the past nothing is planned, set or asked for', async () => {
  show(answering(fullPatient), '/patients/ada/clinical/care?asOf=2026-01-01T00:00:00Z')
  await screen.findByRole('row', { name: /^Asthma plan/ })
  for (const name of ['Make a care plan', 'Set a goal', 'Ask for a task']) expect(screen.queryByRole('button', { name })).toBeNull()
  await userEvent.click(screen.getByRole('button', { name: 'Acts for Asthma plan' }))
  expect(screen.getAllByRole('menuitem').map((i) => i.textContent)).toEqual(['History'])
})
