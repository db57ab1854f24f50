import { NavLink } from 'react-router'
import css from './chart.module.css'

/** The tabs of a chart, in groups: read, record, results, write. Each has an address of its own. */
export const TABS = [
  [['summary', 'Summary'], ['timeline', 'Timeline'], ['demographics', 'Demographics']],
  [['problems', 'Problems'], ['medications', 'Medications'], ['allergies', 'Allergies'], ['immunizations', 'Immunizations'], ['procedures', 'Procedures']],
  [['vitals', 'Vitals'], ['results', 'Results'], ['calculators', 'Calculators']],
  [['notes', 'Notes'], ['questionnaires', 'Questionnaires'], ['documents', 'Documents'], ['encounters', 'Encounters'], ['care', 'Care']],
] as const
export type ChartTab = (typeof TABS)[number][number][0]

/** The address of a tab, as of a past instant or now. */
export const chartPath = (patientId: string, tab: ChartTab = 'summary', asOf: string | null = null): string =>
  `/patients/${patientId}/clinical/${tab}${asOf ? `?asOf=${encodeURIComponent(asOf)}` : ''}`

export function Tabs({ patientId, asOf }: { patientId: string; asOf: string | null }) {
  return (
    <nav className={css.tabs} aria-label="Chart">
      {TABS.map((group) => (
        <ul key={group[0][0]}>
          {group.map(([tab, name]) => <li key={tab}><NavLink to={chartPath(patientId, tab, asOf)}>{name}</NavLink></li>)}
        </ul>
      ))}
    </nav>
  )
}
