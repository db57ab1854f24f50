/** Where a series on a time axis is not to be joined: the places whose distance from the one before is over four times the usual one. */
export function breaks(times: readonly number[]): ReadonlySet<number> {
  const gaps = times.slice(1).map((at, i) => at - (times[i] ?? at))
  const usual = gaps.toSorted((a, b) => a - b)[Math.floor(gaps.length / 2)] ?? 0
  return new Set(gaps.flatMap((gap, i) => (usual > 0 && gap > 4 * usual ? [i + 1] : [])))
}
