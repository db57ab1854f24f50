import Button from '@mui/material/Button'
import ToggleButton from '@mui/material/ToggleButton'
import ToggleButtonGroup from '@mui/material/ToggleButtonGroup'
import { scaleLinear, scaleTime } from 'd3-scale'
import { useCallback, useEffect, useRef, useState } from 'react'
import { useQuery } from 'urql'
import { Flag } from './flag'
import { isAbnormal, rangeOf } from './observation'
import { bands, BREAK, breaks, gapWords, lately, slowMs, type Limits } from './series'
import { Moment } from '../ui/moment'
import { Empty, Loading, NotLoaded } from '../ui/states'
import { useAsOf, useReadAnew } from '../../contexts/patient'
import { graphql } from '../../gql'
import type { TrendPanelQuery, TrendExclusionReason } from '../../gql/graphql'
import { axisTime, formatDateTime, formatDay } from '../../lib/date'
import { formatDecimal, formatUnit } from '../../lib/quantity'
import css from './trend.module.css'

const TrendPanel = graphql(`
  query TrendPanel($patient: ID!, $code: String!, $asOf: Instant) {
    patient(id: $patient, asOf: $asOf) {
      id
      trend(code: $code) {
        code { text } unit
        points { at value originalValue originalUnit interpretation observation { id referenceRanges { low { value unit } high { value unit } text } } }
        components { code { text } unit points { at value originalValue originalUnit interpretation observation { id } } }
        excluded { observationId at reason unit }
      }
    }
  }
`)

type TrendData = NonNullable<NonNullable<TrendPanelQuery['patient']>['trend']>
type Line = Pick<TrendData['components'][number], 'code' | 'unit' | 'points'>
type Point = TrendData['points'][number]

/** What is drawn: the numbers of the result, or those of its parts, such as blood pressure. */
const linesOf = (trend: TrendData): readonly Line[] => (trend.points.length > 0 ? [trend] : trend.components.filter((part) => part.points.length > 0))
/** The unit of a line as people write it: as it was recorded with a number that needed no conversion, else its code. */
const unitOf = (line: Line | undefined): string => formatUnit(line?.points.findLast((p) => p.value === p.originalValue)?.originalUnit ?? line?.unit ?? '')
/** Two units never share an axis: the lines in the unit of the first, and those in another, which the table has. */
function onOneAxis(lines: readonly Line[]): { drawn: readonly Line[]; apart: readonly Line[] } {
  const unit = lines[0]?.unit
  return { drawn: lines.filter((line) => line.unit === unit), apart: lines.filter((line) => line.unit !== unit) }
}
/** The part's own words, without those of the whole: `Systolic` of `Systolic blood pressure`. */
export function partName(part: string, whole: string): string {
  const rest = part.toLowerCase().endsWith(whole.toLowerCase()) ? part.slice(0, part.length - whole.length).trim() : part
  return rest || part
}

/** The limits that came with a result; none where its number was converted, or they are in another unit. */
function limitsOf({ value, originalValue, originalUnit, observation: { referenceRanges: [range] } }: Point): Limits | null {
  const { low, high } = range ?? {}
  if (value !== originalValue || [low, high].some((q) => q?.unit && originalUnit && q.unit !== originalUnit)) return null
  return low?.value || high?.value ? { low: low?.value ?? undefined, high: high?.value ?? undefined } : null
}

const REASONS: Record<TrendExclusionReason, string> = {
  UNIT_NOT_CONVERTIBLE: 'in a unit that cannot be converted', NO_NUMERIC_VALUE: 'without a number', NO_DATE: 'without a date',
  COMPARATOR: 'only a bound', ENTERED_IN_ERROR: 'entered in error',
}

