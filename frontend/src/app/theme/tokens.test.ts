import { expect, it } from 'vitest'
import { tokens, type ThemeName, type Tokens } from './tokens'

const part = (hex: string, at: number) => { const v = Number.parseInt(hex.slice(at, at + 2), 16) / 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4 }
const light = (hex: string) => 0.2126 * part(hex, 1) + 0.7152 * part(hex, 3) + 0.0722 * part(hex, 5)
/** The ratio of WCAG 2. */
const ratio = (a: string, b: string) => { const [x, y] = [light(a), light(b)]; return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05) }

it.each(Object.entries(tokens) as [ThemeName, Tokens][])('a reference range is told from what it lies on, and what is drawn on it from it: %s', (_, of) => {
  for (const ground of [of.surface, of.raised]) {
    expect(ratio(of.band, ground)).toBeGreaterThan(1.25)
    expect(ratio(of.bandl, ground)).toBeGreaterThan(3)
  }
  for (const mark of [of.bandl, of.series, of.high, of.low, of.criticalMark]) expect(ratio(mark, of.band)).toBeGreaterThan(3)
  expect(ratio(of.ink2, of.band)).toBeGreaterThan(4.5)
})
