import { formatDecimal, formatUnit } from '../../lib/quantity'

interface Amount { value?: string | null; unit?: string | null; code?: string | null; comparator?: string | null }
export interface Bounds { quantity?: Amount | null; low?: Amount | null; high?: Amount | null }
const SIGNS: Readonly<Record<string, string>> = { '<': 'below', '<=': 'at most', '>=': 'at least', '>': 'above' }
const amount = (q: Amount | null | undefined, unit: string | null): string =>
  (q?.value ? `${(q.comparator && SIGNS[q.comparator]) ?? q.comparator ?? ''} ${formatDecimal(q.value)} ${formatUnit(unit ?? q.unit ?? '')}`.trim() : '')

/**
 * What is to be reached, with its direction in words: `below 130 mmHg`, `at most 7 %`, `60 to 80 kg`. Empty where the record names no amount.
 * `unit`: the unit as people write it, where a goal has only its code.
 */
export function target({ quantity, low, high }: Bounds, unit: string | null = null): string {
  const [one, least, most] = [amount(quantity, unit), amount(low, unit), amount(high, unit)]
  if (one) return one
  if (least && most) return `${least} to ${most}`
  return least ? `at least ${least}` : most && `at most ${most}`
}

export type Standing = { is: 'met' } | { is: 'not met' } | { is: 'not comparable'; why: string }
const apart = (why: string): Standing => ({ is: 'not comparable', why })
/** The unit that two amounts have to share: by its code, else as it is written. */
export const unitKey = (q: Amount | null | undefined): string => q?.code ?? q?.unit ?? ''
const within = (value: number, q: Amount): boolean => {
  const bound = Number(q.value)
  switch (q.comparator) {
    case '<': return value < bound
    case '<=': return value <= bound
    case '>': return value > bound
    default: return value >= bound
  }
}

/** Whether a value is what a target asks for. It is compared only in the target's own unit; null where the target names no amount. */
export function standing(of: Bounds, value: Amount): Standing | null {
  const { quantity } = of
  const bounds: Amount[] = quantity?.value ? [quantity] : [...(of.low?.value ? [{ ...of.low, comparator: '>=' }] : []), ...(of.high?.value ? [{ ...of.high, comparator: '<=' }] : [])]
  if (bounds.length === 0) return null
  if (quantity?.value && !quantity.comparator) return apart('the goal does not say in which direction')
  if (!value.value || !Number.isFinite(Number(value.value))) return apart('it has no number')
  if (value.comparator) return apart('the value is only a bound')
  if (bounds.some((b) => unitKey(b) !== unitKey(value))) return apart('the units differ')
  return { is: bounds.every((b) => within(Number(value.value), b)) ? 'met' : 'not met' }
}
