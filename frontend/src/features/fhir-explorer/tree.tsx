import { useMemo, useRef, useState, type KeyboardEvent } from 'react'
import { RecordTable } from '../../components/ui/record-table'
import { placeIn, type Json } from '../../lib/fhir'
import { linesOf, openLines, treeKey, type Line } from './document'
import css from './explorer.module.css'

/** Whether a line is a reference that can be followed here: its `Type/id`. */
const placeAt = (line: Line): string | null => (line.name === 'reference' && line.leaf !== null ? placeIn(line.leaf) : null)

/** Every element that has a value, with its path. */
export function Elements({ of, onFollow }: { of: Json; onFollow: (place: string) => void }) {
  const leaves = useMemo(() => linesOf(of).filter((line) => line.leaf !== null || line.count === 0), [of])
  return (
    <RecordTable label="Elements" columns={['Element', 'Value']}>
      {leaves.map((line) => {
        const place = placeAt(line)
        return (
          <tr key={line.path}>
            <th scope="row" className={css.path}>{line.path.split(/(?=[.[])/).map((step, i) => <span key={i}>{step}<wbr /></span>)}</th>
            <td className={css.leaf}>{place ? <button type="button" className={css.link} onClick={() => onFollow(place)}>{line.leaf}</button> : line.leaf ?? 'empty'}</td>
          </tr>
        )
      })}
    </RecordTable>
  )
}

/** The document as a tree that opens and closes, by pointer or by the arrows. Enter follows a reference. */
export function Tree({ of, label, onFollow }: { of: Json; label: string; onFollow: (place: string) => void }) {
  const lines = useMemo(() => linesOf(of), [of])
  // Long documents begin with their second level.
  const [closed, setClosed] = useState<ReadonlySet<string>>(() => new Set(lines.filter((line) => line.leaf === null && line.level > 2).map((line) => line.path)))
  const shown = openLines(lines, closed)
  const [chosen, setChosen] = useState<string | null>(null)
  const active = shown.some((line) => line.path === chosen) ? chosen : shown[0]?.path
  const drawn = useRef(new Map<string, HTMLElement>())
  const toggle = (path: string) => setClosed((before) => { const next = new Set(before); if (!next.delete(path)) next.add(path); return next })
  const focus = (path: string) => { setChosen(path); drawn.current.get(path)?.focus() }
  const press = (event: KeyboardEvent, line: Line) => {
    const place = placeAt(line)
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault()
      if (place) onFollow(place)
      else if (line.count > 0) toggle(line.path)
      return
    }
    const act = treeKey(event.key, line.path, lines, closed)
    if (!act) return
    event.preventDefault()
    if ('focus' in act) focus(act.focus)
    else toggle(act.toggle)
  }
  return (
    <>
      <div className={css.treeActs}>
        <button type="button" className={css.link} onClick={() => setClosed(new Set())}>Open all</button>
        <button type="button" className={css.link} onClick={() => setClosed(new Set(lines.filter((line) => line.leaf === null).map((line) => line.path)))}>Close all</button>
      </div>
      <div role="tree" aria-label={label} className={css.tree}>
        {shown.map((line) => {
          const holds = line.leaf === null && line.count > 0
          const place = placeAt(line)
          return (
            <div
              key={line.path} role="treeitem" aria-level={line.level} aria-posinset={line.at} aria-setsize={line.of} aria-expanded={holds ? !closed.has(line.path) : undefined} aria-selected={line.path === active}
              tabIndex={line.path === active ? 0 : -1} style={{ paddingLeft: `${(line.level - 1) * 14 + 16}px` }}
              ref={(element) => { if (element) drawn.current.set(line.path, element); else drawn.current.delete(line.path) }}
              onKeyDown={(event) => press(event, line)} onClick={() => { focus(line.path); if (holds) toggle(line.path) }}
            >
              <span aria-hidden className={css.twist}>{holds ? (closed.has(line.path) ? '+' : '−') : ''}</span>
              <span className={css.name}>{line.name}</span>
              {line.leaf !== null ? place ? <button type="button" className={css.link} tabIndex={-1} onClick={(event) => { event.stopPropagation(); onFollow(place) }}>{line.leaf}</button> : <span className={css.leaf}>{line.leaf}</span> : <span className={css.of}>{line.count === 0 ? 'empty' : line.count === 1 ? 'one' : line.count}</span>}
            </div>
          )
        })}
      </div>
    </>
  )
}
