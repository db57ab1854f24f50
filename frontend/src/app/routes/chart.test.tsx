import { screen, waitFor, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import type { ReactElement } from 'react'
import { describe, expect, it } from 'vitest'
import { answering, emptyPatient, failing, forbidden, fullPatient, page, renderPage, told, type FakeServer } from '../../testing/chart'
import { AllergiesPage } from './allergies.page'
import { CarePage } from './care.page'
import { DemographicsPage } from './demographics.page'
import { DocumentsPage } from './documents.page'
import { EncountersPage } from './encounters.page'
import { FamilyPage } from './family.page'
import { ImmunizationsPage } from './immunizations.page'
import { MedicationsPage } from './medications.page'
import { NotesPage } from './notes.page'
import { ProblemsPage } from './problems.page'
import { ProceduresPage } from './procedures.page'
import { QuestionnairesPage } from './questionnaires.page'
import { ResultsPage } from './results.page'
import { SummaryPage } from './summary.page'
import { TimelinePage } from './timeline.page'
import { VitalsPage } from './vitals.page'

/** Where the part is, which field it reads, what it says when there is nothing, and a word of its data. */
interface Widget { of: string; page: ReactElement; region?: string; field: string; empty: string; sees: RegExp }

const summary = (region: string, field: string, empty: string, sees: RegExp): Widget => ({ of: `${region} on the summary`, page: <SummaryPage />, region, field, empty, sees })
const tab = (of: string, page: ReactElement, field: string, empty: string, sees: RegExp): Widget => ({ of, page, field, empty, sees })

const WIDGETS: Widget[] = [
  summary('Problems', 'conditions', 'No active problem is recorded.', /Asthma/),
  summary('Allergies', 'allergies', 'Not recorded', /Penicillin – Anaphylaxis/),
  summary('Medications', 'currentMedications', 'No current medication is recorded.', /apixaban – 2.5\u00a0mg/),
  summary('Encounters', 'encounters', 'No encounter is recorded.', /Inpatient/),
  summary('Immunizations', 'immunizations', 'No immunization is recorded.', /Influenza Not given/),
  summary('Vitals', 'latestResults', 'No vital sign is recorded.', /104\/58\s*mmHg/),
  summary('Latest results', 'latestResults', 'No laboratory result is recorded.', /Potassium6.10mmol\/LHH/),
  summary('Care team', 'careTeam', 'No care team is recorded.', /Dr LeeAttending · Ward 6 West/),
  summary('Consents', 'consents', 'No consent is recorded.', /Privacy Consent.*Agrees, 01-Jan-2026/),
  summary('Notes', 'notes', 'No note is recorded.', /Progress note \(SOAP\) Not signed.*22-Nov-2026Dr Lee/),
  summary('Questionnaires', 'questionnaireScores', 'No score of a questionnaire is recorded.', /PHQ-9 12 of 27moderate depression20-Nov-2026/),
  summary('Gaps in care', 'careGaps', 'No quality measure asks for anything that is not on record.', /Colorectal cancer screeningNot on record in 2026CMS130/),
  tab('the problems tab', <ProblemsPage />, 'conditions', 'No active problem is recorded.', /Asthma/),
  tab('the medications tab', <MedicationsPage />, 'currentMedications', 'No current medication is recorded.', /apixaban/),
  tab('the allergies tab', <AllergiesPage />, 'allergies', 'Not recorded. Nobody has written down whether this patient has allergies.', /Penicillin/),
  tab('the immunizations tab', <ImmunizationsPage />, 'immunizations', 'No immunization is recorded.', /Influenza.*Not givenDeclined by the patient.*Tetanus2024GivenElsewhere, as told2.*L1expires 31-Jan-2025Dr Lee/),
  tab('the procedures tab', <ProceduresPage />, 'procedures', 'No procedure is recorded.', /Chest X-ray/),
  tab('the encounters tab', <EncountersPage />, 'encounters', 'No encounter is recorded.', /6 West, bed 3/),
  tab('the documents tab', <DocumentsPage />, 'documents', 'No document is recorded.', /Progress note.*Preliminary/),
  tab('the notes tab', <NotesPage />, 'notes', 'No note is recorded.', /Progress note \(SOAP\).*Not signed.*Dr Lee/),
  tab('the questionnaires tab', <QuestionnairesPage />, 'questionnaireResponses', 'No questionnaire has been filled in.', /PHQ-9: depression.*Dr Lee12 of 27moderate depression.*Completed/),
  tab('the vitals tab', <VitalsPage />, 'vitals', 'No vital sign is recorded.', /104\/58/),
  tab('the care team', <CarePage />, 'careTeams', 'No care team is recorded.', /Ward 6 West1 in the team.*Dr LeeAttending/),
  tab('the care plans', <CarePage />, 'carePlans', 'No care plan is recorded.', /Asthma plan.*Inhaler technique/),
  tab('the goals', <CarePage />, 'goals', 'No goal is recorded.', /at least 400\sL\/minby Mar-2027/),
  tab('the tasks', <CarePage />, 'tasks', 'No task is recorded.', /Call the daughter/),
  tab('the related persons', <DemographicsPage />, 'relatedPersons', 'No related person is recorded.', /LIND, AxelSon/),
  tab('the consents', <DemographicsPage />, 'consents', 'No consent is recorded.', /Agrees, about LIND, Axel, son.*This person sees the whole record/),
  tab('the family history', <FamilyPage />, 'familyHistory', 'Not recorded. Nobody has written down what relatives have or had.', /Mother.*Goutdied of it.*at 48 years/),
  tab('what is taken as told', <MedicationsPage />, 'medicationStatements', 'Nothing is recorded as taken without a prescription.', /ibuprofenwhen needed.*The patient/),
  tab('the coverage', <DemographicsPage />, 'coverage', 'No coverage is recorded.', /Health fundExtended healthcare/),
  tab('the timeline', <TimelinePage />, 'timeline', 'Nothing is recorded.', /Potassium 6.10 mmol\/L/),
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

  it('that are none are told with who said so and when', async () => {
    const statement = { id: 'AllergyIntolerance/none', fhirId: 'none', versionId: '1', lastUpdated: '2026-01-01T00:00:00Z', substance: { text: 'No known allergies', codings: [] }, category: [], reactions: [], notes: [], recordedAt: '2026-11-02', fhir: { asserter: { reference: 'Practitioner/x' }, recorder: { display: 'Dr Lee' } } }
    at(<SummaryPage />, { root: answering({ ...emptyPatient, allergies: { ...emptyPatient.allergies, status: 'NONE_KNOWN', nodes: [statement] } }) })
    expect(await screen.findAllByText(/^No known allergies \(Dr Lee, (02-Nov-2026)?\)$/)).toHaveLength(2)
  })

  it('that could not be read are not “none” in the banner', async () => {
    at(<SummaryPage />, { root: answering({ ...fullPatient, allergies: failing }) })
    expect(await screen.findByText('Allergies: not loaded. Do not assume there are none.')).toBeVisible()
  })
})

