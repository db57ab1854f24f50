import { useVirtualizer } from '@tanstack/react-virtual'
import Button from '@mui/material/Button'
import { useCallback, useEffect, useMemo, useRef, useState, type KeyboardEvent } from 'react'
import { useNavigate, useSearchParams } from 'react-router'
import { useClient, useQuery } from 'urql'
import { Drug } from '../../components/clinical/drug'
import { Flags } from '../../components/clinical/flag'
import { flagsOf, isAbnormal, isCritical, ObservationRow, rangeOf, valueOf } from '../../components/clinical/observation'
import { Part, ReadingProvider, useReading } from '../../components/ui/part'
import { Empty } from '../../components/ui/states'
import { useAsOf, useReadAnew } from '../../contexts/patient'
import { graphql, read, type FragmentType } from '../../gql'
import type { TimelinePageFragment } from '../../gql/graphql'
import { useAnnounce } from '../../hooks/use-announce'
import { detailOf, filterVariables, isObservation, kindOf, KINDS, readFilter, rowsOf, startOf, titleOf, whenOf, type Entry, type Filter } from './entry'
import css from './timeline.module.css'

export const TimelinePage = graphql(`
  fragment TimelinePage on TimelineConnection {
    nodes {
      kind begins title
      node {
        __typename id versionId
        ... on Observation { effectivePeriod { start end } components { referenceRanges { low { value } high { value } text } } ...ObservationRow effectiveAt category { codings { code } } }
        ... on Encounter { encounterStatus: status class { code display } period { start end } reasons { text } }
        ... on Condition { conditionStatus: clinicalStatus conditionVerification: verificationStatus onsetAt onsetText }
        ... on AllergyIntolerance { allergyStatus: clinicalStatus allergyVerification: verificationStatus allergyOnset: onsetAt recordedAt }
        ... on DiagnosticReport { reportStatus: status effectiveAt effectivePeriod { start end } conclusion }
        ... on Procedure { procedureStatus: status performedAt performedPeriod { start end } }
        ... on Immunization { immunizationStatus: status occurredAt }
        ... on MedicationRequest { requestStatus: status dosageText authoredOn }
        ... on MedicationStatement { statementStatus: status dosageText effectiveAt effectivePeriod { start end } assertedAt }
        ... on ClinicalDocument { documentStatus: status documentDate: date authors { display } }
        ... on CarePlan { planStatus: status planPeriod: period { start end } }
        ... on Goal { goalStatus: status startDate }
        ... on Appointment { appointmentStatus: status start }
      }
    }
    pageInfo { hasNextPage endCursor }
    omitted
  }
`)
export const TimelineRecord = graphql(`
  fragment TimelineRecord on Patient { birthDate timeline(first: 30, kinds: $kinds, date: $date) { ...TimelinePage } }
`)
const MoreTimeline = graphql(`
  query MoreTimeline($id: ID!, $after: String, $kinds: [TimelineKind!], $date: DateRange, $asOf: Instant) {
    patient(id: $id, asOf: $asOf) { id timeline(first: 40, after: $after, kinds: $kinds, date: $date) { ...TimelinePage } }
  }
`)

