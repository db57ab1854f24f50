import { screen, waitFor, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import type { ReactElement } from 'react'
import { describe, expect, it } from 'vitest'
import { answering, fullPatient, page as list, renderPage, type FakeServer, told } from '../../testing/chart'
import { CarePage } from './care.page'
import { DemographicsPage } from './demographics.page'
import { FamilyPage } from './family.page'
import { MedicationsPage } from './medications.page'
import { ProceduresPage } from './procedures.page'

const at = (page: ReactElement, role: string, more: object = {}, query = '') => renderPage(page, '/patients/:id/clinical/x', `/patients/ada/clinical/x${query}`, { root: answering({ ...fullPatient, ...more }) }, role)
const buttons = async (names: string[], role: string, page: ReactElement, there: RegExp) => {
  const { unmount } = at(page, role)
  await screen.findByText(there)
  const found = names.filter((name) => screen.queryByRole('button', { name }) !== null)
  unmount()
  return found
}
const menu = async (of: RegExp | string): Promise<(string | null)[]> => {
  await userEvent.click(await screen.findByRole('button', { name: of }))
  const items = screen.getAllByRole('menuitem').map((item) => item.textContent)
  await userEvent.keyboard('{Escape}')
  return items
}
/** Opens a form from a row's acts. */
const open = async (of: string, act: string, title: string | RegExp) => {
  await userEvent.click(await screen.findByRole('button', { name: of }))
  await userEvent.click(screen.getByRole('menuitem', { name: act }))
  return within(await screen.findByRole('dialog', { name: title }))
}

describe('acts are offered to who may do them', () => {
  const desk = ['Record a related person', 'Record a coverage', 'Record a consent', 'Let a related person see the record']
  it.each([['registrar', desk], ['physician', desk.slice(2)], ['nurse', []], ['pharmacist', []]])('a %s on the demographics tab', async (role, expected) => {
    expect(await buttons(desk, role, <DemographicsPage />, /Health fund/)).toEqual(expected)
  })
  it.each([['registrar', ['Take back', 'Entered in error', 'History']], ['physician', ['History']], ['nurse', ['History']]])('a %s takes consents back, or not', async (role, expected) => {
    at(<DemographicsPage />, role)
    expect(await menu('Acts for Privacy Consent')).toEqual(expected)
  })
  it.each([['nurse', ['Change', 'End the coverage', 'Entered in error', 'History']], ['pharmacist', ['History']]])('a %s changes what is on record of who pays, or not', async (role, expected) => {
    at(<DemographicsPage />, role)
    expect(await menu('Acts for Health fund')).toEqual(expected)
  })
  it.each([
    { of: 'the procedures tab', page: <ProceduresPage />, name: 'Record a procedure', there: /Chest X-ray/ },
    { of: 'the family history', page: <FamilyPage />, name: 'Record family history', there: /Gout/ },
    { of: 'the care tab', page: <CarePage />, name: 'Make a care team', there: /1 in the team/ },
  ])('clinicians on $of', async ({ page, name, there }) => {
    expect(await buttons([name], 'physician', page, there)).toEqual([name])
    expect(await buttons([name], 'nurse', page, there)).toEqual([name])
    expect(await buttons([name], 'pharmacist', page, there)).toEqual([])
  })
  it('a pharmacist takes down what is taken', async () => {
    expect(await buttons(['Record what is taken'], 'pharmacist', <MedicationsPage />, /ibuprofen/)).toEqual(['Record what is taken'])
    expect(await buttons(['Record what is taken'], 'analyst', <MedicationsPage />, /ibuprofen/)).toEqual([])
  })
  it('nobody in a chart of the past', async () => {
    at(<FamilyPage />, 'physician', {}, '?asOf=2026-01-05T08%3A00%3A00Z')
    expect(await menu('Acts for Mother')).toEqual(['History'])
    expect(screen.queryByRole('button', { name: 'Record family history' })).toBeNull()
  })
})

/** A server that keeps what was sent to it and answers with an outcome. */
function writing(act: string, outcome: (input: Record<string, unknown>, nth: number) => object, more: object = {}) {
  const sent: Record<string, unknown>[] = []
  const root = { ...answering({ ...fullPatient, ...more }), [act]: ({ input }: { input: Record<string, unknown> }) => ({ outcome: outcome(sent[sent.push(input) - 1] ?? {}, sent.length) }) }
  return { sent, server: { root } as FakeServer }
}
const before = (page: ReactElement, server: FakeServer, role = 'physician') => renderPage(page, '/patients/:id/clinical/x', '/patients/ada/clinical/x', server, role)
const history = (conditions: object[]) => ({ ...fullPatient.familyHistory.nodes[0], conditions })

describe('family history', () => {
  it('what is not changed is not sent, and what a changed list says beyond the form is kept', async () => {
    const gout = { code: { text: 'Gout', codings: [{ system: 'http://snomed.info/sct', code: '90560007' }] }, outcome: { text: 'healed', codings: [] }, onset: '48 years', onsetYears: 48, contributedToDeath: true }
    const { sent, server } = writing('familyHistoryUpdate', () => ({ __typename: 'FamilyHistorySaved', familyHistory: { id: 'FamilyMemberHistory/f1', versionId: '2', conditions: [], notes: [] } }), { familyHistory: list(history([gout])) })
    before(<FamilyPage />, server)
    const form = await open('Acts for Mother', 'Change', /Change the history/)
    await userEvent.type(form.getByLabelText('Illness 2', { exact: false }), 'Asthma')
    await userEvent.type(form.getAllByLabelText('Began at the age of', { exact: false })[1] as HTMLElement, '7')
    await userEvent.click(form.getByRole('button', { name: 'Save' }))
    await waitFor(() => expect(sent).toHaveLength(1))
    expect(sent[0]).toMatchObject({
      expectedVersion: '1',
      conditions: [
        { code: { text: 'Gout', codings: [{ system: 'http://snomed.info/sct', code: '90560007' }] }, onsetYears: 48, contributedToDeath: true, outcome: { text: 'healed' } },
        { code: { text: 'Asthma' }, onsetYears: 7 },
      ],
    })
    expect(sent[0]).not.toHaveProperty('born')
    expect(sent[0]).not.toHaveProperty('deceased')
  })

  it('illnesses that began at no age in years are not written anew', async () => {
    const { sent, server } = writing('familyHistoryUpdate', () => ({ __typename: 'FamilyHistorySaved', familyHistory: { id: 'FamilyMemberHistory/f1', versionId: '2', conditions: [], notes: [] } }), {
      familyHistory: list(history([{ code: { text: 'Gout', codings: [] }, onset: '40 years – 50 years', onsetYears: null }])),
    })
    before(<FamilyPage />, server)
    const form = await open('Acts for Mother', 'Change', /Change the history/)
    expect(form.queryByLabelText('Illness', { exact: false })).toBeNull()
    await userEvent.type(form.getByLabelText('Name', { exact: false }), 'Ida')
    await userEvent.click(form.getByRole('button', { name: 'Save' }))
    await waitFor(() => expect(sent).toHaveLength(1))
    expect(sent[0]).toMatchObject({ name: 'Ida' })
    expect(sent[0]).not.toHaveProperty('conditions')
  })

  const statement = { id: 'List/l1', versionId: '1', reason: 'NIL_KNOWN', statedAt: '2026-01-05T08:00:00Z', statedBy: { id: 'Practitioner/lee', display: null, node: { __typename: 'Practitioner', names: [{ display: 'Dr Lee', family: 'Lee', given: ['Ann'], prefix: ['Dr'] }] } }, notes: [] }
  it('that none is known is told with who and when, and is not the same as nothing', async () => {
    at(<FamilyPage />, 'physician', { familyHistory: list(), familyHistoryStatement: statement })
    const whole = within(await screen.findByRole('region', { name: 'The family as a whole' }))
    expect(whole.getByText('No known illness in the family')).toBeVisible()
    expect(whole.getByText('(LEE, Ann (Dr), 05-Jan-2026 08:00)')).toBeVisible()
    expect(screen.getByText('No relative is listed.')).toBeVisible()
    expect(screen.queryByText(/Nobody has written down/)).toBeNull()
    expect(await menu('Acts for No known illness in the family')).toEqual(['Entered in error', 'History'])
  })

  it('a statement that does not agree with the list says so, and none is offered beside an illness', async () => {
    at(<FamilyPage />, 'physician', { familyHistory: list(history([{ code: { text: 'Gout', codings: [] }, onset: null, onsetYears: null }])), familyHistoryStatement: statement })
    expect(await screen.findByText(/one of the two is a mistake/)).toBeVisible()
    expect(screen.queryByRole('button', { name: 'State it anew' })).toBeNull()
  })

  it('illnesses on record refuse it, by whose they are', async () => {
    const { sent, server } = writing('familyHistoryNoneKnown', () => ({ __typename: 'FamilyIllnessesExist', existing: [{ relationship: { text: 'Mother' } }] }), { familyHistory: list() })
    before(<FamilyPage />, server)
    await userEvent.click(await screen.findByRole('button', { name: 'No known illness in the family' }))
    const form = within(await screen.findByRole('dialog', { name: 'The family as a whole' }))
    await userEvent.selectOptions(form.getByLabelText('The patient was asked'), 'UNAVAILABLE')
    await userEvent.click(form.getByRole('button', { name: 'State' }))
    expect(await form.findByText(/of the patient’s mother/)).toBeVisible()
    expect(sent[0]).toMatchObject({ patient: 'Patient/ada', reason: 'UNAVAILABLE' })
  })

  it.each([['COMPLETED', 'No known illness'], ['HEALTH_UNKNOWN', 'Their health is not known'], ['PARTIAL', 'Not recorded']])('of whom nothing is listed, %s reads “%s”', async (status, text) => {
    at(<FamilyPage />, 'physician', { familyHistory: list({ ...history([]), status }) })
    const row = within(await screen.findByRole('row', { name: /^Mother/ }))
    expect(row.getAllByText(text)[0]).toBeVisible()
    if (status === 'COMPLETED') expect(row.getAllByRole('cell')[1]).toBeEmptyDOMElement()
  })

  it('that the history is complete is chosen by somebody', async () => {
    const { sent, server } = writing('familyHistoryRecord', () => ({ __typename: 'FamilyHistorySaved', familyHistory: { id: 'FamilyMemberHistory/f2', versionId: '1', conditions: [], notes: [] } }), { familyHistory: list() })
    before(<FamilyPage />, server)
    await userEvent.click(await screen.findByRole('button', { name: 'Record family history' }))
    const form = within(await screen.findByRole('dialog', { name: 'Record family history' }))
    await userEvent.selectOptions(form.getByLabelText('Relationship'), 'Mother')
    expect(form.getByLabelText('Health history')).toHaveDisplayValue('Choose …')
    await userEvent.click(form.getByRole('button', { name: 'Record' }))
    expect(form.getByRole('alert')).toHaveTextContent('Nothing was recorded.')
    expect(sent).toHaveLength(0)
    await userEvent.selectOptions(form.getByLabelText('Health history'), 'Complete')
    await userEvent.click(form.getByRole('button', { name: 'Record' }))
    await waitFor(() => expect(sent).toMatchObject([{ status: 'COMPLETED' }]))
  })
})

describe('who pays', () => {
  const coverage = (version: string, member: string) => ({ ...fullPatient.coverage.nodes[0], versionId: version, subscriberId: member, payors: [{ id: 'Organization/fund', display: 'Health fund' }] })

  it('must be chosen from the list, and two that pay first are told', async () => {
    const found = { search: ({ type }: { type: string }) => (type === 'Organization' ? list({ __typename: 'OtherResource', id: 'Organization/fund', fhir: { name: 'Health fund' } }) : list()) }
    const { sent, server } = writing('coverageRecord', () => ({ __typename: 'OverlapsPrimary', existing: [coverage('1', 'M-1')] }))
    server.root = { ...(server.root as object), ...found }
    before(<DemographicsPage />, server, 'registrar')
    await userEvent.click(await screen.findByRole('button', { name: 'Record a coverage' }))
    const form = within(await screen.findByRole('dialog', { name: 'Record a coverage' }))
    await userEvent.type(form.getByLabelText('Who pays'), 'Hea')
    await userEvent.click(form.getByRole('button', { name: 'Record' }))
    expect(await form.findByRole('button', { name: 'Who pays: choose one from the list.' })).toBeVisible()
    expect(sent).toHaveLength(0)
    await userEvent.type(form.getByLabelText('Who pays'), 'l')
    await userEvent.click(await screen.findByRole('option', { name: 'Health fund' }))
    await userEvent.click(form.getByRole('button', { name: 'Record' }))
    expect(await form.findByText(/Health fund would be primary too/, { selector: 'button' })).toBeVisible()
    expect(sent[0]).toMatchObject({ payor: 'Organization/fund', order: 1, relationship: 'OWN' })
  })

  it('changed by somebody else meanwhile: both versions are shown, and one is chosen', async () => {
    const { sent, server } = writing('coverageUpdate', (_, nth) => (nth === 1
      ? { __typename: 'Stale', id: 'Coverage/v1', expectedVersion: '1', currentVersion: '2', current: { __typename: 'Coverage', ...coverage('2', 'M-2') } }
      : { __typename: 'CoverageSaved', coverage: coverage('3', 'M-9') }), { coverage: list(coverage('1', 'M-1')) })
    before(<DemographicsPage />, server, 'nurse')
    const form = await open('Acts for Health fund', 'Change', /Change the coverage/)
    await userEvent.clear(form.getByLabelText('Member number'))
    await userEvent.type(form.getByLabelText('Member number'), 'M-9')
    await userEvent.click(form.getByRole('button', { name: 'Save' }))
    const conflict = within(await screen.findByRole('dialog', { name: /changed by somebody else/ }))
    expect(conflict.getByText('M-1')).toBeVisible()
    await userEvent.click(conflict.getByRole('radio', { name: /yours.*M-9/ }))
    await userEvent.click(conflict.getByRole('button', { name: 'Save these choices' }))
    await waitFor(() => expect(sent).toHaveLength(2))
    expect(sent[1]).toMatchObject({ expectedVersion: '2', subscriberId: 'M-9' })
    expect(sent[1]?.idempotencyKey).not.toBe(sent[0]?.idempotencyKey)
  })
})

it('a proxy consent names the person, and only who is something to the patient now is offered', async () => {
  const gone = { ...fullPatient.relatedPersons.nodes[0], id: 'RelatedPerson/gone', active: false, names: [{ display: 'Old Friend', family: 'Friend', given: ['Old'], prefix: [], suffix: [] }] }
  const { sent, server } = writing('consentRecord', () => ({ __typename: 'ConsentSaved', consent: { id: 'Consent/k2', versionId: '1', category: [], performers: [], recipients: [], limited: false } }), { relatedPersons: list(fullPatient.relatedPersons.nodes[0] ?? {}, gone) })
  before(<DemographicsPage />, server)
  await userEvent.click(await screen.findByRole('button', { name: 'Let a related person see the record' }))
  const form = within(await screen.findByRole('dialog', { name: 'Let a related person see the record' }))
  expect(within(form.getByLabelText('Who')).queryByRole('option', { name: /FRIEND/ })).toBeNull()
  await userEvent.selectOptions(form.getByLabelText('Who'), 'LIND, Axel, son')
  await userEvent.click(form.getByRole('button', { name: 'Record' }))
  await waitFor(() => expect(sent).toHaveLength(1))
  expect(sent[0]).toMatchObject({ scope: 'PRIVACY', decision: 'PERMIT', recipients: ['RelatedPerson/r1'] })
})

it('who left a team is told from who is in it, and a member leaves by name', async () => {
  const { sent, server } = writing('careTeamUpdate', () => ({ __typename: 'CareTeamSaved', careTeam: { ...fullPatient.careTeams.nodes[0] } }))
  before(<CarePage />, server)
  const team = within(await screen.findByRole('region', { name: 'Care team' }))
  expect(team.getByText('Dr Kim').tagName).toBe('S')
  expect(screen.queryByRole('button', { name: /Acts for Dr Kim/ })).toBeNull()
  const form = await open('Acts for Dr Lee in Ward 6 West', 'Leaves the team', /leaves Ward 6 West/)
  await userEvent.click(form.getByRole('button', { name: 'Leave' }))
  await waitFor(() => expect(sent).toHaveLength(1))
  expect(sent[0]).toMatchObject({ id: 'CareTeam/t1', expectedVersion: '1', endMembers: ['Practitioner/lee'] })
})

it('a procedure that was not done says why, and nothing came of it', async () => {
  const { sent, server } = writing('procedureRecord', () => ({ __typename: 'ProcedureSaved', procedure: { ...fullPatient.procedures.nodes[0] } }))
  before(<ProceduresPage />, server, 'nurse')
  await userEvent.click(await screen.findByRole('button', { name: 'Record a procedure' }))
  const form = within(await screen.findByRole('dialog', { name: 'Record a procedure' }))
  await userEvent.type(form.getByLabelText('Procedure'), 'Scan')
  await userEvent.selectOptions(form.getByLabelText('Was it done'), 'no')
  expect(form.queryByLabelText('What came of it', { exact: false })).toBeNull()
  await userEvent.click(form.getByRole('button', { name: 'Record' }))
  expect(await form.findByText('Why it was not done: say it, it cannot be left out.', { selector: 'button' })).toBeVisible()
  await userEvent.type(form.getByLabelText('Why it was not done'), 'no')
  await userEvent.click(form.getByRole('button', { name: 'Record' }))
  await waitFor(() => expect(sent).toHaveLength(1))
  expect(sent[0]).toMatchObject({ code: { text: 'Scan' }, declined: { text: 'no' } })
  expect(sent[0]).not.toHaveProperty('outcome')
})

it('what is stopped is stopped today, and for a reason', async () => {
  const { sent, server } = writing('medicationStatementUpdate', () => ({ __typename: 'MedicationStatementSaved', medicationStatement: told }))
  before(<MedicationsPage />, server, 'pharmacist')
  const form = await open('Acts for ibuprofen', 'Stopped', 'The patient stopped ibuprofen')
  await userEvent.click(form.getByRole('button', { name: 'Record' }))
  expect(await form.findByText('Why it was stopped: say it, it cannot be left out.', { selector: 'button' })).toBeVisible()
  expect(sent).toHaveLength(0)
  await userEvent.type(form.getByLabelText('Why it was stopped'), 'nausea')
  await userEvent.click(form.getByRole('button', { name: 'Record' }))
  await waitFor(() => expect(sent).toHaveLength(1))
  expect(sent[0]).toMatchObject({ status: 'STOPPED', endedAt: expect.stringMatching(/^\d{4}-\d{2}-\d{2}$/), note: 'Stopped: nausea' })
})
