import { formatDay } from '../../lib/date'

const CLASSES: Record<string, string> = { AMB: 'Outpatient', EMER: 'Emergency', IMP: 'Inpatient', ACUTE: 'Inpatient', NONAC: 'Inpatient, non-acute', OBSENC: 'Observation', SS: 'Short stay', VR: 'Virtual', HH: 'Home', FLD: 'Field', PRENC: 'Pre-admission' }

/** The classes one can look for, as the server is asked. */
export const ENCOUNTER_CLASSES: readonly (readonly [code: string, word: string])[] = ['AMB', 'EMER', 'IMP', 'OBSENC', 'SS', 'HH', 'VR'].map((code) => [code, CLASSES[code] ?? code] as const)

/** The class of an encounter (HL7 ActEncounterCode) in one word. */
export const encounterClass = (of: { code?: string | null; display?: string | null } | null | undefined): string =>
  of?.code ? CLASSES[of.code] ?? of.display ?? of.code : 'Class not recorded'

interface Visit { status?: string | null; class?: { code?: string | null; display?: string | null } | null; types: readonly { text: string }[]; period?: { start?: string | null } | null }
/** A visit in one line, to be chosen by. */
export const visitName = (v: Visit): string =>
  [v.types[0]?.text ?? encounterClass(v.class), v.period?.start ? formatDay(v.period.start) : 'start not recorded', v.status === 'FINISHED' ? 'ended' : ''].filter(Boolean).join(', ')
