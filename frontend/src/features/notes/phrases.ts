import type { DataKind } from './chart-data'

/** Short words that stand for data of the chart, as they are typed. */
export const PHRASES: readonly { phrase: string; kind: DataKind }[] = [
  { phrase: '.vitals', kind: 'vitals' }, { phrase: '.labs', kind: 'labs' }, { phrase: '.meds', kind: 'medications' }, { phrase: '.allergies', kind: 'allergies' }, { phrase: '.problems', kind: 'problems' },
]

/** The phrase that ends where one is typing, and where it begins; null within a word or a number, such as `0.5` or `e.g.labs`. */
export function phraseBefore(text: string, caret: number): { start: number; phrase: string; kind: DataKind } | null {
  const found = /(?:^|[\s(])(\.[a-z]+)$/i.exec(text.slice(0, caret))
  const written = found?.[1] ?? ''
  const known = PHRASES.find((p) => p.phrase === written.toLowerCase())
  if (!known || !/^(\s|$)/.test(text.slice(caret))) return null
  return { start: caret - written.length, phrase: written, kind: known.kind }
}

/** The text with data in place of a phrase, on lines of their own. Null when the phrase is not there any more: `start` is where it stood. */
export function expand(text: string, start: number, phrase: string, data: string): string | null {
  const at = text.slice(start, start + phrase.length) === phrase ? start : text.lastIndexOf(phrase)
  if (at < 0) return null
  const [before, after] = [text.slice(0, at), text.slice(at + phrase.length).replace(/^[ \t]/, '')]
  return `${before}${before === '' || before.endsWith('\n') ? '' : '\n'}${data}${after.startsWith('\n') ? '' : '\n'}${after}`
}
