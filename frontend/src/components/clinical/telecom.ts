import type { AddressUse, ContactPointSystem, ContactPointUse } from '../../gql/graphql'

/** Kinds of ways to reach somebody, by their code in the record in capitals. Source: FHIR R4, contact-point-system. */
export const TELECOMS: readonly (readonly [ContactPointSystem, string])[] = [['PHONE', 'Telephone'], ['EMAIL', 'E-mail'], ['SMS', 'Text message'], ['FAX', 'Fax'], ['PAGER', 'Pager'], ['URL', 'Web address'], ['OTHER', 'Other']]
/** Source: FHIR R4, contact-point-use. */
export const TELECOM_USES: readonly (readonly [ContactPointUse, string])[] = [['HOME', 'Home'], ['MOBILE', 'Mobile'], ['WORK', 'Work'], ['TEMP', 'For a while'], ['OLD', 'No longer in use']]
/** Source: FHIR R4, address-use. */
export const ADDRESS_USES: readonly (readonly [AddressUse, string])[] = [['HOME', 'Home'], ['WORK', 'Work'], ['TEMP', 'For a while'], ['BILLING', 'For bills'], ['OLD', 'No longer in use']]

/** The word for a code of one of these lists, in whichever letters; undefined where it has none. */
export const wordOf = (list: readonly (readonly [string, string])[], code: string | null | undefined): string | undefined => list.find(([one]) => one === code?.toUpperCase())?.[1]
/** The code of one of these lists that a record has; nothing where it has another one, or none. */
export const codeIn = (list: readonly (readonly [string, string])[], code: string | null | undefined): string => list.find(([one]) => one === code?.toUpperCase())?.[0] ?? ''
