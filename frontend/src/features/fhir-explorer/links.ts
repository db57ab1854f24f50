/** What refers to a resource and what it refers to, and where each is drawn. Knows no server: the documents come with it. */
import { placeIn, referencesIn, textAt, type Json } from '../../lib/fhir'

/** A resource beside the one that is open; `document` is null when it did not come with the answer: it is not here, or not to be seen. */
export interface Neighbour { place: string; by: readonly string[]; document: Json | null }
export interface Links { incoming: readonly Neighbour[]; outgoing: readonly Neighbour[]; elsewhere: readonly { to: string; by: string }[] }

const placeOf = (document: Json): string => `${textAt(document, 'resourceType')}/${textAt(document, 'id')}`
const byType = (a: Neighbour, b: Neighbour): number => (a.place < b.place ? -1 : a.place > b.place ? 1 : 0)
/** The element of a path, without the places in lists. */
const element = (path: string): string => path.replace(/\[\d+\]/g, '')

/** The neighbours of a document among the resources that came with it, by type. What refers outside this server stands in `elsewhere`. */
export function linksOf(of: Json, beside: readonly Json[], origin?: string): Links {
  const own = placeOf(of)
  const documents = new Map(beside.map((one) => [placeOf(one), one]))
  const out = new Map<string, Set<string>>()
  const elsewhere: { to: string; by: string }[] = []
  for (const { path, to } of referencesIn(of)) {
    const place = placeIn(to, origin)
    if (place && place !== own) out.set(place, (out.get(place) ?? new Set()).add(element(path)))
    else if (!place && !to.startsWith('#')) elsewhere.push({ to, by: element(path) })
  }
  const incoming = beside.flatMap((one) => {
    const by = new Set(referencesIn(one).filter(({ to }) => placeIn(to, origin) === own).map(({ path }) => element(path)))
    return by.size > 0 && placeOf(one) !== own ? [{ place: placeOf(one), by: [...by], document: one }] : []
  })
  return {
    incoming: incoming.sort(byType),
    outgoing: [...out].map(([place, by]) => ({ place, by: [...by], document: documents.get(place) ?? null })).sort(byType),
    elsewhere,
  }
}

/** Neighbours drawn at most. */
export const MOST = 200
export const NODE = { width: 156, height: 38, gap: 6 } as const
export interface Placed { of: Neighbour; side: 'in' | 'out'; x: number; y: number }
export interface Drawing { nodes: readonly Placed[]; height: number; width: number; middle: { x: number; y: number }; left: number }

/** Three layers: what refers here, the resource, what it refers to. `left`: how many neighbours are not drawn. */
export function drawingOf({ incoming, outgoing }: Links): Drawing {
  const width = 3 * NODE.width + 2 * 28
  const out = outgoing.slice(0, MOST)
  const into = incoming.slice(0, MOST - out.length)
  const step = NODE.height + NODE.gap
  const rows = Math.max(1, into.length, out.length)
  const height = rows * step + NODE.gap
  // Beside a long column the resource stays where one begins to read.
  const middle = { x: NODE.width + 28, y: Math.min(height / 2, 4 * step) - NODE.height / 2 }
  const column = (all: readonly Neighbour[], side: 'in' | 'out', x: number): Placed[] => {
    const top = Math.max(0, Math.min(middle.y + NODE.height / 2 - (all.length * step) / 2, height - all.length * step)) + NODE.gap / 2
    return all.map((of, i) => ({ of, side, x, y: top + i * step }))
  }
  return { nodes: [...column(into, 'in', 0), ...column(out, 'out', 2 * (NODE.width + 28))], height, width, middle, left: incoming.length + outgoing.length - into.length - out.length }
}

/** The node that an arrow key comes to: the next of its column, or the nearest of the other one. */
export function nodeKey(key: string, at: number, nodes: readonly Placed[]): number | null {
  const here = nodes[at]
  if (!here) return null
  const same = (i: number) => (nodes[i]?.side === here.side ? i : null)
  if (key === 'ArrowDown') return same(at + 1)
  if (key === 'ArrowUp') return same(at - 1)
  const wanted = key === 'ArrowLeft' ? 'in' : key === 'ArrowRight' ? 'out' : null
  if (wanted === null || wanted === here.side) return null
  let nearest: number | null = null
  nodes.forEach((node, i) => { if (node.side === wanted && (nearest === null || Math.abs(node.y - here.y) < Math.abs((nodes[nearest]?.y ?? 0) - here.y))) nearest = i })
  return nearest
}
