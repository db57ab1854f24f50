import type { Config, Session } from './auth'

/** What the pages offer to whom. Only an offer: the server decides every request for itself. */
export const mayExplore = (session: Session, config: Config): boolean =>
  config.demo || session.roles.some((role) => role === 'analyst' || role === 'admin')

/** Who works with patients by name; the rest see figures or run the house. */
export const maySeePatients = (session: Session): boolean => session.roles.some((role) => !['analyst', 'admin'].includes(role))

/** The first page of a person. */
export const home = (session: Session, config: Config): string => (maySeePatients(session) ? '/patients' : mayExplore(session, config) ? '/playground' : '/settings')

/** Who writes in a chart: problems, allergies, vaccinations, vital signs. */
export const mayChart = (session: Session): boolean => session.roles.some((role) => role === 'physician' || role === 'nurse')

/** Who registers patients. */
export const mayRegister = (session: Session): boolean => session.roles.includes('registrar')

/** Who changes what identifies a patient. */
export const mayChangePatient = (session: Session): boolean => mayRegister(session) || mayChart(session)
