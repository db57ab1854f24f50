import { expect, it } from 'vitest'
import { groupsOf } from './tree'

const visits = [{ id: 'Encounter/e', status: 'FINISHED', class: { code: 'IMP' }, types: [], period: { start: '2026-11-19' } }]
const note = (id: string, kind: string | null, encounter?: string) => ({ id, type: kind === null ? null : { text: kind }, encounter: encounter ? { id: encounter } : null })
const notes = [note('1', 'Progress note'), note('2', 'Discharge', 'Encounter/e'), note('3', 'Progress note', 'Encounter/e'), note('4', null, 'Encounter/old')]
const named = (order: 'time' | 'kind' | 'visit') => groupsOf(notes, order, visits).map((g) => [g.name, g.notes.map((n) => n.id).join(' ')])

it('by time it is one list', () => expect(named('time')).toEqual([[null, '1 2 3 4']]))
it('by kind, the kind of the newest first', () => expect(named('kind')).toEqual([['Progress note', '1 3'], ['Discharge', '2'], ['Kind not recorded', '4']]))
it('by visit, those that name none last', () => expect(named('visit')).toEqual([['Inpatient, 19-Nov-2026, ended', '2 3'], ['A visit that is not among the newest (Encounter/old)', '4'], ['No visit is named', '1']]))
