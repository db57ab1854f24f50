import Button from '@mui/material/Button'
import { scaleTime } from 'd3-scale'
import { useCallback, useEffect, useId, useMemo, useRef, useState, type KeyboardEvent, type PointerEvent } from 'react'
import { Link, useNavigate } from 'react-router'
import { flagsOf, ObservationRow, valueOf } from '../../components/clinical/observation'
import { words } from '../../components/clinical/status'
import { read } from '../../gql'
import type { Interpretation } from '../../gql/graphql'
import { useSize } from '../../hooks/use-size'
import { formatDay } from '../../lib/date'
import { detailOf, isObservation, kindOf, titleOf, whenOf, type Entry } from './entry'
import { firstSpan, lanesOf, LEAST_MS, marksOf, MOST_MS, nearer, panned, ticksOf, zoomed, type Item, type Lane, type Mark, type Span } from './lanes'
import { EntryTable, EntryText } from './list'
import css from './axis.module.css'

const ROW = 24
const HEAD = 34
const PAD = 6
/** Of the names of the lanes, in a narrow window too. */
const LEFT = { wide: 168, narrow: 104 }
const RIGHT = 12
/** About the width of a letter, to know whether words have room. */
const LETTER = 6.2
/** How much of what is shown an arrow key goes on. */
const STEP = 0.2
/** How many of what stands together are listed while zooming in tells more. */
const LISTED = 6

const flags = (entry: Entry): Interpretation[] => (isObservation(entry.node) ? flagsOf(read(ObservationRow, entry.node)) : [])
const day = (at: number): string => formatDay(new Date(at).toISOString())
const between = ({ from, to }: Span): string => (day(from) === day(to) ? day(from) : `${day(from)} to ${day(to)}`)
const isWrong = (entry: Entry): boolean => detailOf(entry).wrong || (isObservation(entry.node) && read(ObservationRow, entry.node).status === 'ENTERED_IN_ERROR')

/** One entry in a line: what it is, when, its value, and how it stands. */
function lineOf({ entry, goesOn, flags: of }: Item): string {
  const { state, text, wrong } = detailOf(entry)
  const value = isObservation(entry.node) ? valueOf(read(ObservationRow, entry.node)) : null
  return [`${kindOf(entry.kind)?.[1] ?? ''}: ${titleOf(entry)}`, value && `${value.text} ${value.unit}`.trim(), of.map((one) => words(one).toLowerCase()).join(', '), whenOf(entry), goesOn && 'goes on', wrong || isWrong(entry) ? 'entered in error' : state.toLowerCase(), text].filter(Boolean).join(', ')
}
/** Several that stand together: how many, from when to when, and how many are not as expected. */
function linesOf(items: readonly Item[], lane: Pick<Lane, 'name'>): string {
  const flagged = items.filter((i) => i.flags.length > 0).length
  return `${items.length} ${lane.name.toLowerCase()}, ${between(spanOf(items))}${flagged > 0 ? `, ${flagged} flagged` : ''}`
}
const spanOf = (items: readonly Item[]): Span => ({ from: Math.min(...items.map((i) => i.from)), to: Math.max(...items.map((i) => i.from)) })
const nameOf = (mark: Mark, lane: Lane): string => (mark.items.length === 1 && mark.items[0] ? lineOf(mark.items[0]) : `${linesOf(mark.items, lane)}. Enter tells them apart`)

/** Lanes below each other, with what is drawn of each. */
function placed(lanes: readonly Lane[], x: (at: number) => number, width: number) {
  const drawn: { lane: Lane; top: number; height: number; before: number; marks: Mark[] }[] = []
  let [height, before] = [0, 0]
  for (const lane of lanes) {
    const marks = marksOf(lane, x, width)
    const high = (lane.rows + 1) * ROW + 2 * PAD
    drawn.push({ lane, top: height, height: high, before, marks })
    height += high
    before += marks.length
  }
  return { drawn, height }
}

