// What FHIR's own GraphQL tells of its schema, read by the reference implementation of GraphQL.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildClientSchema, getIntrospectionQuery, parse, validate, validateSchema } from 'graphql'

const url = process.env.WINTEHR_URL
assert.ok(url, 'WINTEHR_URL names the server')

const { demoUsers } = await (await fetch(`${url}/auth/config`)).json()
const { user, password } = demoUsers.find((one) => one.role === 'physician')
const entry = await fetch(`${url}/auth/login`, {
  method: 'POST',
  headers: { 'X-WintEHR-Request': '1', 'Content-Type': 'application/json' },
  body: JSON.stringify({ user, password }),
})
assert.equal(entry.status, 200)
const headers = { 'Content-Type': 'application/json', 'X-WintEHR-Request': '1', Cookie: entry.headers.get('set-cookie').split(';')[0] }
const ask = async (query, variables) => {
  const answer = await fetch(`${url}/fhir/R4/$graphql`, { method: 'POST', headers, body: JSON.stringify({ query, variables }) })
  return { status: answer.status, body: await answer.json() }
}

const { status, body } = await ask(getIntrospectionQuery({ inputValueDeprecation: true, specifiedByUrl: true }))
assert.equal(status, 200)
const schema = buildClientSchema(body.data)

test('the schema is a valid one', () => {
  assert.deepEqual(validateSchema(schema).map((error) => error.message), [])
  assert.ok(Object.keys(schema.getTypeMap()).length > 1500)
})

const DOCUMENTS = [
  '{ PatientList(_count: 2) { id name @first { family given } birthDate _birthDate { extension { url } } } }',
  'query($use: [code]) { PatientList(gender: "male", _count: 1) { name(use: $use, _offset: 0) { text } ConditionList(_reference: "patient") { code { coding { code } } } } }',
  '{ ConditionConnection(pageSize: 2) { count edges { mode resource { id subject { resource(type: Patient, optional: true) { ... on Patient { gender } } } } } next } }',
]
for (const document of DOCUMENTS) {
  test(`what its schema allows is served: ${document.slice(0, 60)}`, async () => {
    assert.deepEqual(validate(schema, parse(document)).map((error) => error.message), [])
    const { status, body } = await ask(document, { use: ['official'] })
    assert.equal(status, 200, JSON.stringify(body.errors))
  })
}

const WRONG = [
  '{ PatientList { shoe } }', '{ PatientList(shoe: 1) { id } }', '{ PatientList }', '{ Patient(id: "x") { id { x } } }', 'query($v: Shoe) { PatientList(name: $v) { id } }',
  'query($v: Boolean) { PatientList(_count: $v) { id } }', '{ PatientList { id @shoe } }', '{ PatientList { id @skip } }', '{ PatientList { ...F } }', '{ PatientList { ... on Shoe { id } } }',
]
for (const document of WRONG) {
  test(`what it does not allow is refused: ${document}`, async () => {
    assert.ok(validate(schema, parse(document)).length > 0)
    assert.equal((await ask(document, {})).status, 400)
  })
}
