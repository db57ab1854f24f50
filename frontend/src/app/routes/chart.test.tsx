import { screen, waitFor, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import type { ReactElement } from 'react'
import { describe, expect, it } from 'vitest'
import { answering, emptyPatient, failing, forbidden, fullPatient, renderPage, type FakeServer } from '../../testing/chart'
import { AllergiesPage } from './allergies.page'
import { CarePage } from './care.page'
import { DemographicsPage } from './demographics.page'
import { DocumentsPage } from './documents.page'
import { EncountersPage } from './encounters.page'
import { ImmunizationsPage } from './immunizations.page'
import { MedicationsPage } from './medications.page'
import { ProblemsPage } from './problems.page'
import { ProceduresPage } from './procedures.page'
import { ResultsPage } from './results.page'
import { SummaryPage } from './summary.page'
import { VitalsPage } from './vitals.page'

/** Where the part is, which field it reads, what it says when there is nothing, and a word of its data. */
interface Widget { of: string; page: ReactElement; region?: string; field: string; empty: string; sees: RegExp }

const summary = (region: string, field: string, empty: string, sees: RegExp): Widget => ({ of: `${region} on the summary`, page: <SummaryPage />, region, field, empty, sees })
const tab = (of: string, page: ReactElement, field: string, empty: string, sees: RegExp): Widget => ({ of, page, field, empty, sees })

const WIDGETS: Widget[] = [
  summary('Problems', 'conditions', 'No active problem is recorded.', /Asthma/),
  summary('Allergies', 'allergies', 'Not recorded', /Penicillin – Anaphylaxis/),
  summary('Medications', 'currentMedications', 'No current medication is recorded.', /apixaban – 2.5 mg/),
  summary('Encounters', 'encounters', 'No encounter is recorded.', /Inpatient/),
  summary('Immunizations', 'immunizations', 'No immunization is recorded.', /Influenza not given/),
  summary('Vitals', 'latestResults', 'No vital sign is recorded.', /104\/58\s*mmHg/),
  summary('Latest results', 'latestResults', 'No laboratory result is recorded.', /Potassium6.10mmol\/LHH/),
  tab('the problems tab', <ProblemsPage />, 'conditions', 'No active problem is recorded.', /Asthma/),
  tab('the medications tab', <MedicationsPage />, 'currentMedications', 'No current medication is recorded.', /apixaban/),
  tab('the allergies tab', <AllergiesPage />, 'allergies', 'Not recorded. Nobody has written down whether this patient has allergies.', /Penicillin/),
  tab('the immunizations tab', <ImmunizationsPage />, 'immunizations', 'No immunization is recorded.', /Influenza/),
  tab('the procedures tab', <ProceduresPage />, 'procedures', 'No procedure is recorded.', /Chest X-ray/),
  tab('the encounters tab', <EncountersPage />, 'encounters', 'No encounter is recorded.', /6 West, bed 3/),
  tab('the documents tab', <DocumentsPage />, 'documents', 'No document is recorded.', /Progress note/),
  tab('the vitals tab', <VitalsPage />, 'vitals', 'No vital sign is recorded.', /104\/58/),
  tab('the care team', <CarePage />, 'careTeam', 'No care team is recorded.', /Ward 6 West/),
  tab('the care plans', <CarePage />, 'carePlans', 'No care plan is recorded.', /Asthma plan.*Inhaler technique/),
  tab('the goals', <CarePage />, 'goals', 'No goal is recorded.', />=400 L\/minby Mar-2027/),
  tab('the tasks', <CarePage />, 'tasks', 'No task is recorded.', /Call the daughter/),
  tab('the related persons', <DemographicsPage />, 'relatedPersons', 'No related person is recorded.', /LIND, AxelSon/),
  tab('the coverage', <DemographicsPage />, 'coverage', 'No coverage is recorded.', /Health fund/),
  tab('the results tab', <ResultsPage />, 'labs', 'No laboratory result is recorded.', /Renal panel.*Potassium/),
]

const show = ({ page, region }: Widget, server: FakeServer) => {
  renderPage(page, '/patients/:id/clinical/x', '/patients/ada/clinical/x', server)
  return region ? async () => within(await screen.findByRole('region', { name: region })) : async () => within(await screen.findByRole('main'))
}

describe.each(WIDGETS.map((widget) => [widget.of, widget] as const))('%s', (_, widget) => {
  const broken = (how: () => never) => answering({ ...fullPatient, [widget.field]: how })

  it('waits in bars of its own size', async () => {
    const part = await show(widget, { root: 'hang' })()
    expect(part.getAllByRole('status', { name: /^Loading/ }).length).toBeGreaterThan(0)
  })

  it('says in words that there is nothing', async () => {
    const part = await show(widget, { root: answering(emptyPatient) })()
    expect(await part.findByText(widget.empty)).toBeVisible()
  })

  it('says that it was not loaded, and tries again', async () => {
    const server: FakeServer = { root: broken(failing) }
    const part = await show(widget, server)()
    const retry = await part.findAllByRole('button', { name: 'Try again' })
    expect(part.getAllByText('This does not mean that there is nothing on record.')[0]).toBeVisible()
    expect(screen.getByRole('heading', { level: 1, name: 'LIND, Ada (Mrs)' })).toBeVisible()
    server.root = answering(fullPatient)
    if (retry[0]) await userEvent.click(retry[0])
    await waitFor(async () => expect((await screen.findByRole('main')).textContent).toMatch(widget.sees))
  })

  it('says that it may not be seen', async () => {
    const part = await show(widget, { root: broken(forbidden) })()
    expect((await part.findAllByText(/You may not see this/))[0]).toBeVisible()
    expect(part.queryByRole('button', { name: 'Try again' })).toBeNull()
    expect(part.queryByText(widget.empty)).toBeNull()
  })

  it('shows what is on record', async () => {
    await show(widget, { root: answering(fullPatient) })()
    await waitFor(() => expect(screen.getByRole('main').textContent).toMatch(widget.sees))
  })
})

const at = (page: ReactElement, server: FakeServer) => renderPage(page, '/patients/:id/clinical/x', '/patients/ada/clinical/x', server)

describe('allergies', () => {
  it.each([['NONE_KNOWN', 'No known allergies'], ['NOT_ASKED', 'Allergies: not recorded']])('%s stands in the banner as “%s”', async (status, text) => {
    at(<SummaryPage />, { root: answering({ ...emptyPatient, allergies: { ...emptyPatient.allergies, status } }) })
    const banner = await screen.findByRole('region', { name: 'Patient' })
    expect(within(banner).getByText(text)).toBeVisible()
  })

  it('that could not be read are not “none” in the banner', async () => {
    at(<SummaryPage />, { root: answering({ ...fullPatient, allergies: failing }) })
    expect(await screen.findByText('Allergies: not loaded. Do not assume there are none.')).toBeVisible()
  })
})

it('says of each fact about the person that it is not recorded', async () => {
  at(<DemographicsPage />, { root: answering({ ...emptyPatient, names: [{ use: 'official', display: 'Ada Lind', given: [], prefix: [], suffix: [] }], telecom: [{ system: 'phone', value: '555 0100', use: 'home' }] }) })
  const person = within(await screen.findByRole('region', { name: 'Person' }))
  expect(person.getByText('Name (official)').nextSibling).toHaveTextContent('Ada Lind')
  expect(person.getByText('Language').nextSibling).toHaveTextContent('Not recorded')
  expect(screen.getByText('Telephone (home)').nextSibling).toHaveTextContent('555 0100')
  expect(screen.getByText('No identifier is recorded.')).toBeVisible()
})

it('tells whom to reach about the patient', async () => {
  at(<DemographicsPage />, { root: answering(fullPatient) })
  const row = await screen.findByRole('row', { name: /LIND, Eva/ })
  expect(row).toHaveTextContent('Daughter')
  expect(row).toHaveTextContent('555 0101')
})

it('never mixes current with past medications', async () => {
  at(<MedicationsPage />, { root: answering(fullPatient) })
  const past = within(await screen.findByRole('region', { name: 'Past medications' }))
  expect(past.getByText('warfarin')).toBeVisible()
  expect(past.getByText('Dose not recorded')).toBeVisible()
  expect(past.queryByText('apixaban')).toBeNull()
  expect(within(screen.getByRole('region', { name: 'Current medications' })).queryByText('warfarin')).toBeNull()
})

it('strikes through what was entered in error', async () => {
  at(<ProblemsPage />, { root: answering(fullPatient) })
  const part = within(await screen.findByRole('region', { name: 'Entered in error' }))
  expect(part.getByText('Wrong chart').tagName).toBe('S')
})

it('reads further pages by cursor and keeps what is there when one fails', async () => {
  const more = (ids: string[], next: string | null) => ({ ...emptyPatient.procedures, totalCount: 2, pageInfo: { hasNextPage: !!next, hasPreviousPage: false, endCursor: next }, nodes: ids.map((id) => ({ ...fullPatient.procedures.nodes[0], id, code: { text: id, codings: [] } })) })
  const server: FakeServer = { root: answering({ ...fullPatient, procedures: more(['first'], 'c1') }) }
  at(<ProceduresPage />, server)
  expect(await screen.findByText('1 of 2 procedures shown.')).toBeVisible()
  server.root = answering({ ...fullPatient, procedures: failing })
  await userEvent.click(screen.getByRole('button', { name: 'Load more' }))
  expect(await screen.findByRole('alert')).toHaveTextContent('could not be loaded')
  server.root = answering({ ...fullPatient, procedures: ({ after }: { after?: string }) => (after === 'c1' ? more(['second'], null) : failing()) })
  await userEvent.click(screen.getByRole('button', { name: 'Load more' }))
  expect(await screen.findByText('second')).toBeVisible()
  expect(screen.getByText('first')).toBeVisible()
  expect(screen.queryByRole('button', { name: 'Load more' })).toBeNull()
})

it('opens a note beside the list', async () => {
  at(<DocumentsPage />, { root: answering(fullPatient) })
  await userEvent.click(await screen.findByRole('button', { name: 'Progress note' }))
  expect(within(screen.getByRole('complementary', { name: 'Progress note' })).getByText('Walks to the bathroom.')).toBeVisible()
})

it('tells an absent patient from one that could not be read', async () => {
  at(<SummaryPage />, { root: answering(null) })
  expect(await screen.findByRole('heading', { name: 'There is no such patient' })).toBeVisible()
})

it('says that the chart was not loaded when the server is away, and tries again', async () => {
  const server: FakeServer = { root: 'down' }
  at(<SummaryPage />, server)
  const retry = await screen.findByRole('button', { name: 'Try again' })
  server.root = answering(fullPatient)
  await userEvent.click(retry)
  expect(await screen.findByRole('heading', { name: 'LIND, Ada (Mrs)' })).toBeVisible()
})
