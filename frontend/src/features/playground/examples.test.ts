import { readFileSync } from 'node:fs'
import { buildSchema, parse, validate } from 'graphql'
import { expect, it } from 'vitest'
import { EXAMPLES } from './examples'
import { refusal } from './read-only'

const schema = buildSchema(readFileSync('../schema/schema.graphql', 'utf8'))

it.each(EXAMPLES.flatMap((group) => group.examples).map((example) => [example.title, example]))('%s is an operation of the schema', (_, { query }) => {
  expect(validate(schema, parse(query)).map((error) => error.message)).toEqual([])
  expect(query).toMatch(/^query \w+/)
  expect(refusal(query, null, false)).toBeNull()
})
