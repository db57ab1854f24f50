import Button from '@mui/material/Button'
import Dialog from '@mui/material/Dialog'
import DialogActions from '@mui/material/DialogActions'
import DialogContent from '@mui/material/DialogContent'
import DialogTitle from '@mui/material/DialogTitle'
import { useEffect, useState } from 'react'
import { useClient, type Client } from 'urql'
import { useHold } from '../../contexts/live'
import { useAsOf, useOpenChart } from '../../contexts/patient'
import { useSession } from '../../contexts/session'
import { graphql } from '../../gql'
import { formatDateTime } from '../../lib/date'
import { differences, fhirRead, isJson, items, textAt, type Json } from '../../lib/fhir'
import { maySeeMakers } from '../../lib/permissions'
import { makersOf, type Maker } from '../../lib/provenance'
import { Dates } from '../ui/dates'
import { Empty, Loading, NotLoaded } from '../ui/states'
import css from './act.module.css'

const WroteVersions = graphql(`
  query WroteVersions($place: ID!) { node(id: $place) { id history(first: 100) { nodes { versionId by } } } }
`)

/** `accounts`: the log-in name that wrote each version, null where the audit has no trace of it; without it they could not be read. */
export interface Read { versions: Json[]; makers: ReadonlyMap<string, Maker>; accounts: ReadonlyMap<string, string | null> | undefined }

/** The versions of a record as they were stored, newest first, with who made them. `told`: whether provenance may be read. */
export async function readVersions(client: Client, place: string, told: boolean): Promise<Read | 'failed'> {
  const [answer, makers, { data }] = await Promise.all([
    fhirRead(`${place}/_history?_count=100`), told ? makersOf(place) : new Map<string, Maker>(), client.query(WroteVersions, { place }, { requestPolicy: 'network-only' }).toPromise(),
  ])
  const wrote = data?.node?.history?.nodes
  return 'body' in answer ? { versions: items(answer.body.entry).flatMap((e) => (isJson(e.resource) ? [e.resource] : [])), makers, accounts: wrote && new Map(wrote.map((v) => [v.versionId, v.by])) } : 'failed'
}

/** Who wrote a version: the person whom the record names, and the account by its log-in name. */
export function writer(maker: Maker | undefined, account: string | null | undefined): string {
  if (maker?.who) return `by ${maker.who}${account ? ` (log-in name ${account})` : ''}`
  return account ? `by ${account} (log-in name)` : account === null ? 'by whom is not in the audit' : 'by whom is not loaded'
}

export const meta = (version: Json | undefined): Json => (isJson(version?.meta) ? version.meta : {})
const bare = (version: Json) => ({ ...version, meta: { ...meta(version), versionId: undefined, lastUpdated: undefined } })

/** How a record came to be as it is: every version with who made it, why, and what it changed. */
export function Versions({ place }: { place: string }) {
  const [read, setRead] = useState<Read | 'loading' | 'failed'>('loading')
  const asOf = useAsOf()
  const client = useClient()
  const told = maySeeMakers(useSession().session)
  useEffect(() => {
    let current = true
    void readVersions(client, place, told).then((found) => { if (current) setRead(found) })
    return () => { current = false }
  }, [client, place, told])
  if (read === 'loading') return <Loading rows={3} label="history" />
  if (read === 'failed') return <NotLoaded what="History" onRetry={() => { setRead('loading'); void readVersions(client, place, told).then(setRead) }} />
  // In a chart of the past nothing is told of what came after it.
  const versions = read.versions.filter((v) => !asOf || Date.parse(textAt(meta(v), 'lastUpdated')) <= Date.parse(asOf))
  if (versions.length === 0) return <Empty>No version can be shown.</Empty>
  return (
    <ol className={css.versions}>
      {versions.map((version, i) => {
        const before = versions[i + 1]
        const number = textAt(meta(version), 'versionId')
        const maker = read.makers.get(number)
        return (
          <li key={number}>
            <strong>Version {number}</strong>, {formatDateTime(textAt(meta(version), 'lastUpdated'))}, {writer(maker, read.accounts?.get(number))}
            {maker?.activity && <small> ({maker.activity})</small>}
            {maker?.reason && <p>Reason: {maker.reason}</p>}
            {!before ? <p>{number === '1' ? 'Created.' : 'Earlier versions are not loaded.'}</p> : (
              <ul>
                {differences(bare(before), bare(version)).map((d) => (
                  <li key={d.path}><code>{d.path}</code> {d.before !== undefined && <del>{d.before}</del>} {d.after !== undefined ? <ins>{d.after}</ins> : 'removed'}</li>
                ))}
              </ul>
            )}
          </li>
        )
      })}
    </ol>
  )
}

export function VersionsDialog({ place, title, onClose }: { place: string; title: string; onClose: () => void }) {
  const chart = useOpenChart()
  useHold()
  return (
    <Dialog open onClose={onClose} aria-labelledby="versions" fullWidth maxWidth="md">
      <DialogTitle id="versions">Versions: {title}</DialogTitle>
      {chart && <p className={css.who}><Dates of={chart.line} /></p>}
      <DialogContent tabIndex={0}><Versions place={place} /></DialogContent>
      <DialogActions><Button variant="contained" onClick={onClose}>Close</Button></DialogActions>
    </Dialog>
  )
}
