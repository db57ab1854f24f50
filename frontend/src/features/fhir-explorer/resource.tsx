import Button from '@mui/material/Button'
import ToggleButton from '@mui/material/ToggleButton'
import ToggleButtonGroup from '@mui/material/ToggleButtonGroup'
import { useEffect, useRef } from 'react'
import { Versions } from '../../components/act/versions'
import { CopyButton } from '../../components/ui/copy-button'
import { writeExact, type Json } from '../../lib/fhir'
import { asCurl, readAsGraphql } from './copy'
import css from './explorer.module.css'
import { References } from './graph'
import { placeOf, says } from './results'
import { Elements, Tree } from './tree'
import { Validation } from './validation'

export const VIEWS = ['elements', 'tree', 'json', 'references', 'history', 'validation'] as const
export type ResourceViewName = (typeof VIEWS)[number]
const NAMES: Record<ResourceViewName, string> = { elements: 'Elements', tree: 'Tree', json: 'JSON', references: 'References', history: 'History', validation: 'Validation' }

interface Props { of: Json; explores: boolean; view: ResourceViewName; onView: (view: ResourceViewName) => void; onFollow: (place: string) => void; onBack: (() => void) | null; onClose: () => void; told: string }

/** One document: its elements, what it is connected with, how it came to be, and what the server says of it. */
export function Resource({ of, explores, view, onView, onFollow, onBack, onClose, told }: Props) {
  const place = placeOf(of)
  const head = useRef<HTMLHeadingElement>(null)
  useEffect(() => head.current?.focus(), [])
  return (
    <aside className={css.resource} aria-label={place} onKeyDown={(e) => { if (e.key === 'Escape') onClose() }}>
      <div className={css.bar}>
        <h2 ref={head} tabIndex={-1}>{place}<small>{says(of)}</small></h2>
        {onBack && <Button variant="text" onClick={onBack}>Back</Button>}
        <Button variant="outlined" onClick={onClose}>Close</Button>
      </div>
      <div className={css.bar}>
        <ToggleButtonGroup exclusive size="small" value={view} aria-label="Show as" className={css.views} onChange={(_, v: ResourceViewName | null) => { if (v) onView(v) }}>
          {VIEWS.map((one) => <ToggleButton key={one} value={one}>{NAMES[one]}</ToggleButton>)}
        </ToggleButtonGroup>
      </div>
      <div className={css.copies}>
        <CopyButton name="Copy as curl" text={asCurl(place, window.location.origin)} />
        {explores && <CopyButton name="Copy as GraphQL" text={readAsGraphql(place)} />}
      </div>
      {told && <p className={css.wrong} role="alert">{told}</p>}
      {view === 'elements' && <Elements of={of} onFollow={onFollow} />}
      {view === 'tree' && <Tree of={of} label={place} onFollow={onFollow} />}
      {view === 'json' && <pre className={css.code} tabIndex={0} role="group" aria-label={`${place} as JSON`}>{writeExact(of, 2)}</pre>}
      {view === 'references' && <References of={of} onFollow={onFollow} />}
      {view === 'history' && <div className={css.versions}><Versions place={place} /></div>}
      {view === 'validation' && <Validation of={of} />}
    </aside>
  )
}