interface Shown {
  entries: readonly Entry[]
  now: number
  /** The oldest instant that is loaded; null when all is. */
  oldest: number | null
  more: (() => Promise<void>) | null
  pathOf: (entry: Entry) => string | null
  /** Narrows all of it to what is under a visit. */
  under: (encounter: string) => void
  printing: boolean
}

/**
 * Entries on an axis of time, in lanes by kind: periods as bars, instants as points, and what stands too near as a count. One looks around by buttons, keys, wheel or by
 * dragging; what lies before what is loaded is read when one gets there. Everything on it is in the list too, which is its table form.
 */
export function Axis({ entries, now, oldest, more, pathOf, under, printing }: Shown) {
  const id = useId()
  const navigate = useNavigate()
  const { width: outer, hold } = useSize({ width: 1000, height: 480 })
  const left = outer < 640 ? LEFT.narrow : LEFT.wide
  const width = Math.max(120, outer - left - RIGHT)
  const lanes = useMemo(() => lanesOf(entries, now, flags), [entries, now])
  const all = useMemo(() => lanes.flatMap((lane) => lane.items), [lanes])
  const [span, setSpan] = useState<Span>(() => firstSpan(all, now))
  const [active, setActive] = useState<string | null>(null)
  const [fitting, setFitting] = useState(false)
  const dragged = useRef<{ x: number; span: Span; moved: boolean } | null>(null)
  const pressed = useRef(false)

  // What is shown is read first; panning before it reads on.
  useEffect(() => { if (more && oldest !== null && (fitting || span.from < oldest)) void more() }, [more, oldest, fitting, span.from])

  const { drawn, ticks, height } = useMemo(() => {
    const x = scaleTime([span.from, span.to], [0, width])
    const { drawn, height } = placed(lanes, x, width)
    return { drawn, ticks: ticksOf(x.ticks(Math.max(2, Math.floor(width / 92)))).map((tick) => ({ ...tick, x: x(tick.at) })), height }
  }, [lanes, span, width])
  const x = (at: number) => ((at - span.from) / (span.to - span.from)) * width

  const flat = drawn.flatMap(({ lane, marks }) => marks.map((mark) => ({ lane, mark })))
  const at = active === null ? -1 : flat.findIndex(({ mark }) => mark.items.some((i) => i.id === active))
  const chosen = flat[at]
  const optionId = (index: number) => `${id}mark${index}`
  useEffect(() => { if (at >= 0) document.getElementById(`${id}mark${at}`)?.scrollIntoView?.({ block: 'nearest' }) }, [at, id])

  const zoom = (by: number) => {
    const about = chosen ? Math.min(1, Math.max(0, (chosen.mark.x + chosen.mark.width / 2) / width)) : 0.5
    setSpan((before) => zoomed(before, by, about))
  }
  const pan = (share: number) => setSpan((before) => panned(before, share))
  const ends = (): Span => ({ from: Math.min(now, ...all.map((i) => i.from)), to: Math.max(now, ...all.map((i) => i.from)) })
  /** So that `at` lies a little within one end of what is shown. */
  const toEdge = (at: number, share: number) => setSpan(({ from, to }) => ({ from: at - (to - from) * share, to: at + (to - from) * (1 - share) }))
  const fit = () => { const { from, to } = ends(); const edge = Math.max(LEAST_MS, to - from) * 0.03; setSpan({ from: from - edge, to: to + edge }) }
  if (fitting && oldest === null) { setFitting(false); fit() }
  const openMark = ({ mark }: (typeof flat)[number]) => {
    const [only] = mark.items
    if (mark.items.length === 1 && only) { const to = pathOf(only.entry); if (to) void navigate(to); return }
    const near = nearer(mark.items, span)
    if (near) setSpan(near)
  }
  const step = (by: 1 | -1) => {
    const to = flat[at < 0 ? (by > 0 ? 0 : flat.length - 1) : Math.min(flat.length - 1, Math.max(0, at + by))]
    setActive(to?.mark.items[0]?.id ?? null)
  }
  const keys = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    switch (event.key) {
      case 'ArrowLeft': pan(-STEP); break
      case 'ArrowRight': pan(STEP); break
      case 'PageUp': pan(-1); break
      case 'PageDown': pan(1); break
      case 'Home': toEdge(ends().from, 0.05); break
      case 'End': toEdge(ends().to, 0.95); break
      case '+': case '=': zoom(0.5); break
      case '-': case '_': zoom(2); break
      case 'ArrowDown': step(1); break
      case 'ArrowUp': step(-1); break
      case 'Enter': if (chosen) openMark(chosen); break
      case 'Escape': if (active === null) return; setActive(null); break
      default: return
    }
    event.preventDefault()
  }
  const sheet = useCallback((element: HTMLDivElement | null) => {
    const stop = hold(element)
    if (!element) return stop
    // The browser's own zoom is held back, which a listener that React sets cannot do.
    const wheel = (event: WheelEvent) => {
      if (!event.ctrlKey) return
      event.preventDefault()
      const box = element.getBoundingClientRect()
      const names = element.clientWidth < 640 ? LEFT.narrow : LEFT.wide
      const about = Math.min(1, Math.max(0, (event.clientX - box.left - names) / Math.max(1, element.clientWidth - names - RIGHT)))
      setSpan((before) => zoomed(before, event.deltaY > 0 ? 1.25 : 0.8, about))
    }
    element.addEventListener('wheel', wheel, { passive: false })
    return () => { stop?.(); element.removeEventListener('wheel', wheel) }
  }, [hold])
  const down = (event: PointerEvent) => { if (event.button === 0) dragged.current = { x: event.clientX, span, moved: false } }
  const move = (event: PointerEvent<HTMLElement>) => {
    const drag = dragged.current
    if (!drag || event.buttons === 0) { dragged.current = null; return }
    const by = event.clientX - drag.x
    // A press that trembles is a press.
    if (!drag.moved && Math.abs(by) < 4) return
    if (!drag.moved) event.currentTarget.setPointerCapture(event.pointerId)
    drag.moved = true
    setSpan(panned(drag.span, -by / width))
  }
  const up = () => { pressed.current = dragged.current?.moved ?? false; dragged.current = null }
  const choose = (mark: Mark, lane: Lane) => {
    if (pressed.current) return
    const first = mark.items[0]
    if (!first) return
    setActive(first.id)
    if (mark.items.length > 1) openMark({ mark, lane })
  }

  const visible = flat.flatMap(({ mark }) => mark.items)
  const flagged = visible.filter((i) => i.flags.length > 0).length
  const undated = entries.length - all.length
  const summary = `${visible.length === 1 ? 'One entry' : `${visible.length} entries`} of ${entries.length}${visible.length > 0 ? ` in ${new Set(flat.map(({ lane }) => lane.kind)).size} of ${lanes.length} kinds, ${flagged === 0 ? 'none' : flagged} flagged` : ''}, ${between(span)}.`
  const unread = oldest === null ? 0 : Math.min(width, x(oldest))
  const nowAt = x(now)
  const year = firstSpan(all, now)
  return (
    <div className={css.axis}>
      <div className={css.tools}>
        <Button variant="outlined" size="small" onClick={() => pan(-0.5)}>Earlier</Button>
        <Button variant="outlined" size="small" onClick={() => pan(0.5)}>Later</Button>
        <Button variant="outlined" size="small" disabled={span.to - span.from <= LEAST_MS} onClick={() => zoom(0.5)}>Zoom in</Button>
        <Button variant="outlined" size="small" disabled={span.to - span.from >= MOST_MS} onClick={() => zoom(2)}>Zoom out</Button>
        <Button variant="outlined" size="small" disabled={span.from === year.from && span.to === year.to} onClick={() => setSpan(year)}>Last year</Button>
        <Button variant="outlined" size="small" disabled={fitting} onClick={() => { fit(); setFitting(true) }}>{fitting ? 'Loading …' : 'Whole record'}</Button>
        <output>{between(span)}</output>
      </div>
      <svg className={css.ticks} width={outer} height={HEAD} aria-hidden>
        {nowAt >= 0 && nowAt <= width && !ticks.some((tick) => tick.head && Math.abs(tick.x - nowAt) < 50) && <text x={left + nowAt} y="12" className={css.head} textAnchor={nowAt > width - 16 ? 'end' : 'middle'}>now</text>}
        {ticks.map((tick) => (
          <g key={tick.at} transform={`translate(${left + tick.x} 0)`}>
            {tick.head && <text y="12" className={css.head} textAnchor="middle">{tick.head}</text>}
            <text y="26" className={css.tick} textAnchor="middle">{tick.text}</text>
            <line y1="30" y2={HEAD} stroke="var(--ink2)" />
          </g>
        ))}
      </svg>
      <div
        ref={sheet} role="listbox" tabIndex={0} aria-label="Timeline, axis" aria-describedby={`${id}summary`} aria-activedescendant={at >= 0 ? optionId(at) : undefined} className={css.sheet}
        onKeyDown={keys} onPointerDown={down} onPointerMove={move} onPointerUp={up} onPointerCancel={up}
      >
        <svg width={outer} height={Math.max(height, 1)} role="presentation" className={css.drawing}>
          {ticks.map((tick) => <line key={tick.at} x1={left + tick.x} x2={left + tick.x} y1={0} y2={height} stroke="var(--line)" />)}
          {unread > 0 && (
            <g aria-hidden>
              <rect x={left} width={unread} height={height} className={css.unread} />
              {unread > 90 && <text x={left + unread - 8} y="16" textAnchor="end" className={css.tick}>{more ? 'Being loaded …' : 'Not loaded'}</text>}
            </g>
          )}
          {nowAt >= 0 && nowAt <= width && <g aria-hidden><line x1={left + nowAt} x2={left + nowAt} y1={0} y2={height} stroke="var(--ink)" strokeWidth="2" /></g>}
          {drawn.map(({ lane, top, height: high, before, marks }) => (
            <g key={lane.kind} role="group" aria-label={lane.name} transform={`translate(0 ${top})`}>
              <line x1={0} x2={outer} y1={high} y2={high} stroke="var(--line2)" />
              {marks.map((mark, i) => (
                <g
                  key={mark.items[0]?.id} id={optionId(before + i)} role="option" aria-selected={before + i === at} aria-label={nameOf(mark, lane)} className={css.mark}
                  transform={`translate(${left + mark.x} ${PAD + (mark.row ?? lane.rows) * ROW + ROW / 2})`} onClick={() => choose(mark, lane)}
                >
                  <Shape of={mark} now={now} room={width - mark.x} />
                </g>
              ))}
              <rect width={left - 4} height={high - 1} y={0.5} fill="var(--surface)" />
              <text x={12} y={PAD + 15} className={css.lane} aria-hidden>{lane.name}</text>
            </g>
          ))}
        </svg>
      </div>
      <div className={css.panel} aria-live="polite">
        <p id={`${id}summary`} className={chosen ? css.other : undefined}>{summary}{oldest !== null && ` What began before ${day(oldest)} is not loaded, even where it still goes on.`}{undated > 0 && ` ${undated === 1 ? 'One entry has' : `${undated} entries have`} no date and stand${undated === 1 ? 's' : ''} in the list only.`}</p>
        {chosen && <Chosen mark={chosen.mark} lane={chosen.lane} near={nearer(chosen.mark.items, span) !== null} zoom={() => openMark(chosen)} pathOf={pathOf} under={under} />}
      </div>
      {printing && <EntryTable of={visible.toSorted((a, b) => b.from - a.from).map((i) => i.entry)} title="Timeline" />}
    </div>
  )
}

