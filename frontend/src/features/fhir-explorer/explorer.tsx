import Button from '@mui/material/Button'
import OutlinedInput from '@mui/material/OutlinedInput'
import { Fragment, useEffect, useRef, useState } from 'react'
import { useSearchParams } from 'react-router'
import { NotPermitted } from '../../components/ui/part'
import { Empty, Loading, NotLoaded } from '../../components/ui/states'
import { useSession } from '../../contexts/session'
import { useAnnounce } from '../../hooks/use-announce'
import { fhirCounts, fhirRead, foundPage, isJson, items, servedTypes, textAt, type FhirFailure, type FoundPage, type Json, type ServedType, type TypeCount } from '../../lib/fhir'
import { mayExplore } from '../../lib/permissions'
import { formatDecimal } from '../../lib/quantity'
import { Builder } from './builder'
import css from './explorer.module.css'
import { emptySearch, writeSearch, type Search } from './query'
import { Resource, type ResourceViewName } from './resource'
import { placeOf, Refused, Results } from './results'

type Found = { state: 'none' } | { state: 'loading' } | { state: 'failed'; failure: FhirFailure } | { state: 'found'; path: string; pages: readonly FoundPage[]; busy: boolean; stopped: boolean }

/** Any resource type by FHIR search, with one's own rights: what was sent, what came, each document and its history. What is asked for stays out of the address. */
export function ExplorerView() {
  const announce = useAnnounce()
  const { session, config } = useSession()
  // Others may not send documents of their own to the GraphQL door.
  const explores = mayExplore(session, config)
  const [query, setQuery] = useSearchParams()
  const [types, setTypes] = useState<ServedType[] | 'loading' | 'failed'>('loading')
  const type = query.get('type') ?? 'Patient'
  const [kept, setSearch] = useState<Search>(() => emptySearch(type))
  const [found, setFound] = useState<Found>({ state: 'none' })
  /** The documents that were opened one from another, the one that is shown last. */
  const [opened, setOpened] = useState<readonly Json[]>([])
  const [view, setView] = useState<ResourceViewName>('elements')
  const [told, setTold] = useState('')
  /** What the keyboard comes back to when a document is closed. */
  const from = useRef<Element | null>(null)
  /** Which question the page waits for; an answer to an earlier one is dropped. */
  const asking = useRef(0)
  const served = Array.isArray(types) ? types : []
  const search = kept.type === type ? kept : emptySearch(type)

  const load = async () => {
    setTypes('loading')
    const answer = await fhirRead('metadata')
    setTypes('body' in answer ? servedTypes(answer.body) : 'failed')
  }
  useEffect(() => {
    let current = true
    void fhirRead('metadata').then((answer) => { if (current) setTypes('body' in answer ? servedTypes(answer.body) : 'failed') })
    return () => { current = false }
  }, [])

  /** Which document is being read; one that comes too late is dropped. */
  const following = useRef('')
  const setOpen = (of: Json | null) => {
    if (of && opened.length === 0) from.current = document.activeElement
    following.current = ''
    setTold('')
    setOpened(of ? [of] : [])
  }
  const openRow = async (row: Json) => {
    setOpen(row)
    if (!isPart(row)) return
    // A search may ask for a part of each; what is opened is the whole.
    const place = (following.current = placeOf(row))
    setTold('Only a part of it was asked for. The whole is being read …')
    const answer = await fhirRead(place)
    if (following.current !== place) return
    setTold('failure' in answer ? 'Only a part of it is shown: the whole could not be read.' : '')
    if ('body' in answer) setOpened([answer.body])
  }
  const close = () => {
    setOpen(null)
    if (from.current instanceof HTMLElement) from.current.focus()
  }
  const follow = async (place: string) => {
    following.current = place
    setTold('')
    const answer = await fhirRead(place)
    if (following.current !== place) return
    if ('failure' in answer) { setTold(answer.failure.status === 0 ? `${place} could not be read.` : `${place} is not here, or not to be seen.`); return }
    setOpened((before) => [...before, answer.body])
  }
  const open = opened.at(-1)
  const run = async (what: Search) => {
    const path = writeSearch(what, served)
    setOpen(null)
    setFound({ state: 'loading' })
    const mine = (asking.current += 1)
    const answer = await fhirRead(path)
    if (asking.current !== mine) return
    if ('failure' in answer) { setFound({ state: 'failed', failure: answer.failure }); return }
    const page = foundPage(answer.body)
    setFound({ state: 'found', path, pages: [page], busy: false, stopped: false })
    announce(`${page.total ?? page.matches.length} found${page.included.length > 0 ? `, ${page.included.length} included` : ''}`)
  }
  const more = async (next: string) => {
    const mine = asking.current
    const isOf = (before: Found) => before.state === 'found' && before.pages.at(-1)?.next === next
    setFound((before) => (before.state === 'found' ? { ...before, busy: true, stopped: false } : before))
    const answer = await fhirRead(next)
    if (asking.current !== mine) return
    if ('failure' in answer) { setFound((before) => (before.state === 'found' ? { ...before, busy: false, stopped: true } : before)); return }
    const page = foundPage(answer.body)
    setFound((before) => (before.state === 'found' && isOf(before) ? { ...before, pages: [...before.pages, page], busy: false } : before))
    announce(`${page.matches.length} more`)
  }
  const forget = () => { asking.current += 1; setFound({ state: 'none' }); setOpen(null) }
  const choose = (name: string) => {
    forget()
    setSearch(emptySearch(name))
    setQuery({ type: name }, { replace: true })
  }
  const change = (next: Search) => {
    if (next.type !== type) { forget(); setQuery({ type: next.type }, { replace: true }) }
    setSearch(next)
  }
  const next = found.state === 'found' ? found.pages.at(-1)?.next ?? null : null
  return (
    <main className={css.view}>
      <header className={css.head}><h1>FHIR explorer</h1><p>FHIR R4 by search, with your own rights. Nothing is changed here.</p></header>
      <div className={open ? css.three : css.two}>
        <nav className={css.types} aria-label="Resource types" tabIndex={-1}>
          {types === 'loading' ? <Loading rows={8} label="types" />
            : types === 'failed' ? <NotLoaded what="Types" onRetry={() => { void load() }} />
            : <Types of={types} chosen={type} onChoose={choose} />}
        </nav>
        <div className={css.main} tabIndex={0} role="group" aria-label="Search">
          {types === 'loading' ? <Loading rows={3} label="parameters" /> : types === 'failed' ? <Empty>What can be searched by is not loaded.</Empty>
            : !types.some((one) => one.type === type) ? <Empty>“{type}” is no type that is searched here. Choose one from the list.</Empty>
            : <Builder key={type} search={search} types={types} onChange={change} onSearch={(what) => { void run(what) }} busy={found.state === 'loading'} explores={explores} />}
          {found.state === 'none' ? <Empty>Nothing is searched for yet. Without a condition, Search shows every {type} that you may see.</Empty>
            : found.state === 'loading' ? <Loading rows={8} label="resources" />
            : found.state === 'failed' ? found.failure.status === 403 ? <NotPermitted what={type} /> : <Refused failure={found.failure} />
            : <Results key={found.path} pages={found.pages} label={type} onOpen={(row) => { void openRow(row) }} busy={found.busy} stopped={found.stopped} onMore={next ? () => { void more(next) } : null} />}
        </div>
        {open && (
          <Resource
            key={`${opened.length} ${placeOf(open)}`} of={open} explores={explores} view={view} onView={setView} told={told} onFollow={(place) => { void follow(place) }} onClose={close}
            onBack={opened.length > 1 ? () => { setTold(''); setOpened((before) => before.slice(0, -1)) } : null}
          />
        )}
      </div>
    </main>
  )
}

