import { describe, expect, it } from 'vitest'
import { openEnds, rowSources, rowsOf, toCsv } from './csv'

const data = {
  patients: {
    totalCount: 3,
    pageInfo: { hasNextPage: true },
    nodes: [
      { id: 'a', name: { family: 'Ek', given: ['Åsa', 'M'] }, trend: { unit: '%', points: [{ at: '2025', value: '7.10' }, { at: '2026', value: '6.9' }] } },
      { id: 'b', name: null, trend: { unit: '%', points: [] } },
      { id: 'c', name: { family: 'Li', given: [] }, trend: null },
    ],
  },
}

it('finds the lists, outermost first', () => {
  expect(rowSources(data)).toEqual([{ path: 'patients.nodes', count: 3 }, { path: 'patients.nodes.trend.points', count: 2 }])
  expect(rowSources({ me: { roles: ['A'] } })).toEqual([])
  expect(rowSources(null)).toEqual([])
})

it('makes a row of each item, with numbered columns for the lists in it', () => {
  const { columns, rows } = rowsOf(data, 'patients.nodes')
  expect(columns).toEqual([
    'id', 'name.family', 'name.given.0', 'name.given.1', 'trend.unit',
    'trend.points.0.at', 'trend.points.0.value', 'trend.points.1.at', 'trend.points.1.value', 'name', 'trend',
  ])
  expect(rows[0]).toEqual(['a', 'Ek', 'Åsa', 'M', '%', '2025', '7.10', '2026', '6.9', '', ''])
  expect(rows[2]?.slice(0, 2)).toEqual(['c', 'Li'])
})

it('repeats an outer item for each inner row and keeps the one that has none', () => {
  const { columns, rows } = rowsOf(data, 'patients.nodes.trend.points')
  const at = (name: string) => columns.indexOf(name)
  expect(rows).toHaveLength(4)
  expect(rows.map((r) => r[at('id')])).toEqual(['a', 'a', 'b', 'c'])
  expect(rows.map((r) => r[at('trend.points.value')])).toEqual(['7.10', '6.9', '', ''])
})

it('makes one row of a result without lists', () => {
  expect(rowsOf({ me: { principal: 'x', roles: ['A', 'B'] } }, '')).toEqual({ columns: ['principal', 'roles.0', 'roles.1'], rows: [['x', 'A', 'B']] })
})

it('names the connections that go on', () => expect(openEnds(data)).toEqual(['patients']))

describe('the text', () => {
  const one = (value: string) => toCsv({ columns: ['c'], rows: [[value]] }).slice('\uFEFFc\r\n'.length)
  it.each([
    ['plain', 'plain\r\n'],
    ['', '\r\n'],
    ['a,b', '"a,b"\r\n'],
    ['say "x"', '"say ""x"""\r\n'],
    ['two\nlines', '"two\nlines"\r\n'],
    [' space', '" space"\r\n'],
    ['=1+1', "'=1+1\r\n"],
    ['@cmd', "'@cmd\r\n"],
    ['+cmd|x', "'+cmd|x\r\n"],
    ['-2+3', "'-2+3\r\n"],
    ['\t=1', "'\t=1\r\n"],
    ['=a,"b"', '"\'=a,""b"""\r\n'],
    ['-3.50', '-3.50\r\n'],
    ['7.10', '7.10\r\n'],
    ['+1', '+1\r\n'],
  ])('%j', (value, written) => expect(one(value)).toBe(written))
})
