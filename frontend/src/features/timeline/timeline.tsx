import Button from '@mui/material/Button'
import OutlinedInput from '@mui/material/OutlinedInput'
import ToggleButton from '@mui/material/ToggleButton'
import ToggleButtonGroup from '@mui/material/ToggleButtonGroup'
import { useCallback, useMemo, useRef, useState } from 'react'
import { useSearchParams } from 'react-router'
import { useClient, useQuery } from 'urql'
import { ConceptField } from '../../components/act/field'
import type { Term } from '../../components/act/catalog'
import { findRecipients } from '../../components/act/people'
import { DateField } from '../../components/ui/date-field'
import { Part, ReadingProvider, useReading } from '../../components/ui/part'
import { Empty } from '../../components/ui/states'
import { useAsOf, useReadAnew } from '../../contexts/patient'
import { graphql, read, type FragmentType } from '../../gql'
import type { TimelinePageFragment } from '../../gql/graphql'
import { useAnnounce } from '../../hooks/use-announce'
import { usePrinting } from '../../hooks/use-print'
import { formatDay, readDate } from '../../lib/date'
import { Axis } from './axis'
import { filterVariables, firstOfPartial, isVital, kindOf, KINDS, readFilter, type Entry, type Filter } from './entry'
import { EntryList, EntryTable } from './list'
import css from './timeline.module.css'

export const TimelinePage = graphql(`
  fragment TimelinePage on TimelineConnection {
    nodes {
      kind begins title
      node {
        __typename id versionId
        ... on Observation { effectivePeriod { start end } components { referenceRanges { low { value } high { value } text } } ...ObservationRow effectiveAt category { codings { code } } }
        ... on Encounter { encounterStatus: status class { code display } period { start end } reasons { text } }
        ... on Condition { conditionStatus: clinicalStatus conditionVerification: verificationStatus onsetAt onsetText abatementAt }
        ... on AllergyIntolerance { allergyStatus: clinicalStatus allergyVerification: verificationStatus allergyOnset: onsetAt recordedAt }
        ... on DiagnosticReport { reportStatus: status effectiveAt effectivePeriod { start end } conclusion }
        ... on Procedure { procedureStatus: status performedAt performedPeriod { start end } }
        ... on Immunization { immunizationStatus: status occurredAt }
        ... on MedicationRequest { requestStatus: status dosageText authoredOn }
        ... on MedicationStatement { statementStatus: status dosageText effectiveAt effectivePeriod { start end } assertedAt }
        ... on MedicationAdministration { administrationStatus: status givenAt givenPeriod { start end } }
        ... on ClinicalDocument { documentStatus: status docStatus documentDate: date authors { display } }
        ... on CarePlan { planStatus: status planPeriod: period { start end } }
        ... on Goal { goalStatus: status startDate }
        ... on Appointment { appointmentStatus: status start end }
        ... on ServiceRequest { orderStatus: status orderedOn: authoredOn }
        ... on ImagingStudy { studyStatus: status startedAt: started }
        ... on QuestionnaireResponse { responseStatus: status answeredAt: authored }
      }
    }
    pageInfo { hasNextPage endCursor }
    omitted
  }
`)
export const TimelineRecord = graphql(`
  fragment TimelineRecord on Patient { timeline(first: 30, kinds: $kinds, date: $date, text: $text, encounter: $encounter, author: $author) { ...TimelinePage } }
`)
/** Who the timeline was opened for, so that the filter can be named. */
export const TimelineAuthor = graphql(`
  fragment TimelineAuthor on Node { __typename id ... on Practitioner { names { display } } ... on Organization { name } }
`)
const MoreTimeline = graphql(`
  query MoreTimeline($id: ID!, $first: Int!, $after: String, $kinds: [TimelineKind!], $date: DateRange, $text: String, $encounter: ID, $author: ID, $asOf: Instant) {
    patient(id: $id, asOf: $asOf) { id timeline(first: $first, after: $after, kinds: $kinds, date: $date, text: $text, encounter: $encounter, author: $author) { ...TimelinePage } }
  }
`)

