import { formatDay } from '../../lib/date'
import { isJson, textAt } from '../../lib/fhir'

const named = (fhir: unknown, by: string): string => {
  const who = isJson(fhir) ? fhir[by] : undefined
  return !isJson(who) ? '' : textAt(who, 'display') || (/(^|\/)Patient\//.test(textAt(who, 'reference')) ? 'the patient' : '')
}
/** Who says so, where the record names somebody; who stored it is in the history. */
export const speaker = (fhir: unknown): string => named(fhir, 'asserter') || named(fhir, 'recorder')
/** Who wrote it down, and, where that is another one, who said so. */
export const sources = (fhir: unknown): string[] => {
  const [by, said] = [named(fhir, 'recorder'), named(fhir, 'asserter')]
  return [by, said === by ? '' : said && `said by ${said}`].filter(Boolean)
}

/** “No known allergies (Dr Lee, 02-Nov-2026)”: the statement with who made it and when, as far as it says so. */
export function noneKnown(statement: { recordedAt?: string | null; fhir: unknown } | undefined): string {
  const said = statement ? [speaker(statement.fhir), statement.recordedAt ? formatDay(statement.recordedAt) : ''].filter(Boolean).join(', ') : ''
  return `No known allergies${said && ` (${said})`}`
}
