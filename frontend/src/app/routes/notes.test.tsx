import { screen, waitFor, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { expect, it, vi } from 'vitest'
import { answering, emptyPatient, failing, fullPatient, renderPage, type FakeServer } from '../../testing/chart'
import { NotesPage } from './notes.page'

const at = (server: FakeServer, role?: string, query = '') => renderPage(<NotesPage />, '/patients/:id/clinical/x', `/patients/ada/clinical/x${query}`, server, role)
const note = fullPatient.notes.nodes[0] as object & { id: string }
const notes = (...nodes: object[]) => answering({ ...fullPatient, notes: { ...fullPatient.notes, nodes, totalCount: nodes.length } })
const draft = { id: 'd1', version: '1', patient: 'Patient/ada', template: 'progress', sections: [], createdAt: '2026-11-28T08:00:00Z', updatedAt: '2026-11-28T08:00:00Z' }
const quantity = { __typename: 'Quantity', value: '72', unit: '/min' }
const pulse = { ...(fullPatient.labs.nodes[0] as object), id: 'Observation/pulse', code: { text: 'Pulse', codings: [] }, value: quantity, interpretation: null, effectiveAt: '2026-11-28T07:00:00Z' }

it('what is written is kept as a draft by itself, with data of the chart as they were when it was begun', async () => {
  const kept: { sections: { code: string; text: string; sources: string[] }[]; draft?: string; draftVersion?: string }[] = []
  at({
    root: answering({ ...emptyPatient, latestResults: ({ category }: { category: string }) => (category === 'VITAL_SIGNS' ? [{ code: pulse.code, observation: pulse, series: [], excludedCount: 0, components: [] }] : []) }, {
      noteDraft: ({ input }: { input: (typeof kept)[number] }) => { kept.push(input); return { outcome: { __typename: 'NoteDraftSaved', draft: { ...draft, version: String(kept.length) } } } },
    }),
  })
  await userEvent.click(await screen.findByRole('button', { name: 'Progress note (SOAP)' }))
  expect(screen.getByLabelText('Subjective')).toHaveFocus()
  await userEvent.keyboard('Feels well')
  await waitFor(() => expect(screen.getByLabelText<HTMLTextAreaElement>('Objective').value).toMatch(/^Vital signs on record at .*\n- Pulse: 72 \/min \(28-Nov-2026 \d\d:\d\d\)\n\nLaboratory results on record at .*\nNone on record\.$/))
  await waitFor(() => expect(kept.at(-1)?.sections[1]?.sources).toEqual(['Observation/pulse']), { timeout: 15_000 })
  expect(kept.at(-1)?.sections[0]?.text).toBe('Feels well')
  expect(await screen.findByText(/^Draft kept /)).toBeVisible()
  await userEvent.type(screen.getByLabelText('Subjective'), '.')
  await waitFor(() => expect(kept.at(-1)).toMatchObject({ draft: 'd1', draftVersion: expect.stringMatching(/\d/) as unknown }), { timeout: 15_000 })
})

it('what a template asks for is filled in when the note is begun, and is no draft until somebody writes', async () => {
  const keep = vi.fn(() => ({ outcome: { __typename: 'NoteDraftSaved', draft } }))
  at({ root: answering({ ...emptyPatient, latestResults: () => [{ code: pulse.code, observation: pulse, series: [], excludedCount: 0, components: [] }] }, { noteDraft: keep }) })
  await userEvent.click(await screen.findByRole('button', { name: 'Progress note (SOAP)' }))
  await waitFor(() => expect(screen.getByLabelText<HTMLTextAreaElement>('Objective').value).toMatch(/Vital signs on record at [^]*Laboratory results on record at /))
  expect(screen.queryByText(/\{\{/)).toBeNull()
  expect(screen.queryByRole('list', { name: 'To be filled in: Objective' })).toBeNull()
  await new Promise((done) => { setTimeout(done, 1200) })
  expect(keep).not.toHaveBeenCalled()
})

it('what could not be read is offered by its name, goes to the server as open, and can be left out', async () => {
  const kept: { sections: { text: string }[] }[] = []
  at({ root: answering({ ...emptyPatient, latestResults: ({ category }: { category: string }) => { if (category === 'LABORATORY') throw new Error('out of reach'); return [] } }, {
    noteDraft: ({ input }: { input: (typeof kept)[number] }) => { kept.push(input); return { outcome: { __typename: 'NoteDraftSaved', draft: { ...draft, version: String(kept.length) } } } },
  }) })
  await userEvent.click(await screen.findByRole('button', { name: 'Progress note (SOAP)' }))
  expect(await screen.findByRole('button', { name: 'Fill in laboratory results' })).toBeVisible()
  expect(screen.getByRole('alert')).toHaveTextContent('Laboratory results: could not be read')
  const objective = screen.getByLabelText<HTMLTextAreaElement>('Objective')
  expect(objective.value).toMatch(/^Vital signs on record at .*\nNone on record\.$/)
  await userEvent.type(screen.getByLabelText('Subjective'), 'Well')
  await waitFor(() => expect(kept.at(-1)?.sections[1]?.text).toMatch(/None on record\.\n\n\{\{labs\.latest\}\}$/), { timeout: 15_000 })
  await userEvent.click(screen.getByRole('button', { name: 'Leave out laboratory results' }))
  await waitFor(() => expect(kept.at(-1)?.sections[1]?.text).toMatch(/None on record\.$/), { timeout: 15_000 })
  expect(objective.value).not.toContain('{{')
})

it('a note on record whose data were never filled in is read by their names', async () => {
  at({ root: notes({ ...note, sections: [{ code: '61149-1', title: 'Objective', text: 'Walks.\n\n{{vitals.latest}}', sources: [] }] }) })
  await userEvent.click((await screen.findAllByRole('button', { name: 'Progress note (SOAP)' })).at(-1) as HTMLElement)
  expect(await screen.findByText(/^Walks\.\s+\[Vital signs: not filled in\]$/)).toBeVisible()
})

it('a draft changed in another window is shown beside what stands here', async () => {
  at({ root: answering(emptyPatient, { noteDraft: () => ({ outcome: { __typename: 'DraftChanged', draft: { ...draft, version: '7', sections: [{ code: '61150-9', text: 'Elsewhere', sources: [] }] } } }) }) })
  await userEvent.click(await screen.findByRole('button', { name: 'Progress note (SOAP)' }))
  await userEvent.keyboard('Here')
  expect(await screen.findByText('Elsewhere', {}, { timeout: 15_000 })).toBeVisible()
  expect(screen.getByRole('alert')).toHaveTextContent('another window')
  await userEvent.click(screen.getByRole('button', { name: 'Take this text' }))
  expect(screen.getByLabelText('Subjective')).toHaveValue('Elsewhere')
})

it('text of an earlier note is copied with where it is from', async () => {
  at({ root: notes({ ...note, status: 'FINAL' }) })
  await userEvent.click((await screen.findAllByRole('button', { name: 'Progress note (SOAP)' }))[0] as HTMLElement)
  expect(screen.queryByLabelText('Copy into Objective')).toBeNull()
  await userEvent.selectOptions(await screen.findByLabelText('Copy into Subjective'), 'Composition/n1')
  expect(screen.getByLabelText<HTMLTextAreaElement>('Subjective').value).toMatch(/^\[Copied from Progress note \(SOAP\), 22-Nov-2026 \d\d:\d\d, Dr Lee\]\nWalks to the bathroom\.\n\[End of copied text\]$/)
})

it('a draft is gone on with, and discarded by choice only', async () => {
  let gone: unknown
  const own = { ...draft, title: 'Ward round', sections: [{ code: '61150-9', text: 'Begun', sources: [] }] }
  at({ root: answering(emptyPatient, { noteDrafts: [own], noteDiscard: ({ input }: { input: unknown }) => { gone = input; return { outcome: { __typename: 'NoteDraftDiscarded', draft: 'd1' } } } }) })
  await userEvent.click(await screen.findByRole('button', { name: 'Ward round' }))
  expect(screen.getByLabelText('Subjective')).toHaveValue('Begun')
  await userEvent.click(screen.getByRole('button', { name: 'Discard the draft' }))
  await waitFor(() => expect(gone).toEqual({ draft: 'd1' }))
  expect(await screen.findByText('No note is recorded.')).toBeVisible()
})

it('a note that cannot be signed yet says what is missing', async () => {
  const server: FakeServer = { root: { ...notes(note), search: { nodes: [], edges: [], pageInfo: { hasNextPage: false, hasPreviousPage: false } }, noteSign: () => ({ outcome: { __typename: 'UnfilledPlaceholder', placeholders: ['{{vitals.latest}}'] } }) } }
  at(server)
  await userEvent.click((await screen.findAllByRole('button', { name: 'Progress note (SOAP)' })).at(-1) as HTMLElement)
  const reader = within(await screen.findByRole('complementary', { name: 'Progress note (SOAP)' }))
  expect(reader.getByText('Walks to the bathroom.')).toBeVisible()
  await userEvent.click(reader.getByRole('button', { name: 'Sign' }))
  const dialog = within(await screen.findByRole('dialog', { name: 'Sign: Progress note (SOAP)' }))
  await userEvent.click(dialog.getByRole('button', { name: 'Sign' }))
  expect(await dialog.findByText(/This is not filled in: Vital signs\./)).toBeVisible()
})

it.each([
  ['its author', 'physician', {}, ['Sign', 'Change', 'Entered in error'], ['Co-sign', 'Add an addendum']],
  ['another physician', 'physician', { authors: [{ id: 'Practitioner/kim', display: 'Dr Kim' }] }, ['Entered in error'], ['Sign', 'Change', 'Co-sign']],
  ['who is asked to co-sign', 'physician', { authors: [{ id: 'Practitioner/kim', display: 'Dr Kim' }], awaitsCosignature: true }, ['Co-sign'], ['Sign', 'Change']],
  ['a nurse, once it is signed', 'nurse', { status: 'FINAL', authors: [{ id: 'Practitioner/kim', display: 'Dr Kim' }] }, ['Add an addendum'], ['Sign', 'Change', 'Entered in error']],
  ['a pharmacist', 'pharmacist', { status: 'FINAL' }, ['Print'], ['Add an addendum', 'Entered in error']],
])('offers %s the acts that are theirs', async (_, role, more, offered, others) => {
  at({ root: notes({ ...note, ...more }) }, role)
  await userEvent.click((await screen.findAllByRole('button', { name: 'Progress note (SOAP)' })).at(-1) as HTMLElement)
  const reader = within(await screen.findByRole('complementary', { name: 'Progress note (SOAP)' }))
  for (const name of offered) expect(reader.getByRole('button', { name })).toBeVisible()
  for (const name of others) expect(reader.queryByRole('button', { name })).toBeNull()
})

it('an addendum stands under its note, and a mistake is struck through', async () => {
  const addendum = { ...note, id: 'Composition/n2', status: 'FINAL', title: 'Addendum to Progress note (SOAP)', appends: { id: note.id }, sections: [{ code: null, title: 'Addendum', text: 'Pulse again 70', sources: [] }] }
  at({ root: notes(addendum, { ...note, status: 'ENTERED_IN_ERROR', title: 'Wrong chart' }) })
  const rows = within(await screen.findByRole('table', { name: 'Notes' })).getAllByRole('row')
  expect(rows.map((r) => r.textContent)).toEqual([expect.stringContaining('Note'), expect.stringContaining('Wrong chart'), expect.stringContaining('Addendum to')])
  expect(screen.getByText('Wrong chart').tagName).toBe('S')
  await userEvent.click(screen.getByRole('button', { name: 'Wrong chart' }))
  expect(within(screen.getByRole('region', { name: 'Addendum to Progress note (SOAP)' })).getByText('Pulse again 70')).toBeVisible()
})

it('nothing is written in a chart of the past, nor by who may not', async () => {
  at({ root: answering(emptyPatient) }, 'physician', '?asOf=2026-01-05T08:00:00Z')
  expect(await screen.findByText('No note is recorded.')).toBeVisible()
  expect(screen.queryByRole('button', { name: 'Progress note (SOAP)' })).toBeNull()
})

it.each([
  ['one that lists the note', ['2026-11-22T08:35:00Z'], null, null],
  ['an older one besides', ['2026-11-22T08:35:00Z', '2026-11-20T08:00:00Z'], '1 more came as a document', null],
  ['a newer one besides', ['2026-11-23T08:00:00Z', '2026-11-22T08:35:00Z', '2026-11-20T08:00:00Z'], '2 more came as documents', /^The newest of them is newer than the notes below: Progress note, 23-Nov-2026 \d\d:\d\d\.$/],
])('of documents, says how many are no note of the list, and whether one is newer: %s', async (_, dates, told, newer) => {
  const documents = dates.map((date, i) => ({ ...(fullPatient.documents.nodes[0] as object), id: `DocumentReference/d${i}`, date }))
  at({ root: answering({ ...fullPatient, documents: { ...fullPatient.documents, nodes: documents, totalCount: documents.length } }) })
  await screen.findByRole('table', { name: 'Notes' })
  const link = within(screen.getByRole('region', { name: 'Notes' })).queryByRole('link', { name: /came as/ })
  if (told) expect(link).toHaveTextContent(told)
  else expect(link).toBeNull()
  if (newer) expect(screen.getByText(newer)).toBeVisible()
  else expect(screen.queryByText(/^The newest of them/)).toBeNull()
})

it('a phrase that is typed becomes data of the chart, and Escape takes it back; within a word it stays', async () => {
  at({ root: answering({ ...emptyPatient, latestResults: ({ category }: { category: string }) => (category === 'VITAL_SIGNS' ? [{ code: pulse.code, observation: pulse, series: [], excludedCount: 0, components: [] }] : []) }, {
    noteDraft: () => ({ outcome: { __typename: 'NoteDraftSaved', draft } }),
  }) })
  await userEvent.click(await screen.findByRole('button', { name: 'Progress note (SOAP)' }))
  const field = screen.getByLabelText<HTMLTextAreaElement>('Subjective')
  await waitFor(() => expect(screen.getByLabelText<HTMLTextAreaElement>('Objective').value).toMatch(/Laboratory results on record/))
  await userEvent.type(field, 'a 0.vitals b .vitals ')
  await waitFor(() => expect(field.value).toMatch(/^a 0\.vitals b \nVital signs on record at .*\n- Pulse: 72 \/min \(28-Nov-2026 \d\d:\d\d\)\n$/))
  await userEvent.type(field, '{Escape}')
  expect(field.value).toBe('a 0.vitals b .vitals ')
})

const OWN = [{ name: 'sob', text: 'No dyspnoea,\nnone at night.', savedAt: '2026-11-30T08:00:00Z' }, { name: 'round', text: 'Seen on the round.\n.vitals', savedAt: '2026-11-30T08:00:00Z' }]
const begin = async (more: object = {}) => {
  at({ root: answering({ ...emptyPatient, latestResults: ({ category }: { category: string }) => (category === 'VITAL_SIGNS' ? [{ code: pulse.code, observation: pulse, series: [], excludedCount: 0, components: [] }] : []), ...more }, {
    noteDraft: () => ({ outcome: { __typename: 'NoteDraftSaved', draft } }), savedQueries: () => OWN,
  }) })
  await userEvent.click(await screen.findByRole('button', { name: 'Progress note (SOAP)' }))
  return screen.getByLabelText<HTMLTextAreaElement>('Subjective')
}

it('a phrase of one’s own becomes its text where it stands, and Escape takes it back', async () => {
  const field = await begin()
  expect(screen.getByText('.sob', { selector: 'code' })).toBeVisible()
  await userEvent.type(field, 'Today .sob and')
  expect(field.value).toBe('Today No dyspnoea,\nnone at night. and')
  await userEvent.clear(field)
  await userEvent.type(field, 'Today')
  field.setSelectionRange(0, 0)
  await userEvent.keyboard('.SOB ')
  expect(field.value).toBe('.SOB Today')
  await userEvent.clear(field)
  await userEvent.type(field, '.SOB{Enter}x')
  expect(field.value).toBe('No dyspnoea,\nnone at night.\nx')
  await userEvent.clear(field)
  await userEvent.type(field, 'a .sob {Escape}')
  expect(field.value).toBe('a .sob ')
  await userEvent.type(field, 'b')
  expect(field.value).toBe('a .sob b')
}, 30_000)

it('phrases of the program within an own text become data; the text can be chosen from the list too', async () => {
  const field = await begin()
  await userEvent.type(field, '.round ')
  await waitFor(() => expect(field.value).toMatch(/^Seen on the round\.\nVital signs on record at .*\n- Pulse: 72 \/min \(28-Nov-2026 \d\d:\d\d\)\n$/))
  await userEvent.type(field, '{Escape}')
  expect(field.value).toBe('.round ')
  await userEvent.selectOptions(screen.getByLabelText('Insert into Subjective'), screen.getAllByRole('option', { name: '.sob: No dyspnoea, none at night.' })[0] as HTMLElement)
  expect(field.value).toBe('.round\n\nNo dyspnoea,\nnone at night.')
}, 30_000)

it('data that an own text asks for and that cannot be read are told, and its words are inserted all the same', async () => {
  const field = await begin({ latestResults: failing })
  await userEvent.type(field, '.round ')
  await waitFor(() => expect(field.value).toBe('Seen on the round.\n.vitals '))
  expect(screen.getByText('Vital signs: could not be read, or you may not see it. What “.round” says of it stands as it is written.')).toBeVisible()
}, 30_000)

it('what was copied stands apart with its beginning and end, and each record whose data were inserted is named', async () => {
  const sections = [{ code: '61150-9', title: 'Subjective', text: 'Today.\n[Copied from Progress note, 12-Oct-2026, Dr Lee]\nSlept badly.\n[End of copied text]\nBetter.', sources: [{ id: 'Observation/pulse', node: { ...pulse, __typename: 'Observation' } }, { id: 'Observation/gone' }] }]
  const written = { ...note, __typename: 'Note', sections }
  at({ root: { ...notes(written), node: written } })
  await userEvent.click((await screen.findAllByRole('button', { name: 'Progress note (SOAP)' })).at(-1) as HTMLElement)
  const copied = within(await screen.findByRole('group', { name: 'Copied from Progress note, 12-Oct-2026, Dr Lee' }))
  expect(copied.getByText('Slept badly.')).toBeVisible()
  expect(copied.getByText('End of copied text')).toBeVisible()
  expect(copied.queryByText('Better.')).toBeNull()
  await userEvent.click(screen.getByText(/^Taken from 2 records/))
  expect(await screen.findByText(/^Pulse, measured 28-Nov-2026 \d\d:\d\d$/)).toBeVisible()
  expect(screen.getByText(/^Observation\/gone, which is not here any more/)).toBeVisible()
})

it('notes stand by their kind, each group shut and opened by keyboard', async () => {
  at({ root: notes(note, { ...note, id: 'Composition/n2', title: 'Going home', type: { text: 'Discharge summary', codings: [] } }) })
  await userEvent.click(await screen.findByRole('button', { name: 'By kind' }))
  const table = within(screen.getByRole('table', { name: 'Notes' }))
  const group = table.getByRole('button', { name: 'Discharge summary 1' })
  expect(group).toHaveAttribute('aria-expanded', 'true')
  group.focus()
  await userEvent.keyboard('{ArrowLeft}')
  expect(group).toHaveAttribute('aria-expanded', 'false')
  expect(table.queryByRole('button', { name: 'Going home' })).toBeNull()
  await userEvent.keyboard('{ArrowRight}')
  expect(table.getByRole('button', { name: 'Going home' })).toBeVisible()
})

it('two versions stand beside each other as words, with what was added later', async () => {
  const fhir = (title: string, text: string) => ({ title, status: 'final', section: [{ title: 'Plan', code: { coding: [{ code: 'p' }] }, text: { div: `<div><p>${text}</p></div>` } }] })
  const version = (versionId: string, at: string, body: object) => ({ versionId, action: 'UPDATE', at, by: 'lee', fhir: body })
  const addendum = { ...note, id: 'Composition/n2', title: 'Addendum', appends: { id: note.id }, sections: [] }
  const histories: Record<string, object[]> = {
    [note.id]: [version('2', '2026-11-22T09:00:00Z', fhir('Note', 'Home tomorrow')), version('1', '2026-11-22T08:00:00Z', fhir('Note', 'Home today'))],
    'Composition/n2': [version('1', '2026-11-23T08:00:00Z', fhir('Addendum', 'Stays'))],
  }
  at({ root: { ...notes(note, addendum), node: ({ id }: { id: string }) => ({ ...note, __typename: 'Note', id, history: { nodes: histories[id], pageInfo: { hasNextPage: false, hasPreviousPage: false } } }) } })
  await userEvent.click((await screen.findAllByRole('button', { name: 'Progress note (SOAP)' })).at(-1) as HTMLElement)
  await userEvent.click(screen.getByRole('button', { name: 'Compare versions' }))
  const dialog = within(await screen.findByRole('dialog', { name: /^Versions: / }))
  expect((await dialog.findByRole('region', { name: 'Addendum: Plan' })).querySelector('ins')).toHaveTextContent('+Stays')
  await userEvent.selectOptions(dialog.getByLabelText('From'), dialog.getAllByRole('option', { name: /^Version 1, / })[0] as HTMLElement)
  await userEvent.selectOptions(dialog.getByLabelText('To'), dialog.getAllByRole('option', { name: /^Version 2, / })[1] as HTMLElement)
  const plan = dialog.getByRole('region', { name: 'Plan' })
  expect(plan.querySelector('del')).toHaveTextContent('−today')
  expect(plan.querySelector('ins')).toHaveTextContent('+tomorrow')
})