type View = 'list' | 'axis'
/** How many are read at a time: an axis shows more of them at once. */
const PAGE: Readonly<Record<View, number>> = { list: 40, axis: 70 }
type Tab = NonNullable<(typeof KINDS)[number][3]>

/** Everything with a place in time, as a list or on an axis, by kind, date, author and words. `opened` is the filter that the screen was read with, `author` the person or house it names; `tab` gives the address of another tab. */
export function TimelineView({ of, author, patientId, opened, tab }: { of: FragmentType<typeof TimelineRecord> | undefined; author: FragmentType<typeof TimelineAuthor> | null | undefined; patientId: string; opened: Filter; tab: (name: Tab) => string }) {
  const [query, setQuery] = useSearchParams()
  const filter = readFilter(query)
  const view: View = query.get('view') === 'axis' ? 'axis' : 'list'
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
  const asked = JSON.stringify(filterVariables(filter))
  const [chosen, setChosen] = useState<Term | null>(null)
  const one = read(TimelineAuthor, author)
  const known = one?.__typename === 'Practitioner' ? one.names[0]?.display : one?.__typename === 'Organization' ? one.name : null
  const by = filter.author && ((chosen?.id === filter.author ? chosen.text : one?.id === filter.author ? known : null) ?? 'somebody whose name is not recorded')
  const shown = { patientId, filter, by, view, tab, set }
  return (
    <div className={css.view}>
      <aside className={css.filter} aria-label="Filter">
        <ToggleButtonGroup exclusive size="small" value={view} onChange={(_, to: View | null) => { if (to) set('view', to === 'axis' ? to : '') }} aria-label="Show as">
          <ToggleButton value="list">List</ToggleButton>
          <ToggleButton value="axis">Axis</ToggleButton>
        </ToggleButtonGroup>
        <Limit name="From" value={filter.from} set={(to) => set('from', to)} bad={filter.from && filter.to && firstOfPartial(filter.from) > filter.to ? 'It lies after the end.' : undefined} />
        <Limit name="To" value={filter.to} set={(to) => set('to', to)} />
        <Words value={filter.text} set={(to) => set('text', to)} />
        <Author by={by} choose={(term) => { setChosen(term); set('author', term?.id ?? '') }} />
        {filter.encounter && <p className={css.field}>Only what is under one visit. <Button variant="outlined" onClick={() => set('encounter', '')}>All visits</Button></p>}
        <fieldset>
          <legend>Kinds</legend>
          {KINDS.map(([kind, , many]) => <label key={kind}><input type="checkbox" checked={filter.kinds.includes(kind)} onChange={() => toggle(kind)} /> {many}</label>)}
        </fieldset>
        {filter.kinds.length > 0 ? <Button variant="outlined" onClick={() => set('kinds', '')}>All kinds</Button> : <p>None is ticked: all kinds are shown.</p>}
      </aside>
      {asked === JSON.stringify(filterVariables(opened))
        ? <Part of={record?.timeline} name="timeline" what="Timeline" rows={12}>{(first) => <Entries key={asked} first={read(TimelinePage, first)} {...shown} />}</Part>
        : <Filtered key={asked} {...shown} />}
    </div>
  )
}

/** One end of the days that are shown: a year, a month or a day. What cannot be read narrows nothing. */
function Limit({ name, value, set, bad }: { name: string; value: string; set: (to: string) => void; bad?: string | undefined }) {
  const [written, setWritten] = useState<string | null>(null)
  const id = `timeline-${name.toLowerCase()}`
  const put = (to: string) => {
    const readable = !('wrong' in readDate(to, 'partial'))
    setWritten(readable ? null : to)
    if (readable) set(to)
  }
  return <div className={css.field}><label htmlFor={id}>{name}</label><DateField id={id} kind="partial" value={written ?? value} onChange={put} bad={bad} /></div>
}

