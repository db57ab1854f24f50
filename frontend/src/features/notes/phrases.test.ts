import { expect, it } from 'vitest'
import { expand, phraseBefore } from './phrases'

it.each([
  ['.vitals', 'vitals'], ['Seen today. .labs', 'labs'], ['a\n.meds', 'medications'], ['(.allergies', 'allergies'], ['.Problems', 'problems'],
])('%s stands for data', (text, kind) => expect(phraseBefore(text, text.length)).toMatchObject({ kind, start: text.lastIndexOf('.') }))

it.each(['0.labs', 'see e.g.labs', 'x.meds', '..vitals', '.vital', 'vitals', '.vitals ', '5.'])('%s stands for itself', (text) => expect(phraseBefore(text, text.length)).toBeNull())

it('a phrase in front of a word stands for itself', () => expect(phraseBefore('.labsheet', 5)).toBeNull())

it.each([
  ['alone', '.labs ', 0, 'DATA\n'],
  ['after words', 'Today .labs ', 6, 'Today \nDATA\n'],
  ['before words, with the line end that was typed', '.labs\nFine', 0, 'DATA\nFine'],
  ['where text was written before it meanwhile', 'So: .labs ', 0, 'So: \nDATA\n'],
])('data stand on lines of their own: %s', (_, text, start, made) => expect(expand(text, start, '.labs', 'DATA')).toBe(made))

it('a phrase that is gone meanwhile is not replaced', () => expect(expand('no', 0, '.labs', 'DATA')).toBeNull())
