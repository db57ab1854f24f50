/**
 * A page of the app before a server that is not there: answers come from the committed schema over a fixture, so a fixture that does not fit
 * the schema, or a document that does not, fails the test.
 */
import { readFileSync } from 'node:fs'
import { render } from '@testing-library/react'
import { buildSchema, graphql, GraphQLError } from 'graphql'
import type { ReactElement } from 'react'
import { createMemoryRouter, RouterProvider } from 'react-router'
import { AppearanceProvider } from '../contexts/appearance'
import { SessionProvider } from '../contexts/session'
import { cacheExchange, Client, fetchExchange, Provider } from 'urql'

const schema = buildSchema(readFileSync('../schema/schema.graphql', 'utf8'))

export const forbidden = () => { throw new GraphQLError('search is not permitted', { extensions: { code: 'NOT_PERMITTED' } }) }
export const failing = () => { throw new GraphQLError('internal error', { extensions: { code: 'INTERNAL' } }) }

/** What the server would answer with; replaced in mid-test by `server.root = …`. `hang` never answers, `down` breaks the connection. */
export interface FakeServer { root: object | 'hang' | 'down' }

function client(server: FakeServer): Client {
  return new Client({
    url: 'http://test/graphql',
    preferGetMethod: false,
    exchanges: [cacheExchange, fetchExchange],
    fetch: async (_, init) => {
      const { root } = server
      if (root === 'hang') return new Promise<Response>(() => undefined)
      if (root === 'down') throw new TypeError('no connection')
      const { query, variables, operationName } = JSON.parse(String(init?.body)) as { query: string; variables: Record<string, unknown>; operationName?: string }
      const result = await graphql({ schema, source: query, rootValue: root, variableValues: variables, operationName })
      // An error without a place is the test's own: a document or a fixture that the schema refuses.
      const broken = result.errors?.find((e) => !e.path || /Cannot return null|cannot represent|must resolve/.test(e.message))
      if (broken) throw new Error(`the fixture does not fit the schema: ${broken.message}`)
      return new Response(JSON.stringify(result), { headers: { 'Content-Type': 'application/json' } })
    },
  })
}

/** Draws a page at an address, before that server, for somebody of that role, or of several. */
export function renderPage(page: ReactElement, path: string, at: string, server: FakeServer, role = 'physician', ...more: string[]) {
  const who = { session: { user: 'lee', name: 'Dr Lee', roles: [role, ...more], fhirUser: 'Practitioner/lee', remainingMs: null }, config: { demo: true, environment: 'Test', demoUsers: [] } }
  const router = createMemoryRouter([{ path, element: page }, { path: '*', element: <p>elsewhere</p> }], { initialEntries: [at] })
  return render(<AppearanceProvider><SessionProvider value={who}><Provider value={client(server)}><RouterProvider router={router} /></Provider></SessionProvider></AppearanceProvider>)
}

const none = { nodes: [], edges: [], pageInfo: { hasNextPage: false, hasPreviousPage: false }, totalCount: 0 }
const list = (...nodes: object[]) => ({ ...none, nodes, totalCount: nodes.length })
export const node = (id: string) => ({ id, fhirId: id.split('/')[1], versionId: '1', lastUpdated: '2026-01-01T00:00:00Z', fhir: {} })
const concept = (text: string, code?: string) => ({ text, codings: code ? [{ system: 'http://loinc.org', code }] : [] })
export const page = list

const potassium = {
  __typename: 'Observation', ...node('Observation/k'), code: concept('Potassium', '2823-3'), category: [], status: 'FINAL', effectiveAt: '2026-11-22T07:40:00Z', interpretation: 'CRITICAL_HIGH',
  value: { __typename: 'Quantity', value: '6.10', unit: 'mmol/L' }, components: [], referenceRanges: [{ low: { value: '3.5' }, high: { value: '5.3' }, appliesTo: [] }], performers: [], notes: [], derivedFrom: [],
}
const pressure = {
  ...potassium, ...node('Observation/bp'), code: concept('Blood pressure', '85354-9'), interpretation: null, value: null, referenceRanges: [],
  components: [{ code: concept('Systolic'), value: { __typename: 'Quantity', value: '104', unit: 'mmHg' }, referenceRanges: [] }, { code: concept('Diastolic'), value: { __typename: 'Quantity', value: '58', unit: 'mmHg' }, referenceRanges: [] }],
}
const latest = (observation: { code: object }) => ({ code: observation.code, observation, change: '0.80', series: [], excludedCount: 0, components: [] })