/** Words to look for: asked for when one has stopped to write. */
function Words({ value, set }: { value: string; set: (to: string) => void }) {
  const [written, setWritten] = useState<string | null>(null)
  const waiting = useRef(0)
  const put = (to: string) => {
    clearTimeout(waiting.current)
    setWritten(null)
    set(to)
  }
  return (
    <div className={css.field}>
      <label htmlFor="timeline-text">Words</label>
      <OutlinedInput
        value={written ?? value} onBlur={() => { if (written !== null) put(written) }} onKeyDown={(e) => { if (e.key === 'Enter' && written !== null) put(written) }}
        onChange={({ target }) => { setWritten(target.value); clearTimeout(waiting.current); waiting.current = window.setTimeout(() => put(target.value), 600) }} inputProps={{ id: 'timeline-text', type: 'search' }}
      />
    </div>
  )
}

/** Whose entries are shown: a clinician or a house, chosen of those on record. */
function Author({ by, choose }: { by: string; choose: (to: Term | null) => void }) {
  const announce = useAnnounce()
  const [written, setWritten] = useState('')
  const [found, setFound] = useState<readonly Term[]>([])
  const put = (to: string, chosen?: true) => {
    const term = chosen && found.find((f) => f.text === to)
    setWritten(term ? '' : to)
    if (!term) return
    choose(term)
    announce(`Only what ${term.text} wrote or did`)
  }
  const all = () => {
    choose(null)
    document.getElementById('timeline-author')?.focus()
    announce('What anybody wrote or did')
  }
  return (
    <div className={css.field}>
      <label htmlFor="timeline-author">Written or done by</label>
      <ConceptField id="timeline-author" aria-describedby="timeline-author-help" spec={AUTHORS} value={written} onChange={put} onSeen={setFound} bad={false} />
      <small id="timeline-author-help">{written.trim() ? 'Not chosen yet: choose one from the list.' : by ? `Only what ${by} wrote or did.` : 'Type a name, then choose one from the list.'}</small>
      {by && <Button variant="outlined" onClick={all}>By anybody</Button>}
    </div>
  )
}
const AUTHORS = { find: findRecipients }

interface Shown { patientId: string; filter: Filter; by: string; view: View; tab: (name: Tab) => string; set: (name: string, value: string) => void }

/** The entries under another filter than the screen was read with: only they are read, not the screen again. */
function Filtered(shown: Shown) {
  const asOf = useAsOf()
  const [first] = useState(PAGE[shown.view])
  const [{ data, fetching, error }, again] = useQuery({ query: MoreTimeline, variables: { id: shown.patientId, first, after: null, asOf, ...filterVariables(shown.filter) }, requestPolicy: 'network-only' })
  const retry = useCallback(() => again({ requestPolicy: 'network-only' }), [again])
  useReadAnew(retry)
  const reading = useReading(fetching && !data, error, retry)
  return (
    <ReadingProvider value={reading}>
      <Part of={data?.patient?.timeline} name="timeline" what="Timeline" rows={12}>{(page) => <Entries first={read(TimelinePage, page)} {...shown} />}</Part>
    </ReadingProvider>
  )
}

/** The same entries in the same versions. */
const same = (a: TimelinePageFragment, b: TimelinePageFragment): boolean => a.nodes.length === b.nodes.length && a.nodes.every(({ node }, i) => b.nodes[i]?.node.id === node.id && b.nodes[i]?.node.versionId === node.versionId)

