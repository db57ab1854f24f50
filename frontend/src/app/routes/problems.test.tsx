import { screen, waitFor, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { expect, it } from 'vitest'
import { answering, fullPatient, page, renderPage, type FakeServer } from '../../testing/chart'
import { ProblemsPage } from './problems.page'

const at = (server: FakeServer) => renderPage(<ProblemsPage />, '/patients/:id/clinical/problems', '/patients/ada/clinical/problems', server)
const [asthma] = fullPatient.conditions.nodes
const coded = (text: string, code: string) => ({ text, codings: [{ system: 'http://snomed.info/sct', code }] })
const kind = (code: string) => [{ text: code, codings: [{ code }] }]
const problem = (id: string, text: string, code: string, more: object = {}) => ({ ...asthma, id: `Condition/${id}`, code: coded(text, code), category: kind('problem-list-item'), recordedAt: '2020-01-02', ...more })
const pneumonia = problem('d', 'Pneumonia', '3', { category: kind('encounter-diagnosis') })
const all = [problem('a', 'Asthma', '1'), problem('b', 'Bronchial asthma', '1', { recordedAt: '2021-05-06' }), problem('c', 'Eczema', '2', { clinicalStatus: 'REMISSION' }), pneumonia, problem('e', 'Gout', '4', { clinicalStatus: 'RESOLVED' })]
const review = { id: 'List/l', at: '2026-11-02T14:05:00Z', by: { display: 'Dr Lee' }, changesSince: 2 }
const visit = { ...fullPatient.encounters.nodes[0], diagnoses: [{ condition: { id: 'Condition/d' }, rank: 1 }] }
const patient = { ...fullPatient, conditions: page(...all), listReview: review, encounters: page(visit) }

it('keeps remission apart from resolved, and marks the principal problem and what has the same code', async () => {
  at({ root: answering(patient) })
  const section = async (name: string) => within(await screen.findByRole('region', { name }))
  const active = await section('Active problems')
  expect(active.getByText((_, of) => of?.tagName === 'SMALL' && of.textContent === 'Same code as Bronchial asthma, recorded 06-May-2021')).toBeVisible()
  expect(active.getByText((_, of) => of?.tagName === 'SMALL' && of.textContent === 'Same code as Asthma, recorded 02-Jan-2020')).toBeVisible()
  expect(active.getByText(/^Principal problem of: Admission/).closest('tr')).toHaveTextContent(/^PneumoniaPrincipal problem of: Admission, 19-Nov-2026.*Diagnosis of a visit/)
  expect((await section('Inactive and in remission')).getByText('Eczema')).toBeVisible()
  expect((await section('Resolved')).getByText('Gout')).toBeVisible()
  expect(active.getByText(/^Reviewed by Dr Lee/)).toHaveTextContent(/^Reviewed by Dr Lee, 02-Nov-2026 \d\d:05; 2 changes since$/)
})

it('filters by status and by kind, says how many are hidden, and marks no list of which a part is hidden', async () => {
  at({ root: answering(patient) })
  await userEvent.click(await screen.findByText('Diagnoses of visits'))
  expect(screen.getByText('4 not shown by this filter')).toBeVisible()
  expect(screen.queryByText('Asthma')).toBeNull()
  expect(screen.queryByText('Mark list reviewed')).toBeNull()
  expect(screen.getByText('Show all kinds to mark the list reviewed.')).toBeVisible()
  await userEvent.click(screen.getByText('All kinds'))
  await userEvent.click(screen.getByText('Resolved', { selector: 'button' }))
  expect(screen.queryByRole('region', { name: 'Active problems' })).toBeNull()
})

it('marks the list as it is shown; when it is another by now, that is told and nothing is recorded', async () => {
  const sent: unknown[] = []
  const listReview = ({ input }: { input: object }) => { sent.push(input); return { outcome: { __typename: 'ListChanged', unseen: [{ __typename: 'Condition', ...problem('n', 'New thing', '9') }], gone: [] } } }
  at({ root: answering(patient, { listReview }) })
  await userEvent.click(await screen.findByText('Mark list reviewed'))
  expect(await screen.findByText('The list is not what is shown any more: New thing. Nothing was recorded. Read it again.')).toBeVisible()
  await waitFor(() => expect(sent).toMatchObject([{ list: 'PROBLEMS', seen: ['a', 'b', 'd'].map((id) => ({ id: `Condition/${id}`, versionId: '1' })) }]))
})
