import { encounterClass } from '../../components/clinical/encounter-class'
import { standing, words } from '../../components/clinical/status'
import { nameOfSign } from '../../components/clinical/vital-signs'
import type { TimelineKind, TimelinePageFragment } from '../../gql/graphql'
import { dayAfter, formatDateTime, formatPeriod, readDate } from '../../lib/date'
import { doseLine } from '../../lib/dose-words'

/** What a thing on the timeline is called, in which tab it is at home, and in the order in which the filter lists them. */
export const KINDS: readonly (readonly [kind: TimelineKind, word: string, many: string, tab: 'problems' | 'allergies' | 'encounters' | 'results' | 'vitals' | 'procedures' | 'immunizations' | 'medications' | 'documents' | 'care' | 'questionnaires' | null])[] = [
  ['ENCOUNTER', 'Visit', 'Visits and stays', 'encounters'],
  ['CONDITION', 'Problem', 'Problems', 'problems'],
  ['OBSERVATION', 'Result', 'Results and measurements', 'results'],
  ['DIAGNOSTIC_REPORT', 'Report', 'Reports', 'results'],
  ['MEDICATION_REQUEST', 'Prescription', 'Prescriptions', 'medications'],
  ['MEDICATION_STATEMENT', 'Reported medication', 'Reported medication', 'medications'],
  ['MEDICATION_ADMINISTRATION', 'Dose', 'Doses', 'medications'],
  ['PROCEDURE', 'Procedure', 'Procedures', 'procedures'],
  ['IMMUNIZATION', 'Vaccination', 'Vaccinations', 'immunizations'],
  ['ALLERGY', 'Allergy', 'Allergies', 'allergies'],
  ['DOCUMENT', 'Document', 'Documents', 'documents'],
  ['CARE_PLAN', 'Care plan', 'Care plans', 'care'],
  ['GOAL', 'Goal', 'Goals', 'care'],
  ['APPOINTMENT', 'Appointment', 'Appointments', 'care'],
  // Orders and pictures have no page of their own: they are told here.
  ['ORDER', 'Order', 'Orders', null],
  ['IMAGING_STUDY', 'Imaging', 'Imaging', null],
  ['QUESTIONNAIRE', 'Questionnaire', 'Questionnaires', 'questionnaires'],
]
export const kindOf = (kind: TimelineKind) => KINDS.find(([k]) => k === kind)

export type Entry = TimelinePageFragment['nodes'][number]
type On<T extends Entry['node']['__typename']> = Extract<Entry['node'], { __typename: T }>

/** The date as the record has it, with no more precision than that; the period of what has one. */
export function whenOf({ node, begins }: Entry): string {
  const moment = (at: string | null | undefined) => (at ? formatDateTime(at) : '')
  const said = (() => {
    switch (node.__typename) {
      case 'Condition': return node.onsetAt && node.abatementAt ? formatPeriod({ start: node.onsetAt, end: node.abatementAt }) : moment(node.onsetAt)
      case 'AllergyIntolerance': return moment(node.allergyOnset) || moment(node.recordedAt)
      case 'Encounter': return formatPeriod(node.period, node.encounterStatus === 'IN_PROGRESS')
      case 'Observation': return moment(node.effectiveAt) || formatPeriod(node.effectivePeriod)
      case 'DiagnosticReport': return moment(node.effectiveAt) || formatPeriod(node.effectivePeriod)
      case 'Procedure': return moment(node.performedAt) || formatPeriod(node.performedPeriod)
      case 'Immunization': return moment(node.occurredAt)
      case 'MedicationRequest': return moment(node.authoredOn)
      case 'MedicationAdministration': return moment(node.givenAt) || formatPeriod(node.givenPeriod)
      case 'MedicationStatement': return moment(node.effectiveAt) || formatPeriod(node.effectivePeriod) || moment(node.assertedAt)
      case 'ClinicalDocument': return moment(node.documentDate)
      case 'CarePlan': return formatPeriod(node.planPeriod)
      case 'Goal': return moment(node.startDate)
      case 'Appointment': return moment(node.start)
      case 'ServiceRequest': return moment(node.orderedOn)
      case 'ImagingStudy': return moment(node.startedAt)
      case 'QuestionnaireResponse': return moment(node.answeredAt)
      default: return ''
    }
  })()
  return said || (begins ? formatDateTime(begins) : 'Not recorded')
}

/** What it is called. An appointment is named by its reason alone, which reads as a problem one has. */
export const titleOf = ({ kind, title }: Pick<Entry, 'kind' | 'title'>): string => (kind === 'OBSERVATION' && title ? nameOfSign(title) : kind !== 'APPOINTMENT' ? title ?? 'Not named' : title ? `Appointment: ${title}` : 'Appointment')

/** The year an entry stands under: that of its beginning here; null for what has no date. */
export const yearOf = ({ begins }: Pick<Entry, 'begins'>): number | null => (begins ? new Date(begins).getFullYear() : null)

const OUT_OF_THE_ORDINARY = (status: string | null | undefined): string => (status && !['FINAL', 'COMPLETED', 'ACTIVE', 'CURRENT', 'FINISHED', 'CONFIRMED', 'BOOKED', 'FULFILLED'].includes(status) ? words(status) : '')

