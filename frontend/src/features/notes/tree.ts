import { visitName } from '../../components/clinical/encounter-class'

export type Order = 'time' | 'kind' | 'visit'
export const ORDERS: readonly (readonly [Order, string])[] = [['time', 'Newest first'], ['kind', 'By kind'], ['visit', 'By visit']]

interface Listed { type?: { text: string } | null; encounter?: { id?: string | null; display?: string | null } | null }
type Visit = Parameters<typeof visitName>[0] & { id: string }
export interface Group<N> { name: string | null; notes: readonly N[] }

const NO_VISIT = 'No visit is named'

/** Notes under the kind or the visit that they name, each group in the order of its newest note; what names no visit is last. By time they are one group without a name. */
export function groupsOf<N extends Listed>(notes: readonly N[], order: Order, visits: readonly Visit[]): Group<N>[] {
  if (order === 'time') return [{ name: null, notes }]
  const nameOf = (n: N): string => {
    if (order === 'kind') return n.type?.text ?? 'Kind not recorded'
    if (!n.encounter) return NO_VISIT
    const visit = visits.find((v) => v.id === n.encounter?.id)
    return visit ? visitName(visit) : n.encounter.display ?? `A visit that is not among the newest (${n.encounter.id ?? 'not named'})`
  }
  const groups = new Map<string, N[]>()
  for (const n of notes) groups.set(nameOf(n), [...(groups.get(nameOf(n)) ?? []), n])
  return [...groups].map(([name, of]) => ({ name, notes: of })).sort((a, b) => Number(a.name === NO_VISIT) - Number(b.name === NO_VISIT))
}