describe('alerts', () => {
  it('that hold stand in the banner', async () => {
    at(<SummaryPage />, { root: answering(fullPatient) })
    const banner = within(await screen.findByRole('region', { name: 'Patient' }))
    expect(banner.getByText('Fall risk')).toBeVisible()
    expect(banner.queryByText('Isolation')).toBeNull()
  })

  it.each([[emptyPatient.flags, 'Alerts: none recorded'], [failing, 'Alerts: not loaded. Do not assume there are none.'], [forbidden, 'Alerts: you may not see this']])('%# are told from those that are not seen', async (flags, text) => {
    at(<SummaryPage />, { root: answering({ ...fullPatient, flags }) })
    expect(await screen.findByText(text)).toBeVisible()
  })
})

describe('the code status', () => {
  const order = (text: string, code: string | null, more: object = {}) => ({ ...fullPatient.codeStatus, code: { text, codings: code ? [{ system: 'http://snomed.info/sct', code }] : [] }, ...more })
  const banner = async (codeStatus: unknown) => {
    at(<SummaryPage />, { root: answering({ ...fullPatient, codeStatus }) })
    return within(await screen.findByRole('region', { name: 'Patient' }))
  }

  it.each([
    ['for resuscitation', fullPatient.codeStatus, 'Code status: For resuscitation, 19-Nov-2026'],
    ['none', null, 'Code status: not recorded'], ['unread', failing, 'Code status: not loaded. Do not assume there is none.'], ['hidden', forbidden, 'Code status: you may not see this'],
  ])('%s is told in plain words', async (_, codeStatus, text) => {
    const found = await banner(codeStatus)
    expect(found.getByText((_text, of) => of?.textContent === text)).toBeVisible()
    expect(found.queryByText('Code status')).toBeNull()
  })

  it.each([
    [order('Not for resuscitation', '304253006'), 'Not for resuscitation'],
    // What the code says is not known: it may be a limit.
    [order('Ward care only', null), 'Ward care only'],
    [order('For resuscitation', '304252001', { doNotPerform: true }), 'Not to be done: For resuscitation'],
  ])('stands out when it may hold something back, also in a dialog over the banner: %#', async (codeStatus, text) => {
    const found = await banner(codeStatus)
    expect(found.getByText('Code status').nextSibling).toHaveTextContent(`${text} 19-Nov-2026`)
    await userEvent.keyboard('o')
    const dialog = within(await screen.findByRole('dialog', { name: 'The chart as it stood' }))
    expect(dialog.getByText(new RegExp(`Allergies: Penicillin · Code status: ${text}$`))).toBeVisible()
  })

  it('that could not be read is told in a dialog too', async () => {
    await banner(failing)
    await userEvent.keyboard('o')
    expect(within(await screen.findByRole('dialog', { name: 'The chart as it stood' })).getByText(/ · Code status: not loaded\. Do not assume there is none\.$/)).toBeVisible()
  })
})