/** What is told of an entry besides its title: its state where that is not the plain one, and one fact. */
export function detailOf({ node }: Entry): { state: string; text: string; wrong: boolean } {
  const told = (status: string | null | undefined, ...facts: (string | null | undefined)[]) => ({ state: OUT_OF_THE_ORDINARY(status), text: facts.filter(Boolean).join(' · '), wrong: status === 'ENTERED_IN_ERROR' })
  switch (node.__typename) {
    case 'Condition': return told(node.conditionVerification === 'ENTERED_IN_ERROR' ? node.conditionVerification : node.conditionStatus, node.onsetText)
    case 'AllergyIntolerance': return told(node.allergyVerification === 'ENTERED_IN_ERROR' ? node.allergyVerification : node.allergyStatus)
    case 'Encounter': return told(node.encounterStatus, encounterClass(node.class), node.reasons.map((r) => r.text).join(', '))
    case 'DiagnosticReport': return told(node.reportStatus, node.conclusion)
    case 'Procedure': return told(node.procedureStatus)
    case 'Immunization': return told(node.immunizationStatus)
    case 'MedicationRequest': return told(node.requestStatus, node.dosageText && doseLine(node.dosageText))
    case 'MedicationStatement': return told(node.statementStatus, node.dosageText && doseLine(node.dosageText))
    case 'ClinicalDocument': return told(standing({ status: node.documentStatus, docStatus: node.docStatus }), node.authors.flatMap((a) => a.display ?? []).join(', '))
    case 'CarePlan': case 'Goal': return told(node.__typename === 'Goal' ? node.goalStatus : node.planStatus)
    case 'MedicationAdministration': return told(node.administrationStatus)
    case 'Appointment': return told(node.appointmentStatus)
    case 'ServiceRequest': return told(node.orderStatus)
    case 'ImagingStudy': return told(node.studyStatus)
    case 'QuestionnaireResponse': return told(node.responseStatus)
    default: return told(null)
  }
}

export const isObservation = (node: Entry['node']): node is On<'Observation'> => node.__typename === 'Observation'

export const isVital = ({ node }: Entry): boolean => isObservation(node) && node.category.some((c) => c.codings.some((k) => k.code === 'vital-signs'))

/** The filter of an address: which kinds, the days it spans as partial dates (`2019`, `2019-05`, `2019-05-17`; empty for none), words that are in a record, the visit it is under, and the person or house who wrote or did it. */
export interface Filter { kinds: TimelineKind[]; from: string; to: string; text: string; encounter: string; author: string }
export function readFilter(query: URLSearchParams): Filter {
  const named = (query.get('kinds') ?? '').split(',')
  const date = (name: string) => { const text = query.get(name) ?? ''; return isPartial(text) ? text : '' }
  return { kinds: KINDS.flatMap(([kind]) => (named.includes(kind.toLowerCase()) ? [kind] : [])), from: date('from'), to: date('to'), text: query.get('text')?.trim() ?? '', encounter: /^Encounter\/[\w.-]+$/.exec(query.get('encounter') ?? '')?.[0] ?? '', author: /^(Practitioner|Organization)\/[\w.-]+$/.exec(query.get('author') ?? '')?.[0] ?? '' }
}
const isPartial = (text: string): boolean => { const read = readDate(text, 'partial'); return 'value' in read && read.value === text }

/** The first day of what a partial date says. */
export const firstOfPartial = (date: string): string => { const [year = '', month = '01', day = '01'] = date.split('-'); return `${year}-${month}-${day}` }
/** The first day after what a partial date says: `2020-01-01` of `2019`. */
export function afterPartial(date: string): string {
  const [year = '', month, day] = date.split('-')
  if (day) return dayAfter(date, 1)
  return month && month !== '12' ? `${year}-${String(Number(month) + 1).padStart(2, '0')}-01` : `${String(Number(year) + 1).padStart(4, '0')}-01-01`
}
/** As the server is asked: no kinds are all kinds; what is said of a period counts when any of it lies within. */
export const filterVariables = ({ kinds, from, to, text, encounter, author }: Filter) => ({
  kinds: kinds.length > 0 ? kinds : null,
  date: from || to ? { low: from ? firstOfPartial(from) : null, high: to ? afterPartial(to) : null } : null,
  text: text || null,
  encounter: encounter || null,
  author: author || null,
})
/** Entries under the heads of their years, as the rows of one list; what begins after `now` stands under a head of its own. */
export type Row = { head: string } | { entry: Entry }
export function rowsOf(entries: readonly Entry[], now: number): Row[] {
  let head: string | undefined
  return entries.flatMap((entry): Row[] => {
    const under = headOf(entry, now)
    if (under === head) return [{ entry }]
    head = under
    return [{ head: under }, { entry }]
  })
}
const COMING = 'To come'
const headOf = (entry: Pick<Entry, 'begins'>, now: number): string => (entry.begins && Date.parse(entry.begins) > now ? COMING : String(yearOf(entry) ?? 'Without a date'))
/** The row one begins at: the newest entry that is not to come, or the first entry when all are. */
export function startOf(rows: readonly Row[]): number {
  const at = rows.findIndex((row) => 'head' in row && row.head !== COMING)
  return at < 0 ? 1 : at + 1
}