/** Everything with a place in time as one list, by kind and from any year on. `opened` is the filter that the screen was read with. */
export function TimelineView({ of, patientId, opened, tab }: { of: FragmentType<typeof TimelineRecord> | undefined; patientId: string; opened: Filter; tab: (name: (typeof KINDS)[number][3]) => string }) {
  const [query, setQuery] = useSearchParams()
  const filter = readFilter(query)
  const record = read(TimelineRecord, of)
  const set = (name: string, value: string) => setQuery((before) => {
    const next = new URLSearchParams(before)
    if (value) next.set(name, value)
    else next.delete(name)
    return next
  }, { replace: true })
  const toggle = (kind: (typeof KINDS)[number][0]) => {
    const kinds = filter.kinds.includes(kind) ? filter.kinds.filter((k) => k !== kind) : [...filter.kinds, kind]
    set('kinds', kinds.map((k) => k.toLowerCase()).join(','))
  }
  const [newest] = useState(() => new Date().getFullYear() + 1)
  const oldest = Math.min(filter.year ?? newest, Number(record?.birthDate?.slice(0, 4)) || newest - 120)
  const key = JSON.stringify(filter)
  return (
    <div className={css.view}>
      <aside className={css.filter} aria-label="Filter">
        <label htmlFor="timeline-year">Go to</label>
        <select id="timeline-year" value={filter.year ?? ''} onChange={(e) => set('year', e.target.value)}>
          <option value="">Newest</option>
          {Array.from({ length: newest - oldest + 1 }, (_, i) => newest - i).map((year) => <option key={year} value={year}>{year}</option>)}
        </select>
        <fieldset>
          <legend>Kinds</legend>
          {KINDS.map(([kind, , many]) => <label key={kind}><input type="checkbox" checked={filter.kinds.includes(kind)} onChange={() => toggle(kind)} /> {many}</label>)}
        </fieldset>
        {filter.kinds.length > 0 ? <Button variant="outlined" onClick={() => set('kinds', '')}>All kinds</Button> : <p>None is ticked: all kinds are shown.</p>}
      </aside>
      {key === JSON.stringify(opened)
        ? <Part of={record?.timeline} name="timeline" what="Timeline" rows={12}>{(first) => <Entries key={key} first={read(TimelinePage, first)} patientId={patientId} filter={filter} tab={tab} />}</Part>
        : <Filtered key={key} patientId={patientId} filter={filter} tab={tab} />}
    </div>
  )
}

interface Shown { patientId: string; filter: Filter; tab: (name: (typeof KINDS)[number][3]) => string }

/** The list under another filter than the screen was read with: only the list is read, not the screen again. */
function Filtered(shown: Shown) {
  const asOf = useAsOf()
  const [{ data, fetching, error }, again] = useQuery({ query: MoreTimeline, variables: { id: shown.patientId, after: null, asOf, ...filterVariables(shown.filter) }, requestPolicy: 'network-only' })
  const retry = useCallback(() => again({ requestPolicy: 'network-only' }), [again])
  useReadAnew(retry)
  const reading = useReading(fetching && !data, error, retry)
  return (
    <ReadingProvider value={reading}>
      <Part of={data?.patient?.timeline} name="timeline" what="Timeline" rows={12}>{(first) => <Entries first={read(TimelinePage, first)} {...shown} />}</Part>
    </ReadingProvider>
  )
}

/** The same entries in the same versions. */
const same = (a: TimelinePageFragment, b: TimelinePageFragment): boolean => a.nodes.length === b.nodes.length && a.nodes.every(({ node }, i) => b.nodes[i]?.node.id === node.id && b.nodes[i]?.node.versionId === node.versionId)

