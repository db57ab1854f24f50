import { parse } from 'graphql'
import { expect, it } from 'vitest'
import { nameIn, readQuestion, writeQuestion } from './saved'

const query = 'query A($first: Int!) { patients(first: $first) { totalCount } }\n'

it('keeps the variables with the document, which stays one', () => {
  const text = writeQuestion({ query, variables: '{\n  "first": 2\n}' })
  expect(parse(text).definitions).toHaveLength(1)
  expect(readQuestion(text)).toEqual({ query, variables: '{\n  "first": 2\n}' })
})

it('has nothing to add where there are none, and keeps what is half written', () => {
  expect(writeQuestion({ query, variables: ' {} ' })).toBe(query)
  expect(readQuestion(query)).toEqual({ query, variables: '' })
  expect(readQuestion(writeQuestion({ query, variables: '{ "first":\n' }))).toEqual({ query, variables: '{ "first":' })
})

it.each([[query, 'A'], ['fragment F on Patient { id }\nmutation M { x }', 'M'], ['{ me { roles } }', ''], ['query {', '']])('of %j the operation is called %j', (text, name) => expect(nameIn(text)).toBe(name))
