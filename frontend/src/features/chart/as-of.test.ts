import { expect, it } from 'vitest'
import { notPast } from '../../lib/date'
import { about, steps } from './as-of'

it('names what a resource is about in its own words, and nothing when it has none', () => {
  expect(about({ resourceType: 'Condition', code: { text: 'Asthma' } })).toBe('Asthma')
  expect(about({ resourceType: 'Immunization', vaccineCode: { coding: [{ code: '1' }, { display: 'Influenza' }] } })).toBe('Influenza')
  expect(about({ resourceType: 'Encounter', type: [{ text: 'Admission' }] })).toBe('Admission')
  expect(about({ resourceType: 'Task', description: 'Call the daughter' })).toBe('Call the daughter')
  expect([about({ resourceType: 'Patient' }), about(null), about('x')]).toEqual(['', '', ''])
})

it('takes writes of one instant as one step, and leaves their Provenance out', () => {
  const write = (id: string, at: string, action: 'CREATED' | 'UPDATED' | 'DELETED' = 'CREATED', fhir: unknown = null) => ({ id, versionId: '1', action, at, by: 'lee', fhir })
  const found = steps([
    write('Provenance/p', '2026-11-22T09:00:00.000002Z'),
    write('AllergyIntolerance/a', '2026-11-22T09:00:00.000002Z', 'UPDATED', { code: { text: 'Penicillin' } }),
    write('Condition/c', '2026-11-22T09:00:00.000002Z'),
    write('Condition/c', '2026-11-22T09:00:00.000001Z', 'DELETED'),
  ])
  expect(found).toEqual([
    { at: '2026-11-22T09:00:00.000002Z', by: 'lee', what: ['Allergy intolerance “Penicillin” changed', 'Condition recorded'] },
    { at: '2026-11-22T09:00:00.000001Z', by: 'lee', what: ['Condition deleted'] },
  ])
})

it('refuses instants that cannot be shown', () => {
  const now = Date.parse('2026-11-22T09:00:00Z')
  expect(notPast('2026-11-22T08:59:59.999999Z', now)).toBeNull()
  expect(notPast('2026-11-22T10:30:00+02:00', now)).toBeNull()
  expect(notPast('2026-11-22T09:00:01Z', now)).toMatch(/still to come/)
  expect(notPast('2026-11-22', now)).toMatch(/could be read/)
  expect(notPast('yesterday', now)).toMatch(/could be read/)
})
