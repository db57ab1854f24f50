import { scaleLinear } from 'd3-scale'
import type { Interpretation } from '../../gql/graphql'
import { axisTime, formatDay } from '../../lib/date'
import { BREAK, breaks, lately, slowMs } from './series'

export interface Point { at: string; value: string }

const WIDTH = 84
const HEIGHT = 24

/**
 * A short series, of the last days where they have enough, on a true time axis over its reference range; the number stands beside it, so it is decoration to a screen reader.
 * It is one line, or one for each number of a result that has several, such as blood pressure, all on one scale. Over a long break it is dotted, since nobody knows what was between. What is out of the range has its shape, the last one as it was flagged.
 */
export function Sparkline({ code, points, parts = [], low, high, last: flagged }: { code?: string | null; points: readonly Point[]; parts?: readonly (readonly Point[])[]; low?: string | null; high?: string | null; last?: Interpretation | null }) {
  const lines = lately((points.length > 0 ? [points] : parts).map((line) => line.map((p) => ({ at: p.at, x: axisTime(p.at), y: Number(p.value) })).filter((p) => Number.isFinite(p.x) && Number.isFinite(p.y))))
    .filter((line) => line.length > 1)
  const data = lines.flat()
  if (data.length === 0) return null
  // A range or a flag is that of a whole result, not of one of its numbers.
  const whole = lines.length === 1
  const [from, to] = [low, high].map((v) => (whole && v ? Number(v) : undefined))
  const extent = (of: readonly number[]): [number, number] => [Math.min(...of), Math.max(...of)]
  const x = scaleLinear(extent(data.map((p) => p.x)), [4, WIDTH - 5])
  // The limits are on the scale, so that a value stands in the band where it stands in the range.
  const y = scaleLinear(extent([...data.map((p) => p.y), from, to].filter((v) => v !== undefined)), [HEIGHT - 5, 5])
  const [top, bottom] = [to === undefined ? 0 : y(to), from === undefined ? HEIGHT : y(from)]
  const inOrder = data.toSorted((a, b) => a.x - b.x)
  const [first, newest] = [inOrder[0], inOrder.at(-1)].map((p) => formatDay(p?.at ?? ''))
  return (
    <svg width={WIDTH} height={HEIGHT} aria-hidden style={{ display: 'block' }}>
      <title>{first === newest ? first : `${first} to ${newest}`}</title>
      {(from !== undefined || to !== undefined) && bottom > top && <rect width={WIDTH} y={top} height={bottom - top} fill="var(--band)" />}
      {lines.map((line, of) => {
        const apart = breaks(line.map((p) => p.x), slowMs(code))
        return (
          <g key={of}>
            {line.slice(1).map((p, i) => {
              const before = line[i]
              return before && <line key={i} x1={x(before.x)} y1={y(before.y)} x2={x(p.x)} y2={y(p.y)} stroke="var(--series)" strokeWidth={apart.has(i + 1) ? 1 : 1.4} strokeDasharray={apart.has(i + 1) ? BREAK : undefined} />
            })}
            {line.map((p, i) => {
              const final = i === line.length - 1
              const kind = !whole ? null : final && flagged && flagged !== 'NORMAL' ? flagged : to !== undefined && p.y > to ? 'HIGH' : from !== undefined && p.y < from ? 'LOW' : null
              const alone = (i === 0 || apart.has(i)) && (final || apart.has(i + 1))
              return (kind || final || alone) && <Mark key={i} x={x(p.x)} y={y(p.y)} of={kind} size={final ? (whole ? 1 : 0.8) : kind ? 0.62 : 0.5} />
            })}
          </g>
        )
      })}
    </svg>
  )
}

function Mark({ x, y, of, size }: { x: number; y: number; of: Interpretation | null; size: number }) {
  const at = (dx: number, dy: number) => `${x + dx * size} ${y + dy * size}`
  switch (of) {
    case 'HIGH': return <path d={`M${at(0, -4)}L${at(4, 3)}L${at(-4, 3)}z`} fill="var(--high)" />
    case 'LOW': return <path d={`M${at(0, 4)}L${at(4, -3)}L${at(-4, -3)}z`} fill="var(--low)" />
    case 'CRITICAL_HIGH': case 'CRITICAL_LOW': case 'CRITICAL_ABNORMAL': return <path d={`M${at(0, -5)}L${at(5, 0)}L${at(0, 5)}L${at(-5, 0)}z`} fill="var(--critical-mark)" />
    default: return <circle cx={x} cy={y} r={3 * size} fill="var(--series)" />
  }
}
