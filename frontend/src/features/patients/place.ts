interface Place { location: { display?: string | null }; status?: string | null; period?: { start?: string | null; end?: string | null } | null }

/**
 * Where a stay is now: of the places that it is at, the one it came to last; null where the record names none.
 * A place is over when it ended, or is completed without saying when; one that is planned or reserved is still to come. As the server's census reads it.
 */
export function placeNow(places: readonly Place[], now: number = Date.now()): string | null {
  const here = places.flatMap(({ location, status, period }) => {
    const { start, end } = period ?? {}
    const over = end ? Date.parse(end) <= now : status === 'completed'
    const toCome = status === 'planned' || status === 'reserved' || (!!start && Date.parse(start) > now)
    return over || toCome ? [] : [{ start: start ? Date.parse(start) : Number.NEGATIVE_INFINITY, name: location.display }]
  })
  if (here.length === 0) return null
  return here.reduce((last, one) => (one.start >= last.start ? one : last)).name || null
}
