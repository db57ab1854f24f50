import { expect, it } from 'vitest'
import { notPast } from '../../lib/date'
import { steps } from './as-of'

it('takes writes of one instant as one step, by the names that lists give them, and leaves their Provenance out', () => {
  const write = (id: string, at: string, action: 'CREATED' | 'UPDATED' | 'DELETED' = 'CREATED', title: string | null = null) => ({ id, versionId: '1', action, at, by: 'lee', title })
  const found = steps([
    write('Provenance/p', '2026-11-22T09:00:00.000002Z'),
    write('AllergyIntolerance/a', '2026-11-22T09:00:00.000002Z', 'UPDATED', 'Penicillin'),
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
