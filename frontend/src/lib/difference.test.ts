import { expect, it } from 'vitest'
import { difference } from './difference'

const marked = (before: string, after: string) => difference(before, after).map(({ kind, text }) => (kind === 'same' ? text : `${kind === 'in' ? '{+' : '{-'}${text.trim()}}`)).join('')

it.each([
  ['nothing', 'Slept well.', 'Slept well.', 'Slept well.'],
  ['a word for another', 'Slept well today', 'Slept badly today', 'Slept {-well}{+badly}today'],
  ['what was added at the end', 'Home', 'Home tomorrow.', 'Home {+tomorrow.}'],
  ['what is gone', 'Give 5 mg twice daily', 'Give daily', 'Give {-5 mg twice}daily'],
  ['a dose', 'Metoprolol 25 mg', 'Metoprolol 50 mg', 'Metoprolol {-25}{+50}mg'],
  ['a text that was empty', '', 'New', '{+New}'],
  ['a text that is empty now', 'Old', '', '{-Old}'],
  ['no change of line ends alone', 'a b\nc', 'a\nb c', 'a\nb c'],
  ['two words for two others, the gone ones first', 'a b c d', 'a x y d', 'a {-b c}{+x y}d'],
])('shows %s', (_, before, after, text) => expect(marked(before, after)).toBe(text))

it('compares long texts by their lines', () => {
  const long = (word: string) => Array.from({ length: 3000 }, (_, i) => `${word}${i}\n`).join('')
  const runs = difference(`first\n${long('a')}last`, `first\n${long('b')}last`)
  expect(runs.map((r) => r.kind)).toEqual(['same', 'out', 'in', 'same'])
})