/** Whether a document is marked as a part of what is on record. Source: FHIR R4 search, `_summary` and `_elements`. */
const isPart = (of: Json): boolean => isJson(of.meta) && items(of.meta.tag).some((tag) => textAt(tag, 'code') === 'SUBSETTED')

/** The chosen type is seen in its long list, also where an address has chosen it. */
const inView = (button: HTMLElement | null) => button?.scrollIntoView({ block: 'nearest' })

/** Every type that is served, with how many records of it one sees. They are counted when the list stands, and it is of use without. */
function Types({ of: types, chosen, onChoose }: { of: readonly ServedType[]; chosen: string; onChoose: (type: string) => void }) {
  const [find, setFind] = useState('')
  const [only, setOnly] = useState(false)
  const [counts, setCounts] = useState<ReadonlyMap<string, TypeCount> | 'loading' | 'failed'>('loading')
  useEffect(() => {
    if (counts !== 'loading') return undefined
    let current = true
    void fhirCounts(types.map((t) => t.type)).then((found) => { if (current) setCounts(found ?? 'failed') })
    return () => { current = false }
  }, [counts, types])
  const counted = typeof counts === 'object' ? counts : null
  const has = (type: string) => Number(counted?.get(type)) > 0
  const shown = types.filter(({ type }) => type.toLowerCase().includes(find.trim().toLowerCase()) && (!only || !counted || has(type)))
  return (
    <>
      <OutlinedInput value={find} onChange={(e) => setFind(e.target.value)} placeholder="Find a type" inputProps={{ 'aria-label': 'Find a type', type: 'search' }} />
      <label className={css.only}><input type="checkbox" checked={only} disabled={!counted} onChange={(e) => setOnly(e.target.checked)} /> Only types with records</label>
      <p className={css.told} role="status">
        {counted ? `${types.filter((t) => has(t.type)).length} of ${types.length} types have records that you see` : counts === 'loading' ? `${types.length} types, counting their records …` : 'Counts were not loaded.'}
        {counts === 'failed' && <Button variant="text" onClick={() => setCounts('loading')}>Count again</Button>}
      </p>
      {shown.length === 0 ? <Empty>No type fits.</Empty> : (
        <ul>
          {shown.map(({ type }) => (
            <li key={type}>
              <button type="button" ref={type === chosen ? inView : undefined} aria-pressed={type === chosen} aria-describedby={counted ? `count-${type}` : undefined} onClick={() => onChoose(type)}><Humps of={type} /></button>
              {counted && <span id={`count-${type}`}><Count of={counted.get(type)} /></span>}
            </li>
          ))}
        </ul>
      )}
    </>
  )
}

/** A long name breaks before a capital. */
const Humps = ({ of }: { of: string }) => of.split(/(?=[A-Z])/).map((part, i) => <Fragment key={i}>{i > 0 && <wbr />}{part}</Fragment>)

function Count({ of }: { of: TypeCount }) {
  if (of === undefined) return 'not counted'
  return of === 'forbidden' ? 'no access' : <>{formatDecimal(String(of))}<span className="visually-hidden"> records</span></>
}
