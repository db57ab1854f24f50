import { Drug } from '../../components/clinical/drug'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useMemo, useRef, useState, type KeyboardEvent } from 'react'
import { useNavigate } from 'react-router'
import { Flags } from '../../components/clinical/flag'
import { flagsOf, isAbnormal, isCritical, ObservationRow, rangeOf, valueOf } from '../../components/clinical/observation'
import { read } from '../../gql'
import { detailOf, isObservation, kindOf, rowsOf, startOf, titleOf, whenOf, type Entry } from './entry'
import css from './timeline.module.css'

/** Entries under the heads of their years. `more` reads the next ones, null when there are none or none are wanted. */
export function EntryList({ entries, now, more, complete, pathOf }: { entries: readonly Entry[]; now: number; more: (() => Promise<void>) | null; complete: boolean; pathOf: (entry: Entry) => string | null }) {
  const navigate = useNavigate()
  const scroller = useRef<HTMLDivElement>(null)
  const rows = useMemo(() => rowsOf(entries, now), [entries, now])
  const [active, setActive] = useState(() => startOf(rows))
  const virtual = useVirtualizer({ count: rows.length, getScrollElement: () => scroller.current, estimateSize: () => 36, overscan: 12 })
  const drawn = virtual.getVirtualItems()
  const lastDrawn = drawn.at(-1)?.index ?? 0
  useEffect(() => { if (more && lastDrawn >= rows.length - 60) void more() }, [lastDrawn, rows.length, more])

  const go = (to: number, step: 1 | -1) => {
    let at = Math.max(0, Math.min(rows.length - 1, to))
    // A head is no place to stay.
    const there = rows[at]
    if (there && 'head' in there) at = Math.max(0, Math.min(rows.length - 1, at + (at === 0 ? 1 : step)))
    setActive(at)
    virtual.scrollToIndex(at)
  }
  const open = (entry: Entry) => { const to = pathOf(entry); if (to) void navigate(to) }
  const current = rows[active]
  const keys = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    switch (event.key) {
      case 'ArrowDown': go(active + 1, 1); break
      case 'ArrowUp': go(active - 1, -1); break
      case 'PageDown': go(active + 12, 1); break
      case 'PageUp': go(active - 12, -1); break
      case 'Home': go(0, 1); break
      case 'End': go(rows.length - 1, 1); break
      case 'Enter': if (current && 'entry' in current) open(current.entry); break
      default: return
    }
    event.preventDefault()
  }
  return (
    <div ref={scroller} role="grid" aria-label="Timeline" aria-rowcount={complete ? rows.length : -1} tabIndex={0} className={css.list} onKeyDown={keys} aria-activedescendant={drawn.some((d) => d.index === active) ? `timeline-${active}` : undefined}>
      <div role="presentation" style={{ height: virtual.getTotalSize(), position: 'relative' }}>
        {drawn.map(({ index, start }) => {
          const row = rows[index]
          if (!row) return null
          const place = { position: 'absolute', top: 0, left: 0, right: 0, transform: `translateY(${start}px)` } as const
          return 'head' in row ? (
            <div key={`head ${row.head}`} ref={virtual.measureElement} data-index={index} role="row" aria-rowindex={index + 1} style={place} className={css.year}><span role="gridcell">{row.head}</span></div>
          ) : (
            <div key={row.entry.node.id} ref={virtual.measureElement} data-index={index} id={`timeline-${index}`} role="row" aria-rowindex={index + 1} aria-selected={index === active} style={place} className={css.row} onClick={() => { setActive(index); open(row.entry) }}>
              <EntryCells of={row.entry} />
            </div>
          )
        })}
      </div>
    </div>
  )
}

function EntryCells({ of }: { of: Entry }) {
  return (
    <>
      <span role="gridcell" className={css.when}>{whenOf(of)}</span>
      <span role="gridcell" className={css.kind}>{kindOf(of.kind)?.[1]}</span>
      <span role="gridcell"><EntryText of={of} /></span>
    </>
  )
}

/** What an entry is: its name, the value of a result with its flags, and its state where that is not the plain one. */
export function EntryText({ of }: { of: Entry }) {
  const { state, text, wrong } = detailOf(of)
  const title = titleOf(of)
  const row = isObservation(of.node) ? read(ObservationRow, of.node) : null
  const value = row && valueOf(row)
  const range = row && isObservation(of.node) ? rangeOf(row, of.node.components) : ''
  return (
    <>
      <strong>{wrong || row?.status === 'ENTERED_IN_ERROR' ? <s><Drug of={title} /></s> : <Drug of={title} />}</strong>
      {row && value && <span className={css.value}> <span className={isCritical(row) ? css.critical : isAbnormal(row) ? css.abnormal : undefined}>{value.text}</span> {value.unit} <Flags of={flagsOf(row)} />{range && <small> ({range})</small>}{row.status && row.status !== 'FINAL' && <small> {row.status.toLowerCase().replaceAll('_', ' ')}</small>}</span>}
      {state && <small className={css.state}>{state}</small>}
      {text && <small> – {text}</small>}
    </>
  )
}

/** Entries as a plain table, which a printed page has in place of what scrolls. */
export function EntryTable({ of, title }: { of: readonly Entry[]; title: string }) {
  return (
    <table className={css.printed} aria-label={title}>
      <thead><tr><th scope="col">Date</th><th scope="col">Kind</th><th scope="col">What</th></tr></thead>
      <tbody>{of.map((entry) => <tr key={entry.node.id}><td>{whenOf(entry)}</td><td>{kindOf(entry.kind)?.[1]}</td><td><EntryText of={entry} /></td></tr>)}</tbody>
    </table>
  )
}
