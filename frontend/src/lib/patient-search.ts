import type { PatientFilter } from '../gql/graphql'
import { formatDay, readDate } from './date'

/** How a search text is read, and in words what it was read as. */
export interface PatientSearch { filter: PatientFilter; words: string }

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

/** `1945`, `Jul-1945` and `14-Jul-1945`, or however `readDate` takes a date, are birth dates; other text with a digit is an identifier; the rest are parts of a name. */
export function readPatientSearch(text: string): PatientSearch {
  const trimmed = text.trim()
  if (!trimmed) return { filter: {}, words: 'all patients' }
  const born = readDate(trimmed, 'partial')
  if ('value' in born) {
    const [year = 0, month, day] = born.value.split('-').map(Number)
    if (year >= 1850 && year <= 2200) return { filter: { birthDate: { low: born.value, high: next(year, month, day) } }, words: `born ${formatDay(born.value)}` }
  }
  if (/\d/.test(trimmed)) return { filter: { identifier: spellings(trimmed).join(',') }, words: `identifier is “${trimmed}”, with or without spaces` }
  return { filter: { name: trimmed }, words: `name parts start with “${trimmed.split(/\s+/).join('”, “')}”` }
}
