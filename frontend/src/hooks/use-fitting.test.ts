import { describe, expect, it } from 'vitest'
import { fitting } from './use-fitting'

const columns = { before: 15, beforeNarrow: 11.75, each: 9.75, unmeasured: 8, most: 12 }

describe('fitting', () => {
  it.each([
    [1216, 16, 6], [1856, 16, 10], [820, 16, 4], [3000, 16, 12], [320, 16, 2], [1216, 20, 4], [0, 16, 8],
  ])('puts only whole columns into %d px where a rem is %d', (width, rem, count) => {
    expect(fitting(columns, width, rem)).toBe(count)
  })
})
