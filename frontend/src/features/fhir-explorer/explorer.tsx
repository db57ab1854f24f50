import AddOutlined from '@mui/icons-material/AddOutlined'
import CloseOutlined from '@mui/icons-material/CloseOutlined'
import Button from '@mui/material/Button'
import IconButton from '@mui/material/IconButton'
import NativeSelect from '@mui/material/NativeSelect'
import OutlinedInput from '@mui/material/OutlinedInput'
import { Fragment, useEffect, useRef, useState, type FormEvent } from 'react'
import { useSearchParams } from 'react-router'
import { Moment } from '../../components/ui/moment'
import { NotPermitted } from '../../components/ui/part'
import { RecordTable } from '../../components/ui/record-table'
import { Empty, Loading, NotLoaded } from '../../components/ui/states'
import { useAnnounce } from '../../hooks/use-announce'
import { fhirCounts, fhirRead, items, isJson, linkTo, numberAt, servedTypes, textAt, type FhirFailure, type Json, type ServedType, type TypeCount } from '../../lib/fhir'
import { formatDecimal } from '../../lib/quantity'
import css from './explorer.module.css'
import { Resource } from './resource'

interface Criterion { key: number; name: string; value: string }
interface Page { rows: Json[]; total: number | null; next: string | null }
type Found = { state: 'none' } | { state: 'loading' } | { state: 'failed'; failure: FhirFailure } | ({ state: 'found'; path: string } & Page)

const HINTS: Record<string, string> = {
  token: 'code, or system|code', date: '2026-11-28, ge2026-01-01', string: 'beginning of the text', reference: 'Patient/id', quantity: '5.4|http://unitsofmeasure.org|mg', number: '3, gt3', uri: 'https://…', composite: 'one$two',
}

const pageOf = (bundle: Json): Page => ({
  rows: items(bundle.entry).flatMap((entry) => (isJson(entry.resource) ? [entry.resource] : [])),
  total: numberAt(bundle, 'total'),
  next: linkTo(bundle, 'next'),
})

