import { expect, it } from 'vitest'
import { fitting, type Measured } from './fit'

const tabs = (...widths: number[]): Measured[] => widths.map((width, i) => ({ width, right: widths.slice(0, i + 1).reduce((a, b) => a + b, 0) }))

it.each([
  ['all, to the pixel, without a menu', tabs(60, 80, 100), 240, 3],
  ['one pixel short: room is kept for the button, with the name of what went into it', tabs(60, 80, 100), 239, 1],
  ['what the menu is called when none in it is open counts too', tabs(60, 80, 20), 159, 1],
  ['a wide tab that stands in the menu keeps its room', tabs(40, 40, 40, 120), 239, 2],
  ['nothing but the button, where there is no room at all', tabs(60, 80, 100), 90, 0],
  ['a page that is not laid out', tabs(0, 0, 0), 0, 3],
  ['no tabs', [], 0, 0],
])('%s', (_, of, available, count) => {
  expect(fitting(of, 40, 16, available)).toBe(count)
})
