import { expect, it } from 'vitest'
import { filterVariables, readFilter, rowsOf, startOf, titleOf, type Entry } from './entry'

const entry = (id: string, begins: string | null): Entry => ({ kind: 'CONDITION', begins, title: id, node: { __typename: 'Condition', id, versionId: '1', conditionStatus: null, conditionVerification: null, onsetAt: null, onsetText: null } }) as Entry

const named = (row: ReturnType<typeof rowsOf>[number]) => ('head' in row ? row.head : row.entry.title)

it('puts entries under the heads of their years, those without a date under one of their own', () => {
  const rows = rowsOf([entry('a', '2026-06-01T00:00:00Z'), entry('b', '2026-05-01T00:00:00Z'), entry('c', '2019-05-01T00:00:00Z'), entry('d', null)], Date.UTC(2026, 6))
  expect(rows.map(named)).toEqual(['2026', 'a', 'b', '2019', 'c', 'Without a date', 'd'])
  expect(startOf(rows)).toBe(1)
  expect(rowsOf([], 0)).toEqual([])
})

it('puts what is to come under a head of its own, and begins below it', () => {
  const all = [entry('a', '2026-12-09T00:00:00Z'), entry('b', '2026-11-30T00:00:00Z')]
  const rows = rowsOf(all, Date.UTC(2026, 11, 1))
  expect(rows.map(named)).toEqual(['To come', 'a', '2026', 'b'])
  expect(startOf(rows)).toBe(3)
  expect(startOf(rowsOf(all.slice(0, 1), Date.UTC(2026, 11, 1)))).toBe(1)
})

it('reads a filter from an address and leaves out what is none', () => {
  expect(readFilter(new URLSearchParams('kinds=goal,condition,nonsense&from=2018-05&to=2019&text= knee &encounter=Encounter/e1&author=Practitioner/lee'))).toEqual({ kinds: ['CONDITION', 'GOAL'], from: '2018-05', to: '2019', text: 'knee', encounter: 'Encounter/e1', author: 'Practitioner/lee' })
  expect(readFilter(new URLSearchParams('from=soon&to=2019-13&encounter=x&author=lee'))).toEqual({ kinds: [], from: '', to: '', text: '', encounter: '', author: '' })
})

it('asks for whole days of what a partial date says', () => {
  const of = (from: string, to: string) => filterVariables({ kinds: [], from, to, text: '', encounter: '', author: '' }).date
  expect(of('', '')).toBeNull()
  expect(of('2018', '2019')).toEqual({ low: '2018-01-01', high: '2020-01-01' })
  expect(of('2018-05', '2019-12')).toEqual({ low: '2018-05-01', high: '2020-01-01' })
  expect(of('', '2019-02-28')).toEqual({ low: null, high: '2019-03-01' })
  expect(filterVariables({ kinds: ['GOAL'], from: '', to: '2019-02', text: 'x', encounter: '', author: 'Practitioner/lee' })).toEqual({ kinds: ['GOAL'], date: { low: null, high: '2019-03-01' }, text: 'x', encounter: null, author: 'Practitioner/lee' })
})

it('a sign is called as it is said at the bedside, unless the house has words of its own', () => {
  expect(titleOf({ kind: 'OBSERVATION', title: 'Blood pressure panel with all children optional' })).toBe('Blood pressure')
  expect(titleOf({ kind: 'OBSERVATION', title: 'Temperature, axillary' })).toBe('Temperature, axillary')
})

it('an appointment is not called by its reason alone', () => {
  expect(titleOf({ kind: 'APPOINTMENT', title: 'Essential hypertension' })).toBe('Appointment: Essential hypertension')
  expect(titleOf({ kind: 'APPOINTMENT', title: null })).toBe('Appointment')
  expect([titleOf({ kind: 'CONDITION', title: 'Asthma' }), titleOf({ kind: 'GOAL', title: null })]).toEqual(['Asthma', 'Not named'])
})
