import { useEffect, useRef } from 'react'
import { NavLink } from 'react-router'
import css from './chart.module.css'

/** The tabs of a chart, in groups: read, record, results, write. Each has an address of its own. */
export const TABS = [
  [['summary', 'Summary'], ['timeline', 'Timeline'], ['demographics', 'Demographics']],
  [['problems', 'Problems'], ['medications', 'Medications'], ['allergies', 'Allergies'], ['immunizations', 'Immunizations'], ['procedures', 'Procedures'], ['family', 'Family history']],
  [['vitals', 'Vitals'], ['results', 'Results'], ['calculators', 'Calculators']],
  [['notes', 'Notes'], ['questionnaires', 'Questionnaires'], ['documents', 'Documents'], ['encounters', 'Encounters'], ['care', 'Care']],
] as const
export type ChartTab = (typeof TABS)[number][number][0]

/** The address of a tab, as of a past instant or now. */
export const chartPath = (patientId: string, tab: ChartTab = 'summary', asOf: string | null = null): string =>
  `/patients/${patientId}/clinical/${tab}${asOf ? `?asOf=${encodeURIComponent(asOf)}` : ''}`

export function Tabs({ patientId, asOf }: { patientId: string; asOf: string | null }) {
  const nav = useRef<HTMLElement>(null)
  // Where the tabs do not fit, the open one is in sight.
  useEffect(() => { nav.current?.querySelector('[aria-current=page]')?.scrollIntoView?.({ block: 'nearest', inline: 'nearest' }) }, [])
  return (
    <nav className={css.tabs} aria-label="Chart" ref={nav}>
      {TABS.map((group) => (
        <ul key={group[0][0]}>
          {group.map(([tab, name]) => <li key={tab}><NavLink to={chartPath(patientId, tab, asOf)}>{name}</NavLink></li>)}
        </ul>
      ))}
    </nav>
  )
}
