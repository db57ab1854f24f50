import { expect, it } from 'vitest'
import { filterVariables, readFilter, rowsOf, type Entry } from './entry'

const entry = (id: string, begins: string | null): Entry => ({ kind: 'CONDITION', begins, title: id, node: { __typename: 'Condition', id, versionId: '1', conditionStatus: null, conditionVerification: null, onsetAt: null, onsetText: null } }) as Entry

it('puts entries under the heads of their years, those without a date under one of their own', () => {
  const rows = rowsOf([entry('a', '2026-06-01T00:00:00Z'), entry('b', '2026-05-01T00:00:00Z'), entry('c', '2019-05-01T00:00:00Z'), entry('d', null)])
  expect(rows.map((row) => ('year' in row ? row.year : row.entry.title))).toEqual([2026, 'a', 'b', 2019, 'c', null, 'd'])
  expect(rowsOf([])).toEqual([])
})

it('reads a filter from an address and leaves out what is none', () => {
  expect(readFilter(new URLSearchParams('kinds=goal,condition,nonsense&year=2019'))).toEqual({ kinds: ['CONDITION', 'GOAL'], year: 2019 })
  expect(readFilter(new URLSearchParams('year=soon'))).toEqual({ kinds: [], year: null })
  expect(filterVariables({ kinds: [], year: null })).toEqual({ kinds: null, date: null })
  expect(filterVariables({ kinds: ['GOAL'], year: 1999 })).toEqual({ kinds: ['GOAL'], date: { high: '2000-01-01' } })
})