/** What is loaded, page by page, in either form. */
function Entries({ first, patientId, filter, by, view, tab, set }: { first: TimelinePageFragment } & Shown) {
  const client = useClient()
  const announce = useAnnounce()
  const asOf = useAsOf()
  const printing = usePrinting()
  const following = useRef<string | null>(null)
  const [list, setList] = useState({ base: first, pages: [first], failed: false, read: 0 })
  const [now] = useState(() => (asOf ? Date.parse(asOf) : Date.now()))
  // What is read stands still while one reads it; news wait behind a button.
  const news = list.base !== first && !same(list.base, first)
  const entries = useMemo(() => list.pages.flatMap((page) => page.nodes), [list.pages])
  const last = list.pages.at(-1)
  const next = last?.pageInfo.hasNextPage ? last.pageInfo.endCursor ?? null : null
  const asked = JSON.stringify(filterVariables(filter))

  const more = useCallback(async () => {
    if (!next || following.current === next) return
    following.current = next
    const { data } = await client.query(MoreTimeline, { id: patientId, first: PAGE[view], after: next, asOf, ...JSON.parse(asked) as ReturnType<typeof filterVariables> }, { requestPolicy: 'network-only' }).toPromise()
    following.current = null
    const page = read(TimelinePage, data?.patient?.timeline)
    setList((before) => (before.pages.at(-1)?.pageInfo.endCursor !== next ? before : page ? { ...before, pages: [...before.pages, page], failed: false } : { ...before, failed: true }))
  }, [client, patientId, asOf, asked, next, view])

  const readAgain = () => {
    setList((before) => ({ base: first, pages: [first], failed: false, read: before.read + 1 }))
    announce('The timeline is read again')
  }
  const pathOf = (entry: Entry) => { const home = isVital(entry) ? 'vitals' : kindOf(entry.kind)?.[3]; return home ? `${tab(home)}#${entry.node.id}` : null }
  const dated = entries.flatMap(({ begins }) => begins ?? [])
  const oldest = dated.length > 0 ? dated.reduce((a, b) => (Date.parse(a) < Date.parse(b) ? a : b)) : null
  const newest = dated.length > 0 ? dated.reduce((a, b) => (Date.parse(a) > Date.parse(b) ? a : b)) : null
  const narrowed = filter.kinds.length > 0 || [filter.from, filter.to, filter.text, filter.encounter, filter.author].some(Boolean)
  const span = oldest && newest ? `${formatDay(oldest)} to ${filter.to === '' && Date.parse(newest) <= now ? (asOf ? formatDay(asOf) : 'today') : formatDay(newest)}` : ''
  return (
    <div className={css.main}>
      {news && <p className={css.news} role="status">The record has changed since this was read. <Button variant="outlined" onClick={readAgain}>Show what is new</Button></p>}
      {entries.length === 0 && !next
        ? <Empty>{narrowed ? 'Nothing is recorded that the filter lets through.' : 'Nothing is recorded.'}</Empty>
        : printing && view === 'list' ? <EntryTable of={entries} title="Timeline" />
        : view === 'axis' ? <Axis key={list.read} entries={entries} now={now} oldest={next ? (oldest ? Date.parse(oldest) : now) : null} more={list.failed ? null : more} pathOf={pathOf} under={(encounter) => set('encounter', encounter)} printing={printing} />
        : <EntryList key={list.read} entries={entries} now={now} more={next && !list.failed ? more : null} complete={!next} pathOf={pathOf} />}
      <footer className={css.foot}>
        <span>
          {entries.length} loaded{span && `, ${span}`}{next ? ', more before' : ', that is all'}
          {by && `. Only what ${by} wrote or did`}
          {(filter.from || filter.to) && '. What lies outside of these dates and what has none is left out'}
        </span>
        {next && view === 'axis' && !list.failed && <Button variant="outlined" size="small" onClick={() => { void more() }}>Load more</Button>}
        {list.failed && <span role="alert" className={css.failed}>Earlier entries could not be loaded. <Button variant="outlined" onClick={() => { setList((before) => ({ ...before, failed: false })) }}>Try again</Button></span>}
        {first.omitted.length > 0 && <span>{filter.encounter || filter.author ? `Left out, since these cannot be looked up by ${filter.encounter ? 'visit' : 'author'}, or you may not see them` : 'You may not see'}: {first.omitted.map((kind) => kindOf(kind)?.[2] ?? kind).join(', ').toLowerCase()}</span>}
        <span className={css.hints}>
          {view === 'list' ? <><kbd>↑</kbd> <kbd>↓</kbd> move · <kbd>Enter</kbd> open where it belongs</>
            : <><kbd>←</kbd> <kbd>→</kbd> <kbd>Page</kbd> <kbd>Home</kbd> <kbd>End</kbd> pan · <kbd>+</kbd> <kbd>−</kbd> zoom · <kbd>↑</kbd> <kbd>↓</kbd> entries · <kbd>Enter</kbd> open</>}
        </span>
      </footer>
    </div>
  )
}
