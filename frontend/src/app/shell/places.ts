import { chartPath, TABS, type ChartTab } from '../../features/chart/tabs'
import type { Config, Session } from '../../lib/auth'
import { may, mayAdminister, mayExplore, maySeePatients, maySeeStays, mayWork } from '../../lib/permissions'

/** A page one may go to. `elsewhere` is in the other document, so its address is loaded, not routed. */
export interface Place { name: string; path: string; keys?: string; elsewhere?: boolean }

/** The letter after `g` of each tab. */
const LETTERS: Record<ChartTab, string> = {
  summary: 's', timeline: 'h', demographics: 'n', problems: 'b', medications: 'm', allergies: 'a', immunizations: 'i', procedures: 'p', family: 'y', vitals: 'v', results: 'r', calculators: 'c', care: 't', notes: 'f', questionnaires: 'u', documents: 'd', encounters: 'e',
}

export function areas(session: Session, config: Config, here: 'app' | 'playground'): Place[] {
  return [
    ...(maySeePatients(session) ? [{ name: 'Patients', path: '/patients', keys: 'g l', elsewhere: here !== 'app' }] : []),
    ...(maySeeStays(session) ? [{ name: 'Inpatients', path: '/inpatients', keys: 'g w', elsewhere: here !== 'app' }, { name: 'Encounters of all patients', path: '/encounters', keys: 'g j', elsewhere: here !== 'app' }] : []),
    ...(may(session, 'schedule') ? [{ name: 'Schedule', path: '/schedule', keys: 'g k', elsewhere: here !== 'app' }] : []),
    ...(mayWork(session) ? [{ name: 'Inbox', path: '/inbox', keys: 'g q', elsewhere: here !== 'app' }] : []),
    ...(mayExplore(session, config) ? [{ name: 'Playground', path: '/playground', elsewhere: here !== 'playground' }, { name: 'GraphQL schema', path: '/docs', elsewhere: here !== 'app' }] : []),
    { name: 'FHIR explorer', path: '/fhir-explorer', elsewhere: here !== 'app' },
    ...(mayAdminister(session) ? [{ name: 'Administration', path: '/administration', elsewhere: here !== 'app' }] : []),
    { name: 'Settings', path: '/settings', elsewhere: here !== 'app' },
  ]
}

/** The areas by how much they are used, the most used first. */
const USED = ['/patients', '/inpatients', '/schedule', '/inbox', '/encounters', '/administration', '/playground', '/fhir-explorer', '/docs', '/settings']
/** How many stand in the bottom bar, besides the search. */
const BAR = 4

/** The areas of a bottom bar, and those that one comes to from its menu. */
export function barPlaces(places: readonly Place[]): { bar: Place[]; rest: Place[] } {
  const ranked = [...places].sort((a, b) => USED.indexOf(a.path) - USED.indexOf(b.path))
  return { bar: ranked.slice(0, BAR), rest: ranked.slice(BAR) }
}

/** The tabs of the chart that is open, as of the instant it is shown as of. */
export const chartPlaces = (patientId: string, asOf: string | null): Place[] =>
  TABS.flatMap((group) => group.map(([tab, name]) => ({ name, path: chartPath(patientId, tab, asOf), keys: `g ${LETTERS[tab]}` })))
