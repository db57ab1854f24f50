import { expect, it } from 'vitest'
import { breaks } from './series'

it('breaks where a gap is over four times the usual one', () => {
  expect([...breaks([0, 1, 2, 3, 10, 11])]).toEqual([4])
  expect([...breaks([0, 1, 5])]).toEqual([])
  expect([...breaks([0, 0, 0])]).toEqual([])
  expect([...breaks([7])]).toEqual([])
  expect([...breaks([])]).toEqual([])
})
