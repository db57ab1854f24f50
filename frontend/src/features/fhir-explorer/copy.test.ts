import { readFileSync } from 'node:fs'
import { buildSchema, parse, validate } from 'graphql'
import { expect, it } from 'vitest'
import type { ServedType } from '../../lib/fhir'
import { asCurl, readAsGraphql, searchAsGraphql } from './copy'
import { readSearch, type Search } from './query'

const schema = buildSchema(readFileSync('../schema/schema.graphql', 'utf8'))
const faults = (text: string) => validate(schema, parse(text)).map((error) => error.message)
const types: ServedType[] = [{ type: 'Observation', parameters: [{ name: 'code', type: 'token' }, { name: 'value-string', type: 'string' }], includes: ['*'], revIncludes: [] }]
const read = (text: string) => readSearch(text, types) as Search

it('writes a command without a secret, whose quotes cannot be left', () => {
  expect(asCurl("Patient?name=O'Hara", 'https://h')).toBe(`curl --request GET 'https://h/fhir/R4/Patient?name=O'\\''Hara' \\\n  --header 'Accept: application/fhir+json' \\\n  --header "Authorization: Bearer $TOKEN"`)
})

it('writes a document of the schema, and says what it leaves out', () => {
  const { text, left } = searchAsGraphql(read('Observation?code=http://loinc.org|4548-4&value-string=a"b&_include=*&_summary=data&_sort=-code&_count=500&_total=accurate'), types)
  expect(faults(text)).toEqual([])
  expect(left).toEqual(['_include', '_summary', '_count'])
  expect(text).toContain('query: "code=http://loinc.org%7C4548-4&value-string=a%22b&_sort=-code", first: 200)')
  expect(text).toContain('totalCount')
  expect(searchAsGraphql(read('Observation'), types)).toEqual({ text: expect.not.stringContaining('totalCount') as string, left: [] })
})

it('writes a document that reads one resource', () => expect(faults(readAsGraphql('Patient/a'))).toEqual([]))