const who = {
  ...node('Patient/ada'), name: { display: 'Mrs Ada Lind', family: 'Lind', given: ['Ada'], prefix: ['Mrs'], suffix: [] }, names: [], identifiers: [], mrn: '4471', gender: 'FEMALE', birthDate: '1945-07-14',
  age: { value: 81, unit: 'YEARS' }, telecom: [], addresses: [], generalPractitioners: [], isTest: false, replaces: [],
}

/** A patient of whom nothing is recorded. */
export const emptyPatient = {
  ...who, conditions: none, allergies: { ...none, status: 'NOT_ASKED' }, medicationRequests: none, currentMedications: none, prescriptionsNotCurrent: [], encounters: none, immunizations: none, procedures: none, documents: none, notes: none,
  questionnaireResponses: none, questionnaireScores: none, careGaps: [], diagnosticReports: none, labs: none, vitals: none, latestResults: [], careTeams: none, careTeam: [], contacts: [], relatedPersons: none, consents: none, familyHistory: none, medicationStatements: none, coverage: none, carePlans: none, goals: none, appointments: none, tasks: none, flags: none, timeline: { ...none, omitted: [] },
}

/** What the patient takes without a prescription. */
export const told = { ...node('MedicationStatement/s1'), status: 'ACTIVE', medication: concept('ibuprofen'), dosageText: 'when needed', reasons: [], reasonReferences: [], notes: [], informationSource: { id: 'Patient/ada', display: 'Ada Lind' }, assertedAt: '2026-01-01' }