/** One result over time: chart or table, the same numbers in both. Over the page, or as a column of it where there is room. */
export function Trend({ patient, code, title, beside = false, onClose }: { patient: string; code: string; title: string; beside?: boolean; onClose: () => void }) {
  const asOf = useAsOf()
  const [{ data, fetching, error }, again] = useQuery({ query: TrendPanel, variables: { patient, code, asOf } })
  useReadAnew(useCallback(() => again({ requestPolicy: 'network-only' }), [again]))
  const [view, setView] = useState<'chart' | 'table'>('chart')
  const close = useRef<HTMLButtonElement>(null)
  useEffect(() => close.current?.focus(), [])
  const trend = data?.patient?.trend
  return (
    <aside className={beside ? css.beside : css.panel} aria-label={`Trend of ${title}`} onKeyDown={(e) => { if (e.key === 'Escape') onClose() }}>
      <div className={css.head}>
        <h2>{title}</h2>
        <ToggleButtonGroup exclusive size="small" value={view} onChange={(_, v: 'chart' | 'table' | null) => { if (v) setView(v) }} aria-label="Show as">
          <ToggleButton value="chart">Chart</ToggleButton>
          <ToggleButton value="table">Table</ToggleButton>
        </ToggleButtonGroup>
        <Button ref={close} variant="outlined" onClick={onClose}>Close</Button>
      </div>
      {fetching && !data ? <Loading rows={6} label={title} />
        : error && !data ? <NotLoaded what={title} onRetry={() => again({ requestPolicy: 'network-only' })} />
        : !trend || linesOf(trend).length === 0 ? <Empty>No result with a number and a date is recorded.</Empty>
        : view === 'table' ? <Table trend={trend} /> : (
          <>
            <Chart trend={trend} code={code} width={beside ? WIDTHS.beside : WIDTHS.over} />
            <div className={css.printed} aria-hidden><Table trend={trend} /></div>
          </>
        )}
      {trend && trend.excluded.length > 0 && (
        <p className={css.note}>
          Not shown: {Object.entries(Object.groupBy(trend.excluded, (x) => x.reason)).map(([reason, all]) => `${all?.length ?? 0} ${REASONS[reason as TrendExclusionReason]}`).join(', ')}.
        </p>
      )}
    </aside>
  )
}

/** Of the drawing in its column; over the page it has more. */
const WIDTHS = { beside: 432, over: 576 }
const HEIGHT = 240
const LEFT = 52
const TOP = 14
const BOTTOM = 26
/** Of a second line of the axis. */
const LINE = 13
/** About the width of a letter of the axis, to know whether words have room. */
const LETTER = 6.5

