import Button from '@mui/material/Button'
import { useId } from 'react'
import { useSearchParams } from 'react-router'
import type { EncounterFilter, EncounterStatus } from '../../gql/graphql'
import { dayAfter, formatDay, isDay, withOffset } from '../../lib/date'
import { DateField } from '../ui/date-field'
import { ENCOUNTER_CLASSES, encounterClass } from './encounter-class'
import css from './encounter-filter.module.css'
import { words } from './status'

const STATUSES: readonly EncounterStatus[] = ['PLANNED', 'ARRIVED', 'TRIAGED', 'IN_PROGRESS', 'ONLEAVE', 'FINISHED', 'CANCELLED', 'ENTERED_IN_ERROR', 'UNKNOWN']

/** Which encounters an address asks for; null for all. */
export function encounterFilter(query: URLSearchParams): EncounterFilter | null {
  const status = STATUSES.find((one) => one.toLowerCase() === query.get('status'))
  const kind = query.get('class')
  const [low, high] = ['from', 'to'].map((name) => { const day = query.get(name) ?? ''; return isDay(day) ? day : null })
  const date = low || high ? { low: low ? withOffset(`${low}T00:00`) : undefined, high: high ? withOffset(`${dayAfter(high, 1)}T00:00`) : undefined } : undefined
  return status || kind || date ? { status: status && [status], class: kind || undefined, date } : null
}

/** The filter of an address in words; empty when all are shown. */
export function filterWords(query: URLSearchParams): string {
  const { status, class: kind } = encounterFilter(query) ?? {}
  const [from, to] = ['from', 'to'].map((name) => { const day = query.get(name) ?? ''; return isDay(day) ? formatDay(day) : '' })
  return [kind && encounterClass({ code: kind }).toLowerCase(), status?.[0] && words(status[0]).toLowerCase(), from && `from ${from}`, to && `until ${to}`].filter(Boolean).join(', ')
}

/** Which encounters are shown. The address keeps it. */
export function EncounterFilterBar() {
  const [query, setQuery] = useSearchParams()
  const id = useId()
  const set = (changes: Record<string, string>) => setQuery((before) => {
    const next = new URLSearchParams(before)
    for (const [name, value] of Object.entries(changes)) if (value) next.set(name, value); else next.delete(name)
    return next
  }, { replace: true })
  const on = filterWords(query)
  return (
    <div className={css.bar} role="group" aria-label="Filter">
      <label>Class <select value={query.get('class') ?? ''} onChange={(e) => set({ class: e.target.value })}><option value="">All</option>{ENCOUNTER_CLASSES.map(([code, word]) => <option key={code} value={code}>{word}</option>)}</select></label>
      <label>Status <select value={query.get('status') ?? ''} onChange={(e) => set({ status: e.target.value })}><option value="">All</option>{STATUSES.map((one) => <option key={one} value={one.toLowerCase()}>{words(one)}</option>)}</select></label>
      <div className={css.day}><label htmlFor={`${id}-from`}>From</label><DateField id={`${id}-from`} kind="day" value={query.get('from') ?? ''} onChange={(from) => set({ from })} /></div>
      <div className={css.day}><label htmlFor={`${id}-to`}>Until</label><DateField id={`${id}-to`} kind="day" value={query.get('to') ?? ''} onChange={(to) => set({ to })} /></div>
      {on ? <><strong>Only: {on}</strong><Button variant="outlined" onClick={() => set({ class: '', status: '', from: '', to: '' })}>Show all</Button></> : <span>All are shown.</span>}
    </div>
  )
}