/** Any resource type by FHIR search, with one's own rights: what was sent, what came, each document and its history. Criteria stay out of the address. */
export function ExplorerView() {
  const announce = useAnnounce()
  const [query, setQuery] = useSearchParams()
  const [types, setTypes] = useState<ServedType[] | 'loading' | 'failed'>('loading')
  const [criteria, setCriteria] = useState<Criterion[]>([])
  const [found, setFound] = useState<Found>({ state: 'none' })
  const [open, setOpen] = useState<Json | null>(null)
  /** Which question the page waits for; an answer to an earlier one is dropped. */
  const asking = useRef(0)
  const type = query.get('type') ?? 'Patient'

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

  const parameters = Array.isArray(types) ? types.find((t) => t.type === type)?.parameters ?? [] : []
  const asked = criteria.filter((c) => c.name && c.value)
  const path = `${type}?${asked.map((c) => `${encodeURIComponent(c.name)}=${encodeURIComponent(c.value)}&`).join('')}_count=20&_total=accurate`

  const search = async (event?: FormEvent) => {
    event?.preventDefault()
    setOpen(null)
    setFound({ state: 'loading' })
    const mine = (asking.current += 1)
    const answer = await fhirRead(path)
    if (asking.current !== mine) return
    if ('failure' in answer) { setFound({ state: 'failed', failure: answer.failure }); return }
    const page = pageOf(answer.body)
    setFound({ state: 'found', path, ...page })
    announce(`${page.total ?? page.rows.length} found`)
  }
  const more = async (next: string) => {
    const mine = asking.current
    const answer = await fhirRead(next)
    if (asking.current !== mine) return
    if ('failure' in answer) { setFound({ state: 'failed', failure: answer.failure }); return }
    const page = pageOf(answer.body)
    setFound((before) => (before.state === 'found' && before.next === next ? { ...before, rows: [...before.rows, ...page.rows], next: page.next } : before))
  }
  const choose = (name: string) => {
    asking.current += 1
    setQuery({ type: name }, { replace: true })
    setCriteria([])
    setFound({ state: 'none' })
    setOpen(null)
  }
  const set = (key: number, change: Partial<Criterion>) => setCriteria((all) => all.map((c) => (c.key === key ? { ...c, ...change } : c)))

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
          <form className={css.form} onSubmit={(event) => { void search(event) }}>
            <h2>{type}</h2>
            {criteria.map((c, i) => {
              const kind = parameters.find((p) => p.name === c.name)?.type ?? ''
              return (
                <div key={c.key} className={css.criterion}>
                  <NativeSelect value={c.name} onChange={(e) => set(c.key, { name: e.target.value })} inputProps={{ 'aria-label': `Parameter ${i + 1}` }}>
                    {parameters.map((p) => <option key={p.name} value={p.name}>{`${p.name} (${p.type})`}</option>)}
                  </NativeSelect>
                  <OutlinedInput value={c.value} onChange={(e) => set(c.key, { value: e.target.value })} placeholder={HINTS[kind] ?? ''} inputProps={{ 'aria-label': `Value ${i + 1}` }} />
                  <IconButton aria-label={`Remove ${c.name}`} onClick={() => setCriteria((all) => all.filter((one) => one.key !== c.key))}><CloseOutlined fontSize="small" /></IconButton>
                </div>
              )
            })}
            <div className={css.acts}>
              <Button variant="outlined" startIcon={<AddOutlined />} disabled={parameters.length === 0} onClick={() => setCriteria((all) => [...all, { key: (all[all.length - 1]?.key ?? 0) + 1, name: parameters.find((p) => !p.name.startsWith('_'))?.name ?? parameters[0]?.name ?? '', value: '' }])}>Add a criterion</Button>
              <Button variant="contained" type="submit">Search</Button>
            </div>
            <p className={css.request}><span>GET</span> <code>{`/fhir/R4/${path}`}</code></p>
          </form>
          {found.state === 'none' ? <Empty>Nothing is searched for yet. Without a criterion, Search shows every {type} that you may see.</Empty>
            : found.state === 'loading' ? <Loading rows={8} label="resources" />
            : found.state === 'failed' ? found.failure.status === 403 ? <NotPermitted what={type} /> : <Refused failure={found.failure} />
            : found.state === 'found' && (
              <>
                <p className={css.count}>{found.rows.length} of {found.total ?? 'an unknown number'} shown</p>
                {found.rows.length === 0 ? <Empty>Nothing fits the criteria.</Empty> : (
                  <RecordTable label={type} columns={['Id', 'Says', 'Version', 'Last changed']}>
                    {found.rows.map((r) => {
                      const meta = isJson(r.meta) ? r.meta : {}
                      return (
                        <tr key={`${textAt(r, 'resourceType')}/${textAt(r, 'id')}`}>
                          <th scope="row"><button type="button" className={css.link} onClick={() => setOpen(r)}>{textAt(r, 'id')}</button></th>
                          <td>{says(r)}</td>
                          <td>{textAt(meta, 'versionId')}</td>
                          <td><Moment at={textAt(meta, 'lastUpdated')} /></td>
                        </tr>
                      )
                    })}
                  </RecordTable>
                )}
                {found.next && <p className={css.count}><Button variant="outlined" onClick={() => { if (found.next) void more(found.next) }}>Load more</Button></p>}
              </>
            )}
        </div>
        {open && <Resource key={`${textAt(open, 'resourceType')}/${textAt(open, 'id')}`} of={open} onClose={() => setOpen(null)} />}
      </div>
    </main>
  )
}

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

function Refused({ failure }: { failure: FhirFailure }) {
  return (
    <div className={css.refused} role="alert">
      <strong>{failure.status >= 400 && failure.status < 500 ? 'The server refused this search.' : 'The search could not be carried out.'}</strong>
      <ul>{failure.messages.map((text) => <li key={text}>{text}</li>)}</ul>
    </div>
  )
}

/** A few words by which people know a resource: its name, code or kind. */
function says(resource: Json): string {
  const concept = (value: unknown): string => (isJson(value) ? textAt(value, 'text') || textAt(items(value.coding)[0], 'display') || textAt(items(value.coding)[0], 'code') : '')
  const name = items(resource.name)[0]
  if (name) return [textAt(name, 'family'), Array.isArray(name.given) ? name.given.map(String).join(' ') : ''].filter(Boolean).join(', ') || textAt(name, 'text')
  if (typeof resource.name === 'string') return resource.name
  return ['code', 'medicationCodeableConcept', 'vaccineCode', 'type', 'category', 'class'].map((at) => concept(Array.isArray(resource[at]) ? items(resource[at])[0] : resource[at])).find(Boolean) ?? textAt(resource, 'title')
}
