import Button from '@mui/material/Button'
import { Children, createContext, use, useState, type ReactNode } from 'react'
import { useAnnounce } from '../../hooks/use-announce'
import { useSettled } from '../../hooks/use-settled'
import { NewsBar } from './news-bar'
import css from './record-table.module.css'

/** Of how many rows (null: nobody knows) so many are here. */
interface Loaded { here: number; of: number | null }
const LoadedContext = createContext<Loaded | null>(null)

/**
 * A table of the record: heads, and rows that the caller draws. Wide ones scroll inside themselves. All rows that were asked for are drawn, a page at a time: 1,000 of them scroll without a
 * long task (tests/e2e/measure.mjs), and can be searched and printed by the browser.
 * `widths`: the share of each column in hundredths, for tables that stand under each other with the same columns; without it each is as wide as what stands in it.
 */
export function RecordTable({ label, columns, widths, children }: { label: string; columns: readonly string[]; widths?: readonly number[]; children: ReactNode }) {
  const loaded = use(LoadedContext)
  // Heads count as a row. Of rows that stand in several tables none has a count of its own.
  const rows = loaded && Children.toArray(children).length === loaded.here ? (loaded.of === null ? -1 : loaded.of + 1) : undefined
  return (
    <div className={css.scroll} tabIndex={0} role="group" aria-label={`${label}, table`}>
      <table className={css.table} aria-label={label} aria-rowcount={rows}>
        {widths && <colgroup>{widths.map((width, i) => <col key={columns[i]} style={{ width: `${width}%` }} />)}</colgroup>}
        <thead><tr aria-rowindex={rows && 1}>{columns.map((name) => <th key={name} scope="col" className={name === 'Acts' ? css.acts : undefined}>{name}</th>)}</tr></thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  )
}

export interface Connection<N> { nodes: readonly N[]; pageInfo: { hasNextPage: boolean; endCursor?: string | null }; totalCount?: number | null }

/** How much of a list stands further down, that nobody takes what is shown for all of it. */
const hidden = (total: number | null | undefined, shown: number): string => (typeof total === 'number' && total > shown ? `${total - shown} more not shown.` : 'More not shown.')

/**
 * The pages of a list: the first came with the screen, further ones are asked for by `more`, which answers null when it could not.
 * A first page with other rows (the screen was read again) starts anew; with `still` not while somebody is in the list and its rows would move. `children` draws what is loaded; its `load` asks for the next page and answers whether it came, null when there is none.
 */
export function Pages<N>({ first: latest, more, what, still = false, children }: { first: Connection<N>; more: (after: string) => Promise<Connection<N> | null | undefined>; what: string; still?: boolean; children: (nodes: readonly N[], load: (() => Promise<boolean>) | null) => ReactNode }) {
  const announce = useAnnounce()
  const { shown: first, news, show, hold } = useSettled(latest, idsOf, latest.pageInfo.hasNextPage, still)
  const [state, setState] = useState({ first, pages: [first], busy: false, failed: false })
  if (state.first !== first) {
    const stays = sameRows(state.first, first)
    setState({ first, pages: [first, ...(stays ? state.pages.slice(1) : [])], busy: stays && state.busy, failed: false })
  }
  const last = state.pages[state.pages.length - 1] ?? first
  const nodes = state.pages.flatMap((page) => page.nodes)
  const next = last.pageInfo.hasNextPage ? last.pageInfo.endCursor : null
  const [here, total] = [nodes.length, first.totalCount ?? null]
  const loaded = next ? { here, of: total } : null
  const load = async () => {
    if (!next || state.busy) return false
    setState((before) => ({ ...before, busy: true, failed: false }))
    const page = await more(next).catch(() => null)
    setState((before) => (before.pages.at(-1)?.pageInfo.endCursor !== next ? { ...before, busy: false } : page ? { ...before, pages: [...before.pages, page], busy: false } : { ...before, busy: false, failed: true }))
    announce(page ? `${page.nodes.length} more ${what}` : `More ${what} could not be loaded`)
    return !!page
  }
  return (
    <div ref={hold} className={css.whole}>
      <LoadedContext value={loaded}>{children(nodes, next ? load : null)}</LoadedContext>
      <NewsBar of={news} what={what} onShow={() => { show(); announce(`The ${what} are shown as they are now`) }} />
      {next && (
        <p className={css.more}>
          <span>{nodes.length} of {first.totalCount ?? 'an unknown number of'} {what} loaded.</span>
          <strong>{hidden(first.totalCount, nodes.length)}</strong>
          <Button variant="outlined" disabled={state.busy} onClick={() => { void load() }}>{state.busy ? 'Loading …' : 'Load more'}</Button>
          {state.failed && <span role="alert" className={css.failed}>The next {what} could not be loaded. Try again.</span>}
        </p>
      )}
    </div>
  )
}

/** The id of a row, of its own or of what it stands for, such as an entry of a worklist; its place where it has none. */
function idOf(of: unknown, place: number): string {
  if (typeof of !== 'object' || of === null) return String(place)
  if ('id' in of && typeof of.id === 'string') return of.id
  return 'node' in of ? idOf(of.node, place) : String(place)
}
const idsOf = (of: Connection<unknown>): readonly string[] => of.nodes.map(idOf)
const sameRows = (one: Connection<unknown>, other: Connection<unknown>): boolean => one.pageInfo.hasNextPage && other.pageInfo.hasNextPage && idsOf(one).join(' ') === idsOf(other).join(' ')