/** A patient with one of each. */
export const fullPatient = {
  ...who,
  conditions: list(
    { ...node('Condition/c1'), code: concept('Asthma'), category: [concept('Problem List Item')], clinicalStatus: 'ACTIVE', verificationStatus: 'CONFIRMED', onsetAt: '2019-05', recordedAt: '2020-01-01', notes: [] },
    { ...node('Condition/c2'), code: concept('Gout'), category: [], clinicalStatus: 'RESOLVED', verificationStatus: 'CONFIRMED', notes: [] },
    { ...node('Condition/c3'), code: concept('Wrong chart'), category: [], verificationStatus: 'ENTERED_IN_ERROR', notes: [] },
  ),
  allergies: { ...list({ ...node('AllergyIntolerance/a1'), substance: concept('Penicillin'), category: ['MEDICATION'], criticality: 'HIGH', clinicalStatus: 'ACTIVE', verificationStatus: 'CONFIRMED', recordedAt: '1998', reactions: [{ manifestations: [concept('Anaphylaxis')], severity: 'SEVERE' }], notes: [] }), status: 'KNOWN' },
  medicationRequests: ({ filter }: { filter?: { status?: string[] } }) => list(
    ...[
      { ...node('MedicationRequest/m1'), status: 'ACTIVE', intent: 'ORDER', medication: concept('apixaban'), dosageText: '2.5 mg twice daily', reasons: [], reasonReferences: [], dosages: [], notes: [], authoredOn: '2026-01-01' },
      { ...node('MedicationRequest/m2'), status: 'STOPPED', intent: 'ORDER', medication: concept('warfarin'), dosageText: null, reasons: [], reasonReferences: [], dosages: [], notes: [] },
    ].filter((m) => !filter?.status || filter.status.includes(m.status)),
  ),
  prescriptionsNotCurrent: [],
  currentMedications: list({ id: 'MedicationRequest/m1', versionId: '1', status: 'ACTIVE', medication: concept('apixaban'), dosageText: '2.5 mg twice daily', reasons: [], reasonReferences: [], requests: [{ ...node('MedicationRequest/m1'), status: 'ACTIVE', authoredOn: '2026-01-01', dosages: [] }], statements: [] }),
  encounters: list({ ...node('Encounter/e1'), status: 'IN_PROGRESS', class: { code: 'IMP' }, types: [concept('Admission')], period: { start: '2026-11-19T08:00:00Z' }, reasons: [concept('Pneumonia')], reasonReferences: [], participants: [], locations: [{ display: '6 West, bed 3' }], places: [{ location: { display: '4 East, bed 1' }, status: 'completed', period: { end: '2026-11-20T08:00:00Z' } }, { location: { display: '6 West, bed 3' }, status: 'active', period: { start: '2026-11-20T08:00:00Z' } }], diagnoses: [] }),
  immunizations: list({ ...node('Immunization/i1'), status: 'NOT_DONE', statusReason: concept('Declined by the patient'), vaccine: concept('Influenza'), occurredAt: '2026-10', performers: [], notes: [] }, { ...node('Immunization/i2'), status: 'COMPLETED', primarySource: false, vaccine: concept('Tetanus'), occurredAt: '2024', lotNumber: 'L1', expirationDate: '2025-01-31', doseNumber: '2', performers: [{ display: 'Dr Lee' }], notes: [] }),
  procedures: list({ ...node('Procedure/p1'), status: 'COMPLETED', code: concept('Chest X-ray'), performedAt: '2026-11-19', reasons: [], reasonReferences: [], bodySites: [], performers: [{ display: 'Dr Lee' }], notes: [] }),
  documents: list({ ...node('DocumentReference/d1'), status: 'CURRENT', docStatus: 'PRELIMINARY', type: concept('Progress note'), category: [], date: '2026-11-22T08:35:00Z', authors: [{ display: 'Dr Lee' }], attachments: [{ contentType: 'text/plain', data: btoa('Walks to the bathroom.') }] }),
  notes: list({
    __typename: 'Note', ...node('Composition/n1'), status: 'PRELIMINARY', type: concept('Progress note'), title: 'Progress note (SOAP)', date: '2026-11-22T08:35:00Z', authors: [{ id: 'Practitioner/lee', display: 'Dr Lee' }], template: 'progress', lateEntry: false, awaitsCosignature: false,
    sections: [{ code: '61150-9', title: 'Subjective', text: 'Walks to the bathroom.', sources: [] }], signatures: [],
  }),
  questionnaireResponses: list({
    __typename: 'QuestionnaireResponse', ...node('QuestionnaireResponse/q1'), status: 'COMPLETED', questionnaire: 'https://example.org/phq9|1', title: 'PHQ-9: depression', authored: '2026-11-20T08:00:00Z', author: { display: 'Dr Lee' }, source: { id: 'Patient/ada', display: 'Ada Lind' },
    items: [{ parent: null, linkId: '1', text: 'Feeling down', values: [{ kind: 'CODING', text: 'Several days', coding: { system: 'http://loinc.org', code: 'LA6569-3', display: 'Several days' } }] }],
  }),
  questionnaireScores: list({ ...potassium, ...node('Observation/s1'), code: concept('PHQ-9 total', '44261-6'), interpretation: null, effectiveAt: '2026-11-20T08:00:00Z', value: { __typename: 'Quantity', value: '12' }, derivedFrom: [{ id: 'QuestionnaireResponse/q1' }] }),
  careGaps: [{ year: 2026, measure: { id: 'CMS130', title: 'Colorectal cancer screening', version: '1', source: 'a publication', formula: '', population: '', diagnoses: [], lowerIsBetter: false, visits: [], exclusions: [], numerator: [], differences: [] } }],
  diagnosticReports: list({ ...node('DiagnosticReport/r1'), status: 'FINAL', code: concept('Renal panel'), category: [], effectiveAt: '2026-11-22T07:40:00Z', conclusion: 'Repeat potassium.', performers: [], results: [potassium] }),
  labs: list(potassium),
  careTeams: list({ ...node('CareTeam/t1'), status: 'ACTIVE', name: 'Ward 6 West', notes: [], members: [{ member: { id: 'Practitioner/lee', display: 'Dr Lee' }, roles: [concept('Attending')] }, { member: { id: 'Practitioner/kim', display: 'Dr Kim' }, roles: [], period: { end: '2026-01-02' } }] }),
  careTeam: [{ team: { id: 'CareTeam/t1' }, teamName: 'Ward 6 West', member: { id: 'Practitioner/lee', display: 'Dr Lee' }, roles: [concept('Attending')] }],
  consents: list({
    ...node('Consent/k1'), status: 'ACTIVE', scope: concept('Privacy Consent', 'patient-privacy'), category: [concept('Release of information consent')], dateTime: '2026-01-01', performers: [{ id: 'Patient/ada', display: 'Ada Lind' }], rule: 'permit', limited: false,
    recipients: [{ id: 'RelatedPerson/r1', display: 'Axel Lind' }], period: { start: '2026-01-01' },
  }),
  familyHistory: list({ ...node('FamilyMemberHistory/f1'), status: 'COMPLETED', relationship: concept('mother'), deceased: true, born: '1920', notes: [], conditions: [{ code: concept('Gout'), onset: '48 years', onsetYears: 48, contributedToDeath: true }] }),
  medicationStatements: ({ status }: { status?: string[] }) => list(...[told].filter((s) => !status || status.includes(s.status))),
  contacts: [{ relationships: [concept('Daughter')], name: { display: 'Eva Lind', family: 'Lind', given: ['Eva'], prefix: [], suffix: [] }, telecom: [{ system: 'phone', value: '555 0101' }] }],
  relatedPersons: list({ ...node('RelatedPerson/r1'), relationships: [concept('Son')], names: [{ display: 'Axel Lind', family: 'Lind', given: ['Axel'], prefix: [], suffix: [] }], telecom: [], addresses: [] }), appointments: none,
  coverage: list({ ...node('Coverage/v1'), status: 'ACTIVE', type: concept('extended healthcare'), subscriberId: 'M-1', payors: [{ display: 'Health fund' }] }),
  carePlans: list({ ...node('CarePlan/p1'), status: 'ACTIVE', title: 'Asthma plan', category: [], addresses: [], goals: [], activities: [{ description: 'Inhaler technique', status: 'in-progress' }], notes: [] }),
  goals: list({ ...node('Goal/g1'), status: 'ACTIVE', description: concept('Peak flow'), targets: [{ quantity: { value: '400', unit: 'L/min', comparator: '>=' }, due: '2027-03' }], addresses: [], notes: [] }),
  codeStatus: { ...node('ServiceRequest/s1'), status: 'ACTIVE', doNotPerform: false, category: [concept('Code status', 'code-status')], code: { text: 'For resuscitation', codings: [{ system: 'http://snomed.info/sct', code: '304252001' }] }, authoredOn: '2026-11-19T09:00:00Z' },
  flags: list({ ...node('Flag/f1'), status: 'ACTIVE', category: [], code: concept('Fall risk') }, { ...node('Flag/f2'), status: 'INACTIVE', category: [], code: concept('Isolation') }),
  tasks: list({ ...node('Task/k1'), status: 'REQUESTED', priority: 'URGENT', title: 'Call the daughter', description: 'Call the daughter', notes: [] }),
  vitals: list(pressure),
  timeline: {
    ...list(
      { kind: 'OBSERVATION', begins: '2026-11-22T07:40:00Z', title: 'Potassium', node: potassium },
      { kind: 'CONDITION', begins: '2019-05-01T00:00:00Z', title: 'Asthma', node: { __typename: 'Condition', ...node('Condition/c1'), clinicalStatus: 'ACTIVE', verificationStatus: 'CONFIRMED', onsetAt: '2019-05' } },
    ), omitted: ['DOCUMENT'],
  },
  latestResults: ({ category }: { category: string }) => (category === 'LABORATORY' ? [latest(potassium)] : [latest(pressure)]),
}

