import type { PatientFilter } from '../gql/graphql'
import { formatDay, readDate } from './date'

/** How a search text is read, and in words what it was read as. `also`: how else it can be read, for what is found after the rest. */
export interface PatientSearch { filter: PatientFilter; words: string; also?: { filter: PatientFilter; words: string } }

const next = (year: number, month?: number, day?: number): string => {
  const date = new Date(Date.UTC(year, (month ?? 1) - 1, day ?? 1))
  if (day !== undefined) date.setUTCDate(date.getUTCDate() + 1)
  else if (month !== undefined) date.setUTCMonth(date.getUTCMonth() + 1)
  else date.setUTCFullYear(date.getUTCFullYear() + 1)
  const text = date.toISOString().slice(0, 10)
  return day !== undefined ? text : month !== undefined ? text.slice(0, 7) : text.slice(0, 4)
}

/** A number as it was typed, without its spaces, and in groups of four as hospitals print it: the record has one of these. */
function spellings(text: string): string[] {
  const escape = (value: string) => value.replace(/[\\,$]/g, '\\$&')
  const compact = text.replace(/\s+/g, '')
  const grouped = compact.replace(/(.{4})(?=.)/g, '$1 ')
  return [...new Set([text.replace(/\s+/g, ' '), compact, ...(/^\d+$/.test(compact) ? [grouped] : [])])].map(escape)
}

/** A birth date as a filter has it, and in words; null for text that is none. */
function bornOf(text: string): { range: NonNullable<PatientFilter['birthDate']>; words: string } | null {
  const born = readDate(text, 'partial')
  if (!('value' in born)) return null
  const [year = 0, month, day] = born.value.split('-').map(Number)
  return year >= 1850 && year <= 2200 ? { range: { low: born.value, high: next(year, month, day) }, words: `born ${formatDay(born.value)}` } : null
}

const quoted = (words: readonly string[]) => `“${words.join('”, “')}”`
/** Names, with the birth date that was written beside them, if one was. */
function named(words: readonly string[], born: ReturnType<typeof bornOf>): PatientSearch {
  const name = words.join(' ')
  const [birthDate, and] = born ? [{ birthDate: born.range }, `, ${born.words}`] : [{}, '']
  // Soundex knows the letters of English only.
  const sounds = words.every((word) => /^\p{Script=Latin}/u.test(word)) && words.some((word) => word.length > 1)
  return {
    filter: { name, ...birthDate }, words: `name parts start with ${quoted(words)}${and}`,
    ...(sounds ? { also: { filter: { soundsLike: name, ...birthDate }, words: `name parts sound like ${quoted(words)}${and}` } } : {}),
  }
}

/** Digits as a telephone number has them; fewer are none. */
const LEAST_DIGITS = 5
function numbered(text: string): PatientSearch {
  const identifier = { filter: { identifier: spellings(text).join(',') }, words: `identifier is “${text}”, with or without spaces` }
  if (!/^\+?[\d\s()./-]+$/.test(text) || text.replace(/\D/g, '').length < LEAST_DIGITS) return identifier
  const phone = { filter: { phone: text }, words: `telephone number is “${text}”` }
  // Our own numbers have neither of these.
  return /[+()]/.test(text) ? phone : { ...identifier, also: phone }
}

/**
 * `1945`, `Jul-1945` and `14-Jul-1945`, or however `readDate` takes a date, are birth dates, alone or beside a name; other text with a digit is an
 * identifier or a telephone number; the rest are parts of a name.
 */
export function readPatientSearch(text: string): PatientSearch {
  const trimmed = text.trim()
  if (!trimmed) return { filter: {}, words: 'all patients' }
  const born = bornOf(trimmed)
  if (born) return { filter: { birthDate: born.range }, words: born.words }
  const words = trimmed.split(/\s+/)
  for (let size = Math.min(3, words.length - 1); size > 0; size -= 1) {
    for (const [date, names] of [[words.slice(-size), words.slice(0, -size)], [words.slice(0, size), words.slice(size)]] as const) {
      const beside = names.some((word) => /\d/.test(word)) || !date.some((word) => /\d/.test(word)) ? null : bornOf(date.join(' '))
      if (beside) return named(names, beside)
    }
  }
  return /\d/.test(trimmed) ? numbered(trimmed) : named(words, null)
}
