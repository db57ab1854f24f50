import Button from '@mui/material/Button'
import ToggleButton from '@mui/material/ToggleButton'
import ToggleButtonGroup from '@mui/material/ToggleButtonGroup'
import { useEffect, useState } from 'react'
import { Empty, Loading, NotLoaded } from '../../components/ui/states'
import { formatDateTime } from '../../lib/date'
import { differences, fhirRead, isJson, items, textAt, writeExact, type Json } from '../../lib/fhir'
import css from './explorer.module.css'

/** One document: as JSON, how it came to be, and how a program would read it. */
export function Resource({ of, onClose }: { of: Json; onClose: () => void }) {
  const [view, setView] = useState<'json' | 'history' | 'curl'>('json')
  const place = `${textAt(of, 'resourceType')}/${textAt(of, 'id')}`
  return (
    <aside className={css.resource} aria-label={place} onKeyDown={(e) => { if (e.key === 'Escape') onClose() }}>
      <div className={css.bar}>
        <h2>{place}</h2>
        <Button variant="outlined" onClick={onClose}>Close</Button>
      </div>
      <div className={css.bar}>
        <ToggleButtonGroup exclusive value={view} aria-label="Show as" onChange={(_, v: typeof view | null) => { if (v) setView(v) }}>
          <ToggleButton value="json">JSON</ToggleButton>
          <ToggleButton value="history">History</ToggleButton>
          <ToggleButton value="curl">curl</ToggleButton>
        </ToggleButtonGroup>
      </div>
      {view === 'json' && <pre className={css.code} tabIndex={0}>{writeExact(of, 2)}</pre>}
      {view === 'curl' && <pre className={css.code} tabIndex={0}>{`curl -s ${window.location.origin}/fhir/R4/${place} \\\n     -H "Authorization: Bearer $TOKEN" -H 'Accept: application/fhir+json'`}</pre>}
      {view === 'history' && <History place={place} />}
    </aside>
  )
}

async function readVersions(place: string): Promise<Json[] | 'failed'> {
  const answer = await fhirRead(`${place}/_history`)
  return 'body' in answer ? items(answer.body.entry).flatMap((e) => (isJson(e.resource) ? [e.resource] : [])) : 'failed'
}

function History({ place }: { place: string }) {
  const [versions, setVersions] = useState<Json[] | 'loading' | 'failed'>('loading')
  useEffect(() => {
    let current = true
    void readVersions(place).then((read) => { if (current) setVersions(read) })
    return () => { current = false }
  }, [place])
  if (versions === 'loading') return <Loading rows={3} label="history" />
  if (versions === 'failed') return <NotLoaded what="History" onRetry={() => { setVersions('loading'); void readVersions(place).then(setVersions) }} />
  if (versions.length === 0) return <Empty>No version can be shown.</Empty>
  const meta = (version: Json | undefined): Json => (isJson(version?.meta) ? version.meta : {})
  const bare = (version: Json | undefined) => (version ? { ...version, meta: { ...meta(version), versionId: undefined, lastUpdated: undefined } } : undefined)
  return (
    <ol className={css.versions}>
      {versions.map((version, i) => {
        const before = versions[i + 1]
        return (
          <li key={textAt(meta(version), 'versionId')}>
            <strong>Version {textAt(meta(version), 'versionId')}</strong>, {formatDateTime(textAt(meta(version), 'lastUpdated'))}
            {!before ? <p>{textAt(meta(version), 'versionId') === '1' ? 'Created.' : 'Earlier versions are not loaded.'}</p> : (
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