const Titled = ({ entry, to }: { entry: Entry; to: string | null }) => (to ? <Link to={to}>{titleOf(entry)}</Link> : <span>{titleOf(entry)}</span>)

/** What is chosen, in words, with where it is at home. */
function Chosen({ mark, lane, near, zoom, pathOf, under }: { mark: Mark; lane: Lane; near: boolean; zoom: () => void } & Pick<Shown, 'pathOf' | 'under'>) {
  const [only] = mark.items
  if (mark.items.length === 1 && only) {
    const { entry } = only
    const to = pathOf(entry)
    return <p>{kindOf(entry.kind)?.[1]}: <EntryText of={entry} /> · {whenOf(entry)}{only.goesOn && ', goes on'}{to && <> · <Link to={to}>Open in {words(kindOf(entry.kind)?.[3] ?? '').toLowerCase()}</Link></>}{entry.kind === 'ENCOUNTER' && <> <Button variant="outlined" size="small" onClick={() => under(only.id)}>Only what is under this visit</Button></>}</p>
  }
  const listed = near ? mark.items.slice(0, LISTED) : mark.items
  return (
    <>
      <p>{linesOf(mark.items, lane)}. {near && <Button variant="outlined" size="small" onClick={zoom}>Zoom in on them</Button>}</p>
      <ul>{listed.map(({ id, entry }) => <li key={id}><Titled entry={entry} to={pathOf(entry)} /> <small>{whenOf(entry)}</small></li>)}{listed.length < mark.items.length && <li>and {mark.items.length - listed.length} more</li>}</ul>
    </>
  )
}