/** Flowsheets that the house has. */
const row = (name: string, code: string, unit: string, isComputed = false) => ({ name, unit, unitCode: unit, isComputed, fluid: null, code: { system: 'http://loinc.org', code }, least: 0, most: 100_000, source: 'a book' })
export const sheets = [
  { id: 'vitals', title: 'Vital signs', rows: [row('Heart rate', '8867-4', '/min')] },
  { id: 'intake-output', title: 'Intake and output', rows: [row('Fluid intake in 24 hours', '9108-2', 'mL'), row('Urine output in 24 hours', '9192-6', 'mL'), row('Body mass index', '39156-5', 'kg/m2', true)] },
]

/** Kinds of notes, and who writes. */
export const writing = {
  flowsheetTemplates: sheets,
  me: { principal: 'lee', roles: ['PHYSICIAN'], fhirUser: 'Practitioner/lee' },
  noteTemplates: [{ key: 'progress', title: 'Progress note (SOAP)', code: '11506-3', sections: [{ code: '61150-9', title: 'Subjective', required: true, text: '' }, { code: '61149-1', title: 'Objective', required: true, text: '{{vitals.latest}}\n\n{{labs.latest}}' }] }],
  noteDrafts: [],
  savedQueries: [],
  questionnaires: list({ ...node('Questionnaire/phq9'), url: 'https://example.org/phq9', title: 'PHQ-9: depression', codes: [] }),
  scoreInstruments: [{ name: 'PHQ-9', panel: '44249-1', total: '44261-6', items: ['44255-8', '44260-8'], largest: 27, source: 'Kroenke 2001', urgentItem: '44260-8', lowestAnswer: 'LA6568-5', bands: [{ least: 0, says: 'minimal depression' }, { least: 10, says: 'moderate depression' }] }],
}

export const answering = (patient: object | null, more: object = {}) => ({ patient, breakGlassOpened: [], search: none, nodes: [], ...writing, ...more })
