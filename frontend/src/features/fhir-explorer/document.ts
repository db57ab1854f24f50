/** A FHIR document as lines: every element with its path, its depth and what stands in it. Knows JSON only, not what elements mean. */
import { isJson, leafText } from '../../lib/fhir'

export interface Line { path: string; name: string; level: number; parent: string | null; at: number; of: number; leaf: string | null; count: number }

/** Every element in the order of the document. `leaf` is null for what holds others; `count` says how many. */
export function linesOf(value: unknown, path = '', level = 1): Line[] {
  const children: [string, string, unknown][] = Array.isArray(value) ? value.map((item, i) => [`[${i}]`, `${path}[${i}]`, item])
    : isJson(value) ? Object.entries(value).map(([name, item]) => [name, path ? `${path}.${name}` : name, item]) : []
  return children.flatMap(([name, at, item], i): Line[] => {
    const size = Array.isArray(item) ? item.length : isJson(item) ? Object.keys(item).length : 0
    const holds = Array.isArray(item) || isJson(item)
    return [{ path: at, name, level, parent: path || null, at: i + 1, of: children.length, leaf: holds ? null : leafText(item), count: size }, ...(holds ? linesOf(item, at, level + 1) : [])]
  })
}

/** The lines of which everything above is open. */
export function openLines(lines: readonly Line[], closed: ReadonlySet<string>): Line[] {
  const hidden = new Set<string>()
  return lines.filter((line) => {
    const isHidden = line.parent !== null && (closed.has(line.parent) || hidden.has(line.parent))
    if (isHidden) hidden.add(line.path)
    return !isHidden
  })
}

/** What a key does in the tree: another line in focus, or one that opens or closes; null when it does nothing. */
export function treeKey(key: string, at: string, lines: readonly Line[], closed: ReadonlySet<string>): { focus: string } | { toggle: string } | null {
  const open = openLines(lines, closed)
  const i = open.findIndex((line) => line.path === at)
  const line = open[i]
  if (!line) return null
  const to = (next: Line | undefined) => (next ? { focus: next.path } : null)
  const holds = line.leaf === null && line.count > 0
  switch (key) {
    case 'ArrowDown': return to(open[i + 1])
    case 'ArrowUp': return to(open[i - 1])
    case 'Home': return to(open[0])
    case 'End': return to(open.at(-1))
    case 'ArrowRight': return !holds ? null : closed.has(at) ? { toggle: at } : to(open[i + 1])
    case 'ArrowLeft': return holds && !closed.has(at) ? { toggle: at } : line.parent === null ? null : { focus: line.parent }
    default: return null
  }
}
