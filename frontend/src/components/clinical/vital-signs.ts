/** LOINC codes in the order of a vital signs sheet. */
const ORDER: readonly string[] = ['85354-9', '8867-4', '9279-1', '8310-5', '2708-6', '59408-5', '3151-8', '67775-7', '29463-7', '8302-2', '39156-5']

/** The place of a LOINC code among vital signs; what is not among them follows. */
export const placeOfSign = (code: string): number => { const at = ORDER.indexOf(code); return at < 0 ? ORDER.length : at }
