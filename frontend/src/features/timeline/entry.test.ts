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
  expect(readFilter(new URLSearchParams('kinds=goal,condition,nonsense&year=2019'))).toEqual({ kinds: ['CONDITION', 'GOAL'], year: 2019 })
  expect(readFilter(new URLSearchParams('year=soon'))).toEqual({ kinds: [], year: null })
  expect(filterVariables({ kinds: [], year: null })).toEqual({ kinds: null, date: null })
  expect(filterVariables({ kinds: ['GOAL'], year: 1999 })).toEqual({ kinds: ['GOAL'], date: { high: '2000-01-01' } })
})

it('an appointment is not called by its reason alone', () => {
  expect(titleOf({ kind: 'APPOINTMENT', title: 'Essential hypertension' })).toBe('Appointment: Essential hypertension')
  expect(titleOf({ kind: 'APPOINTMENT', title: null })).toBe('Appointment')
  expect([titleOf({ kind: 'CONDITION', title: 'Asthma' }), titleOf({ kind: 'GOAL', title: null })]).toEqual(['Asthma', 'Not named'])
})
