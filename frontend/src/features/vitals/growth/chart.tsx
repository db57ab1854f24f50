import { scaleLinear } from 'd3-scale'
import { line } from 'd3-shape'
import { useState } from 'react'
import { useSize } from '../../../hooks/use-size'
import { PERCENTILES, valueAt } from './lms'
import { lmsAt, MONTH, type Measure, type Reference, type Sex } from './reference'
import { ageText, judgedAt, percentileText, zText, type Point } from './points'
import css from './growth.module.css'

const LEFT = 52
const RIGHT = 44
/** Where nothing can be measured. */
const SIZE = { width: 960, height: 460 }
const TOP = 20
const BOTTOM = 34

/** Labels of the curves at their right ends, kept apart by the height of their text. */
function apart(ys: readonly number[], least: number): number[] {
  const placed = [...ys]
  for (let i = 1; i < placed.length; i++) placed[i] = Math.min(placed[i] ?? 0, (placed[i - 1] ?? 0) - least)
  const over = TOP - (placed[placed.length - 1] ?? TOP)
  return over > 0 ? placed.map((y) => y + over) : placed
}

/** Percentile curves of one reference with a child's measurements on them, drawn in its own pixels. `points` are all within the reference; `ages` in months, `[from, to]`, is what is shown of it. */
export function GrowthChart({ title, unit, measure, sex, reference, ages: { from, to }, points }: { title: string; unit: string; measure: Measure; sex: Sex; reference: Reference; ages: { from: number; to: number }; points: readonly Point[] }) {
  const [said, setSaid] = useState('')
  const { width: WIDTH, height: HEIGHT, hold } = useSize(SIZE)
  const step = reference.source === 'WHO' || measure === 'head' ? 0.25 : 1
  const ages = Array.from({ length: Math.round((to - from) / step) + 1 }, (_, i) => from + i * step)
  // Both references have an end of their own at 24 months; the chart of the second begins a day after that of the first.
  const curves = PERCENTILES.map(([percentile, z]) => ({
    percentile,
    at: ages.flatMap((months) => {
      const lms = lmsAt(measure, sex, reference.source === 'WHO' ? Math.min(730, months * MONTH) : Math.max(731, months * MONTH))
      return lms ? [[months, valueAt(lms, z)] as [number, number]] : []
    }),
  }))
  const values = [...curves.flatMap((c) => c.at.map(([, v]) => v)), ...points.map((p) => p.value)]
  const x = scaleLinear([from, to], [LEFT, WIDTH - RIGHT])
  const y = scaleLinear([Math.min(...values), Math.max(...values)], [HEIGHT - BOTTOM, TOP]).nice(6)
  const path = line<[number, number]>(([months]) => x(months), ([, v]) => y(v))
  const years = reference.source === 'CDC'
  const every = !years || measure === 'head' ? 3 : to - from > 120 ? 24 : 12
  const ticks = Array.from({ length: Math.floor((to - from) / every) + 1 }, (_, i) => from + i * every)
  const labels = apart(curves.map((c) => y(c.at[c.at.length - 1]?.[1] ?? 0)), 11)
  const latest = points[points.length - 1]
  const words = (p: Point) => `${p.when}, ${ageText(p)}: ${p.text} ${unit}, ${p.place ? `percentile ${percentileText(p.place.percentile)}, z ${zText(p.place.z)}` : ''}`
  const summary = latest ? `${points.length === 1 ? 'One measurement' : `${points.length} measurements`}. The latest, ${words(latest)}.` : 'No measurement within this reference.'
  return (
    <figure className={css.figure}>
      <div className={css.drawing} ref={hold}>
        <svg width={WIDTH} height={HEIGHT} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="group" aria-label={`${title} by age, ${reference.name}, ${sex === 'male' ? 'boys' : 'girls'}, percentiles 3 to 97; ${points.length} measurements`}>
          {y.ticks(6).map((t) => (
            <g key={t}>
              <line x1={LEFT} x2={WIDTH - RIGHT} y1={y(t)} y2={y(t)} stroke="var(--line)" />
              <text x={LEFT - 6} y={y(t) + 4} textAnchor="end" className={css.axis}>{t}</text>
            </g>
          ))}
          {ticks.map((t) => (
            <g key={t}>
              <line x1={x(t)} x2={x(t)} y1={TOP} y2={HEIGHT - BOTTOM} stroke="var(--line)" />
              <text x={x(t)} y={HEIGHT - BOTTOM + 15} textAnchor="middle" className={css.axis}>{years && measure !== 'head' ? t / 12 : t}</text>
            </g>
          ))}
          <text x={4} y={12} className={css.unit}>{unit}</text>
          <text x={WIDTH - 2} y={12} textAnchor="end" className={css.unit}>percentile</text>
          <text x={(LEFT + WIDTH - RIGHT) / 2} y={HEIGHT - 4} textAnchor="middle" className={css.unit}>{years && measure !== 'head' ? 'age in years' : 'age in months'}</text>
          {curves.map(({ percentile, at }, i) => (
            <g key={percentile}>
              <path d={path(at) ?? ''} fill="none" stroke="var(--bandl)" strokeWidth={percentile === 50 ? 2 : 1} strokeDasharray={percentile === 85 ? '6 3' : undefined} />
              <text x={WIDTH - RIGHT + 5} y={(labels[i] ?? 0) + 4} className={percentile === 50 ? css.unit : css.axis}>{percentile}</text>
            </g>
          ))}
          <path d={path(points.map((p) => [judgedAt(p), p.value])) ?? ''} fill="none" stroke="var(--series)" strokeWidth="1.5" />
          {points.map((p) => (
            <g key={p.id} tabIndex={0} role="img" aria-label={words(p)} className={css.point} onFocus={() => setSaid(words(p))} onMouseEnter={() => setSaid(words(p))}>
              {/* The chronological age is a ring; the dot is where the child stands. */}
              {p.corrected !== null && <line x1={x(p.corrected)} x2={x(p.months)} y1={y(p.value)} y2={y(p.value)} stroke="var(--series)" strokeDasharray="1 3" />}
              {p.corrected !== null && <circle cx={x(p.months)} cy={y(p.value)} r="3" fill="var(--surface)" stroke="var(--series)" />}
              <circle cx={x(judgedAt(p))} cy={y(p.value)} r="12" fill="transparent" />
              <circle cx={x(judgedAt(p))} cy={y(p.value)} r="4" fill="var(--series)" />
            </g>
          ))}
        </svg>
      </div>
      <figcaption aria-live="polite">{said || summary}</figcaption>
    </figure>
  )
}
