import type { AllergyCriticality } from '../../gql/graphql'
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

/** Of what none is known, where it is not said of all. Source: SNOMED CT, the children of 716186003 that R4's allergyintolerance-code has. */
const OF: Readonly<Record<string, string>> = { '409137002': 'drug allergies', '429625007': 'food allergies', '428607008': 'environmental allergies', '1003774007': 'latex allergy' }
const codes = (fhir: unknown): string[] => {
  const code = isJson(fhir) && isJson(fhir.code) ? fhir.code.coding : undefined
  return Array.isArray(code) ? code.map((c) => textAt(c, 'code')) : []
}

/** High criticality comes first, then what nobody has judged, then low; else as the record has them. */
export function dangerousFirst<A extends { criticality?: AllergyCriticality | null }>(allergies: readonly A[]): A[] {
  const rank = ({ criticality }: A) => (criticality === 'HIGH' ? 0 : criticality === 'LOW' ? 2 : 1)
  return allergies.toSorted((a, b) => rank(a) - rank(b))
}

/** SNOMED CT: No known allergy. */
export const NONE_KNOWN = '716186003'
/** Whether a code says that none is known, of all or of a kind. Source: SNOMED CT 716186003 and its children. */
export const noneOf = (code: string | null | undefined): boolean => code === NONE_KNOWN || (code ?? '') in OF
/** Whether a record is the statement that none is known, of all or of a kind. */
export const saysNone = (fhir: unknown): boolean => codes(fhir).some(noneOf)

/** “No known drug allergies (Dr Lee, 02-Nov-2026)”: of what none is known, with who says so and when, as far as the statements tell. */
export function noneKnown(statements: readonly { recordedAt?: string | null; fhir: unknown }[]): string {
  if (statements.length === 0) return 'No known allergies'
  return statements.map((statement) => {
    const said = [speaker(statement.fhir), statement.recordedAt ? formatDay(statement.recordedAt) : ''].filter(Boolean).join(', ')
    const of = codes(statement.fhir).map((code) => OF[code]).find(Boolean) ?? 'allergies'
    return `No known ${of}${said && ` (${said})`}`
  }).join('; ')
}
