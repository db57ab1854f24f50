/** LOINC codes in the order of a vital signs sheet. */
const ORDER: readonly string[] = ['85354-9', '8867-4', '9279-1', '8310-5', '2708-6', '59408-5', '3151-8', '67775-7', '29463-7', '8302-2', '39156-5']

/** Names of LOINC that nobody says at the bedside, as its own short names have them. Words that a house chose itself are left alone. */
const SAID: Readonly<Record<string, string>> = {
  'Blood pressure panel with all children optional': 'Blood pressure', 'Body temperature': 'Temperature', 'Oxygen saturation in Arterial blood': 'Oxygen saturation',
  'Oxygen saturation in Arterial blood by Pulse oximetry': 'Oxygen saturation, pulse oximetry', 'Inhaled oxygen flow rate': 'Oxygen flow', 'Body weight': 'Weight', 'Body height': 'Height', 'Body mass index (BMI) [Ratio]': 'Body mass index',
}
export const nameOfSign = (text: string): string => SAID[text] ?? text

/** The place of a LOINC code among vital signs; what is not among them follows. */
export const placeOfSign = (code: string): number => { const at = ORDER.indexOf(code); return at < 0 ? ORDER.length : at }
