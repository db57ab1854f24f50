const ROLE = 'http://terminology.hl7.org/CodeSystem/v3-RoleCode'
/** What somebody is to the patient. Source: HL7 v3 RoleCode, PersonalRelationshipRoleType. */
export const RELATIONS: readonly (readonly [code: string, text: string])[] = [
  ['MTH', 'Mother'], ['FTH', 'Father'], ['PRN', 'Parent'], ['DAUC', 'Daughter'], ['SONC', 'Son'], ['CHILD', 'Child'], ['SIS', 'Sister'], ['BRO', 'Brother'], ['SPS', 'Spouse'], ['DOMPART', 'Domestic partner'],
  ['GRMTH', 'Grandmother'], ['GRFTH', 'Grandfather'], ['GRNDCHILD', 'Grandchild'], ['AUNT', 'Aunt'], ['UNCLE', 'Uncle'], ['COUSN', 'Cousin'], ['FRND', 'Unrelated friend'], ['NBOR', 'Neighbour'], ['GUARD', 'Guardian'],
]
/** What a mutation takes for that code. */
export const relation = (code: string | undefined) => { const text = RELATIONS.find(([c]) => c === code)?.[1]; return text && code ? { text, codings: [{ system: ROLE, code, display: text.toLowerCase() }] } : undefined }
/** The code of what is on record, where it is one of ours. */
export const relationCode = (concept: { codings: readonly { system?: string | null; code?: string | null }[] } | null | undefined): string =>
  concept?.codings.find((c) => c.system === ROLE && RELATIONS.some(([code]) => code === c.code))?.code ?? ''
