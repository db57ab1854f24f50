import type { Config, Session } from './auth'

/** What the pages offer to whom. Only an offer: the server decides every request for itself. */
export const mayExplore = (session: Session, config: Config): boolean =>
  config.demo || session.roles.some((role) => role === 'analyst' || role === 'admin')

/** Who runs the house. */
export const mayAdminister = (session: Session): boolean => session.roles.includes('admin')

/** Who works with patients by name; the rest see figures or run the house. */
export const maySeePatients = (session: Session): boolean => session.roles.some((role) => !['analyst', 'admin'].includes(role))

/** Who works with those who are in hospital. */
export const maySeeStays = (session: Session): boolean => session.roles.some((role) => ['physician', 'nurse', 'pharmacist'].includes(role))

/** Who is told who made a version, and why: those who may read Provenance. */
export const maySeeMakers = (session: Session): boolean => session.roles.some((role) => ['physician', 'nurse', 'pharmacist'].includes(role))

/** Who is given tasks. */
export const mayWork = (session: Session): boolean => session.roles.some((role) => ['physician', 'nurse', 'pharmacist', 'registrar'].includes(role))

/**
 * Families of acts. `chart`: problems, vaccinations, vital signs, procedures, family history, care teams; `allergies`; `register`: a new
 * patient; `person`: who a patient is, who belongs to them and who pays, once on record; `household`: a new related person or coverage;
 * `consent`: what the patient says; `withdraw`: taking that back; `taken`: what is taken without a prescription; `acknowledge`: results;
 * `encounters`: visits and stays; `schedule`: appointments; `document`: files of the chart;
 * `message`: what people write to one another; `merge`: that two records are one person, or two again, which a second person then does.
 */
export type Act = 'merge' | 'household' | 'consent' | 'withdraw' | 'taken' | 'emergency' | 'acknowledge' | 'encounters' | 'chart' | 'allergies' | 'register' | 'person' | 'schedule' | 'document' | 'message'
const ACTORS: Record<Act, readonly string[]> = {
  emergency: ['physician', 'nurse', 'pharmacist'],
  acknowledge: ['physician'],
  encounters: ['physician', 'nurse'],
  chart: ['physician', 'nurse'],
  allergies: ['physician', 'nurse', 'pharmacist'],
  register: ['registrar'],
  merge: ['registrar'],
  person: ['physician', 'nurse', 'registrar'],
  schedule: ['physician', 'nurse', 'registrar'],
  household: ['registrar'],
  consent: ['physician', 'registrar'],
  withdraw: ['registrar'],
  taken: ['physician', 'nurse', 'pharmacist'],
  document: ['physician', 'nurse'],
  message: ['physician', 'nurse', 'pharmacist', 'registrar'],
}
/** Whether an act is offered. Who may not do it does not see it. */
export const may = (session: Session, act: Act): boolean => session.roles.some((role) => ACTORS[act].includes(role))

/** The first page of a person. */
export const home = (session: Session, config: Config): string => (maySeePatients(session) ? '/patients' : mayExplore(session, config) ? '/playground' : '/settings')
