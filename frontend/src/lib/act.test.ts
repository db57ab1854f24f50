import { CombinedError } from 'urql'
import { expect, it } from 'vitest'
import { fieldOf, readOutcome } from './act'

it('tells what became of an act', () => {
  const of = (outcome: object | null, error?: CombinedError) => readOutcome(outcome, error, ['Saved']).kind
  expect(of({ __typename: 'Saved' })).toBe('done')
  expect(of({ __typename: 'Duplicate' })).toBe('other')
  expect(of({ __typename: 'Invalid', issues: [] })).toBe('invalid')
  expect(of({ __typename: 'Stale', currentVersion: '2' })).toBe('stale')
  expect(of({ __typename: 'NotPermitted' })).toBe('forbidden')
  expect(of(null, new CombinedError({ networkError: new TypeError('no connection') }))).toBe('unsaid')
  expect(of(null, new CombinedError({ graphQLErrors: [{ message: 'internal error' }] }))).toBe('failed')
})

it('finds the field an issue is about', () => {
  expect(fieldOf({ expression: ['input.code.codings[0].code'], text: '' })).toBe('code')
  expect(fieldOf({ expression: ['Condition.onset'], text: '' })).toBe('')
  expect(fieldOf({ expression: [], text: '' })).toBe('')
})
