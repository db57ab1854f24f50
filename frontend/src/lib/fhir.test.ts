import { expect, it } from 'vitest'
import { differences, foundPage, issuesOf, leafText, linkTo, numberAt, parseExact, placeIn, referencesIn, servedTypes, writeExact } from './fhir'

it('reads what can be searched', () => {
  expect(servedTypes({ rest: [{ resource: [{ type: 'Patient', searchParam: [{ name: 'family', type: 'string' }] }, { searchParam: [] }] }] })).toEqual([{ type: 'Patient', parameters: [{ name: 'family', type: 'string' }], includes: [], revIncludes: [] }])
  expect(servedTypes({})).toEqual([])
})

it('follows links below the base only', () => {
  const bundle = { link: [{ relation: 'self', url: 'x' }, { relation: 'next', url: 'https://h/fhir/R4/Patient?_page=a' }] }
  expect(linkTo(bundle, 'next')).toBe('Patient?_page=a')
  expect(linkTo(bundle, 'self')).toBeNull()
  expect(linkTo(bundle, 'previous')).toBeNull()
})

it('tells what differs leaf by leaf', () => {
  expect(differences({ a: 1, b: [{ c: 'x' }], d: true }, { a: 1, b: [{ c: 'y' }, { c: 'z' }] })).toEqual([
    { path: 'b[0].c', before: '"x"', after: '"y"' },
    { path: 'b[1]', before: undefined, after: '{"c":"z"}' },
    { path: 'd', before: 'true', after: undefined },
  ])
  expect(differences({ a: 1 }, { a: 1 })).toEqual([])
})

it('keeps the text of numbers, and leaves digits in strings alone', () => {
  const text = '{"a":7.10,"b":[-1e2,0],"c":"12 \\" 3","d":{"e":true,"f":null}}'
  expect(writeExact(parseExact(text))).toBe(text)
  expect(numberAt({ total: (parseExact('{"total":200}') as { total: unknown }).total }, 'total')).toBe(200)
  expect(differences(parseExact('{"v":7.1}'), parseExact('{"v":7.10}'))).toEqual([{ path: 'v', before: '7.1', after: '7.10' }])
})

it('tells what fits from what was included and from what the server says', () => {
  const of = (mode: string | undefined, id: string) => ({ ...(mode ? { search: { mode } } : {}), resource: { resourceType: 'Patient', id } })
  const page = foundPage({ total: '\u00003', entry: [of('match', 'a'), of('include', 'b'), of(undefined, 'c'), { search: { mode: 'outcome' }, resource: { issue: [{ severity: 'warning', code: 'too-costly', diagnostics: 'not all' }] } }] })
  expect([page.matches, page.included].map((all) => all.map((r) => r.id))).toEqual([['a', 'c'], ['b']])
  expect(page.issues).toEqual([{ severity: 'warning', code: 'too-costly', text: 'not all', at: '' }])
  expect(page.total).toBe(3)
})

it('reads what an outcome says and where', () => {
  expect(issuesOf({ issue: [{ severity: 'error', code: 'value', details: { text: 'bad' }, expression: ['Patient.name[0]'] }, { severity: 'fatal', code: 'structure' }] })).toEqual([
    { severity: 'error', code: 'value', text: 'bad', at: 'Patient.name[0]' }, { severity: 'fatal', code: 'structure', text: 'structure', at: '' },
  ])
})

it('finds the references of a document, and which of them stay here', () => {
  expect(referencesIn({ subject: { reference: 'Patient/a', display: 'A' }, performer: [{ reference: '#x' }, { actor: { reference: 'urn:uuid:1' } }], reference: { reference: 'Group/g' } })).toEqual([
    { path: 'subject', to: 'Patient/a' }, { path: 'performer[0]', to: '#x' }, { path: 'performer[1].actor', to: 'urn:uuid:1' }, { path: 'reference', to: 'Group/g' },
  ])
  const here = (to: string) => placeIn(to, 'https://h')
  expect(['Patient/a', 'https://h/fhir/R4/Patient/a/_history/2', '#x', 'https://other/fhir/R4/Patient/a', 'urn:uuid:1'].map(here)).toEqual(['Patient/a', 'Patient/a', null, null, null])
})

it('shows a leaf as it was written', () => expect((parseExact('[7.10,"7.10",true,null]') as unknown[]).map(leafText)).toEqual(['7.10', '7.10', 'true', 'null']))