it.each([['Record an allergy', <AllergiesPage key="a" />], ['Record a problem', <ProblemsPage key="p" />]])('%s: how certain it is, the writer chooses', async (name, page) => {
  at(page, { root: answering(fullPatient) })
  await userEvent.click(await screen.findByRole('button', { name }))
  expect(within(await screen.findByRole('dialog', { name })).getByLabelText('Certainty')).toHaveValue('')
})

it('says of each fact about the person that it is not recorded', async () => {
  at(<DemographicsPage />, { root: answering({ ...emptyPatient, names: [{ use: 'official', display: 'Ada Lind', given: [], prefix: [], suffix: [] }], telecom: [{ system: 'phone', value: '555 0100', use: 'home' }] }) })
  const person = within(await screen.findByRole('region', { name: 'Person' }))
  expect(person.getByText('Name (official)').nextSibling).toHaveTextContent('Ada Lind')
  expect(person.getByText('Language').nextSibling).toHaveTextContent('Not recorded')
  expect(screen.getByText('Telephone (home)').nextSibling).toHaveTextContent('555 0100')
  expect(screen.getByText('No identifier is recorded.')).toBeVisible()
})

it('marks a goal whose day is over and that is not reached, and no other', async () => {
  const goal = (id: string, more: object) => ({ id, fhirId: id, versionId: '1', lastUpdated: '2026-01-01T00:00:00Z', fhir: {}, status: 'ACTIVE', description: { text: id, codings: [] }, targets: [{ due: '2020-05' }], addresses: [], notes: [], ...more })
  const nodes = [goal('late', {}), goal('reached', { achievement: { text: 'Reached', codings: [{ code: 'achieved' }] } }), goal('given up', { status: 'CANCELLED' }), goal('ahead', { targets: [{ due: '2999' }] })]
  at(<CarePage />, { root: answering({ ...fullPatient, goals: { ...fullPatient.goals, nodes } }) })
  expect(await screen.findByRole('row', { name: /^late .*by May-2020 Overdue/ })).toBeVisible()
  expect(screen.getAllByText('Overdue')).toHaveLength(1)
})

