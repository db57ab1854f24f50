import { readFileSync } from 'node:fs'
import { buildSchema, introspectionFromSchema, parse, validate } from 'graphql'
import { expect, it } from 'vitest'
import { example, search, written, type Schema } from './schema'

const sdl = buildSchema(readFileSync('../schema/schema.graphql', 'utf8'))
const schema = introspectionFromSchema(sdl).__schema as unknown as Schema

it('shows examples that the schema allows, one of every root field', () => {
  for (const [root, type] of [['query', sdl.getQueryType()], ['mutation', sdl.getMutationType()], ['subscription', sdl.getSubscriptionType()]] as const) {
    const fields = schema.types.find((one) => one.name === type?.name)?.fields ?? []
    expect(fields.length).toBeGreaterThan(5)
    for (const field of fields) {
      const text = example(schema, root, field)
      expect(validate(sdl, parse(text)).map((error) => error.message), text).toEqual([])
    }
  }
})

it('finds names before descriptions, arguments too', () => {
  const found = search(schema, 'asof')
  expect(found[0]?.member ?? found[0]?.type).toMatch(/asOf/i)
  expect(found.some((one) => one.type === 'Query' && one.member === 'patient')).toBe(true)
  expect(search(schema, 'no such words here')).toEqual([])
  expect(search(schema, ' ')).toEqual([])
})

it('writes types as schemas do', () => {
  expect(written({ kind: 'NON_NULL', ofType: { kind: 'LIST', ofType: { kind: 'NON_NULL', ofType: { kind: 'SCALAR', name: 'ID' } } } })).toBe('[ID!]!')
})
