import { scaleLinear } from 'd3-scale'
import { line } from 'd3-shape'
import { axisTime } from '../../lib/date'

export interface Point { at: string; value: string }

const WIDTH = 84
const HEIGHT = 24

/** A short series on a true time axis; the number stands beside it, so it is decoration to a screen reader. */
export function Sparkline({ points }: { points: readonly Point[] }) {
  const data = points.map((p) => ({ x: axisTime(p.at), y: Number(p.value) })).filter((p) => Number.isFinite(p.x) && Number.isFinite(p.y))
  if (data.length < 2) return null
  const extent = (of: (p: { x: number; y: number }) => number): [number, number] => [Math.min(...data.map(of)), Math.max(...data.map(of))]
  const x = scaleLinear(extent((p) => p.x), [3, WIDTH - 4])
  const y = scaleLinear(extent((p) => p.y), [HEIGHT - 4, 4])
  const path = line<{ x: number; y: number }>((p) => x(p.x), (p) => y(p.y))(data)
  const last = data[data.length - 1]
  return (
    <svg width={WIDTH} height={HEIGHT} aria-hidden style={{ display: 'block' }}>
      <path d={path ?? ''} fill="none" stroke="var(--series)" strokeWidth="1.4" />
      {last && <circle cx={x(last.x)} cy={y(last.y)} r="3" fill="var(--series)" />}
    </svg>
  )
}