it('names the patient in the demographics as in the banner, and the postal code after the state', async () => {
  const names = [{ use: 'official', display: 'Mrs. Ada Lind', family: 'Lind', given: ['Ada'], prefix: ['Mrs.'], suffix: [] }]
  at(<DemographicsPage />, { root: answering({ ...emptyPatient, names, addresses: [{ lines: ['1 Quay Street'], city: 'Salem', state: 'MA', postalCode: '01970' }] }) })
  expect((await screen.findByText('Name (official)')).nextSibling).toHaveTextContent('LIND, Ada (Mrs)')
  expect(screen.getByText('Address').nextSibling).toHaveTextContent('1 Quay Street, Salem, MA 01970')
})

it('tells whom to reach about the patient', async () => {
  at(<DemographicsPage />, { root: answering(fullPatient) })
  const row = await screen.findByRole('row', { name: /LIND, Eva/ })
  expect(row).toHaveTextContent('Daughter')
  expect(row).toHaveTextContent('555 0101')
})

it.each([[fullPatient, /LIND, Eva.*Daughter.*555 0101/], [emptyPatient, /No contact is recorded/]])('the summary tells whom to reach, or that nobody is recorded', async (patient, text) => {
  at(<SummaryPage />, { root: answering(patient) })
  await waitFor(() => expect(screen.getByRole('region', { name: 'Emergency contacts' })).toHaveTextContent(text))
})

it('keeps a prescription in sight that is active by its status and not current', async () => {
  const [one] = fullPatient.medicationRequests({ filter: { status: ['STOPPED', 'COMPLETED'] } }).nodes
  at(<MedicationsPage />, { root: answering({ ...fullPatient, prescriptionsNotCurrent: [{ ...one, id: 'MedicationRequest/over', status: 'ACTIVE', medication: { text: 'amoxicillin', codings: [] } }] }) })
  const apart = within(await screen.findByRole('region', { name: 'Active by their status, and not current' }))
  expect(apart.getByText('amoxicillin')).toBeInTheDocument()
  expect(within(screen.getByRole('region', { name: 'Current medications' })).queryByText('amoxicillin')).toBeNull()
})

it('never mixes current with past medications, prescribed or as told', async () => {
  const all = ['ACTIVE', 'STOPPED', 'NOT_TAKEN', 'ENTERED_IN_ERROR'].map((status) => ({ ...told, id: `MedicationStatement/${status}`, status, medication: { text: `told ${status}`, codings: [] } }))
  const ended = { ...told, id: 'MedicationStatement/ended', medication: { text: 'told ended', codings: [] }, effectivePeriod: { start: '2019', end: '2020-05' } }
  at(<MedicationsPage />, { root: answering({ ...fullPatient, medicationStatements: ({ status = [] }: { status?: string[] }) => page(...[...all, ended].filter((s) => status.includes(s.status))) }) })
  const past = within(await screen.findByRole('region', { name: 'Past medications' }))
  expect(await past.findByText('warfarin')).toBeVisible()
  expect(past.getByText('Dose not recorded')).toBeVisible()
  for (const name of ['apixaban', 'told ACTIVE', 'told ENTERED_IN_ERROR']) expect(past.queryByText(name)).toBeNull()
  for (const name of ['told STOPPED', 'told NOT_TAKEN']) expect(past.getByText(name)).toBeVisible()
  expect(within(screen.getByRole('region', { name: 'Current medications' })).queryByText('warfarin')).toBeNull()
  expect(within(screen.getByRole('table', { name: 'Reported medications' })).getAllByText(/^told/).map((one) => one.textContent)).toEqual(['told ACTIVEwhen neededReason not recorded'])
  expect(screen.getByRole('row', { name: /^told ended/ }).closest('section')).toHaveAccessibleName('Ended, though it is not recorded as stopped')
  expect(screen.getByText('told ENTERED_IN_ERROR').tagName).toBe('S')
})

