import { parse } from 'graphql'
import { expect, it } from 'vitest'
import { readQuestion, writeQuestion } from './saved'

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
