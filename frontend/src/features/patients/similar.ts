import { patientName } from '../../components/clinical/person'
import { formatDay } from '../../lib/date'

/** Whom a list names. */
export interface Named { id: string; birthDate?: string | null; name?: Parameters<typeof patientName>[0] }

/** Letters that are no base letter with a mark on it. */
const LETTERS: Readonly<Record<string, string>> = { ß: 'ss', æ: 'ae', œ: 'oe', ø: 'o', ł: 'l', đ: 'd', ð: 'd', þ: 'th', ı: 'i' }
/** A name without case, marks, spaces and punctuation: what is left to take one for the other by. */
export const folded = (name: string): string =>
  name.normalize('NFD').toLowerCase().replace(/\p{M}/gu, '').replace(/[ßæœøłđðþı]/g, (letter) => LETTERS[letter] ?? letter).replace(/[^\p{L}\p{N}]/gu, '')

const CODES: Readonly<Record<string, string>> = { b: '1', f: '1', p: '1', v: '1', c: '2', g: '2', j: '2', k: '2', q: '2', s: '2', x: '2', z: '2', d: '3', t: '3', l: '4', m: '5', n: '5', r: '6' }
/**
 * The Soundex code of a folded name; null where its first letter is none of a to z.
 * Source: US National Archives, "The Soundex Indexing System": letters of one code side by side, or parted by h or w, are coded once; parted by a vowel, twice.
 */
export function soundex(name: string): string | null {
  const first = name.charAt(0)
  if (!/[a-z]/.test(first)) return null
  let code = first.toUpperCase()
  let last = CODES[first] ?? ''
  for (const letter of name.slice(1)) {
    const one = CODES[letter]
    if (one && one !== last) code += one
    if (!/[hw]/.test(letter)) last = one ?? ''
  }
  return code.padEnd(4, '0').slice(0, 4)
}

/** Whether one letter added, left out or changed makes the one the other. */
export function isOneApart(a: string, b: string): boolean {
  if (Math.abs(a.length - b.length) > 1) return false
  const [short, long] = a.length <= b.length ? [a, b] : [b, a]
  let at = 0
  while (at < short.length && short[at] === long[at]) at += 1
  return short.slice(short.length === long.length ? at + 1 : at) === long.slice(at + 1)
}

interface Read { of: Named; family: string; given: string; sound: string | null }
const near = (a: string, b: string): boolean => {
  const sound = soundex(a)
  return a === b || isOneApart(a, b) || (sound !== null && sound === soundex(b))
}

/** What two family names that are near each other have in common, one of these at least: their sound, or what is left without one letter. */
function blocks({ family, sound }: Read): Set<string> {
  return new Set([`=${family}`, ...(sound ? [`~${sound}`] : []), ...Array.from(family, (_, i) => `=${family.slice(0, i)}${family.slice(i + 1)}`)])
}

/** Of each patient those of the list who can be taken for them by the family name and the first given name; nothing for the others. */
export function similarNames<N extends Named>(patients: readonly N[]): ReadonlyMap<string, readonly N[]> {
  const seen = new Map<string, (Read & { of: N })[]>()
  const found = new Map<string, N[]>()
  const mark = (one: N, other: N) => {
    const there = found.get(one.id) ?? []
    if (!there.some((p) => p.id === other.id)) found.set(one.id, [...there, other])
  }
  for (const of of patients) {
    const family = folded(of.name?.family ?? ''), given = folded(of.name?.given[0] ?? '')
    // Who is without one of the two names is not known by name.
    if (!family || !given) continue
    const one = { of, family, given, sound: soundex(family) }
    for (const block of blocks(one)) {
      const there = seen.get(block) ?? []
      for (const other of there) {
        if (other.of.id !== of.id && near(family, other.family) && near(given, other.given)) { mark(of, other.of); mark(other.of, of) }
      }
      seen.set(block, [...there, one])
    }
  }
  return found
}

/** Who the others are, in words. */
export const similarText = (others: readonly Named[]): string => others.map((p) => `${patientName(p.name)}, ${p.birthDate ? `born ${formatDay(p.birthDate)}` : 'birth date not recorded'}`).join('; ')
