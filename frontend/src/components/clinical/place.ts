interface Place { location: { display?: string | null }; status?: string | null; period?: { start?: string | null; end?: string | null } | null }

/** Whether a place is over: it ended, or is completed without saying when. */
const isOver = ({ status, period }: Place, now: number): boolean => (period?.end ? Date.parse(period.end) <= now : status === 'completed')
/** Whether it is planned or reserved, and still to come. */
const isToCome = ({ status, period }: Place, now: number): boolean => status === 'planned' || status === 'reserved' || (!!period?.start && Date.parse(period.start) > now)

function last(places: readonly Place[], now: number): Place | null {
  const here = places.filter((place) => !isOver(place, now) && !isToCome(place, now))
  const since = ({ period }: Place) => (period?.start ? Date.parse(period.start) : Number.NEGATIVE_INFINITY)
  return here.reduce<Place | null>((one, next) => (!one || since(next) >= since(one) ? next : one), null)
}

/** Where a stay is now: of the places that it is at, the one it came to last; null where the record names none. As the server's census reads it. */
export const placeNow = (places: readonly Place[], now: number = Date.now()): string | null => last(places, now)?.location.display || null

/** All places of a visit or stay in words, each once: where it is or was at last, then the others with what they are to it, those that were left last first. */
export function placeWords(places: readonly Place[], now: number = Date.now()): string[] {
  const at = last(places, now)
  const words = places.toReversed().filter((place) => place !== at && place.location.display && place.location.display !== at?.location.display)
    .map((place) => ({ name: place.location.display, as: isToCome(place, now) ? 'planned' : isOver(place, now) ? 'before' : 'also' }))
  // A stay that is over left all its places: the last one is where it was.
  const [first, ...rest] = at || words.length === 0 || words[0]?.as === 'planned' ? [null, ...words] : words
  const name = at?.location.display || first?.name
  return [...new Set([...(name ? [name] : []), ...rest.filter((one) => one !== null).map((one) => `${one.as}: ${one.name}`)])]
}
