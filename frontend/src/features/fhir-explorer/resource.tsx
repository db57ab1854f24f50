import Button from '@mui/material/Button'
import ToggleButton from '@mui/material/ToggleButton'
import ToggleButtonGroup from '@mui/material/ToggleButtonGroup'
import { useState } from 'react'
import { Versions } from '../../components/act/versions'
import { textAt, writeExact, type Json } from '../../lib/fhir'
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
      {view === 'history' && <div className={css.versions}><Versions place={place} /></div>}
    </aside>
  )
}