function Entries({ first, patientId, filter, tab }: { first: TimelinePageFragment } & Shown) {
  const client = useClient()
  const navigate = useNavigate()
  const announce = useAnnounce()
  const asOf = useAsOf()
  const scroller = useRef<HTMLDivElement>(null)
  const following = useRef<string | null>(null)
  const [list, setList] = useState({ base: first, pages: [first], failed: false })
  const [now] = useState(() => (asOf ? Date.parse(asOf) : Date.now()))
  const [active, setActive] = useState(() => startOf(rowsOf(first.nodes, now)))
  // What is read stands still while one reads it; news wait behind a button.
  const news = list.base !== first && !same(list.base, first)
  const entries = useMemo(() => list.pages.flatMap((page) => page.nodes), [list.pages])
  const rows = useMemo(() => rowsOf(entries, now), [entries, now])
  const last = list.pages.at(-1)
  const next = last?.pageInfo.hasNextPage ? last.pageInfo.endCursor ?? null : null

  const more = useCallback(async () => {
    if (!next || following.current === next) return
    following.current = next
    const { data } = await client.query(MoreTimeline, { id: patientId, after: next, asOf, ...filterVariables(filter) }, { requestPolicy: 'network-only' }).toPromise()
    following.current = null
    const page = read(TimelinePage, data?.patient?.timeline)
    setList((before) => (before.pages.at(-1)?.pageInfo.endCursor !== next ? before : page ? { ...before, pages: [...before.pages, page], failed: false } : { ...before, failed: true }))
  }, [client, patientId, asOf, filter, next])

  const virtual = useVirtualizer({ count: rows.length, getScrollElement: () => scroller.current, estimateSize: () => 36, overscan: 12 })
  const drawn = virtual.getVirtualItems()
  const lastDrawn = drawn.at(-1)?.index ?? 0
  useEffect(() => { if (next && !list.failed && lastDrawn >= rows.length - 60) void more() }, [lastDrawn, rows.length, next, list.failed, more])

  const go = (to: number, step: 1 | -1) => {
    let at = Math.max(0, Math.min(rows.length - 1, to))
    // A head is no place to stay.
    const there = rows[at]
    if (there && 'head' in there) at = Math.max(0, Math.min(rows.length - 1, at + (at === 0 ? 1 : step)))
    setActive(at)
    virtual.scrollToIndex(at)
  }
  const open = (entry: Entry | undefined) => { if (entry) void navigate(tab(isVital(entry) ? 'vitals' : kindOf(entry.kind)?.[3] ?? 'encounters')) }
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
  const readAgain = () => {
    setList({ base: first, pages: [first], failed: false })
    setActive(startOf(rowsOf(first.nodes, now)))
    scroller.current?.scrollTo({ top: 0 })
    announce('The timeline is read again')
  }
  return (
    <div className={css.main}>
      {news && <p className={css.news} role="status">The record has changed since this was read. <Button variant="outlined" onClick={readAgain}>Show what is new</Button></p>}
      {rows.length === 0 ? <Empty>{filter.kinds.length > 0 || filter.year !== null ? 'Nothing with a date is recorded that the filter lets through.' : 'Nothing is recorded.'}</Empty> : (
        <div ref={scroller} role="grid" aria-label="Timeline" aria-rowcount={next ? -1 : rows.length} tabIndex={0} className={css.list} onKeyDown={keys} aria-activedescendant={drawn.some((d) => d.index === active) ? `timeline-${active}` : undefined}>
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
      )}
      <footer className={css.foot}>
        <span>{entries.length} loaded{next ? ', more below' : ', that is all'}{filter.year !== null && '. Later entries and those without a date are left out'}</span>
        {list.failed && <span role="alert" className={css.failed}>Earlier entries could not be loaded. <Button variant="outlined" onClick={() => { setList((before) => ({ ...before, failed: false })) }}>Try again</Button></span>}
        {first.omitted.length > 0 && <span>You may not see: {first.omitted.map((kind) => kindOf(kind)?.[2] ?? kind).join(', ').toLowerCase()}</span>}
        <span className={css.hints}><kbd>↑</kbd> <kbd>↓</kbd> move · <kbd>Enter</kbd> open where it belongs</span>
      </footer>
    </div>
  )
}

const isVital = ({ node }: Entry): boolean => isObservation(node) && node.category.some((c) => c.codings.some((k) => k.code === 'vital-signs'))

function EntryCells({ of }: { of: Entry }) {
  const { state, text, wrong } = detailOf(of)
  const title = titleOf(of)
  const row = isObservation(of.node) ? read(ObservationRow, of.node) : null
  const value = row && valueOf(row)
  const range = row && isObservation(of.node) ? rangeOf(row, of.node.components) : ''
  return (
    <>
      <span role="gridcell" className={css.when}>{whenOf(of)}</span>
      <span role="gridcell" className={css.kind}>{kindOf(of.kind)?.[1]}</span>
      <span role="gridcell">
        <strong>{wrong || row?.status === 'ENTERED_IN_ERROR' ? <s><Drug of={title} /></s> : <Drug of={title} />}</strong>
        {row && value && <span className={css.value}> <span className={isCritical(row) ? css.critical : isAbnormal(row) ? css.abnormal : undefined}>{value.text}</span> {value.unit} <Flags of={flagsOf(row)} />{range && <small> ({range})</small>}{row.status && row.status !== 'FINAL' && <small> {row.status.toLowerCase().replaceAll('_', ' ')}</small>}</span>}
        {state && <small className={css.state}>{state}</small>}
        {text && <small> {text}</small>}
      </span>
    </>
  )
}
