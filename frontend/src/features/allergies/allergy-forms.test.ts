import { expect, it } from 'vitest'
import { reaction } from './allergy-forms'

const urticaria = { text: 'Urticaria', codings: [{ system: 'http://snomed.info/sct', code: '126485001' }] }
const concept = (of: Readonly<Record<string, string>>) => (field: string) => (of[field] === 'Urticaria' ? urticaria : of[field] ? { text: of[field] } : undefined)
const read = (of: Readonly<Record<string, string>>) => reaction(of, concept(of))

it('sends each sign by itself: coded where a term was chosen, else in words', () => {
  expect(read({ sign0: 'Urticaria', sign1: 'wheezing, itch', severity: 'MILD', showed: '2019-05', description: ' after lunch ' }))
    .toEqual({ manifestations: [urticaria, { text: 'wheezing' }, { text: 'itch' }], severity: 'MILD', onset: '2019-05', description: 'after lunch' })
})

it('is none when no sign is written', () => {
  expect(read({ severity: 'MILD', showed: '2019' })).toBeUndefined()
})
