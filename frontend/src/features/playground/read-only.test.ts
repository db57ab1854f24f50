import { expect, it } from 'vitest'
import { refusal } from './read-only'

it('sends queries and holds back mutations until changes are allowed', () => {
  expect(refusal('{ me { principal } }', null, false)).toBeNull()
  expect(refusal('mutation { x }', null, false)).toMatch(/read-only/)
  expect(refusal('mutation { x }', null, true)).toBeNull()
  expect(refusal('query A { a } mutation B { b }', 'A', false)).toBeNull()
  expect(refusal('query A { a } mutation B { b }', 'B', false)).toMatch(/read-only/)
  expect(refusal('# mutation\nquery { mutation }', null, false)).toBeNull()
})

it('leaves what it cannot read to the server', () => {
  expect(refusal('mutation {', null, false)).toBeNull()
  expect(refusal('query A { a } mutation B { b }', null, false)).toBeNull()
})
