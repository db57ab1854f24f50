import { expect, it } from 'vitest'
import { sheet, withRows, type Measured } from './sheet'

const one = (id: string, code: string, unit: string, at: string): Measured<null> => ({ id, code, title: code, unit, at, of: null })

it('puts rows in the order of a vital signs sheet and moments newest first', () => {
  const { rows, times } = sheet([one('a', '29463-7', 'kg', '2026-01-02'), one('b', '85354-9', 'mmHg', '2026-01-03'), one('c', 'X', '', '2026-01-01')])
  expect(rows.map((r) => r.code)).toEqual(['85354-9', '29463-7', 'X'])
  expect(times).toEqual(['2026-01-03', '2026-01-02', '2026-01-01'])
})

it('never mixes units in one row, and keeps two measurements of one moment', () => {
  const { rows } = sheet([one('a', '29463-7', 'kg', '1'), one('b', '29463-7', '[lb_av]', '1'), one('c', '29463-7', 'kg', '1')])
  expect(rows.map((r) => [r.unit, r.at.get('1')?.map((m) => m.id)])).toEqual([['kg', ['a', 'c']], ['[lb_av]', ['b']]])
})

it('has a row for what is wanted where there is none, in its place, and no second one', () => {
  const { rows } = sheet([one('a', '29463-7', 'kg', '1'), one('b', '8867-4', 'bpm', '1')])
  const wanted = [{ code: '85354-9', title: 'Pressure', unit: 'mmHg' }, { code: '8867-4', title: 'Heart rate', unit: '/min' }, { code: '29463-7', title: 'Weight', unit: 'kg' }]
  expect(withRows(rows, wanted).map((r) => [r.code, r.unit, r.at.size])).toEqual([['85354-9', 'mmHg', 0], ['8867-4', 'bpm', 1], ['8867-4', '/min', 0], ['29463-7', 'kg', 1]])
})
