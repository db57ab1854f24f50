import { describe, expect, it } from 'vitest'
import type { ServedType } from '../../lib/fhir'
import { emptySearch, fits, isComplete, quantityOf, quantityText, readSearch, targetsOf, tokenOf, tokenText, withPlain, writeSearch, type Condition, type Search } from './query'

const p = (name: string, type: string) => ({ name, type })
const types: ServedType[] = [
  {
    type: 'Observation', includes: ['*', 'Observation:subject'], revIncludes: ['*', 'Provenance:target'],
    parameters: [p('_id', 'token'), p('code', 'token'), p('date', 'date'), p('value-quantity', 'quantity'), p('value-string', 'string'), p('subject', 'reference'), p('patient', 'reference'), p('code-value-quantity', 'composite'), p('_text', 'special')],
  },
  { type: 'Patient', includes: [], revIncludes: ['Observation:subject', 'Observation:patient'], parameters: [p('name', 'string'), p('birthdate', 'date'), p('organization', 'reference'), p('link', 'reference')] },
  { type: 'Group', includes: [], revIncludes: ['Observation:subject'], parameters: [p('code', 'token')] },
  { type: 'Organization', includes: [], revIncludes: ['Patient:organization'], parameters: [p('name', 'string')] },
  { type: 'RiskAssessment', includes: [], revIncludes: [], parameters: [p('probability', 'number'), p('instantiates', 'uri')] },
]
const read = (text: string): Search => { const found = readSearch(text, types); if ('wrong' in found) throw new Error(found.wrong); return found }

it('takes the types that a reference may refer to from what says that it is referred to', () => {
  expect(targetsOf(types, 'Observation', 'subject')).toEqual(['Patient', 'Group'])
  expect(targetsOf(types, 'Patient', 'link')).toEqual([])
})

describe('what is written is read back as it was', () => {
  it.each([
    'Observation',
    'Observation?code=http://loinc.org%7C4548-4',
    'Observation?code:not=a%7Cb&code:in=http://x.org/vs&code:text=blood',
    'Observation?code=http://loinc.org%7C',
    'Observation?date=ge2020&date=lt2026-11&date=ap2024-02-29',
    'Observation?value-quantity=gt5.4%7Chttp://unitsofmeasure.org%7Cmg&value-quantity=5%7C%7Cmg&value-quantity=7',
    'Observation?value-string:exact=a%5C,b',
    'Observation?subject=Patient/p1&subject:identifier=s%7C1',
    'Observation?subject:Patient.organization:Organization.name:contains=north',
    'Observation?subject:missing=true',
    'Observation?code-value-quantity=a$gt5',
    'Observation?_text=pain%20and%20fever',
    'RiskAssessment?probability=gt0.5&instantiates:below=https://x.org/a',
    'Observation?_include=Observation:subject&_include:iterate=*&_revinclude=Provenance:target&_sort=-date,code&_elements=code,status&_summary=count&_count=50&_total=none',
  ])('%s', (text) => {
    const search = read(text)
    expect(search.others).toEqual([])
    expect(writeSearch(search, types)).toBe(text)
  })
})

it('reads a whole address too, and shows an untyped chain where only one type can be meant', () => {
  const search = read('GET https://h.example/fhir/R4/Observation?patient.name=a+b&date=eq2020')
  expect(search.conditions.map(({ hops, parameter, prefix, value }) => ({ hops, parameter, prefix, value }))).toEqual([
    { hops: [{ parameter: 'patient', type: 'Patient' }], parameter: 'name', prefix: '', value: 'a b' },
    { hops: [], parameter: 'date', prefix: '', value: '2020' },
  ])
  expect(read('Observation?subject:Patient=7').conditions[0]).toMatchObject({ modifier: '', value: 'Patient/7' })
})

it('keeps as text what the fields cannot show', () => {
  const text = 'Observation?_has:Provenance:target:agent=x&subject.name=a&nonsense=1&code:above-all=2&code=&_format=json&_include=Patient:link&_sort=nonsense'
  const { others, conditions, inclusions, sort } = read(text)
  expect(others.map((one) => one.name)).toEqual(['_has:Provenance:target:agent', 'subject.name', 'nonsense', 'code:above-all', 'code', '_format', '_include', '_sort'])
  expect([conditions, inclusions, sort]).toEqual([[], [], []])
  expect(writeSearch(read(text), types).split('&').length).toBe(8)
})

it('has several values and moments as the text of FHIR', () => {
  const [codes, moment] = read('Observation?code=a,b&date=ge2026-01-01T08:00:00Z').conditions
  expect(codes).toMatchObject({ plain: true, value: 'a,b' })
  expect(moment).toMatchObject({ plain: true, prefix: '', value: 'ge2026-01-01T08:00:00Z' })
  expect(withPlain(moment as Condition, 'date', false)).toBeNull()
})

it('goes from fields to text and back', () => {
  const [one] = read('Observation?date=ge2026').conditions
  const plain = withPlain(one as Condition, 'date', true)
  expect(plain).toMatchObject({ prefix: '', value: 'ge2026', plain: true })
  expect(withPlain(plain as Condition, 'date', false)).toEqual(one)
})

it('says why there is no search in a text', () => {
  expect(readSearch('Patient/1/_history', types)).toHaveProperty('wrong')
  expect(readSearch('metadata', types)).toHaveProperty('wrong')
  expect(readSearch('Patient?name=%zz', types)).toEqual({ wrong: '“name=%zz” is not percent-encoded text.' })
})

it('keeps separators of FHIR in a value apart from the values', () => {
  expect(tokenOf(tokenText({ system: 'urn:a|b', code: 'x,y' }))).toEqual({ system: 'urn:a|b', code: 'x,y' })
  expect(quantityOf(quantityText({ number: '5', unit: 'mg', coded: false }))).toEqual({ number: '5', unit: 'mg', coded: false })
  expect(fits('token', '', '|x')).toBe(false)
  expect(fits('quantity', '', '5|urn:other|mg')).toBe(false)
})

it('leaves out a condition that says too little', () => {
  const condition: Condition = { key: 1, hops: [], parameter: 'subject', modifier: '', prefix: '', value: 'Patient/', plain: false }
  expect(isComplete(condition, 'reference')).toBe(false)
  expect(isComplete({ ...condition, parameter: 'value-quantity', value: '|http://unitsofmeasure.org|mg' }, 'quantity')).toBe(false)
  expect(writeSearch({ ...emptySearch('Observation'), conditions: [condition] }, types)).toBe('Observation?_count=20&_total=accurate')
})
