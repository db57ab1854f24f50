import { PHRASES, type DataKind, type OwnPhrase } from '../../lib/phrases'
import type { Snapshot } from './chart-data'

/** What a phrase stands for: data of the chart as they are then, or a text of one's own. */
export type Meaning = { kind: DataKind } | { own: OwnPhrase }
/** A phrase as it was typed, with the point, and where it begins. */
export type Typed = { start: number; phrase: string } & Meaning

/** The phrase that ends where one is typing; null within a word or a number, such as `0.5` or `e.g.labs`. Those of the program come before own ones of that name. */
export function phraseBefore(text: string, caret: number, own: readonly OwnPhrase[]): Typed | null {
  const written = /(?:^|[\s(])(\.[a-z][a-z0-9-]*)$/i.exec(text.slice(0, caret))?.[1]
  if (!written || !/^(\s|$)/.test(text.slice(caret))) return null
  const name = written.slice(1).toLowerCase()
  const at = { start: caret - written.length, phrase: written }
  const program = PHRASES.find((p) => p.name === name)
  if (program) return { ...at, kind: program.kind }
  const mine = own.find((p) => p.name.toLowerCase() === name)
  return mine ? { ...at, own: mine } : null
}

/** Where a phrase stands; -1 when it is not there any more. `start` is where it stood. */
const placeOf = (text: string, start: number, phrase: string): number => (text.slice(start, start + phrase.length) === phrase ? start : text.lastIndexOf(phrase))

/** The text with data in place of a phrase, on lines of their own. Null when the phrase is not there any more. */
export function expand(text: string, start: number, phrase: string, data: string): string | null {
  const at = placeOf(text, start, phrase)
  if (at < 0) return null
  const [before, after] = [text.slice(0, at), text.slice(at + phrase.length).replace(/^[ \t]/, '')]
  return `${before}${before === '' || before.endsWith('\n') ? '' : '\n'}${data}${after.startsWith('\n') ? '' : '\n'}${after}`
}

/** The text with an own text in place of a phrase, as it stands; after its line end nothing is left of what was typed behind the phrase. Null when the phrase is not there any more. */
export function replace(text: string, start: number, phrase: string, own: string): string | null {
  const at = placeOf(text, start, phrase)
  const after = text.slice(at + phrase.length)
  return at < 0 ? null : `${text.slice(0, at)}${own}${own.endsWith('\n') ? after.replace(/^[ \t\n]/, '') : after}`
}

const within = (text: string) => [...text.matchAll(/(?<=^|[\s(])\.([a-z]+)(?=\s|$)/gi)].flatMap((found) => {
  const known = PHRASES.find((p) => p.name === found[1]?.toLowerCase())
  return known ? [{ start: found.index, phrase: found[0], kind: known.kind }] : []
})
/** The data of the chart that an own text asks for by the phrases of the program. */
export const kindsIn = (text: string): DataKind[] => [...new Set(within(text).map((one) => one.kind))]
/** An own text with data for those of its phrases that there are data for; the others stay as they are written. */
export const filled = (text: string, data: ReadonlyMap<DataKind, Snapshot>): string =>
  within(text).reduceRight((left, { start, phrase, kind }) => { const made = data.get(kind); return (made && expand(left, start, phrase, made.text)) ?? left }, text)
