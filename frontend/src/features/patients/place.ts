import { isJson, items, textAt } from '../../lib/fhir'

/**
 * Where a stay is now, from the FHIR encounter: of the places that it is at, the one it came to last; null where the record names none.
 * A place is over when it ended, or is completed without saying when; one that is planned or reserved is still to come. As the server's census reads it.
 */
export function placeOf(encounter: unknown, now: number = Date.now()): string | null {
  if (!isJson(encounter)) return null
  const here = items(encounter.location).flatMap((entry) => {
    if (!isJson(entry) || !isJson(entry.location)) return []
    const period = isJson(entry.period) ? entry.period : {}
    const [status, start, end] = [textAt(entry, 'status'), textAt(period, 'start'), textAt(period, 'end')]
    const over = end ? Date.parse(end) <= now : status === 'completed'
    const toCome = status === 'planned' || status === 'reserved' || (start !== '' && Date.parse(start) > now)
    return over || toCome ? [] : [{ start: start ? Date.parse(start) : Number.NEGATIVE_INFINITY, name: textAt(entry.location, 'display') }]
  })
  if (here.length === 0) return null
  return here.reduce((last, one) => (one.start >= last.start ? one : last)).name || null
}
