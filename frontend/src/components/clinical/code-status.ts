/** SNOMED CT: For resuscitation. */
const FOR_RESUSCITATION = '304252001'

export interface CodeStatus { doNotPerform: boolean; code?: { text: string; codings: readonly { system?: string | null; code?: string | null }[] } | null }
/** A code status in the words of the record; one that forbids what it names says so. */
export const codeStatusText = ({ code, doNotPerform }: CodeStatus): string => `${doNotPerform ? 'Not to be done: ' : ''}${code?.text ?? 'not worded'}`
/** Whether it may hold something back: all that is not known to ask for everything. */
export const isLimit = ({ code, doNotPerform }: CodeStatus): boolean => doNotPerform || !code?.codings.some((k) => k.system === 'http://snomed.info/sct' && k.code === FOR_RESUSCITATION)
