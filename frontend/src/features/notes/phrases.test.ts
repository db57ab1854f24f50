import { expect, it } from 'vitest'
import { expand, filled, kindsIn, phraseBefore, replace } from './phrases'

const OWN = [{ name: 'sob', text: 'No shortness of breath.' }, { name: 'day-2', text: 'Second day.' }, { name: 'vitals', text: 'never' }, { name: 'Shout', text: 'Loud.' }]

it.each([
  ['.vitals', 'vitals'], ['Seen today. .labs', 'labs'], ['a\n.meds', 'medications'], ['(.allergies', 'allergies'], ['.Problems', 'problems'],
])('%s stands for data', (text, kind) => expect(phraseBefore(text, text.length, OWN)).toMatchObject({ kind, start: text.lastIndexOf('.') }))

it.each([['.sob', 0], ['Today .SOB', 0], ['a\n.day-2', 1], ['.shout', 3]])('%s stands for a text of one’s own', (text, at) => expect(phraseBefore(text, text.length, OWN)).toMatchObject({ own: OWN[at], start: text.lastIndexOf('.') }))

it.each(['0.labs', 'see e.g.labs', 'x.meds', '..vitals', '.vital', 'vitals', '.vitals ', '5.', '.5', 'x.sob', '.day-', '.sobs'])('%s stands for itself', (text) => expect(phraseBefore(text, text.length, OWN)).toBeNull())

it('a phrase in front of a word stands for itself', () => expect(phraseBefore('.labsheet', 5, OWN)).toBeNull())

it.each([
  ['alone', '.labs ', 0, 'DATA\n'],
  ['after words', 'Today .labs ', 6, 'Today \nDATA\n'],
  ['before words, with the line end that was typed', '.labs\nFine', 0, 'DATA\nFine'],
  ['where text was written before it meanwhile', 'So: .labs ', 0, 'So: \nDATA\n'],
])('data stand on lines of their own: %s', (_, text, start, made) => expect(expand(text, start, '.labs', 'DATA')).toBe(made))

it('an own text stands where its name stood, with what is around it', () => {
  expect(replace('Today .sob and', 6, '.sob', 'No dyspnoea')).toBe('Today No dyspnoea and')
  expect(replace('So: .sob ', 0, '.sob', 'a\n  b')).toBe('So: a\n  b ')
  expect(replace('.sob and', 0, '.sob', 'a\n')).toBe('a\nand')
})

it('a phrase that is gone meanwhile is not replaced', () => expect([expand('no', 0, '.labs', 'DATA'), replace('no', 0, '.labs', 'DATA')]).toEqual([null, null]))

it('the phrases of the program within an own text are told and filled, but for those without data', () => {
  const text = 'Seen.\n.vitals\nTakes: .meds and more\n.vitals 0.labs .labs'
  expect(kindsIn(text)).toEqual(['vitals', 'medications', 'labs'])
  expect(filled(text, new Map([['vitals', { text: '.labs 72', sources: [] }], ['medications', { text: 'none', sources: [] }]]))).toBe('Seen.\n.labs 72\nTakes: \nnone\nand more\n.labs 72\n0.labs .labs')
  expect(kindsIn('See e.g.labs, .sob')).toEqual([])
})
