import { Link } from 'react-router'
import { encounterClass } from '../../components/clinical/encounter-class'
import { useTrouble } from '../../components/ui/part'
import { graphql, read, type FragmentType } from '../../gql'
import type { TimelineKind } from '../../gql/graphql'
import { formatDay, localInput } from '../../lib/date'
import css from './summary.module.css'

export const SinceFragment = graphql(`
  fragment Since on Patient { sinceLastVisit { visit { id class { code display } } since counts { kind count } more omitted } }
`)

const KINDS: Partial<Record<TimelineKind, readonly [one: string, many: string]>> = {
  CONDITION: ['problem', 'problems'], ALLERGY: ['allergy', 'allergies'], ENCOUNTER: ['visit', 'visits'], OBSERVATION: ['result or measurement', 'results and measurements'], DIAGNOSTIC_REPORT: ['report', 'reports'],
  PROCEDURE: ['procedure', 'procedures'], IMMUNIZATION: ['vaccination', 'vaccinations'], MEDICATION_REQUEST: ['prescription', 'prescriptions'], MEDICATION_STATEMENT: ['reported medication', 'reported medications'],
  MEDICATION_ADMINISTRATION: ['dose', 'doses'], DOCUMENT: ['document', 'documents'], CARE_PLAN: ['care plan', 'care plans'], GOAL: ['goal', 'goals'], APPOINTMENT: ['appointment', 'appointments'], ORDER: ['order', 'orders'], IMAGING_STUDY: ['imaging study', 'imaging studies'], QUESTIONNAIRE: ['questionnaire', 'questionnaires'],
}
/** `3 reports`; a kind without words of its own by its name. */
function counted({ kind, count }: { kind: TimelineKind; count: number }): string {
  const [one, many] = KINDS[kind] ?? [kind.toLowerCase().replaceAll('_', ' '), `${kind.toLowerCase().replaceAll('_', ' ')}s`]
  return `${count} ${count === 1 ? one : many}`
}

/** What has come since the last visit that is over. `timeline` is the address of all of it from a day on, `visit` that of the visit. */
export function Since({ of, timeline, visit }: { of: FragmentType<typeof SinceFragment> | undefined; timeline: (day: string) => string; visit: (encounter: string) => string }) {
  const trouble = useTrouble('sinceLastVisit')
  const since = read(SinceFragment, of)?.sinceLastVisit
  if (trouble === 'failed') return <p className={css.since} role="note">What has come since the last visit is not loaded.</p>
  // No visit is over, or who asks may not see visits: the card of visits says which.
  if (!since) return null
  const omitted = since.omitted.map((kind) => KINDS[kind]?.[1] ?? kind.toLowerCase().replaceAll('_', ' '))
  return (
    <p className={css.since} role="note" aria-label="Since the last visit">
      <span>Since the <Link to={visit(since.visit.id)}>{encounterClass(since.visit.class).toLowerCase()} visit</Link> of <strong className="whole">{formatDay(since.since)}</strong>: </span>
      {since.counts.length === 0 ? 'nothing is recorded' : <>{since.more && `more than ${since.counts.reduce((sum, { count }) => sum + count, 0)} entries, of which the newest are `}{since.counts.map(counted).join(', ')}</>}.
      {omitted.length > 0 && ` You may not see: ${omitted.join(', ')}.`}
      {since.counts.length > 0 && <Link to={timeline(localInput(since.since).slice(0, 10))}>Timeline from that day</Link>}
    </p>
  )
}
