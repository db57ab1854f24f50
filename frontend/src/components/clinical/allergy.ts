import { formatDay } from '../../lib/date'
import { isJson, textAt } from '../../lib/fhir'

/** Who says so, where the record has a name; who stored it is in the history. */
export function speaker(fhir: unknown): string {
  const who = isJson(fhir) ? [fhir.asserter, fhir.recorder].find((one) => isJson(one) && textAt(one, 'display') !== '') : undefined
  return isJson(who) ? textAt(who, 'display') : ''
}

/** “No known allergies (Dr Lee, 02-Nov-2026)”: the statement with who made it and when, as far as it says so. */
export function noneKnown(statement: { recordedAt?: string | null; fhir: unknown } | undefined): string {
  const said = statement ? [speaker(statement.fhir), statement.recordedAt ? formatDay(statement.recordedAt) : ''].filter(Boolean).join(', ') : ''
  return `No known allergies${said && ` (${said})`}`
}
