import { screen, waitFor, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { describe, expect, it } from 'vitest'
import { failing, forbidden, page, renderPage, type FakeServer } from '../../testing/chart'
import { InboxPage } from './inbox.page'

const show = (server: FakeServer, role?: string) => renderPage(<InboxPage />, '/inbox', '/inbox', server, role)
const base = { fhirId: 'x', versionId: '1', lastUpdated: '2026-01-01T00:00:00Z', fhir: {} }
const task = (id: string, owner: object | null, more: object = {}) => ({
  title: `Call ${id}`, priority: 'URGENT', since: '2026-11-22T08:00:00Z', dueAt: '2026-11-23T08:00:00Z', patient: { id: 'Patient/ada', display: 'Ada Lind' },
  node: { __typename: 'Task', ...base, id: `Task/${id}`, status: 'REQUESTED', owner, focus: null, notes: [], ...more },
})
const report = { title: 'Renal panel', priority: null, since: '2026-11-22T08:00:00Z', dueAt: null, patient: { id: 'Patient/ada', display: 'Ada Lind', node: { __typename: 'Patient', ...base, id: 'Patient/ada', mrn: '4471', birthDate: '1945-07-14', name: { display: 'Ada Lind', family: 'Lind', given: ['Ada'], prefix: [], suffix: [] } } }, node: { __typename: 'DiagnosticReport', ...base, id: 'DiagnosticReport/r1', category: [], performers: [], results: [] } }
const note = { title: 'Progress note', priority: null, since: '2026-11-22T08:00:00Z', dueAt: null, patient: { id: 'Patient/ada', display: 'Ada Lind' }, node: { __typename: 'Note', ...base, id: 'Composition/n1', authors: [], sections: [], signatures: [], lateEntry: false, awaitsCosignature: false } }
const message = (id: string, owner: string) => ({
  ...task(id, { id: owner }), title: `Potassium ${id}`, patient: { id: 'Patient/ada', display: null, node: { __typename: 'Patient', ...base, id: 'Patient/ada', mrn: '4471', birthDate: '1945-07-14', name: { display: 'Ada Lind', family: 'Lind', given: ['Ada'], prefix: [], suffix: [] } } },
  node: { ...task(id, { id: owner }).node, focus: { id: `Communication/${id}`, node: {
    __typename: 'Message', ...base, id: `Communication/${id}`, text: 'Please repeat it today.', about: [], inReplyTo: [],
    sender: { id: 'Practitioner/kim', node: { __typename: 'Practitioner', ...base, id: 'Practitioner/kim', names: [{ display: 'Dr Kim', given: [], prefix: [], suffix: [] }] } },
    recipients: [{ id: 'Practitioner/lee', display: 'Dr Lee' }, { id: 'CareTeam/t1', node: { __typename: 'CareTeam', ...base, id: 'CareTeam/t1', name: 'Ward 6 West' } }],
  } } },
})
interface Asked { kind: string; filter?: { unowned?: boolean; messages?: boolean } }
const full = {
  me: { principal: 'lee', roles: ['PHYSICIAN'], fhirUser: 'Practitioner/lee' }, noteDrafts: [{ id: 'd1', version: '1', patient: 'Patient/ada', template: 'progress', title: 'Ward round', sections: [], createdAt: '2026-11-28T08:00:00Z', updatedAt: '2026-11-28T08:00:00Z' }],
  worklist: ({ kind, filter }: Asked) => (kind === 'RESULTS_TO_ACKNOWLEDGE' ? page(report) : kind === 'NOTES_TO_SIGN' ? page(note) : filter?.unowned ? page(task('pool', null)) : filter?.messages ? page() : page(task('mine', { id: 'Practitioner/lee', display: 'Dr Lee' }), task('team', { id: 'CareTeam/t1', display: 'Ward' }))),
}
const none = { ...full, noteDrafts: [], worklist: () => page() }

it('waits', async () => {
  show({ root: 'hang' })
  expect(await screen.findByRole('status', { name: 'Loading inbox' })).toBeVisible()
})

it('says of each list that nothing waits', async () => {
  show({ root: none })
  expect(await screen.findByText('Nothing waits for you')).toBeVisible()
  for (const text of ['No message waits to be read by you, your roles and your teams.', 'No task waits for you, your roles and your teams.', 'Every final result that you ordered is acknowledged.', 'No note of yours waits for your signature.', 'You have no draft.', 'Every task has an owner.']) expect(screen.getByText(text)).toBeVisible()
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
  expect(mine.getByRole('button', { name: 'Mark as done Call mine' })).toBeVisible()
  expect(mine.queryByRole('button', { name: 'Take Call mine' })).toBeNull()
  expect(mine.getByRole('button', { name: 'Take Call team' })).toBeVisible()
  expect(mine.queryByRole('button', { name: 'Mark as done Call team' })).toBeNull()
  expect(mine.getAllByText(/overdue$/)).toHaveLength(2)
  expect(within(screen.getByRole('region', { name: 'Notes to sign' })).getByRole('link')).toHaveAttribute('href', '/patients/ada/clinical/notes')
  expect(within(screen.getByRole('region', { name: 'My drafts' })).getByRole('link', { name: 'Ward round' })).toHaveAttribute('href', '/patients/ada/clinical/notes')
  expect(screen.getByRole('button', { name: 'Acknowledge Renal panel' })).toBeVisible()
  const results = within(screen.getByRole('region', { name: 'Results to acknowledge' }))
  expect(results.getByRole('link', { name: 'LIND, Ada' })).toHaveAttribute('href', expect.stringMatching(/^\/patients\/ada\/clinical\/results\?view=reports&report=DiagnosticReport\//) as string)
  expect(results.getByText('Born 14-Jul-1945,')).toBeVisible()
  expect(results.getByText('MRN 4471')).toBeVisible()
})

it('names the critical values of a result, counts the other abnormal ones, and puts critical ones first', async () => {
  const values = (...all: (string | null)[]) => all.map((interpretation, i) => ({ __typename: 'Observation', ...base, id: `Observation/${i}`, code: { text: 'Potassium', codings: [] }, value: { __typename: 'Quantity', value: '6.80', unit: 'mmol/L' }, category: [], components: [], referenceRanges: [], performers: [], notes: [], interpretation }))
  const of = (id: string, ...all: (string | null)[]) => ({ ...report, title: `Panel ${id}`, node: { ...report.node, id: `DiagnosticReport/${id}`, results: values(...all) } })
  show({ root: { ...full, worklist: (asked: Asked) => (asked.kind === 'RESULTS_TO_ACKNOWLEDGE' ? page(of('a', 'NORMAL', null), of('b', 'HIGH', 'LOW', 'NORMAL'), of('c', 'CRITICAL_HIGH', 'HIGH')) : full.worklist(asked)) } })
  const results = within(await screen.findByRole('region', { name: 'Results to acknowledge' }))
  expect(results.getByText('3, critical ones first')).toBeVisible()
  expect(results.getAllByRole('rowheader').map((one) => one.textContent)).toEqual(['Panel c!! Potassium 6.80 mmol/L, critically high1 more abnormal', 'Panel a', 'Panel b2 abnormal'])
  expect(results.queryByRole('columnheader', { name: 'Due' })).toBeNull()
})

it('loads what stands beyond the newest of a list', async () => {
  const of = (id: string) => ({ ...report, title: `Panel ${id}`, node: { ...report.node, id: `DiagnosticReport/${id}` } })
  const more = (next: boolean, ...nodes: object[]) => ({ ...page(...nodes), totalCount: 2, pageInfo: { hasNextPage: next, hasPreviousPage: !next, endCursor: next ? 'one' : null } })
  show({ root: { ...full, worklist: (asked: Asked & { after?: string }) => (asked.kind === 'RESULTS_TO_ACKNOWLEDGE' ? (asked.after === 'one' ? more(false, of('b')) : more(true, of('a'))) : full.worklist(asked)) } })
  const results = within(await screen.findByRole('region', { name: 'Results to acknowledge' }))
  expect(results.getByText('2, the newest are loaded first')).toBeVisible()
  expect(results.getByText('1 of 2 results loaded.')).toBeVisible()
  await userEvent.click(results.getByRole('button', { name: 'Load more' }))
  expect(await results.findByRole('rowheader', { name: 'Panel b' })).toBeVisible()
  expect(results.getByRole('rowheader', { name: 'Panel a' })).toBeVisible()
})

it('a task is done with what came of it, for the version that was seen; one that somebody has taken is told with who', async () => {
  const asked: unknown[] = []
  const server: FakeServer = { root: {
    ...full, taskComplete: ({ input }: { input: object }) => { asked.push({ ...input }); return { outcome: { __typename: 'TaskSaved', task: { ...base, id: 'Task/mine', notes: [] } } } },
    taskClaim: () => ({ outcome: { __typename: 'ClaimedBy', owner: { display: 'Dr Kim' }, since: '2026-11-22T08:00:00Z' } }),
  } }
  show(server)
  await userEvent.click(await screen.findByRole('button', { name: 'Mark as done Call mine' }))
  const done = within(await screen.findByRole('dialog', { name: 'Mark as done: Call mine' }))
  await userEvent.type(done.getByLabelText(/^What came of it/), 'Reached her')
  await userEvent.click(done.getByRole('button', { name: 'Mark as done' }))
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

const withMessages = { ...full, worklist: (asked: Asked) => (asked.filter?.messages ? page(message('m1', 'Practitioner/lee'), message('m2', 'CareTeam/t1')) : full.worklist(asked)) }

it('counts messages that nobody has read, opens one where it stands, and says that it is read', async () => {
  const asked: unknown[] = []
  const server: FakeServer = { root: { ...withMessages, notificationRead: ({ input }: { input: { id: string; expectedVersion: string } }) => { asked.push([input.id, input.expectedVersion]); return { outcome: { __typename: 'TaskSaved', task: { ...base, id: 'Task/m1', notes: [] } } } } } }
  show(server)
  expect(await screen.findByText('6 things wait for you')).toBeVisible()
  const messages = within(screen.getByRole('region', { name: 'Messages' }))
  expect(messages.getByText('2 unread')).toBeVisible()
  expect(messages.getAllByText('Dr Kim')).toHaveLength(2)
  expect(messages.getByText('to Ward 6 West')).toBeVisible()
  expect(messages.getAllByRole('link', { name: 'LIND, Ada' })[0]).toHaveAttribute('href', '/patients/ada/clinical/summary')
  expect(messages.getAllByText('Born 14-Jul-1945,')).toHaveLength(2)
  expect(messages.getAllByText('MRN 4471')).toHaveLength(2)
  const subject = messages.getByRole('button', { name: 'Potassium m1' })
  expect(subject).toHaveAttribute('aria-expanded', 'false')
  await userEvent.click(subject)
  expect(messages.getByText('Please repeat it today.')).toBeVisible()
  server.root = { ...server.root as object, worklist: (a: Asked) => (a.filter?.messages ? page(message('m2', 'CareTeam/t1')) : full.worklist(a)) }
  await userEvent.click(messages.getByRole('button', { name: 'Mark as read Potassium m1' }))
  expect(await screen.findByText('1 unread')).toBeVisible()
  expect(asked).toEqual([['Task/m1', '1']])
})

it('loads what stands beyond the newest messages, and leads to the record that one is about', async () => {
  const about = (id: string, ...of: object[]) => { const one = message(id, 'Practitioner/lee'); return { ...one, node: { ...one.node, focus: { ...one.node.focus, node: { ...one.node.focus.node, about: of } } } } }
  const part = (next: boolean, ...nodes: object[]) => ({ ...page(...nodes), totalCount: 2, pageInfo: { hasNextPage: next, hasPreviousPage: !next, endCursor: next ? 'one' : null } })
  show({ root: { ...full, worklist: (asked: Asked & { after?: string }) => (!asked.filter?.messages ? full.worklist(asked) : asked.after === 'one' ? part(false, about('m2', { id: 'Condition/c1', display: 'Asthma' }, { id: 'Patient/ada' })) : part(true, about('m1', { id: 'Observation/k' }))) } })
  const messages = within(await screen.findByRole('region', { name: 'Messages' }))
  expect(messages.getByText('2 unread, the newest are loaded first')).toBeVisible()
  expect(messages.getByRole('link', { name: 'Result' })).toHaveAttribute('href', '/patients/ada/clinical/results?result=Observation/k')
  await userEvent.click(messages.getByRole('button', { name: 'Load more' }))
  expect(await messages.findByRole('link', { name: 'Problem: Asthma' })).toHaveAttribute('href', '/patients/ada/clinical/problems#Condition/c1')
  expect(messages.getAllByRole('link')).toHaveLength(4)
})

it('answers the sender, the others only when that is chosen, and the message is read then', async () => {
  const sent: unknown[] = []
  const done: unknown[] = []
  show({ root: {
    ...withMessages,
    messageSend: ({ input }: { input: object }) => { sent.push({ ...input }); return { outcome: { __typename: 'MessageSent', message: { ...base, id: 'Communication/x', text: '', recipients: [], inReplyTo: [], about: [] }, tasks: [] } } },
    notificationRead: ({ input }: { input: { id: string } }) => { done.push(input.id); return { outcome: { __typename: 'TaskSaved', task: { ...base, id: 'Task/m1', notes: [] } } } },
  } })
  await userEvent.click(await screen.findByRole('button', { name: 'Answer Potassium m1' }))
  const dialog = within(await screen.findByRole('dialog', { name: 'Answer Dr Kim' }))
  await userEvent.click(dialog.getByLabelText('Also to Ward 6 West'))
  await userEvent.type(dialog.getByLabelText('Message'), 'It is drawn')
  await userEvent.click(dialog.getByRole('button', { name: 'Send' }))
  await waitFor(() => expect(done).toEqual(['Task/m1']))
  expect(sent).toMatchObject([{ recipients: ['Practitioner/kim', 'CareTeam/t1'], subject: 'Re: Potassium m1', text: 'It is drawn', patient: 'Patient/ada', inReplyTo: 'Communication/m1', priority: 'ROUTINE' }])
})

it('writes about a patient to the team of that patient, and sends nothing while nobody is chosen', async () => {
  const sent: unknown[] = []
  const ada = { ...base, id: 'Patient/ada', mrn: '4471', birthDate: '1945-07-14', name: { display: 'Ada Lind', family: 'Lind', given: ['Ada'], prefix: [], suffix: [] }, careTeams: page({ ...base, id: 'CareTeam/t1', name: 'Ward 6 West', status: 'ACTIVE' }, { ...base, id: 'CareTeam/t0', name: 'Ward 5', status: 'INACTIVE' }) }
  show({ root: {
    ...full, patients: page(ada), practitioners: page(),
    messageSend: ({ input }: { input: object }) => { sent.push({ ...input }); return { outcome: { __typename: 'MessageSent', message: { ...base, id: 'Communication/x', text: '', recipients: [], inReplyTo: [], about: [] }, tasks: [] } } },
  } })
  await userEvent.click(await screen.findByRole('button', { name: 'Write a message' }))
  const dialog = within(await screen.findByRole('dialog', { name: 'Write a message' }))
  await userEvent.type(dialog.getByLabelText(/^About/), 'lind')
  await userEvent.click(await screen.findByRole('option', { name: /^LIND, Ada/ }))
  await userEvent.type(dialog.getByLabelText('To'), 'team')
  expect((await screen.findAllByRole('option', { name: /, team of / })).map((one) => one.textContent)).toEqual(['Ward 6 West, team of LIND, Ada'])
  await userEvent.type(dialog.getByLabelText('Subject'), 'Handover')
  await userEvent.type(dialog.getByLabelText('Message'), 'Sleeps well')
  await userEvent.click(dialog.getByRole('button', { name: 'Send' }))
  expect(await dialog.findAllByText('To: choose one from the list.')).not.toHaveLength(0)
  await userEvent.clear(dialog.getByLabelText('To'))
  await userEvent.type(dialog.getByLabelText('To'), 'west')
  await userEvent.click(await screen.findByRole('option', { name: 'Ward 6 West, team of LIND, Ada' }))
  await userEvent.click(dialog.getByRole('button', { name: 'Send' }))
  await waitFor(() => expect(sent).toMatchObject([{ recipients: ['CareTeam/t1'], patient: 'Patient/ada', subject: 'Handover', text: 'Sleeps well' }]))
})

describe('gaps in care', () => {
  const gaps = (server: FakeServer, role?: string) => renderPage(<InboxPage />, '/inbox', '/inbox?view=gaps', server, role)
  const gap = { measure: { id: 'CMS130', title: 'Colorectal cancer screening', version: '1', source: '', formula: '', population: '', diagnoses: [], lowerIsBetter: false, visits: [], exclusions: [], numerator: [], differences: [] }, year: 2026 }
  const ada = (more: object = {}) => ({ title: 'Ada Lind', node: { __typename: 'Patient', ...base, id: 'Patient/ada', mrn: '4471', birthDate: '1965-07-14', gender: 'FEMALE', age: { value: 61, unit: 'YEARS' }, name: { display: 'Ada Lind', family: 'Lind', given: ['Ada'], prefix: [], suffix: [] }, careGaps: [gap], ...more } })

  it('waits', async () => {
    gaps({ root: 'hang' })
    expect(await screen.findByRole('status', { name: 'Loading gaps in care' })).toBeVisible()
  })

  it('leads to the chart of each, with what is missing', async () => {
    gaps({ root: { worklist: ({ kind }: Asked) => { expect(kind).toBe('CARE_GAPS'); return page(ada()) } } })
    const list = within(await screen.findByRole('region', { name: 'Gaps in care' }))
    expect(list.getByRole('link', { name: 'LIND, Ada' })).toHaveAttribute('href', '/patients/ada/clinical/summary')
    expect(list.getByText('Colorectal cancer screening')).toBeVisible()
    expect(list.getByText('1 of your patients, by name')).toBeVisible()
    expect(list.getByRole('row', { name: /^LIND, Ada 14-Jul-1965 \(61y\) Female 4471/ })).toBeVisible()
    expect(list.getByText(/Computed \d{2}-[A-Z][a-z]{2}-\d{4} \d{2}:\d{2}; not live\./)).toBeVisible()
  })

  it('says that it was not loaded, tries again, and says that nobody has one', async () => {
    const server: FakeServer = { root: { worklist: failing } }
    gaps(server)
    const retry = await screen.findByRole('button', { name: 'Try again' })
    server.root = { worklist: () => page() }
    await userEvent.click(retry)
    expect(await screen.findByText('No patient in your care has a gap.')).toBeVisible()
  })

  it('says that it may not be seen', async () => {
    gaps({ root: { worklist: forbidden } })
    expect(await screen.findByText(/You may not see this/)).toBeVisible()
  })

  it('is offered to who has patients in care', async () => {
    gaps({ root: full }, 'registrar')
    expect(await screen.findByRole('region', { name: 'My tasks' })).toBeVisible()
    expect(screen.queryByRole('button', { name: 'Gaps in care' })).toBeNull()
  })
})
