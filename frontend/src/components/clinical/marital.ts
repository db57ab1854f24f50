import type { MaritalStatus } from '../../gql/graphql'

/** Source: HL7 v3 MaritalStatus, with `UNK` of v3 NullFlavor: the value set that FHIR R4 binds to a patient. */
const STATUSES: readonly (readonly [value: MaritalStatus, code: string, words: string])[] = [
  ['NEVER_MARRIED', 'S', 'Never married'], ['MARRIED', 'M', 'Married'], ['DOMESTIC_PARTNER', 'T', 'Domestic partner'], ['COMMON_LAW', 'C', 'Common law'], ['LEGALLY_SEPARATED', 'L', 'Legally separated'], ['INTERLOCUTORY', 'I', 'Interlocutory'],
  ['DIVORCED', 'D', 'Divorced'], ['ANNULLED', 'A', 'Annulled'], ['WIDOWED', 'W', 'Widowed'], ['UNMARRIED', 'U', 'Unmarried'], ['POLYGAMOUS', 'P', 'Polygamous'], ['UNKNOWN', 'UNK', 'Unknown'],
]
export const MARITAL = STATUSES.map(([value, , words]) => [value, words] as const)
const SYSTEMS = ['http://terminology.hl7.org/CodeSystem/v3-MaritalStatus', 'http://terminology.hl7.org/CodeSystem/v3-NullFlavor']

/** Which of these a record has; undefined where it is none of them. */
export const maritalOf = (of: { codings: readonly { system?: string | null; code?: string | null }[] } | null | undefined): MaritalStatus | undefined =>
  STATUSES.find(([, code]) => of?.codings.some((c) => SYSTEMS.includes(c.system ?? '') && c.code === code))?.[0]
