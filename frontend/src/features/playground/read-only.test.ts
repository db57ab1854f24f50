import { expect, it } from 'vitest'
import { operationOf, refusal } from './read-only'

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

it.each([
  ['query A { a }', 'Before', 'A'],
  ['{ a }', 'Before', null],
  ['query A { a } mutation B { b }', 'B', 'B'],
  ['query A { a } query B { b }', '', null],
  ['query {', 'Before', 'Before'],
])('of %j, with the name %j, it asks for %j', (query, named, asked) => expect(operationOf(query, named)).toBe(asked))

it('holds back a mutation that comes with the name of the text before it', () => {
  const query = 'mutation B { b }'
  expect(refusal(query, operationOf(query, 'A'), false)).toMatch(/read-only/)
})
