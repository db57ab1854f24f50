/** A run of words that both texts have, or that only the later or only the earlier one has. */
export interface Run { kind: 'same' | 'in' | 'out'; text: string }

/** Above so many pairs of words the texts are compared by their lines, above so many pairs of lines as a whole. */
const MOST_PAIRS = 4_000_000

/** Which pieces both have, by the longest common subsequence. Pieces are compared without the spaces around them. */
function align(before: readonly string[], after: readonly string[]): Run[] | null {
  if (before.length * after.length > MOST_PAIRS) return null
  const [n, m] = [before.length, after.length]
  const same = (i: number, j: number) => before[i]?.trim() === after[j]?.trim()
  const length = new Uint32Array((n + 1) * (m + 1))
  const at = (i: number, j: number) => length[i * (m + 1) + j] ?? 0
  for (let i = n - 1; i >= 0; i -= 1) for (let j = m - 1; j >= 0; j -= 1) length[i * (m + 1) + j] = same(i, j) ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
  const found: Run[] = []
  let [i, j] = [0, 0]
  while (i < n || j < m) {
    if (i < n && j < m && same(i, j)) { found.push({ kind: 'same', text: after[j] ?? '' }); i += 1; j += 1 }
    else if (i < n && (j === m || at(i + 1, j) >= at(i, j + 1))) { found.push({ kind: 'out', text: before[i] ?? '' }); i += 1 }
    else { found.push({ kind: 'in', text: after[j] ?? '' }); j += 1 }
  }
  return found
}

/** What was taken out of a text and put into it, in words; a change of spaces or line ends alone is none. Of one place, what is gone stands before what is new. */
export function difference(before: string, after: string): Run[] {
  const pieces = (text: string, by: RegExp): string[] => text.trim().match(by) ?? []
  const [words, later] = [before, after].map((text) => pieces(text, /\S+\s*/g)) as [string[], string[]]
  let [start, end] = [0, 0]
  while (start < Math.min(words.length, later.length) && words[start]?.trim() === later[start]?.trim()) start += 1
  while (end < Math.min(words.length, later.length) - start && words[words.length - 1 - end]?.trim() === later[later.length - 1 - end]?.trim()) end += 1
  const [old, young] = [words.slice(start, words.length - end), later.slice(start, later.length - end)]
  const lines = (of: readonly string[]) => pieces(of.join(''), /.*\n?/g).filter(Boolean)
  const middle = align(old, young) ?? align(lines(old), lines(young)) ?? [{ kind: 'out', text: old.join('') }, { kind: 'in', text: young.join('') }]
  const all = [...later.slice(0, start).map((text) => ({ kind: 'same' as const, text })), ...middle, ...later.slice(later.length - end).map((text) => ({ kind: 'same' as const, text }))]
  const runs: Run[] = []
  for (let i = 0; i < all.length;) {
    let next = i
    const changed = all[i]?.kind !== 'same'
    while (next < all.length && (all[next]?.kind !== 'same') === changed) next += 1
    for (const kind of changed ? ['out', 'in'] as const : ['same'] as const) {
      const text = all.slice(i, next).flatMap((one) => (one.kind === kind ? [one.text] : [])).join('')
      if (text) runs.push({ kind, text })
    }
    i = next
  }
  return runs
}
