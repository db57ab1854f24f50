import { useVirtualizer } from '@tanstack/react-virtual'
import Button from '@mui/material/Button'
import OutlinedInput from '@mui/material/OutlinedInput'
import ToggleButton from '@mui/material/ToggleButton'
import ToggleButtonGroup from '@mui/material/ToggleButtonGroup'
import { useCallback, useEffect, useMemo, useRef, useState, type ComponentType, type KeyboardEvent, type ReactNode } from 'react'
import { useLocation, useNavigate, useSearchParams } from 'react-router'
import { useClient } from 'urql'
import { isForbidden, NotPermitted, type Trouble } from '../../components/ui/part'
import { Empty, Loading, NotLoaded } from '../../components/ui/states'
import { patientName } from '../../components/clinical/person'
import { useStar } from '../../components/clinical/star'
import { graphql, read, type FragmentType } from '../../gql'
import type { PatientFilter, PatientListKind, PatientSort } from '../../gql/graphql'
import { useSession } from '../../contexts/session'
import { useAppearance } from '../../contexts/appearance'
import { useAnnounce } from '../../hooks/use-announce'
import { useHotkeys } from '../../hooks/use-hotkeys'
import { dayAfter, today, withOffset } from '../../lib/date'
import { maySeeStays } from '../../lib/permissions'
import { readPatientSearch } from '../../lib/patient-search'
import { formatDecimal } from '../../lib/quantity'
import { ExportList, MOST_EXPORTED, type Exported } from './patient-export'
import { Cells, PatientRow, secondOf, type Row, type Shown } from './patient-row'
import css from './patients.module.css'
import { similarNames } from './similar'
import { WardChoice } from './ward-choice'

const PatientList = graphql(`
  query PatientList($filter: PatientFilter, $sort: PatientSort!, $first: Int!, $after: String, $count: Boolean!, $stays: Boolean!) {
    patients(filter: $filter, sort: $sort, first: $first, after: $after) {
      nodes { ...PatientRow }
      pageInfo { hasNextPage endCursor }
      totalCount @include(if: $count)
    }
  }
`)
const RecentCharts = graphql(`query RecentCharts($stays: Boolean!) { chartsOpened { at patient { ...PatientRow } } }`)

const rowOf = (masked: FragmentType<typeof PatientRow>, opened?: string): Row => ({ of: read(PatientRow, masked), opened })

type List = PatientListKind | 'ALL' | 'RECENT' | 'TODAY' | 'WARD'
/** The lists, as the address names them, with what is said when nobody is on them. */
const OWN: readonly { list: List; at: string; name: string; empty: string }[] = [
  { list: 'MINE', at: 'mine', name: 'Mine', empty: 'No care team, visit or appointment names you as treating anybody now.' },
  { list: 'TODAY', at: 'today', name: 'Today', empty: 'Nobody has an appointment or a visit today.' },
  { list: 'RECENT', at: 'recent', name: 'Recent', empty: 'You have opened no chart yet.' },
  { list: 'STARRED', at: 'starred', name: 'Starred', empty: 'You have starred no patient. The star beside a name does it; only you see it.' },
  { list: 'INPATIENT', at: 'inpatients', name: 'Inpatients', empty: 'Nobody is in hospital.' },
  { list: 'WARD', at: 'ward', name: 'Ward', empty: 'Nobody lies on this ward.' },
]
const ALL: (typeof OWN)[number] = { list: 'ALL', at: 'all', name: 'All', empty: '' }
const LISTS = [ALL, ...OWN]
const CLINICAL: readonly List[] = ['MINE', 'INPATIENT', 'WARD']

/** What a list adds to the search. */
function narrowed(list: List, ward: string | null): PatientFilter {
  switch (list) {
    case 'ALL': case 'RECENT': return {}
    case 'TODAY': return { seen: { low: withOffset(`${today()}T00:00`), high: withOffset(`${dayAfter(today(), 1)}T00:00`) } }
    case 'WARD': return { location: ward }
    default: return { list }
  }
}

/** Which page comes next: after a cursor, or the first; `also`: of the other reading of the search text. */
interface Page { also: boolean; after: string | null }
const FIRST: Page = { also: false, after: null }
/** `by` is the function that asked: a cursor belongs to its search and order. `count`: how many of the rows came of the first reading. */
interface Found { rows: Row[]; count: number; next: Page | null; total: number | null; by: (page: Page) => unknown; stopped: boolean }

const PAGE = 50
/** Height of the column heads, which stay in sight. */
const HEAD = 28
const SORTS: [PatientSort, string][] = [['FAMILY', 'Family name'], ['BIRTH_DATE', 'Oldest'], ['BIRTH_DATE_DESC', 'Youngest'], ['LAST_UPDATED_DESC', 'Last changed']]