/** How one mark is drawn about its own place: a bar, a point in the shape of what it says, or a count. */
function Shape({ of: { items, width, row }, now, room }: { of: Mark; now: number; room: number }) {
  const [first] = items
  if (!first) return null
  const { entry, from, goesOn } = first
  const worst = items.flatMap((i) => i.flags)
  const kind = worst.find((f) => f.startsWith('CRITICAL')) ?? worst[0] ?? null
  if (items.length > 1) {
    const text = String(items.length)
    const wide = Math.max(22, 12 + text.length * 7)
    return (
      <>
        <rect className={css.ring} x={-wide / 2 - 3} y={-12} width={wide + 6} height={24} rx={12} />
        <rect x={-wide / 2} y={-9} width={wide} height={18} rx={9} fill="var(--surface)" stroke="var(--series)" />
        <text y={4} textAnchor="middle" className={css.count}>{text}</text>
        {kind && <g transform={`translate(${wide / 2 - 1} -8) scale(0.8)`}><Point of={kind} /></g>}
      </>
    )
  }
  const wrong = isWrong(entry)
  if (row !== null && width > 0) {
    const title = titleOf(entry)
    return (
      <>
        <rect className={css.ring} x={-3} y={-12} width={width + 6} height={24} rx={4} />
        <rect x={0} y={-9} width={width} height={18} rx={goesOn ? 0 : 3} fill={wrong ? 'var(--surface)' : 'var(--sel)'} stroke={wrong ? 'var(--eie)' : 'var(--series)'} strokeDasharray={wrong ? '3 3' : undefined} />
        {goesOn && <path d={`M${width - 1} -9l7 9l-7 9`} fill="var(--sel)" stroke="var(--series)" />}
        {title.length * LETTER + 10 < Math.min(width, room) && <text x={6} y={4} className={css.name} textDecoration={wrong ? 'line-through' : undefined} aria-hidden>{title}</text>}
      </>
    )
  }
  return (
    <>
      <circle className={css.ring} r={10} />
      <circle r={12} fill="transparent" />
      {wrong ? <path d="M-4 -4L4 4M4 -4L-4 4" stroke="var(--eie)" strokeWidth="2" /> : from > now ? <circle r={4.5} fill="var(--surface)" stroke="var(--series)" strokeWidth="1.5" /> : <Point of={kind} />}
    </>
  )
}

function Point({ of }: { of: Interpretation | null }) {
  switch (of) {
    case 'HIGH': return <path d="M0 -6l6 11h-12z" fill="var(--high)" />
    case 'LOW': return <path d="M0 6l6 -11h-12z" fill="var(--low)" />
    case 'CRITICAL_HIGH': case 'CRITICAL_LOW': case 'CRITICAL_ABNORMAL': return <path d="M0 -7l7 7l-7 7l-7 -7z" fill="var(--critical-mark)" />
    case null: return <circle r={4.5} fill="var(--series)" />
    default: return <rect x={-4.5} y={-4.5} width={9} height={9} fill="var(--high)" />
  }
}
