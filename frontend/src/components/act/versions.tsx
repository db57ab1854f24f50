import Button from '@mui/material/Button'
import Dialog from '@mui/material/Dialog'
import DialogActions from '@mui/material/DialogActions'
import DialogContent from '@mui/material/DialogContent'
import DialogTitle from '@mui/material/DialogTitle'
import { useEffect, useState } from 'react'
import { useHold } from '../../contexts/live'
import { useAsOf, useOpenChart } from '../../contexts/patient'
import { useSession } from '../../contexts/session'
import { formatDateTime } from '../../lib/date'
import { differences, fhirRead, isJson, items, textAt, type Json } from '../../lib/fhir'
import { maySeeMakers } from '../../lib/permissions'
import { makersOf, type Maker } from '../../lib/provenance'
import { Empty, Loading, NotLoaded } from '../ui/states'
import css from './act.module.css'

interface Read { versions: Json[]; makers: ReadonlyMap<string, Maker> }

async function readVersions(place: string, told: boolean): Promise<Read | 'failed'> {
  const [answer, makers] = await Promise.all([fhirRead(`${place}/_history?_count=100`), told ? makersOf(place) : new Map<string, Maker>()])
  return 'body' in answer ? { versions: items(answer.body.entry).flatMap((e) => (isJson(e.resource) ? [e.resource] : [])), makers } : 'failed'
}

const meta = (version: Json | undefined): Json => (isJson(version?.meta) ? version.meta : {})
const bare = (version: Json) => ({ ...version, meta: { ...meta(version), versionId: undefined, lastUpdated: undefined } })

/** How a record came to be as it is: every version with who made it, why, and what it changed. */
export function Versions({ place }: { place: string }) {
  const [read, setRead] = useState<Read | 'loading' | 'failed'>('loading')
  const asOf = useAsOf()
  const told = maySeeMakers(useSession().session)
  useEffect(() => {
    let current = true
    void readVersions(place, told).then((found) => { if (current) setRead(found) })
    return () => { current = false }
  }, [place, told])
  if (read === 'loading') return <Loading rows={3} label="history" />
  if (read === 'failed') return <NotLoaded what="History" onRetry={() => { setRead('loading'); void readVersions(place, told).then(setRead) }} />
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
            <strong>Version {number}</strong>, {formatDateTime(textAt(meta(version), 'lastUpdated'))}, {maker?.who ? `by ${maker.who}` : told ? 'by whom is not recorded' : 'by whom is not shown to your role'}
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
      <DialogTitle id="versions">History of {title}</DialogTitle>
      {chart && <p className={css.who}>{chart.line}</p>}
      <DialogContent tabIndex={0}><Versions place={place} /></DialogContent>
      <DialogActions><Button variant="contained" onClick={onClose}>Close</Button></DialogActions>
    </Dialog>
  )
}
