import { chartPath, TABS, type ChartTab } from '../../features/chart/tabs'
import type { Config, Session } from '../../lib/auth'
import { mayExplore, maySeePatients } from '../../lib/permissions'

/** A page one may go to. `elsewhere` is in the other document, so its address is loaded, not routed. */
export interface Place { name: string; path: string; keys?: string; elsewhere?: boolean }

/** The letter after `g` of each tab. */
const LETTERS: Record<ChartTab, string> = {
  summary: 's', demographics: 'n', problems: 'b', medications: 'm', allergies: 'a', immunizations: 'i', procedures: 'p', vitals: 'v', results: 'r', calculators: 'c', care: 't', documents: 'd', encounters: 'e',
}

export function areas(session: Session, config: Config, here: 'app' | 'playground'): Place[] {
  return [
    ...(maySeePatients(session) ? [{ name: 'Patients', path: '/patients', keys: 'g l', elsewhere: here !== 'app' }] : []),
    ...(mayExplore(session, config) ? [{ name: 'Playground', path: '/playground', elsewhere: here !== 'playground' }] : []),
    { name: 'FHIR explorer', path: '/fhir-explorer', elsewhere: here !== 'app' },
    { name: 'Settings', path: '/settings', elsewhere: here !== 'app' },
  ]
}

/** The tabs of the chart that is open. */
export const chartPlaces = (patientId: string): Place[] =>
  TABS.flatMap((group) => group.map(([tab, name]) => ({ name, path: chartPath(patientId, tab), keys: `g ${LETTERS[tab]}` })))