function Chart({ trend, code, width: WIDTH }: { trend: TrendData; code: string; width: number }) {
  const { drawn, apart: elsewhere } = onOneAxis(linesOf(trend))
  const unit = unitOf(drawn[0])
  const several = drawn.length > 1
  const all = drawn.map((line) => ({
    name: several ? partName(line.code.text, trend.code.text) : '',
    data: line.points.map((p) => ({ ...p, x: axisTime(p.at), y: Number(p.value) })).filter((p) => Number.isFinite(p.x) && Number.isFinite(p.y)),
  }))
  // Years of visits leave the days of a stay no room.
  const late = lately(all.map((line) => line.data))
  const left = Math.max(...all.map((line, i) => line.data.length - (late[i]?.length ?? 0)))
  const [short, setShort] = useState(false)
  const lines = short && left > 0 ? all.map((line, i) => ({ ...line, data: late[i] ?? [] })).filter((line) => line.data.length > 0) : all
  const data = lines.flatMap((line) => line.data)
  // A range is that of a whole result, and holds from the first that came with it to the first that came with another.
  const ranged = several ? [] : bands(trend.points.map((p) => ({ x: axisTime(p.at), limits: limitsOf(p) })).filter((p) => Number.isFinite(p.x) && p.x >= Math.min(...data.map((one) => one.x))).toSorted((a, b) => a.x - b.x))
  const ys = [...data.map((p) => p.y), ...ranged.flatMap(({ limits }) => [limits.low, limits.high].flatMap((v) => (v === undefined ? [] : [Number(v)])))]
  const xs = data.map((p) => p.x)
  const [from, to] = [Math.min(...xs), Math.max(...xs)]
  const day = 86_400_000
  // Within two days the time matters; the day then stands below the first and each midnight.
  const byHour = from !== to && to - from < 2 * day
  const floor = HEIGHT - (byHour ? BOTTOM + LINE : BOTTOM)
  const x = scaleTime([from === to ? from - day : from, from === to ? to + day : to], [LEFT + 8, WIDTH - 12])
  const pad = (Math.max(...ys) - Math.min(...ys)) * 0.12 || Math.abs(ys[0] ?? 1) * 0.1 || 1
  const y = scaleLinear([Math.min(...ys) - pad, Math.max(...ys) + pad], [floor, TOP])
  const drawnBands = ranged.map(({ from: begins, to: ends, limits }) => {
    const [low, high] = [limits.low, limits.high].map((v) => (v === undefined ? undefined : Number(v)))
    const [left, right] = [begins === null ? LEFT : x(begins), ends === null ? WIDTH : x(ends)]
    // A range that is open to one side reaches to the edge, and says which side.
    const edges = [
      ...(low === undefined ? [] : [{ at: y(low), words: `${high === undefined ? '≥ ' : ''}${formatDecimal(limits.low ?? '')}` }]),
      ...(high === undefined ? [] : [{ at: y(high), words: `${low === undefined ? '≤ ' : ''}${formatDecimal(limits.high ?? '')}` }]),
    ]
    return { left, right, top: high === undefined ? TOP : y(high), bottom: low === undefined ? floor : y(low), edges, last: ends === null, step: begins !== null }
  })
  const ticks = x.ticks(4).filter((t) => byHour || t.getHours() === 0)
  const [said, setSaid] = useState('')
  const words = (p: (typeof data)[number], name = '') => `${formatDateTime(p.at)}: ${name && `${name} `}${formatDecimal(p.value)} ${unit}`
  const count = Math.max(...lines.map((line) => line.data.length))
  const last = lines.flatMap(({ name, data: of }) => { const p = of.at(-1); return p ? [{ name, p }] : [] })
  const flagged = new Set(data.filter((p) => isAbnormal(p)).map((p) => p.observation.id)).size
  const [first] = last
  const latest = first && last.every(({ p }) => p.at === first.p.at) && several
    ? `${formatDateTime(first.p.at)}: ${last.map(({ name, p }) => `${name} ${formatDecimal(p.value)}`).join(', ')} ${unit}`
    : last.map(({ name, p }) => words(p, name)).join('; ')
  const changes = ranged.slice(1)
  const stepped = changes.length === 0 ? '' : changes.length === 1 ? ` The reference range changed on ${formatDay(new Date(changes[0]?.from ?? 0).toISOString())}.` : ` The reference range changed ${changes.length} times; the table has it for each result.`
  const summary = latest && `${count === 1 ? 'One result' : `${count} results`}, ${flagged === 0 ? 'none' : flagged} flagged. The latest, ${latest}.${stepped}`
  return (
    <figure className={css.figure}>
      {left > 0 && (
        <ToggleButtonGroup exclusive size="small" className={css.span} value={short ? 'late' : 'all'} aria-label="Time that is drawn" onChange={(_, v: string | null) => { if (v) { setShort(v === 'late'); setSaid('') } }}>
          <ToggleButton value="all">All</ToggleButton>
          <ToggleButton value="late">Newest 30 days</ToggleButton>
        </ToggleButtonGroup>
      )}
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} style={{ maxWidth: WIDTH }} role="group" aria-label={`${trend.code.text}, ${count} results from ${formatDay(new Date(from).toISOString())} to ${formatDay(new Date(to).toISOString())}`}>
        {drawnBands.map((band, i) => <rect key={i} x={band.left} width={Math.max(0, band.right - band.left)} y={band.top} height={Math.max(0, band.bottom - band.top)} fill="var(--band)" />)}
        {y.ticks(4).map((t) => (
          <g key={t}>
            <line x1={LEFT} x2={WIDTH} y1={y(t)} y2={y(t)} stroke="var(--line)" />
            <text x={LEFT - 6} y={y(t) + 4} textAnchor="end" className={css.axis}>{t}</text>
          </g>
        ))}
        {/* Over the rules: a limit often is a round number too. */}
        {drawnBands.map((band, i) => (
          <g key={i}>
            {band.step && <line x1={band.left} x2={band.left} y1={band.top} y2={band.bottom} stroke="var(--bandl)" strokeDasharray="1 3" />}
            {band.edges.map(({ at, words: limit }) => (
              <g key={limit}>
                <line x1={band.left} x2={band.right} y1={at} y2={at} stroke="var(--bandl)" strokeDasharray="4 3" />
                {(band.last || band.right - band.left > (limit.length + 1) * LETTER) && <text x={band.last ? band.right - 2 : band.left + 2} y={at - 3} textAnchor={band.last ? 'end' : 'start'} className={css.axis}>{limit}</text>}
              </g>
            ))}
          </g>
        ))}
        <text x={4} y={12} className={css.unit}>{unit}</text>
        <line x1={LEFT} x2={WIDTH} y1={floor} y2={floor} stroke="var(--line)" />
        {ticks.map((t, i) => {
          const [date, time] = formatDateTime(t.toISOString()).split(' ')
          return (
            <g key={t.getTime()}>
              <line x1={x(t)} x2={x(t)} y1={floor} y2={floor + 4} stroke="var(--ink2)" />
              <text x={x(t)} y={floor + 18} textAnchor="middle" className={css.axis}>{byHour ? time : date}</text>
              {byHour && (i === 0 || time === '00:00') && <text x={x(t)} y={floor + 18 + LINE} textAnchor="middle" className={css.axis}>{date}</text>}
            </g>
          )
        })}
        {lines.map(({ name, data: of }, n) => {
          // A whole line over a long break would tell of results that are not there.
          const apart = breaks(of.map((p) => p.x), slowMs(code))
          const begin = of[0]
          return (
            <g key={n}>
              {of.slice(1).map((p, i) => {
                const before = of[i]
                if (!before) return null
                const [gap, told] = [apart.has(i + 1), gapWords(p.x - before.x)]
                return (
                  <g key={p.observation.id}>
                    <line x1={x(before.x)} y1={y(before.y)} x2={x(p.x)} y2={y(p.y)} stroke="var(--series)" strokeWidth={gap ? 1 : 1.5} strokeDasharray={gap ? BREAK : undefined} />
                    {n === 0 && gap && x(p.x) - x(before.x) > told.length * LETTER && <text x={(x(before.x) + x(p.x)) / 2} y={floor - 6} textAnchor="middle" className={css.axis}>{told}</text>}
                  </g>
                )
              })}
              {of.map((p) => (
                <g key={p.observation.id} tabIndex={0} role="img" aria-label={words(p, name)} className={css.point} onFocus={() => setSaid(words(p, name))} onMouseEnter={() => setSaid(words(p, name))}>
                  <circle cx={x(p.x)} cy={y(p.y)} r="10" fill="transparent" />
                  <Mark x={x(p.x)} y={y(p.y)} of={p.interpretation} />
                </g>
              ))}
              {name && begin && <text x={x(begin.x)} y={y(begin.y) - 10} className={css.line} aria-hidden>{name}</text>}
            </g>
          )
        })}
      </svg>
      <figcaption aria-live="polite">{said || summary}{short && left > 0 && ` ${left === 1 ? 'One earlier result is' : `${left} earlier results are`} not drawn.`}{elsewhere.length > 0 && ` In the table only, for its unit: ${elsewhere.map((line) => line.code.text).join(', ')}.`}</figcaption>
    </figure>
  )
}

