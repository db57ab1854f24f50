/** Short words for notes, typed after a period. It knows what they are called, not what they become. */

/** Data of the chart that a phrase of the program stands for. */
export type DataKind = 'vitals' | 'labs' | 'medications' | 'problems' | 'allergies'
/** The phrases of the program. */
export const PHRASES: readonly { name: string; kind: DataKind }[] = [
  { name: 'vitals', kind: 'vitals' }, { name: 'labs', kind: 'labs' }, { name: 'meds', kind: 'medications' }, { name: 'allergies', kind: 'allergies' }, { name: 'problems', kind: 'problems' },
]
/** A phrase of one's own: the text that its name stands for. */
export interface OwnPhrase { name: string; text: string }

/** How a phrase is called, however it was typed: without the point, in small letters. */
export const phraseName = (typed: string): string => typed.trim().replace(/^\./, '').toLowerCase()

/** What is wrong with the name of an own phrase; null when nothing is. `others`: the names that one has already. A number with a point before it is no phrase: a name begins with a letter. */
export function nameProblem(name: string, others: readonly string[]): string | null {
  if (!/^[a-z0-9-]+$/.test(name)) return 'Name: letters a to z, digits and hyphens only.'
  if (!/^[a-z]/.test(name)) return 'Name: it begins with a letter.'
  if (PHRASES.some((p) => p.name === name)) return `Name: .${name} stands for data of the chart already.`
  return others.some((one) => phraseName(one) === name) ? `Name: you have a phrase .${name} already.` : null
}
