import { expect, it } from 'vitest'
import { placeNow, placeWords } from './place'

const NOW = Date.parse('2026-11-30T12:00:00Z')
const at = (display: string, start?: string, end?: string, status?: string) => ({ location: { display }, status, ...(start || end ? { period: { start, end } } : {}) })

it.each([
  ['no place', [], null],
  ['one without a time', [at('Ward 6')], 'Ward 6'],
  ['the one it moved to last', [at('Bed 4', '2026-11-29T08:00:00Z'), at('Bed 2', '2026-11-28T08:00:00Z')], 'Bed 4'],
  ['not one that is over', [at('Bed 2', '2026-11-28T08:00:00Z'), at('Theatre', '2026-11-29T08:00:00Z', '2026-11-29T10:00:00Z')], 'Bed 2'],
  ['not one that is completed', [at('Bed 2', '2026-11-28T08:00:00Z'), at('Bed 9', '2026-11-29T08:00:00Z', undefined, 'completed')], 'Bed 2'],
  ['not one that is reserved or to come', [at('Bed 2'), at('Bed 5', undefined, undefined, 'reserved'), at('Bed 6', '2026-12-01T08:00:00Z')], 'Bed 2'],
  ['one without words', [{ location: {} }], null],
])('%s', (_, places, place) => expect(placeNow(places, NOW)).toBe(place))

it.each([
  ['no place', [], []],
  ['where it is, then what it left, the last one first', [at('Bed 2', '2026-11-27T08:00:00Z', '2026-11-28T08:00:00Z'), at('Bed 3', '2026-11-28T08:00:00Z', '2026-11-29T08:00:00Z'), at('Bed 4', '2026-11-29T08:00:00Z')], ['Bed 4', 'before: Bed 3', 'before: Bed 2']],
  ['where a stay that is over was at last', [at('Bed 2', '2026-11-27T08:00:00Z', '2026-11-28T08:00:00Z'), at('Bed 3', '2026-11-28T08:00:00Z', '2026-11-29T08:00:00Z')], ['Bed 3', 'before: Bed 2']],
  ['what is planned as such', [at('Bed 5', undefined, undefined, 'planned')], ['planned: Bed 5']],
  ['nothing lost of what says no time', [at('Room 1'), at('Room 2')], ['Room 2', 'also: Room 1']],
  ['one bed once', [at('Bed 2', '2026-11-27T08:00:00Z', '2026-11-28T08:00:00Z'), at('Bed 2', '2026-11-29T08:00:00Z')], ['Bed 2']],
])('%s, in words', (_, places, words) => expect(placeWords(places, NOW)).toEqual(words))
