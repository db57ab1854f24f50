import Button from '@mui/material/Button'
import Dialog from '@mui/material/Dialog'
import DialogActions from '@mui/material/DialogActions'
import DialogContent from '@mui/material/DialogContent'
import DialogTitle from '@mui/material/DialogTitle'
import { useEffect, useId, useState } from 'react'
import { useClient, type Client } from 'urql'
import { writer } from '../../components/act/versions'
import { Dates } from '../../components/ui/dates'
import { Empty, Loading, NotLoaded } from '../../components/ui/states'
import { useHold } from '../../contexts/live'
import { useAsOf, useOpenChart } from '../../contexts/patient'
import { useSession } from '../../contexts/session'
import { graphql } from '../../gql'
import { formatDateTime } from '../../lib/date'
import { isJson } from '../../lib/fhir'
import { maySeeMakers } from '../../lib/permissions'
import { makersOf, type Maker } from '../../lib/provenance'
import { difference } from '../../lib/difference'
import css from './notes.module.css'
import { paired, partsAt, type Version } from './versions'

const NoteVersions = graphql(`
  query NoteVersions($id: ID!) { node(id: $id) { id ... on Note { history(first: 100) { nodes { versionId at by fhir } pageInfo { hasNextPage } } } } }
`)

export interface Document { id: string; title: string }
interface Read { versions: Version[]; cut: boolean }

/** The versions of a note and of its addenda, in the order in which they were written. */
async function readVersions(client: Client, documents: readonly Document[], told: boolean): Promise<Read | 'failed'> {
  const note = documents[0]?.id
  const histories = await Promise.all(documents.map(async ({ id, title }) => {
    const [{ data }, makers] = await Promise.all([client.query(NoteVersions, { id }, { requestPolicy: 'network-only' }).toPromise(), told ? makersOf(id) : new Map<string, Maker>()])
    const history = data?.node && 'history' in data.node ? data.node.history : null
    return history && {
      cut: history.pageInfo.hasNextPage,
      versions: history.nodes.flatMap((v): Version[] => (isJson(v.fhir) ? [{ document: id, version: v.versionId, at: v.at, told: `${id === note ? 'Version' : `${title}, version`} ${v.versionId}, ${formatDateTime(v.at)}, ${writer(makers.get(v.versionId), v.by)}`, reason: makers.get(v.versionId)?.reason, fhir: v.fhir }] : [])),
    }
  }))
  if (histories.some((h) => !h)) return 'failed'
  return {
    versions: histories.flatMap((h) => h?.versions ?? []).sort((a, b) => Date.parse(a.at) - Date.parse(b.at) || Number(b.document === note) - Number(a.document === note)),
    cut: histories.some((h) => h?.cut),
  }
}

/** Two versions of a note beside each other, section by section, with its addenda: what was put in and what was taken out, as words. */
export function CompareDialog({ documents, onClose }: { documents: readonly Document[]; onClose: () => void }) {
  const chart = useOpenChart()
  useHold()
  const title = documents[0]?.title ?? 'Note'
  return (
    <Dialog open onClose={onClose} aria-labelledby="versions" fullWidth maxWidth="md">
      <DialogTitle id="versions">Versions: {title}</DialogTitle>
      {chart && <p className={css.whose}><Dates of={chart.line} /></p>}
      <DialogContent tabIndex={0}><Compare documents={documents} /></DialogContent>
      <DialogActions><Button variant="contained" onClick={onClose}>Close</Button></DialogActions>
    </Dialog>
  )
}

function Compare({ documents: opened }: { documents: readonly Document[] }) {
  const [documents] = useState(opened)
  const client = useClient()
  const asOf = useAsOf()
  const told = maySeeMakers(useSession().session)
  const id = useId()
  const [read, setRead] = useState<Read | 'loading' | 'failed'>('loading')
  const [chosen, setChosen] = useState<{ before: number; after: number } | null>(null)
  useEffect(() => {
    let current = true
    void readVersions(client, documents, told).then((found) => { if (current) setRead(found) })
    return () => { current = false }
  }, [client, documents, told])
  if (read === 'loading') return <Loading rows={4} label="versions" />
  if (read === 'failed') return <NotLoaded what="Versions" onRetry={() => { setRead('loading'); void readVersions(client, documents, told).then(setRead) }} />
  // In a chart of the past nothing is told of what came after it.
  const versions = read.versions.filter((v) => !asOf || Date.parse(v.at) <= Date.parse(asOf))
  const last = versions.length - 1
  if (last < 0) return <Empty>No version can be shown.</Empty>
  const { before, after } = chosen ?? { before: Math.max(0, last - 1), after: last }
  const parts = paired(partsAt(versions, before), partsAt(versions, after)).map((p) => ({ ...p, runs: difference(p.before, p.after) }))
  const changed = parts.filter((p) => p.runs.some((r) => r.kind !== 'same'))
  const choice = (name: 'before' | 'after', label: string) => (
    <div>
      <label htmlFor={`${id}${name}`}>{label}</label>
      <select id={`${id}${name}`} value={name === 'before' ? before : after} onChange={(e) => setChosen({ before, after, [name]: Number(e.target.value) })}>
        {versions.map((v, i) => <option key={`${v.document} ${v.version}`} value={i}>{v.told}</option>)}
      </select>
    </div>
  )
  return (
    <div className={css.compare}>
      <div className={css.choose}>{choice('before', 'From')}{choice('after', 'To')}</div>
      <p className={css.legend}><ins><span aria-hidden>+</span>put in</ins> <del><span aria-hidden>−</span>taken out</del>. A change of spaces or line ends alone is not shown.{read.cut ? ' The newest 100 versions of each are listed.' : ''}</p>
      {versions[after]?.reason && <p>Reason: {versions[after].reason}</p>}
      {last === 0 && <Empty>There is one version only.</Empty>}
      {last > 0 && before === after && <Empty>This is one and the same version; choose another beside it.</Empty>}
      {before > after && <p className={css.legend} role="status">The first is the later one: what was put in since then reads as taken out.</p>}
      <p role="status" className={css.legend}>{changed.length === 0 ? 'No words differ.' : `${changed.length} of ${parts.length} parts differ.`}</p>
      {parts.map((p, i) => (changed.includes(p) ? (
        <section key={i} aria-label={p.title}>
          <h3>{p.title}</h3>
          <p>
            {p.runs.map((r, at) => (
              r.kind === 'same' ? <span key={at}>{r.text}</span>
                : r.kind === 'in' ? <ins key={at}><span className="visually-hidden">Put in: </span><span aria-hidden>+</span>{r.text}<span className="visually-hidden"> (end)</span></ins>
                : <del key={at}><span className="visually-hidden">Taken out: </span><span aria-hidden>−</span>{r.text}<span className="visually-hidden"> (end)</span></del>
            ))}
          </p>
        </section>
      ) : <details key={i}><summary>{p.title}: as before</summary><p>{p.after || 'Says nothing.'}</p></details>))}
    </div>
  )
}
