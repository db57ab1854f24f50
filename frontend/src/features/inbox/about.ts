/** Where records are at home in a chart. It knows addresses, not what a record says. */

/** The address of a tab of a chart. */
export const tab = (patient: string, name: string) => `/patients/${patient.replace('Patient/', '')}/clinical/${name}`

/** What a record is called, and the tab it stands in. Results, reports and visits open by themselves; the others are marked in their lists. */
const HOMES: Readonly<Record<string, readonly [word: string, at: (id: string) => string]>> = {
  Observation: ['Result', (id) => `results?result=${id}`],
  DiagnosticReport: ['Report', (id) => `results?view=reports&report=${id}`],
  Encounter: ['Visit', (id) => `encounters/${id.replace('Encounter/', '')}`],
  Condition: ['Problem', (id) => `problems#${id}`],
  AllergyIntolerance: ['Allergy', (id) => `allergies#${id}`],
  MedicationRequest: ['Prescription', (id) => `medications#${id}`],
  MedicationStatement: ['Reported medication', (id) => `medications#${id}`],
  Immunization: ['Vaccination', (id) => `immunizations#${id}`],
  Procedure: ['Procedure', (id) => `procedures#${id}`],
  FamilyMemberHistory: ['Family history', (id) => `family#${id}`],
  Composition: ['Note', (id) => `notes#${id}`],
  DocumentReference: ['Document', (id) => `documents#${id}`],
  QuestionnaireResponse: ['Questionnaire', (id) => `questionnaires#${id}`],
  CarePlan: ['Care plan', (id) => `care#${id}`],
  Goal: ['Goal', (id) => `care#${id}`],
  Task: ['Task', (id) => `care#${id}`],
  Appointment: ['Appointment', (id) => `care#${id}`],
  CareTeam: ['Care team', (id) => `care#${id}`],
  // These have no list of their own: they are told among everything else.
  ServiceRequest: ['Order', () => 'timeline?kinds=order'],
  ImagingStudy: ['Imaging', () => 'timeline?kinds=imaging_study'],
  MedicationAdministration: ['Dose', () => 'timeline?kinds=medication_administration'],
}

interface Named { id?: string | null; display?: string | null }
/** A record in words, and where it is; `to` is null where it is in no chart, or of a patient whom nobody named. What is only the patient is left out. */
export function recordsOf(about: readonly Named[], patient: string | null): { key: string; text: string; to: string | null }[] {
  return about.flatMap(({ id, display }, i) => {
    if (id?.startsWith('Patient/')) return []
    const [word, at] = HOMES[id?.split('/')[0] ?? ''] ?? ['Record', null]
    return [{ key: id ?? String(i), text: display ? `${word}: ${display}` : word, to: id && patient && at ? tab(patient, at(id)) : null }]
  })
}
