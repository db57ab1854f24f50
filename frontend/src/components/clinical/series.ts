const DAY_MS = 86_400_000
/** How far apart what changes slowly may be taken without anything being missed. By LOINC code: weight, height, body mass index, head circumference. */
const SLOW: ReadonlyMap<string, number> = new Map(['29463-7', '8302-2', '39156-5', '9843-4'].map((code) => [code, 30 * DAY_MS]))
export const slowMs = (code: string | null | undefined): number => (code ? SLOW.get(code) ?? 0 : 0)

/** The middle distance, the shorter of two. */
const usual = (gaps: readonly number[]): number => gaps.toSorted((a, b) => a - b)[Math.floor((gaps.length - 1) / 2)] ?? 0
/** How much longer than each beside it a distance is where a series begins or ends to be dense, such as years of visits before days in hospital. */
const SUDDEN = 30

/**
 * Where a series on a time axis is not to be joined: the places whose distance from the one before is over four times the usual one, or the least that is usual for what is measured;
 * and those where it is far over each of the few just before or after.
 */
export function breaks(times: readonly number[], leastMs = 0): ReadonlySet<number> {
  const gaps = times.slice(1).map((at, i) => at - (times[i] ?? at))
  const over = (gap: number, times: number, of: number) => { const long = Math.max(leastMs, of); return long > 0 && gap > times * long }
  const sudden = (gap: number, i: number) => [gaps.slice(Math.max(0, i - 3), i), gaps.slice(i + 1, i + 4)].some((side) => side.length > 1 && over(gap, SUDDEN, Math.max(...side)))
  return new Set(gaps.flatMap((gap, i) => (over(gap, 4, usual(gaps)) || sudden(gap, i) ? [i + 1] : [])))
}

/** What a short series is drawn of: the 30 days up to its newest value, where they hold at least three, else all. Months before them would leave the days of a stay no room. */
export function lately<P extends { x: number }>(lines: readonly (readonly P[])[]): readonly (readonly P[])[] {
  const from = Math.max(...lines.flat().map((p) => p.x)) - 30 * DAY_MS
  const kept = lines.map((line) => line.filter((p) => p.x >= from))
  return kept.some((line) => line.length > 2) ? kept : lines
}

/** The dashes of a line over a break: what is drawn there was not measured. */
export const BREAK = '1 3'

/** How long nothing was taken, in the unit one would say it in. `ms` is the distance between two results. */
export function gapWords(ms: number): string {
  const days = ms / DAY_MS
  const [count, unit] = days >= 730 ? [days / 365.25, 'years'] : days >= 60 ? [days / 30.4375, 'months'] : days >= 2 ? [days, 'days'] : [days * 24, 'hours']
  const whole = Math.round(count)
  return `${whole} ${whole === 1 ? unit.slice(0, -1) : unit}, no result`
}

/** A reference range as it was written; open where one of its sides is not said. */
export interface Limits { low?: string; high?: string }
/** A range and the time it is drawn for, `[from, to)`; null is the edge of the drawing. */
export interface Band { from: number | null; to: number | null; limits: Limits }

/** The ranges that came with the results of a series, in the order of time: one as long as it stays the same. Where a result came without one, none is drawn. */
export function bands(points: readonly { x: number; limits: Limits | null }[]): Band[] {
  const found: { from: number | null; limits: Limits | null }[] = []
  points.forEach(({ x, limits }, i) => {
    const last = found.at(-1)
    if (!last || last.limits?.low !== limits?.low || last.limits?.high !== limits?.high) found.push({ from: i === 0 ? null : x, limits })
  })
  return found.flatMap(({ from, limits }, i) => (limits ? [{ from, to: found[i + 1]?.from ?? null, limits }] : []))
}
