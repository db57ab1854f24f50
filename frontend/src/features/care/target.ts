import { formatDecimal, formatUnit } from '../../lib/quantity'

interface Amount { value?: string | null; unit?: string | null; comparator?: string | null }
const SIGNS: Readonly<Record<string, string>> = { '<': 'below', '<=': 'at most', '>=': 'at least', '>': 'above' }
const amount = (q: Amount | null | undefined): string => (q?.value ? `${(q.comparator && SIGNS[q.comparator]) ?? q.comparator ?? ''} ${formatDecimal(q.value)} ${formatUnit(q.unit ?? '')}`.trim() : '')

/** What is to be reached, with its direction in words: `below 130 mmHg`, `at most 7 %`, `60 to 80 kg`. Empty where the record names no amount. */
export function target({ quantity, low, high }: { quantity?: Amount | null; low?: Amount | null; high?: Amount | null }): string {
  const [one, least, most] = [amount(quantity), amount(low), amount(high)]
  if (one) return one
  if (least && most) return `${least} to ${most}`
  return least ? `at least ${least}` : most && `at most ${most}`
}
