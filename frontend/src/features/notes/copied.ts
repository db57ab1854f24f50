/** Text that stands in a note because somebody wrote it, or copied it from another note. */
export type Passage = { kind: 'own'; text: string } | { kind: 'copied'; from: string; passages: readonly Passage[]; ended: boolean }

const END = '[End of copied text]'
/** Copied text with where it is from before it, and a mark after it: both are lines of the text itself, so that they stay with it. */
export const markCopied = (origin: string, words: string): string => `[Copied from ${origin}]\n${words}\n${END}`

/** The line before copied text; in older notes it is not bracketed, and nothing stands after the text. */
const origin = (line: string): string | null => /^\[Copied from (.+)\]$/.exec(line.trim())?.[1] ?? /^Copied from (.+):$/.exec(line.trim())?.[1] ?? null
const isEnd = (line: string): boolean => line.trim().toLowerCase() === END.toLowerCase()

interface Open { from: string; passages: Passage[]; lines: string[] }

/** The passages of a text, as its marks say. Copied text may hold what had been copied before; of one whose end somebody has deleted, all that follows counts as copied. */
export function passagesOf(text: string): readonly Passage[] {
  const stack: Open[] = [{ from: '', passages: [], lines: [] }]
  const top = (): Open => stack[stack.length - 1] as Open
  const flush = () => { const words = top().lines.join('\n').trim(); if (words) top().passages.push({ kind: 'own', text: words }); top().lines = [] }
  const close = (ended: boolean) => { flush(); const done = stack.pop() as Open; top().passages.push({ kind: 'copied', from: done.from, passages: done.passages, ended }) }
  for (const line of text.split('\n')) {
    const from = origin(line)
    if (from !== null) { flush(); stack.push({ from, passages: [], lines: [] }) }
    else if (isEnd(line) && stack.length > 1) close(true)
    else top().lines.push(line)
  }
  while (stack.length > 1) close(false)
  flush()
  return top().passages
}
