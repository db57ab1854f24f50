import { screen, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { expect, it } from 'vitest'
import { failing, forbidden, page, renderPage, type FakeServer } from '../../testing/chart'
import { InboxPage } from './inbox.page'

const show = (server: FakeServer, role?: string) => renderPage(<InboxPage />, '/inbox', '/inbox', server, role)
const base = { fhirId: 'x', versionId: '1', lastUpdated: '2026-01-01T00:00:00Z', fhir: {} }
const task = (id: string, owner: object | null, more: object = {}) => ({
  title: `Call ${id}`, priority: 'URGENT', since: '2026-11-22T08:00:00Z', dueAt: '2026-11-23T08:00:00Z', patient: { id: 'Patient/ada', display: 'Ada Lind' },
  node: { __typename: 'Task', ...base, id: `Task/${id}`, status: 'REQUESTED', owner, focus: null, notes: [], ...more },
})
const report = { title: 'Renal panel', priority: null, since: '2026-11-22T08:00:00Z', dueAt: null, patient: { id: 'Patient/ada', display: 'Ada Lind' }, node: { __typename: 'DiagnosticReport', ...base, id: 'DiagnosticReport/r1', category: [], performers: [], results: [] } }
const note = { title: 'Progress note', priority: null, since: '2026-11-22T08:00:00Z', dueAt: null, patient: { id: 'Patient/ada', display: 'Ada Lind' }, node: { __typename: 'Note', ...base, id: 'Composition/n1', authors: [], sections: [], signatures: [], lateEntry: false, awaitsCosignature: false } }
interface Asked { kind: string; filter?: { unowned?: boolean } }
const full = {
  me: { principal: 'lee', roles: ['PHYSICIAN'], fhirUser: 'Practitioner/lee' }, noteDrafts: [{ id: 'd1', version: '1', patient: 'Patient/ada', template: 'progress', title: 'Ward round', sections: [], createdAt: '2026-11-28T08:00:00Z', updatedAt: '2026-11-28T08:00:00Z' }],
  worklist: ({ kind, filter }: Asked) => (kind === 'RESULTS_TO_ACKNOWLEDGE' ? page(report) : kind === 'NOTES_TO_SIGN' ? page(note) : filter?.unowned ? page(task('pool', null)) : page(task('mine', { id: 'Practitioner/lee', display: 'Dr Lee' }), task('team', { id: 'CareTeam/t1', display: 'Ward' }))),
}
const none = { ...full, noteDrafts: [], worklist: () => page() }

it('waits', async () => {
  show({ root: 'hang' })
  expect(await screen.findByRole('status', { name: 'Loading inbox' })).toBeVisible()
})

it('says of each list that nothing waits', async () => {
  show({ root: none })
  expect(await screen.findByText('Nothing waits for you')).toBeVisible()
  for (const text of ['No task waits for you, your roles and your teams.', 'Every final result that you ordered is acknowledged.', 'No note of yours waits for your signature.', 'You have no draft.', 'Every task has an owner.']) expect(screen.getByText(text)).toBeVisible()
})

it('says that it was not loaded, and tries again', async () => {
  const server: FakeServer = { root: { ...none, worklist: failing } }
  show(server)
  const retry = await screen.findByRole('button', { name: 'Try again' })
  expect(screen.queryByText('Nothing waits for you')).toBeNull()
  server.root = none
  await userEvent.click(retry)
  expect(await screen.findByText('Nothing waits for you')).toBeVisible()
})

it('says that it may not be seen', async () => {
  show({ root: { ...none, worklist: forbidden } })
  expect(await screen.findByText(/You may not see this/)).toBeVisible()
})

it('counts what waits, leads to the charts, and offers each act where it can be done', async () => {
  show({ root: full })
  expect(await screen.findByText('4 things wait for you')).toBeVisible()
  const mine = within(screen.getByRole('region', { name: 'My tasks' }))
  expect(mine.getByRole('button', { name: 'Done Call mine' })).toBeVisible()
  expect(mine.queryByRole('button', { name: 'Take Call mine' })).toBeNull()
  expect(mine.getByRole('button', { name: 'Take Call team' })).toBeVisible()
  expect(mine.queryByRole('button', { name: 'Done Call team' })).toBeNull()
  expect(mine.getAllByText(/overdue$/)).toHaveLength(2)
  expect(within(screen.getByRole('region', { name: 'Notes to sign' })).getByRole('link')).toHaveAttribute('href', '/patients/ada/clinical/notes')
  expect(within(screen.getByRole('region', { name: 'My drafts' })).getByRole('link', { name: 'Ward round' })).toHaveAttribute('href', '/patients/ada/clinical/notes')
  expect(screen.getByRole('button', { name: 'Acknowledge Renal panel' })).toBeVisible()
})

it('a task is done with what came of it, for the version that was seen; one that somebody has taken is told with who', async () => {
  const asked: unknown[] = []
  const server: FakeServer = { root: {
    ...full, taskComplete: ({ input }: { input: object }) => { asked.push({ ...input }); return { outcome: { __typename: 'TaskSaved', task: { ...base, id: 'Task/mine', notes: [] } } } },
    taskClaim: () => ({ outcome: { __typename: 'ClaimedBy', owner: { display: 'Dr Kim' }, since: '2026-11-22T08:00:00Z' } }),
  } }
  show(server)
  await userEvent.click(await screen.findByRole('button', { name: 'Done Call mine' }))
  const done = within(await screen.findByRole('dialog', { name: 'Done: Call mine' }))
  await userEvent.type(done.getByLabelText(/^What came of it/), 'Reached her')
  await userEvent.click(done.getByRole('button', { name: 'Done' }))
  await userEvent.click(await screen.findByRole('button', { name: 'Take Call pool' }))
  const take = within(await screen.findByRole('dialog', { name: 'Take: Call pool' }))
  await userEvent.click(take.getByRole('button', { name: 'Take' }))
  expect(await take.findByText(/^Dr Kim has taken it/)).toBeVisible()
  expect(asked).toMatchObject([{ id: 'Task/mine', expectedVersion: '1', outcome: 'Reached her' }])
})

it('a registrar is shown tasks, and neither notes nor results', async () => {
  show({ root: full }, 'registrar')
  expect(await screen.findByRole('region', { name: 'My tasks' })).toBeVisible()
  for (const name of ['Notes to sign', 'Results to acknowledge', 'My drafts']) expect(screen.queryByRole('region', { name })).toBeNull()
})
