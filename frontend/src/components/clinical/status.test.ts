import { expect, it } from 'vitest'
import { conceptText } from './status'

it.each([
  [{ text: 'extended healthcare' }, 'Extended healthcare'],
  [[{ text: 'mother' }, { text: 'guardian' }], 'Mother, Guardian'],
  [{ text: 'Östlich' }, 'Östlich'],
  [{ text: 'élève' }, 'Élève'],
  // Not a small letter that happens to stand first.
  [{ text: 'pH of the wound' }, 'pH of the wound'],
  [{ text: 'MRI' }, 'MRI'],
  [[{ text: '' }, { text: 'aunt' }], 'Aunt'],
  [[], ''], [null, ''], [undefined, ''],
])('begins a cell with a capital: %j', (of, expected) => expect(conceptText(of)).toBe(expected))