it('tells a medicine in one line, the words beside the parts, and marks the same one twice by its codes', async () => {
  const dosages = [{ text: '20 mg by mouth, at night', route: { text: 'oral route', codings: [] }, dose: { value: '20.0', unit: 'mg' }, asNeeded: false, frequency: 1, period: '1', periodUnit: 'd' }]
  const rx = (code: string) => [{ system: 'rxnorm', code }]
  const source = { id: 'MedicationRequest/m1', fhirId: 'm1', versionId: '1', lastUpdated: '2026-01-01T00:00:00Z', fhir: {}, status: 'ACTIVE', authoredOn: '2026-01-01' }
  const line = (id: string, name: string, more: object) => ({ id, versionId: '1', status: 'ACTIVE', medication: { text: name, codings: [] }, dosageText: null, reasons: [{ text: 'Hyperlipidemia', codings: [] }], reasonReferences: [], statements: [], requests: [{ ...source, id, ...more }] })
  const product = { __typename: 'Medication', id: 'Medication/p', fhirId: 'p', versionId: '1', lastUpdated: '2026-01-01T00:00:00Z', fhir: {}, ingredients: [{ substance: { text: 'atorvastatin', codings: rx('83367') } }] }
  const nodes = [
    { ...line('MedicationRequest/a', 'atorvastatin 20 mg', { dosages, dosageText: '20 mg by mouth, at night', fhir: { dosageInstruction: [{ timing: { repeat: { boundsPeriod: { start: '2026-01-05', end: '2999-01' } } } }] } }), dosageText: '20 mg by mouth, at night', medication: { text: 'atorvastatin 20 mg', codings: rx('83367') } },
    line('MedicationRequest/b', 'Statin product', { dosages: [], medicationReference: { display: 'Statin product', node: product } }), line('MedicationRequest/c', 'atorvastatin 20 mg', { dosages: [], requester: { display: 'Dr Lee' } }),
  ]
  at(<MedicationsPage />, { root: answering({ ...fullPatient, currentMedications: page(...nodes) }) })
  const table = within(await screen.findByRole('table', { name: 'Current medications' }))
  const [, first, second, third] = table.getAllByRole('row')
  expect(first).toHaveTextContent(/^atorvastatin 20 mgDOSE 20.mg – Oral route – once daily – for HyperlipidemiaAs written: 20.mg by mouth, at nightSame medicine as Statin productsince 05-Jan-2026until Jan-2999Prescription, 01-Jan-2026Active/)
  expect(second).toHaveTextContent(/^Statin productDose not recorded – for HyperlipidemiaSame medicine as atorvastatin 20 mg/)
  expect(third).not.toHaveTextContent('Same medicine')
  expect(within(third as HTMLElement).getByText('Dr Lee').tagName).toBe('SMALL')
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
  expect(await screen.findByText('1 of 2 procedures loaded.')).toBeVisible()
  expect(screen.getByText('1 more not shown.')).toBeVisible()
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

describe('as of a past instant', () => {
  const then = '2026-01-05T08:00:00.000001Z'
  const past = (page: ReactElement, server: FakeServer, asOf = then) => renderPage(page, '/patients/:id/clinical/x', `/patients/ada/clinical/x?asOf=${encodeURIComponent(asOf)}`, server)
  /** What the chart said by instant. */
  const byTime = { breakGlassOpened: [], patient: ({ asOf }: { asOf?: string | null }) => (asOf === then ? { ...fullPatient, conditions: { ...emptyPatient.conditions, nodes: [{ ...fullPatient.conditions.nodes[0], code: { text: 'Wheeze', codings: [] } }], totalCount: 1 } } : fullPatient) }

  it('the chart says so, reads what was known then, offers no writing, and goes back to now', async () => {
    past(<ProblemsPage />, { root: byTime })
    expect(await screen.findByText('Wheeze')).toBeVisible()
    const strip = within(screen.getByRole('group', { name: 'As of' }))
    expect(strip.getByText(/^Chart as it was on /)).toBeVisible()
    expect(screen.queryByRole('button', { name: 'Record a problem' })).toBeNull()
    await userEvent.click(screen.getByRole('button', { name: 'Acts for Wheeze' }))
    expect(screen.getAllByRole('menuitem').map((item) => item.textContent)).toEqual(['History'])
    await userEvent.keyboard('{Escape}')
    for (const link of within(screen.getByRole('navigation', { name: 'Chart' })).getAllByRole('link')) expect(link.getAttribute('href')).toContain(`asOf=${encodeURIComponent(then)}`)
    await userEvent.click(strip.getByRole('button', { name: 'Back to now' }))
    expect(await screen.findByText('Asthma')).toBeVisible()
    expect(screen.queryByText('Wheeze')).toBeNull()
    expect(screen.getByRole('button', { name: 'Record a problem' })).toBeVisible()
  })

  it('nothing of now stands on the page while the past is read', async () => {
    const server: FakeServer = { root: byTime }
    past(<ProblemsPage />, server)
    await screen.findByText('Wheeze')
    server.root = 'hang'
    await userEvent.click(screen.getByRole('button', { name: 'Back to now' }))
    expect(screen.queryByText('Wheeze')).toBeNull()
    expect(screen.getAllByRole('status', { name: /^Loading/ }).length).toBeGreaterThan(0)
  })

  it('a patient who was not on record yet is told from one who is not there', async () => {
    past(<SummaryPage />, { root: answering(null) })
    expect(await screen.findByRole('heading', { name: /There was no such patient on 0?\d-Jan-2026/ })).toBeVisible()
    expect(screen.getByRole('link', { name: 'To the chart as it is now' })).toBeVisible()
  })

  it.each(['yesterday', '2999-01-01T00:00:00Z'])('%s is refused by name', async (asOf) => {
    past(<SummaryPage />, { root: byTime }, asOf)
    expect(await screen.findByRole('heading', { name: 'The chart cannot be shown as of then' })).toBeVisible()
  })

  it('the last writes are offered in each of their states', async () => {
    const changes = (of: unknown) => answering({ ...fullPatient, changes: of })
    const server: FakeServer = { root: changes(failing) }
    at(<SummaryPage />, server)
    await screen.findByRole('heading', { level: 1, name: 'LIND, Ada (Mrs)' })
    await userEvent.keyboard('o')
    const dialog = within(await screen.findByRole('dialog', { name: 'The chart as it stood' }))
    expect(dialog.getByText('14-Jul-1945').closest('p')).toHaveTextContent('LIND, Ada (Mrs) · Born 14-Jul-1945 (81y) · Female · MRN 4471 · Allergies: Penicillin')
    await userEvent.clear(dialog.getByLabelText('Day and time'))
    await userEvent.click(dialog.getByRole('button', { name: 'Show the chart as it was' }))
    expect(dialog.getByText('Write a day and a time, such as 30-Nov-2026 14:05.')).toBeVisible()
    server.root = changes({ nodes: [{ id: 'Condition/c1', versionId: '1', action: 'CREATED', at: then, by: 'lee', title: 'Wheeze', fhir: {} }], edges: [], pageInfo: { hasNextPage: true, hasPreviousPage: false } })
    await userEvent.click(await dialog.findByRole('button', { name: 'Try again' }))
    await userEvent.click(await dialog.findByRole('button', { name: /Condition “Wheeze” recorded/ }))
    expect(await screen.findByText(/^Chart as it was on /)).toBeVisible()
  })
})

describe('the timeline', () => {
  it('stands under years, keeps the precision of the record, says what is left out, and is narrowed by an address', async () => {
    let asked: unknown
    const timeline = (args: { kinds?: string[]; date?: object }) => {
      asked = args
      return args.kinds ? { ...fullPatient.timeline, nodes: fullPatient.timeline.nodes.filter((n) => args.kinds?.includes((n as { kind: string }).kind)) } : fullPatient.timeline
    }
    at(<TimelinePage />, { root: answering({ ...fullPatient, timeline }) })
    expect(await screen.findByRole('row', { name: '2026' })).toBeVisible()
    expect(screen.getByRole('row', { name: /May-2019\s*Problem\s*Asthma/ })).toBeVisible()
    expect(screen.getByText('You may not see: documents')).toBeVisible()
    await userEvent.click(screen.getByRole('checkbox', { name: 'Problems' }))
    await waitFor(() => expect(screen.queryByRole('row', { name: /Potassium/ })).toBeNull())
    expect(await screen.findByRole('row', { name: /Asthma/ })).toBeVisible()
    await userEvent.type(screen.getByLabelText('To'), '2020')
    await waitFor(() => expect(asked).toMatchObject({ kinds: ['CONDITION'], date: { high: '2021-01-01' } }))
  })

  it('is walked by keyboard, past the heads of years, to where an entry belongs', async () => {
    at(<TimelinePage />, { root: answering(fullPatient) })
    const list = await screen.findByRole('grid', { name: 'Timeline' })
    list.focus()
    await userEvent.keyboard('{ArrowDown}')
    expect(screen.getByRole('row', { name: /Asthma/ })).toHaveAttribute('aria-selected', 'true')
    await userEvent.keyboard('{Enter}')
    expect(await screen.findByText('elsewhere')).toBeVisible()
  })
})

describe('results that are to be seen', () => {
  const seen = { by: { display: 'Dr Kim' }, at: '2026-11-22T09:00:00Z', notes: [], task: {} }
  const first = (of: object): object => (of as { nodes: object[] }).nodes[0] as object
  const labs = (acknowledgement: unknown) => page({ ...first(fullPatient.labs), acknowledgement })
  const reports = (acknowledgement: unknown) => page({ ...first(fullPatient.diagnosticReports), acknowledgement })

  it('a critical one stands before all else until its version is acknowledged', async () => {
    at(<ResultsPage />, { root: answering(fullPatient) })
    const critical = within(await screen.findByRole('region', { name: 'Critical results' }))
    expect(critical.getByText('A critical result is not acknowledged', { exact: false })).toBeVisible()
    expect(critical.getByTitle('Critically high')).toBeVisible()
    await userEvent.click(critical.getByRole('button', { name: 'Acknowledge Potassium' }))
    expect(await screen.findByRole('dialog', { name: 'Acknowledge Potassium 6.10 mmol/L' })).toBeVisible()
  })

  it('an acknowledged one is no longer there', async () => {
    at(<ResultsPage />, { root: answering({ ...fullPatient, labs: labs(seen) }) })
    await screen.findByRole('table', { name: 'Laboratory results' })
    expect(screen.queryByRole('region', { name: 'Critical results' })).toBeNull()
  })

  it('nothing is said of it when who has seen what is not known', async () => {
    at(<ResultsPage />, { root: answering({ ...fullPatient, labs: labs(forbidden), diagnosticReports: reports(forbidden) }) })
    await screen.findByRole('table', { name: 'Laboratory results' })
    expect(screen.queryByRole('region', { name: 'Critical results' })).toBeNull()
    await userEvent.click(screen.getByRole('button', { name: 'Reports' }))
    expect(within(await screen.findByRole('row', { name: /Renal panel/ })).getByText('Not known')).toBeVisible()
  })

  it('a report tells who has seen it', async () => {
    at(<ResultsPage />, { root: answering({ ...fullPatient, diagnosticReports: reports(seen) }) })
    await userEvent.click(await screen.findByRole('button', { name: 'Reports' }))
    const row = within(await screen.findByRole('row', { name: /Renal panel/ }))
    expect(row.getByText(/^Dr Kim, 22-Nov-2026/)).toBeVisible()
    expect(row.queryByRole('button', { name: /^Acknowledge/ })).toBeNull()
  })
})

it('measurements that are written but not recorded are not lost by going elsewhere', async () => {
  at(<VitalsPage />, { root: answering(fullPatient) })
  await userEvent.click(await screen.findByRole('button', { name: 'Record vital signs' }))
  await userEvent.type(screen.getByLabelText('Heart rate'), '72')
  await userEvent.click(within(screen.getByRole('navigation', { name: 'Chart' })).getByRole('link', { name: 'Summary' }))
  const dialog = within(await screen.findByRole('dialog', { name: 'What you wrote is not recorded' }))
  await userEvent.click(dialog.getByRole('button', { name: 'Stay here' }))
  expect(screen.getByLabelText('Heart rate')).toHaveValue('72')
  await userEvent.click(screen.getByRole('button', { name: 'Cancel' }))
  const asked = within(await screen.findByRole('dialog', { name: 'What you wrote is not recorded' }))
  await userEvent.click(asked.getByRole('button', { name: 'Give it up and go on' }))
  expect(screen.queryByLabelText('Heart rate')).toBeNull()
})
