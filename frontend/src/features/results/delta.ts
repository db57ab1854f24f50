import type { ObservationRowFragment } from '../../gql/graphql'
import { formatUnit } from '../../lib/quantity'
import { axisTime } from '../../lib/date'

type Of = Pick<ObservationRowFragment, 'value' | 'status' | 'effectiveAt'>
export interface Number { value: string; unit: string; at: string }
/** How a result differs from the one before it: by how much and from what; or why that is not said. */
export type Delta = { by: string; from: Number } | 'no number' | 'none before' | 'not loaded'

const NO_RESULT = ['ENTERED_IN_ERROR', 'CANCELLED', 'REGISTERED']
export const counts = (of: Of): boolean => !NO_RESULT.includes(of.status ?? '')
/** A result that can be compared: a plain number with a date, not a bound, not a mistake. */
function comparable(of: Of): Number | null {
  const { value, effectiveAt } = of
  if (!counts(of) || value?.__typename !== 'Quantity' || !value.value || value.comparator || !effectiveAt) return null
  return { value: value.value, unit: formatUnit(value.unit ?? ''), at: effectiveAt }
}

/** `a − b`, exactly, with as many decimals as the more precise of them has. */
export function subtract(a: string, b: string): string {
  const decimals = Math.max(...[a, b].map((n) => n.split('.')[1]?.length ?? 0))
  const [x, y] = [a, b].map((n) => { const [whole = '0', rest = ''] = n.split('.'); return BigInt(`${whole}${rest.padEnd(decimals, '0')}`) }) as [bigint, bigint]
  const digits = String(x < y ? y - x : x - y).padStart(decimals + 1, '0')
  const text = decimals === 0 ? digits : `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`
  return x < y ? `-${text}` : text
}

/** What most of these are compared with, the latest where several are as many; null where none is compared. */
export function commonStart(deltas: readonly Delta[]): string | null {
  const starts = deltas.flatMap((delta) => (typeof delta === 'string' ? [] : delta.from.at))
  const times = new Map<string, number>()
  for (const at of starts) times.set(at, (times.get(at) ?? 0) + 1)
  return [...times].sort(([a, x], [b, y]) => y - x || (a < b ? 1 : -1))[0]?.[0] ?? null
}

/** From the newest of results of one test that come before it, in the same unit. `whole`: nothing older is left to load. */
export function deltaOf(of: Of, newestFirst: readonly Of[], whole: boolean): Delta {
  const now = comparable(of)
  if (!now || !/^-?\d+(\.\d+)?$/.test(now.value)) return 'no number'
  const before = newestFirst.map(comparable).find((one) => one && one.unit === now.unit && axisTime(one.at) < axisTime(now.at) && /^-?\d+(\.\d+)?$/.test(one.value))
  return before ? { by: subtract(now.value, before.value), from: before } : whole ? 'none before' : 'not loaded'
}
