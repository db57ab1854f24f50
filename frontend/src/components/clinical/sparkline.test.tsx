import { render } from '@testing-library/react'
import { expect, it } from 'vitest'
import { Sparkline } from './sparkline'

const drawn = (points: { at: string; value: string }[]) => render(<Sparkline points={points} low="3.5" high="5.0" />).container.querySelector('svg')
const at = (day: string, value: string) => ({ at: `${day}T12:00:00Z`, value })

it('a value stands in the band where it stands in the range', () => {
  const svg = drawn([at('2026-11-28', '4.1'), at('2026-11-29', '4.2'), at('2026-11-30', '4.4')])
  const [y, height] = ['y', 'height'].map((name) => Number(svg?.querySelector('rect')?.getAttribute(name)))
  const dot = Number(svg?.querySelector('circle')?.getAttribute('cy'))
  expect(((y ?? 0) + (height ?? 0) - dot) / (height ?? 0)).toBeCloseTo(0.6)
})

it('the days of a stay have the whole width, and it is told which they are', () => {
  const svg = drawn([at('2026-01-05', '4.0'), at('2026-11-28', '4.1'), at('2026-11-29', '4.2'), at('2026-11-30', '4.4')])
  expect(svg?.querySelectorAll('line')).toHaveLength(2)
  expect(svg?.querySelector('title')).toHaveTextContent('28-Nov-2026 to 30-Nov-2026')
})