/** The search text that was left with a place in the history. */
function searched(state: unknown): string | null {
  const q: unknown = typeof state === 'object' && state !== null ? Reflect.get(state, 'q') : null
  return typeof q === 'string' ? q : null
}

/** Search, order and page through all patients one may see. The server searches; the list only shows. `beyond` looks others up. */
export function PatientListView({ actions, beyond: Beyond }: { actions?: ReactNode; beyond?: ComponentType<{ filter: PatientFilter }> }) {
  const client = useClient()
  const navigate = useNavigate()
  const announce = useAnnounce()
  const [query, setQuery] = useSearchParams()
  const location = useLocation()
  const text = searched(location.state) ?? query.get('q') ?? ''
  const sort = SORTS.find(([name]) => name === query.get('sort'))?.[0] ?? 'FAMILY'
  const search = readPatientSearch(text)
  const { session } = useSession()
  const stays = maySeeStays(session)
  const star = useStar()
  const offered = LISTS.filter(({ list: one }) => stays || !CLINICAL.includes(one))
  const { list, empty, name: listName } = offered.find(({ at }) => at === query.get('list')) ?? ALL
  const ward = list === 'WARD' ? query.get('ward') : null
  const [found, setFound] = useState<Found | null>(null)
  const [failed, setFailed] = useState<Trouble | null>(null)
  const [active, setActive] = useState(0)
  const [attempt, setAttempt] = useState(0)
  const field = useRef<HTMLInputElement>(null)
  const scroller = useRef<HTMLDivElement>(null)
  /** The cursor that is being followed. A page asked for by a former search does not hold up this one. */
  const loading = useRef<Page | null>(null)
  const started = useRef(false)

  const load = useCallback(async ({ also, after }: Page) => {
    if (list === 'RECENT') {
      const { data, error } = await client.query(RecentCharts, { stays }, { requestPolicy: 'network-only' }).toPromise()
      return { error, rows: data?.chartsOpened.map(({ at, patient }) => rowOf(patient, at)), next: null, total: data?.chartsOpened.length ?? null }
    }
    if (list === 'WARD' && !ward) return { error: undefined, rows: [], next: null, total: 0 }
    const read = readPatientSearch(text)
    const filter = { ...(also ? read.also?.filter : read.filter), ...narrowed(list, ward) }
    const { data, error } = await client.query(PatientList, { filter, sort, first: PAGE, after, count: after === null, stays }, { requestPolicy: 'network-only' }).toPromise()
    const { nodes, pageInfo, totalCount } = data?.patients ?? {}
    const next: Page | null = pageInfo?.hasNextPage ? { also, after: pageInfo.endCursor ?? null } : read.also && !also ? { also: true, after: null } : null
    return { error, rows: nodes?.map((node) => rowOf(node)), next, total: totalCount ?? null }
  }, [client, text, sort, list, ward, stays])

  // A new search starts anew; an answer that comes too late for it is dropped.
  useEffect(() => {
    let current = true
    setFailed(null)
    const wait = setTimeout(() => {
      void load(FIRST).then((answer) => {
        if (!current) return
        if (!answer.rows) { setFailed(isForbidden(answer.error) ? 'forbidden' : 'failed'); return }
        setFound({ rows: answer.rows, count: answer.rows.length, next: answer.next, total: answer.total, by: load, stopped: false })
        setActive(0)
        scroller.current?.scrollTo({ top: 0 })
        announce(`${answer.total ?? answer.rows.length} patients`)
      })
    }, started.current ? 150 : 0)
    started.current = true
    return () => { current = false; clearTimeout(wait) }
  }, [load, attempt, announce])

  const more = useCallback(async () => {
    const next = found?.next
    if (!next || found.by !== load || loading.current === next) return
    loading.current = next
    const answer = await load(next)
    if (loading.current !== next) return
    loading.current = null
    setFound((before) => {
      if (before?.next !== next) return before
      // What is loaded stays; the foot says that the rest is not.
      if (!answer.rows) return { ...before, stopped: true }
      const there = new Set(before.rows.map(({ of }) => of.id))
      const fresh = next.also ? answer.rows.filter(({ of }) => !there.has(of.id)) : answer.rows
      return { ...before, rows: [...before.rows, ...fresh], count: next.also ? before.count : before.count + fresh.length, next: answer.next, stopped: false }
    })
  }, [found, load])

  const rows = found?.rows ?? []
  // Without visits to be seen there is no column of them.
  const shown: Shown = { last: list === 'RECENT' ? 'Opened' : rows.some((row) => row.of.encounters) ? 'Last visit' : null, stays: rows.some((row) => row.of.stay) }
  const cells = [css.row, shown.last ? '' : css.short, shown.stays ? '' : css.nowhere].join(' ')
  // A merged record is no person beside the one it was merged into.
  const similar = useMemo(() => similarNames((found?.rows ?? []).flatMap(({ of }) => (of.replacedBy ? [] : [of]))), [found?.rows])
  const virtual = useVirtualizer({ count: rows.length, getScrollElement: () => scroller.current, estimateSize: () => 56, overscan: 8, scrollMargin: HEAD })
  const items = virtual.getVirtualItems()
  const lastShown = items[items.length - 1]?.index ?? 0
  useEffect(() => {
    if (found?.next && !found.stopped && lastShown >= rows.length - 15) void more()
  }, [lastShown, rows.length, found, more])

  const slash = useMemo(() => new Map([['/', () => field.current?.focus()]]), [])
  useHotkeys(slash, useAppearance().shortcuts)

  const open = (row: Row | undefined) => { if (row) void navigate(`/patients/${row.of.fhirId}/clinical/summary`) }
  const keys = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 }[event.key]
    if (step !== undefined) {
      event.preventDefault()
      const next = Math.max(0, Math.min(rows.length - 1, active + step))
      setActive(next)
      virtual.scrollToIndex(next)
    } else if (event.key === 'Enter') open(rows[active])
    else if (event.key === 's' && !event.ctrlKey && !event.metaKey && event.target === scroller.current) {
      const row = rows[active]?.of
      if (row) void star(row.id, patientName(row.name), !row.starred).then((now) => { if (now !== null) starred(row.id, now) })
    }
  }
  const starred = (id: string, now: boolean) => setFound((before) => before && { ...before, rows: before.rows.map((row) => (row.of.id === id ? { ...row, of: { ...row.of, starred: now } } : row)) })
  // Nothing of another list stays, least of all that it is empty.
  const choose = (at: string) => {
    setFound(null)
    setQuery((before) => {
      const next = new URLSearchParams(before)
      next.set('list', at)
      next.delete('q')
      return next
    }, { replace: true, state: { q: at === 'recent' ? '' : text } })
  }
  const chooseWard = (id: string) => {
    setFound(null)
    setQuery((before) => {
      const next = new URLSearchParams(before)
      next.set('ward', id)
      return next
    }, { replace: true, state: { q: text } })
  }
  const order = (value: PatientSort) => setQuery((before) => {
    const next = new URLSearchParams(before)
    next.set('sort', value)
    return next
  }, { replace: true, state: { q: text } })
  // Whom one looks for is kept with this place in the history, never in an address.
  const lookFor = (q: string) => setQuery((before) => {
    const next = new URLSearchParams(before)
    next.delete('q')
    return next
  }, { replace: true, state: { q } })

  const readAs = list === 'RECENT' ? 'whose charts you opened last' : list === 'ALL' ? search.words : text.trim() === '' ? `everybody on the list “${listName}”` : `on the list “${listName}”, ${search.words}`
  /** What would be exported now, or why nothing can be. */
  const exported = (): Exported | string => {
    if (failed === 'forbidden') return 'You may not see patients.'
    if (list === 'WARD' && !ward) return 'Choose a ward to export who lies there.'
    if (failed || !found) return 'The list is not loaded.'
    // What is typed just now is not counted yet.
    const fresh = found.by === load
    const { total, count, next } = found
    if (list === 'RECENT') return rows.length === 0 ? 'Nobody is on this list.' : { filter: {}, fhirQuery: `_id=${rows.map(({ of }) => of.fhirId).join(',')}`, sort, count: rows.length, words: readAs, beyond: null }
    if (fresh && total === 0 && search.also && rows.length > 0) return { filter: { ...search.also.filter, ...narrowed(list, ward) }, sort, count: next ? null : rows.length, words: search.also.words, beyond: null }
    if (fresh && total === 0) return 'Nobody is on this list.'
    if (fresh && total !== null && total > MOST_EXPORTED) return `More than ${formatDecimal(String(MOST_EXPORTED))} patients: narrow the list.`
    const beyond = search.also ? `Those found by the other reading (${search.also.words}) are not among them.` : null
    return { filter: { ...search.filter, ...narrowed(list, ward) }, sort, count: fresh ? total ?? (next ? null : count) : null, words: readAs, beyond }
  }

  return (
    <main className={css.view}>
      <header className={css.head}><h1>Patients</h1><span className={css.actions}>{actions}</span></header>
      <div className={css.lists}>
        <ToggleButtonGroup exclusive value={offered.find((one) => one.list === list)?.at} onChange={(_, at: string | null) => { if (at) choose(at) }} aria-label="List">
          {offered.map(({ at, name }) => <ToggleButton key={at} value={at}>{name}</ToggleButton>)}
        </ToggleButtonGroup>
        {list === 'WARD' && <WardChoice ward={ward} onChoose={chooseWard} />}
        <ExportList key={`${list} ${ward ?? ''}`} of={exported()} />
      </div>
      {list !== 'RECENT' && <div className={css.tools}>
        <OutlinedInput
          inputRef={field} fullWidth value={text} onChange={(e) => lookFor(e.target.value)} onKeyDown={keys}
          placeholder="Name, MRN, telephone, birth date (14-Jul-1945)"
          inputProps={{ 'aria-label': 'Search patients', type: 'search', 'aria-controls': rows.length > 0 ? 'patient-rows' : undefined }}
          endAdornment={<kbd className={css.key} aria-hidden>/</kbd>}
        />
        <ToggleButtonGroup exclusive value={sort} onChange={(_, value: PatientSort | null) => { if (value) order(value) }} aria-label="Order">
          {SORTS.map(([value, words]) => <ToggleButton key={value} value={value}>{words}</ToggleButton>)}
        </ToggleButtonGroup>
      </div>}
      <p className={css.read}>{list === 'RECENT' ? 'The charts you opened last, the last one first' : list !== 'ALL' && text.trim() === '' ? `${listName}: everybody on this list` : <>{list !== 'ALL' && `${listName}, `}Read as: <strong>{search.words}</strong>{search.also && <>; after them: <strong>{search.also.words}</strong></>}</>}</p>
      {Beyond && list === 'ALL' && <Beyond filter={search.filter} />}
      {failed === 'forbidden' ? <NotPermitted what="Patients" />
        : failed ? <NotLoaded what="Patients" onRetry={() => setAttempt((n) => n + 1)} />
        : list === 'WARD' && !ward ? <Empty>Choose a ward to see who lies there.</Empty>
        : !found || (rows.length === 0 && found.next && !found.stopped) ? <Loading rows={8} label="patients" />
        : rows.length === 0 && !found.stopped ? <Empty>{list !== 'ALL' && (list === 'RECENT' || text.trim() === '') ? empty : `No patient is found: ${search.words}${search.also ? `, nor ${search.also.words}` : ''}.`}</Empty>
        : (
          <div
            ref={scroller} id="patient-rows" role="grid" aria-label="Patients" aria-rowcount={search.also ? -1 : found.total ?? -1} className={css.grid}
            tabIndex={0} onKeyDown={keys} aria-activedescendant={`patient-${active}`}
          >
            <div role="row" aria-rowindex={1} className={`${cells} ${css.columns}`}>
              <span role="columnheader"><span className="visually-hidden">Starred</span></span>
              {['Name', 'Born', 'Gender', 'MRN', ...(shown.last ? [shown.last] : [])].map((name) => <span key={name} role="columnheader">{name}</span>)}
              {secondOf(shown).map((name) => <span key={name} role="columnheader" className={css.second}>{name}</span>)}
            </div>
            <div role="rowgroup">
              <div role="presentation" style={{ height: virtual.getTotalSize(), position: 'relative' }}>
                {items.map(({ index, start }) => {
                  const row = rows[index]
                  if (!row) return null
                  const { id } = row.of
                  return (
                    <div key={id} ref={virtual.measureElement} data-index={index} role="presentation" style={{ position: 'absolute', top: 0, left: 0, right: 0, transform: `translateY(${start - HEAD}px)` }}>
                      {search.also && index === found.count && <p className={css.group}>{search.also.words}</p>}
                      <div id={`patient-${index}`} role="row" aria-rowindex={index + 2} aria-selected={index === active} className={cells} onClick={() => { setActive(index); open(row) }}>
                        <Cells at={`patient-${index}`} of={row} shown={shown} similar={similar.get(id)} onStarred={(now) => starred(id, now)} />
                      </div>
                    </div>
                  )
                })}
              </div>
            </div>
          </div>
        )}
      <footer className={css.foot}>
        <span>{found ? `${found.count} of ${found.total ?? 'an unknown number'} loaded${rows.length > found.count ? `, and ${rows.length - found.count} more: ${search.also?.words ?? ''}` : ''}` : ''}</span>
        {found?.stopped && <span role="alert" className={css.stopped}>The next patients could not be loaded.</span>}
        {found?.next && <Button variant="text" onClick={() => { void more() }}>{found.stopped ? 'Try again' : 'Load more'}</Button>}
        <span className={css.hints}><kbd>↑</kbd> <kbd>↓</kbd> move <kbd>Enter</kbd> open chart <kbd>s</kbd> star</span>
      </footer>
    </main>
  )
}