function Mark({ x, y, of }: { x: number; y: number; of: TrendData['points'][number]['interpretation'] }) {
  switch (of) {
    case 'HIGH': return <path d={`M${x} ${y - 5}l5 9h-10z`} fill="var(--high)" />
    case 'LOW': return <path d={`M${x} ${y + 5}l5 -9h-10z`} fill="var(--low)" />
    case 'CRITICAL_HIGH': case 'CRITICAL_LOW': case 'CRITICAL_ABNORMAL': return <path d={`M${x} ${y - 6}l6 6l-6 6l-6 -6z`} fill="var(--critical-mark)" />
    case 'ABNORMAL': case 'POSITIVE': return <path d={`M${x - 4} ${y - 4}h8v8h-8z`} fill="var(--high)" />
    default: return <circle cx={x} cy={y} r="3" fill="var(--series)" />
  }
}

function Table({ trend }: { trend: TrendData }) {
  if (trend.points.length === 0) return <PartsTable trend={trend} lines={linesOf(trend)} />
  return (
    <div className={css.scroll}>
      <table className={css.table}>
        <thead><tr><th scope="col">Taken</th><th scope="col">Value ({unitOf(trend) || 'no unit'})</th><th scope="col">Flag</th><th scope="col">Range at that time</th><th scope="col">As recorded</th></tr></thead>
        <tbody>
          {trend.points.toReversed().map((p) => (
            <tr key={p.observation.id}>
              <th scope="row"><Moment at={p.at} /></th>
              <td>{formatDecimal(p.value)}</td>
              <td><Flag of={p.interpretation} /></td>
              <td>{rangeOf(p.observation) || 'None'}{p.value !== p.originalValue && rangeOf(p.observation) && ` ${formatUnit(p.originalUnit ?? '')}`}</td>
              <td>{formatDecimal(p.originalValue)} {formatUnit(p.originalUnit ?? '')}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

/** Results in parts: a column for each, a row for each result. */
function PartsTable({ trend, lines }: { trend: TrendData; lines: readonly Line[] }) {
  const rows = new Map<string, { at: string; of: (Line['points'][number] | undefined)[] }>()
  lines.forEach((line, n) => line.points.forEach((p) => {
    const row = rows.get(p.observation.id) ?? { at: p.at, of: lines.map(() => undefined) }
    row.of[n] = p
    rows.set(p.observation.id, row)
  }))
  const newestFirst = [...rows].sort(([, a], [, b]) => axisTime(b.at) - axisTime(a.at))
  return (
    <div className={css.scroll}>
      <table className={css.table}>
        <thead><tr><th scope="col">Taken</th>{lines.map((line) => <th key={line.code.text} scope="col">{partName(line.code.text, trend.code.text)} ({unitOf(line) || 'no unit'})</th>)}</tr></thead>
        <tbody>
          {newestFirst.map(([id, row]) => (
            <tr key={id}>
              <th scope="row"><Moment at={row.at} /></th>
              {row.of.map((p, n) => <td key={n}>{p ? <>{formatDecimal(p.value)} <Flag of={p.interpretation} /></> : 'Not recorded'}</td>)}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
