/** LOINC codes in the order in which laboratories print their panels; of serum or plasma before those of blood. */
const ORDER: readonly string[] = [
  // Electrolytes, kidney, glucose, minerals.
  '2951-2', '2947-0', '2823-3', '6298-4', '2075-0', '2069-3', '1963-8', '2028-9', '20565-8', '3094-0', '6299-2', '2160-0', '38483-4', '98979-8', '62238-1', '33914-3', '2345-7', '2339-0', '17861-6', '49765-1', '19123-9', '2777-1',
  // Blood count.
  '6690-2', '718-7', '4544-3', '20570-8', '789-8', '787-2', '785-6', '786-4', '788-0', '21000-5', '777-3',
  // Coagulation.
  '6301-6', '5902-2', '14979-9', '3173-2',
  // Liver.
  '1742-6', '1920-8', '6768-6', '2324-2', '1975-2', '2885-2', '1751-7',
  // Lipids.
  '2093-3', '2571-8', '2085-9', '13457-7', '18262-6',
  // Single tests.
  '4548-4', '3016-3', '3024-7', '1988-5', '2524-7', '33762-6', '9318-7', '14959-1',
]

/** The place of a test, by its code as `system|code`, among the tests of a laboratory; what is not among them follows. */
export const placeOfTest = (code: string | null): number => { const at = ORDER.indexOf(code?.split('|').at(-1) ?? ''); return at < 0 ? ORDER.length : at }
