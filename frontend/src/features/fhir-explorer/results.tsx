import Button from '@mui/material/Button'
import NativeSelect from '@mui/material/NativeSelect'
import ToggleButton from '@mui/material/ToggleButton'
import ToggleButtonGroup from '@mui/material/ToggleButtonGroup'
import { useState } from 'react'
import { Moment } from '../../components/ui/moment'
import { RecordTable } from '../../components/ui/record-table'
import { Empty } from '../../components/ui/states'
import { isJson, items, textAt, writeExact, type FhirFailure, type FhirIssue, type FoundPage, type Json } from '../../lib/fhir'
import { formatDecimal } from '../../lib/quantity'
import css from './explorer.module.css'

export const placeOf = (resource: Json): string => `${textAt(resource, 'resourceType')}/${textAt(resource, 'id')}`
const count = (n: number): string => formatDecimal(String(n))

/** A resource that was included for several pages is told once. */
function once(resources: readonly Json[]): Json[] {
  const seen = new Set<string>()
  return resources.filter((one) => !seen.has(placeOf(one)) && seen.add(placeOf(one)))
}

interface Props { pages: readonly FoundPage[]; label: string; onOpen: (resource: Json) => void; onMore: (() => void) | null; busy: boolean; stopped: boolean }

/** What a search found: matches apart from what was included with them, what the server says about the search, or the bundles as they came. */
export function Results({ pages, label, onOpen, onMore, busy, stopped }: Props) {
  const [view, setView] = useState<'table' | 'bundle'>('table')
  const [shown, setShown] = useState(1)
  const matches = pages.flatMap((page) => page.matches)
  const included = once(pages.flatMap((page) => page.included))
  const issues = pages.flatMap((page) => page.issues)
  const total = pages.find((page) => page.total !== null)?.total ?? null
  const page = pages[Math.min(shown, pages.length) - 1]
  const onlyCounted = matches.length === 0 && total !== null && total > 0
  return (
    <>
      <div className={css.bar}>
        <p className={css.told}>
          <strong>{count(matches.length)} of {total === null ? 'an unknown number' : count(total)} shown</strong>
          {included.length > 0 && <>, and {count(included.length)} included</>}
          {total === null && '. The server gave no total for this search.'}
        </p>
        <ToggleButtonGroup exclusive size="small" value={view} aria-label="Show what was found as" onChange={(_, v: typeof view | null) => { if (v) setView(v) }}>
          <ToggleButton value="table">Table</ToggleButton>
          <ToggleButton value="bundle">Bundle</ToggleButton>
        </ToggleButtonGroup>
      </div>
      <Issues of={issues} label="What the server says about this search" />
      {view === 'bundle' && page ? (
        <>
          {pages.length > 1 && (
            <p className={css.count}>
              <NativeSelect value={Math.min(shown, pages.length)} onChange={(e) => setShown(Number(e.target.value))} inputProps={{ 'aria-label': 'Page' }}>
                {pages.map((_, i) => <option key={i} value={i + 1}>{`Page ${i + 1} of ${pages.length} loaded`}</option>)}
              </NativeSelect>
            </p>
          )}
          <pre className={css.code} tabIndex={0} role="group" aria-label="Bundle as JSON">{writeExact(page.body, 2)}</pre>
        </>
      ) : (
        <>
          {matches.length === 0 ? <Empty>{onlyCounted ? `${count(total)} fit. They were counted, not asked for.` : 'Nothing fits the conditions.'}</Empty> : <Rows of={matches} label={label} onOpen={onOpen} />}
          {included.length > 0 && (
            <section aria-label="Included">
              <h3 className={css.subhead}>Included: {count(included.length)} that {included.length === 1 ? 'is' : 'are'} no match</h3>
              <Rows of={included} label="Included resources" withType onOpen={onOpen} />
            </section>
          )}
        </>
      )}
      {stopped && <p className={css.count} role="alert">The next page could not be loaded. What is shown is not all.</p>}
      {onMore && <p className={css.count}><Button variant="outlined" disabled={busy} onClick={onMore}>{busy ? 'Loading …' : 'Load more'}</Button></p>}
    </>
  )
}

function Rows({ of, label, withType = false, onOpen }: { of: readonly Json[]; label: string; withType?: boolean; onOpen: (resource: Json) => void }) {
  return (
    <RecordTable label={label} columns={['Id', ...(withType ? ['Type'] : []), 'Says', 'Version', 'Last changed']}>
      {of.map((r) => {
        const meta = isJson(r.meta) ? r.meta : {}
        return (
          <tr key={placeOf(r)}>
            <th scope="row"><button type="button" className={css.link} onClick={() => onOpen(r)}>{textAt(r, 'id')}</button></th>
            {withType && <td>{textAt(r, 'resourceType')}</td>}
            <td>{says(r)}</td>
            <td>{textAt(meta, 'versionId')}</td>
            <td><Moment at={textAt(meta, 'lastUpdated')} /></td>
          </tr>
        )
      })}
    </RecordTable>
  )
}

/** The words of an OperationOutcome: how grave, what, and where. */
export function Issues({ of, label }: { of: readonly FhirIssue[]; label: string }) {
  if (of.length === 0) return null
  return (
    <ul className={css.issues} aria-label={label}>
      {of.map((issue, i) => (
        <li key={i} data-severity={issue.severity}>
          <strong>{issue.severity || 'no severity'}</strong> <span>({issue.code})</span> {issue.text}
          {issue.at && <code>{issue.at}</code>}
        </li>
      ))}
    </ul>
  )
}

export function Refused({ failure, what = 'search' }: { failure: FhirFailure; what?: string }) {
  return (
    <div className={css.refused} role="alert">
      <strong>{failure.status >= 400 && failure.status < 500 ? `The server refused this ${what}.` : `The ${what} could not be carried out.`}</strong>
      <ul>{failure.messages.map((text) => <li key={text}>{text}</li>)}</ul>
    </div>
  )
}

/** A few words by which people know a resource: its name, code or kind. */
export function says(resource: Json): string {
  const concept = (value: unknown): string => (isJson(value) ? textAt(value, 'text') || textAt(items(value.coding)[0], 'display') || textAt(items(value.coding)[0], 'code') || textAt(value, 'display') : '')
  const name = items(resource.name)[0]
  if (name) return [textAt(name, 'family'), Array.isArray(name.given) ? name.given.map(String).join(' ') : ''].filter(Boolean).join(', ') || textAt(name, 'text')
  if (typeof resource.name === 'string') return resource.name
  return ['code', 'medicationCodeableConcept', 'vaccineCode', 'type', 'category', 'class'].map((at) => concept(Array.isArray(resource[at]) ? items(resource[at])[0] : resource[at])).find(Boolean) ?? textAt(resource, 'title')
}
