const CLASSES: Record<string, string> = { AMB: 'Outpatient', EMER: 'Emergency', IMP: 'Inpatient', ACUTE: 'Inpatient', NONAC: 'Inpatient, non-acute', OBSENC: 'Observation', SS: 'Short stay', VR: 'Virtual', HH: 'Home', FLD: 'Field', PRENC: 'Pre-admission' }

/** The class of an encounter (HL7 ActEncounterCode) in one word. */
export const encounterClass = (of: { code?: string | null; display?: string | null } | null | undefined): string =>
  of?.code ? CLASSES[of.code] ?? of.display ?? of.code : 'Class not recorded'
