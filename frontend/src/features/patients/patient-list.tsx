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
import { ageText, genderText, patientName } from '../../components/clinical/person'
import { graphql } from '../../gql'
import type { PatientFilter, PatientListQuery, PatientSort } from '../../gql/graphql'
import { useAppearance } from '../../contexts/appearance'
import { useAnnounce } from '../../hooks/use-announce'
import { useHotkeys } from '../../hooks/use-hotkeys'
import { formatDay } from '../../lib/date'
import { readPatientSearch } from '../../lib/patient-search'
import css from './patients.module.css'

const PatientList = graphql(`
  query PatientList($filter: PatientFilter, $sort: PatientSort!, $first: Int!, $after: String, $count: Boolean!) {
    patients(filter: $filter, sort: $sort, first: $first, after: $after) {
      nodes {
        id fhirId mrn gender birthDate
        name { display family given prefix }
        age { value unit }
        deceased { deceased at }
        encounters(first: 1) { nodes { id period { start } } }
      }
      pageInfo { hasNextPage endCursor }
      totalCount @include(if: $count)
    }
  }
`)

type Row = PatientListQuery['patients']['nodes'][number]
/** `by` is the function that asked: a cursor belongs to its search and order. */
interface Found { rows: Row[]; next: string | null; total: number | null; by: (after: string | null) => unknown; stopped: boolean }

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
  const [found, setFound] = useState<Found | null>(null)
  const [failed, setFailed] = useState<Trouble | null>(null)
  const [active, setActive] = useState(0)
  const [attempt, setAttempt] = useState(0)
  const field = useRef<HTMLInputElement>(null)
  const scroller = useRef<HTMLDivElement>(null)
  /** The cursor that is being followed. A page asked for by a former search does not hold up this one. */
  const loading = useRef<string | null>(null)
  const started = useRef(false)

  const load = useCallback(async (after: string | null) => {
    const variables = { filter: readPatientSearch(text).filter, sort, first: PAGE, after, count: after === null }
    return client.query(PatientList, variables, { requestPolicy: 'network-only' }).toPromise()
  }, [client, text, sort])

  // A new search starts anew; an answer that comes too late for it is dropped.
  useEffect(() => {
    let current = true
    setFailed(null)
    const wait = setTimeout(() => {
      void load(null).then((answer) => {
        if (!current) return
        if (!answer.data) { setFailed(isForbidden(answer.error) ? 'forbidden' : 'failed'); return }
        const { nodes, pageInfo, totalCount } = answer.data.patients
        setFound({ rows: nodes, next: pageInfo.hasNextPage ? pageInfo.endCursor ?? null : null, total: totalCount ?? null, by: load, stopped: false })
        setActive(0)
        scroller.current?.scrollTo({ top: 0 })
        announce(`${totalCount ?? nodes.length} patients`)
      })
    }, started.current ? 150 : 0)
    started.current = true
    return () => { current = false; clearTimeout(wait) }
  }, [load, attempt, announce])

  const more = useCallback(async () => {
    if (!found?.next || found.by !== load || loading.current === found.next) return
    loading.current = found.next
    const answer = await load(found.next)
    if (loading.current !== found.next) return
    loading.current = null
    setFound((before) => {
      if (before?.next !== found.next) return before
      // What is loaded stays; the foot says that the rest is not.
      if (!answer.data) return { ...before, stopped: true }
      const { nodes, pageInfo } = answer.data.patients
      return { ...before, rows: [...before.rows, ...nodes], next: pageInfo.hasNextPage ? pageInfo.endCursor ?? null : null, stopped: false }
    })
  }, [found, load])

  const rows = found?.rows ?? []
  const virtual = useVirtualizer({ count: rows.length, getScrollElement: () => scroller.current, estimateSize: () => 56, overscan: 8, scrollMargin: HEAD })
  const items = virtual.getVirtualItems()
  const lastShown = items[items.length - 1]?.index ?? 0
  useEffect(() => {
    if (found?.next && !found.stopped && lastShown >= rows.length - 15) void more()
  }, [lastShown, rows.length, found, more])

  const slash = useMemo(() => new Map([['/', () => field.current?.focus()]]), [])
  useHotkeys(slash, useAppearance().shortcuts)

  const open = (row: Row | undefined) => { if (row) void navigate(`/patients/${row.fhirId}/clinical/summary`) }
  const keys = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 }[event.key]
    if (step !== undefined) {
      event.preventDefault()
      const next = Math.max(0, Math.min(rows.length - 1, active + step))
      setActive(next)
      virtual.scrollToIndex(next)
    } else if (event.key === 'Enter') open(rows[active])
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

  return (
    <main className={css.view}>
      <header className={css.head}><h1>Patients</h1><span className={css.actions}>{actions}</span></header>
      <div className={css.tools}>
        <OutlinedInput
          inputRef={field} fullWidth value={text} onChange={(e) => lookFor(e.target.value)} onKeyDown={keys}
          placeholder="Name, MRN or birth date (1945-07-14)"
          inputProps={{ 'aria-label': 'Search patients', type: 'search', 'aria-controls': rows.length > 0 ? 'patient-rows' : undefined }}
          endAdornment={<kbd className={css.key} aria-hidden>/</kbd>}
        />
        <ToggleButtonGroup exclusive value={sort} onChange={(_, value: PatientSort | null) => { if (value) order(value) }} aria-label="Order">
          {SORTS.map(([value, words]) => <ToggleButton key={value} value={value}>{words}</ToggleButton>)}
        </ToggleButtonGroup>
      </div>
      <p className={css.read}>Read as: <strong>{search.words}</strong></p>
      {Beyond && <Beyond filter={search.filter} />}
      {failed === 'forbidden' ? <NotPermitted what="Patients" />
        : failed ? <NotLoaded what="Patients" onRetry={() => setAttempt((n) => n + 1)} />
        : !found ? <Loading rows={8} label="patients" />
        : rows.length === 0 ? <Empty>No patient is found: {search.words}.</Empty>
        : (
          <div
            ref={scroller} id="patient-rows" role="grid" aria-label="Patients" aria-rowcount={found.total ?? -1} className={css.grid}
            tabIndex={0} onKeyDown={keys} aria-activedescendant={`patient-${active}`}
          >
            <div role="row" aria-rowindex={1} className={`${css.row} ${css.columns}`}>
              {['Name', 'Born', 'Sex', 'MRN', 'Last visit'].map((name) => <span key={name} role="columnheader">{name}</span>)}
            </div>
            <div role="rowgroup">
              <div role="presentation" style={{ height: virtual.getTotalSize(), position: 'relative' }}>
                {items.map(({ index, start }) => {
                  const row = rows[index]
                  return row && (
                    <div
                      key={row.id} ref={virtual.measureElement} data-index={index} id={`patient-${index}`} role="row" aria-rowindex={index + 2} aria-selected={index === active}
                      className={css.row} style={{ position: 'absolute', top: 0, left: 0, right: 0, transform: `translateY(${start - HEAD}px)` }}
                      onClick={() => { setActive(index); open(row) }}
                    >
                      <span role="gridcell">
                        <strong>{patientName(row.name)}</strong>
                        {row.deceased?.deceased && <span className={css.tag}>Deceased</span>}
                      </span>
                      <span role="gridcell">
                        {row.birthDate ? formatDay(row.birthDate) : 'Not recorded'} <small>{ageText(row.age)}</small>
                        {row.deceased?.at && <small className={css.died}>Died {formatDay(row.deceased.at)}</small>}
                      </span>
                      <span role="gridcell">{genderText(row.gender)}</span>
                      <span role="gridcell">{row.mrn ?? 'Not recorded'}</span>
                      <span role="gridcell"><small className={css.label}>Last visit </small>{row.encounters ? row.encounters.nodes[0]?.period?.start ? formatDay(row.encounters.nodes[0].period.start) : 'Not recorded' : <small>You may not see this</small>}</span>
                    </div>
                  )
                })}
              </div>
            </div>
          </div>
        )}
      <footer className={css.foot}>
        <span>{found ? `${rows.length} of ${found.total ?? 'an unknown number'} loaded` : ''}</span>
        {found?.stopped && <span role="alert" className={css.stopped}>The next patients could not be loaded.</span>}
        {found?.next && <Button variant="text" onClick={() => { void more() }}>{found.stopped ? 'Try again' : 'Load more'}</Button>}
        <span className={css.hints}><kbd>↑</kbd> <kbd>↓</kbd> move <kbd>Enter</kbd> open chart</span>
      </footer>
    </main>
  )
}
