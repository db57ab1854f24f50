import { expect, it } from 'vitest'
import { linesOf, openLines, treeKey } from './document'

const lines = linesOf({ resourceType: 'Patient', name: [{ family: 'Ek', given: ['Åsa', 'M'] }], active: true })
const paths = (of: readonly { path: string }[]) => of.map((line) => line.path)

it('tells every element with its path, depth and place among its neighbours', () => {
  expect(paths(lines)).toEqual(['resourceType', 'name', 'name[0]', 'name[0].family', 'name[0].given', 'name[0].given[0]', 'name[0].given[1]', 'active'])
  expect(lines[6]).toEqual({ path: 'name[0].given[1]', name: '[1]', level: 4, parent: 'name[0].given', at: 2, of: 2, leaf: 'M', count: 0 })
  expect(lines[1]).toMatchObject({ leaf: null, count: 1, level: 1, parent: null })
})

it('hides what lies below a closed line, at any depth', () => {
  expect(paths(openLines(lines, new Set(['name'])))).toEqual(['resourceType', 'name', 'active'])
  expect(paths(openLines(lines, new Set(['name[0].given'])))).toEqual(['resourceType', 'name', 'name[0]', 'name[0].family', 'name[0].given', 'active'])
})

it('moves by the arrows as a tree does', () => {
  const closed = new Set(['name[0].given'])
  const key = (name: string, at: string) => treeKey(name, at, lines, closed)
  expect(key('ArrowDown', 'name[0].given')).toEqual({ focus: 'active' })
  expect(key('ArrowUp', 'resourceType')).toBeNull()
  expect(key('ArrowRight', 'name[0].given')).toEqual({ toggle: 'name[0].given' })
  expect(key('ArrowRight', 'name')).toEqual({ focus: 'name[0]' })
  expect(key('ArrowRight', 'active')).toBeNull()
  expect(key('ArrowLeft', 'name[0].family')).toEqual({ focus: 'name[0]' })
  expect(key('ArrowLeft', 'name[0]')).toEqual({ toggle: 'name[0]' })
  expect(key('End', 'name')).toEqual({ focus: 'active' })
  expect(key('x', 'name')).toBeNull()
})
