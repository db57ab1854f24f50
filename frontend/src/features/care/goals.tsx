import CheckOutlined from '@mui/icons-material/CheckOutlined'
import CloseOutlined from '@mui/icons-material/CloseOutlined'
import Button from '@mui/material/Button'
import { useClient } from 'urql'
import { RowActs, type ActItem } from '../../components/act/acts'
import { useMistake } from '../../components/act/mistake'
import { Sparkline } from '../../components/clinical/sparkline'
import { conceptText, Status } from '../../components/clinical/status'
import { newestFirst } from '../../components/ui/count'
import { Moment } from '../../components/ui/moment'
import { useTrouble } from '../../components/ui/part'
import { Pages, RecordTable } from '../../components/ui/record-table'
import { Dates } from '../../components/ui/dates'
import { Recorded } from '../../components/ui/recorded'
import { Section } from '../../components/ui/section'
import { Empty } from '../../components/ui/states'
import { useAsOf } from '../../contexts/patient'
import { graphql, read, type FragmentType } from '../../gql'
import type { GoalFieldsFragment } from '../../gql/graphql'
import { useMay } from '../../hooks/use-may'
import { formatDateTime, formatDay, today } from '../../lib/date'
import { formatDecimal, formatUnit, unbroken } from '../../lib/quantity'
import css from './care.module.css'
import { GoalFields, isOver, isPursued, type Shown, type useGoalForms } from './goal-forms'
import { measureOf, type Measure } from './measures'
import { standing, target, unitKey } from './target'

export const GoalPage = graphql(`
  fragment GoalPage on GoalConnection { nodes { id startDate addresses { id display node { id ... on Condition { code { text } } } } notes { text time author } ...GoalFields } pageInfo { hasNextPage endCursor } totalCount }
`)
const MoreGoals = graphql(`
  query MoreGoals($id: ID!, $after: String!, $asOf: Instant) { patient(id: $id, asOf: $asOf) { id goals(first: 25, after: $after) { ...GoalPage } } }
`)

type Goal = GoalFieldsFragment
type Target = Goal['targets'][number]
/** Whether a goal that is still pursued was to be reached before today and is not. `due` may be a month or a year: it is over with its end. */
const overdue = (goal: Goal, due: string): boolean =>
  isPursued(goal) && !goal.achievement?.codings.some((c) => c.code === 'achieved' || c.code === 'sustaining') && due < today().slice(0, due.length)

/** The unit of a target as people write it, where a value in the same unit has been measured. */
const unitOf = (t: Target, m: Measure | undefined): string | null =>
  (m && [t.quantity, t.low, t.high].every((q) => !q || unitKey(q) === unitKey(m.quantity)) ? m.quantity.unit ?? null : null)
const valueText = ({ quantity: q }: Measure): string => `${q.comparator ?? ''}${q.value ? formatDecimal(q.value) : 'no number'} ${formatUnit(q.unit ?? '')}`.trim()

/** What has been measured, and what it is asked of. `all`: whether everything measured is loaded, so that what is not there was never measured. */
export interface MeasuredSoFar { measures: readonly Measure[]; all: boolean }

/** What a goal measures as a choice of its progress: one entry for each observation, which may show several targets. */
function shownOf(g: Goal, { measures }: MeasuredSoFar): Shown[] {
  const found = g.targets.flatMap((t) => { const m = measureOf(measures, t.measure); return m ? [{ m, missed: standing(t, m.quantity)?.is === 'not met' }] : [] })
  return [...new Set(found.map(({ m }) => m.observation))].map((observation) => {
    const of = found.filter(({ m }) => m.observation === observation)
    return { observation, missed: of.some((one) => one.missed), text: `${of.map(({ m }) => `${m.name} ${valueText(m)}`).join(', ')}, ${of[0]?.m.at ? formatDateTime(of[0].m.at) : 'date not recorded'}` }
  })
}

/** The newest value of what a target measures, its course, and how it stands to the target. */
function Progress({ of, so, onTrend }: { of: Target; so: MeasuredSoFar; onTrend: (what: { code: string; title: string }) => void }) {
  const trouble = [useTrouble('measuredLabs'), useTrouble('measuredSigns')]
  if (!of.measure) return <Recorded is={null} none="The goal has no measure" />
  const measure = measureOf(so.measures, of.measure)
  if (!measure) {
    if (of.measure.codings.length === 0) return <Recorded is={null} none="The measure has no code: no value can be found for it" />
    if (trouble.includes('failed')) return <>Not loaded</>
    if (trouble.includes('forbidden')) return <>You may not see this</>
    return <Recorded is={null} none={so.all ? 'Not measured' : 'Not among what was measured last; see Results'} />
  }
  const how = standing(of, measure.quantity)
  const { of: code } = measure
  return (
    <>
      <div className={css.value}>
        <strong>{valueText(measure)}</strong>
        {how && (how.is === 'met' ? <span className={css.met}><CheckOutlined sx={{ fontSize: 15 }} aria-hidden />Target met</span>
          : how.is === 'not met' ? <span className={css.missed}><CloseOutlined sx={{ fontSize: 15 }} aria-hidden />Target not met</span>
          : <span className={css.apart}>Not comparable: {how.why}</span>)}
      </div>
      <div className={css.value}>
        <Sparkline code={measure.code.codings[0]?.code} points={measure.points} low={of.low?.value} high={of.high?.value} last={null} />
        {code && <Button variant="text" aria-label={`Trend of ${measure.name}`} onClick={() => onTrend({ code, title: measure.name })}>Trend</Button>}
      </div>
      <small>{measure.at ? <Moment at={measure.at} /> : 'Date not recorded'}</small>
    </>
  )
}

/** What is to be reached, newest first: each target beside what was measured of it. */
export function Goals({ of, patientId, forms, so, onTrend }: { of: FragmentType<typeof GoalPage>; patientId: string; forms: ReturnType<typeof useGoalForms>; so: MeasuredSoFar; onTrend: (what: { code: string; title: string }) => void }) {
  const client = useClient()
  const asOf = useAsOf()
  const acting = useMay('chart')
  const mistake = useMistake()
  const more = async (after: string) => {
    const { data } = await client.query(MoreGoals, { id: patientId, after, asOf }, { requestPolicy: 'network-only' }).toPromise()
    return read(GoalPage, data?.patient?.goals)
  }
  const first = read(GoalPage, of)
  const acts = (g: Goal): ActItem[] => (!acting || g.status === 'ENTERED_IN_ERROR' ? [] : [
    ...(isOver(g) ? [] : [{ name: 'Record progress', form: () => forms.progress(g, shownOf(g, so)) }]),
    { name: 'Entered in error', form: () => mistake(g, g.description?.text ?? 'The goal') },
  ])
  return (
    <Section title="Goals" note={newestFirst(first.totalCount ?? first.nodes.length)}>
      <Pages first={first} more={more} what="goals">
        {(nodes) => (nodes.length === 0 ? <Empty>No goal is recorded.</Empty> : (
          <RecordTable label="Goals" columns={['Goal', 'Status', 'Reached, as recorded', 'Target', 'Measured', 'Since', 'Acts']}>
            {nodes.flatMap((node) => {
              const g = read(GoalFields, node)
              const name = g.description?.text ?? 'Goal not named'
              const targets: (Target | null)[] = g.targets.length > 0 ? [...g.targets] : [null]
              const rows = targets.length > 1 ? targets.length : undefined
              const answers = node.addresses.map((a) => (a.node && 'code' in a.node ? a.node.code?.text : null) ?? a.display ?? 'a problem that is not named')
              return targets.map((t, i) => {
                const measure = t ? measureOf(so.measures, t.measure) : undefined
                return (
                  <tr key={`${g.id} ${i}`}>
                    {i === 0 && (
                      <>
                        <th scope={rows ? 'rowgroup' : 'row'} rowSpan={rows}>
                          {g.status === 'ENTERED_IN_ERROR' ? <s>{unbroken(name)}</s> : unbroken(name)}
                          {answers.length > 0 && <small>For {answers.join(', ')}</small>}
                          {node.notes.map((n, at) => <small key={at}>{n.text} ({[n.author, n.time && formatDateTime(n.time)].filter(Boolean).join(', ') || 'by whom is not recorded'})</small>)}
                        </th>
                        <td rowSpan={rows}><Status of={g.status} /></td>
                        <td rowSpan={rows}><Recorded is={conceptText(g.achievement)} /></td>
                      </>
                    )}
                    <td style={i === 0 ? undefined : { paddingLeft: 8, paddingBlock: 8 }}>{t ? <>{unbroken([t.measure?.text, target(t, unitOf(t, measure))].filter(Boolean).join(': ')) || <Recorded is={null} />}{t.due && <small>by {formatDay(t.due)} {overdue(g, t.due) && !(measure && standing(t, measure.quantity)?.is === 'met') && <Status of="OVERDUE" />}</small>}</> : <Recorded is={null} />}</td>
                    <td style={i === 0 ? undefined : { paddingBlock: 8, paddingRight: 8 }}>{t ? <Progress of={t} so={so} onTrend={onTrend} /> : <Recorded is={null} none="The goal has no measure" />}</td>
                    {i === 0 && (
                      <>
                        <td rowSpan={rows}>{node.startDate ? <Dates of={formatDay(node.startDate)} /> : <Recorded is={null} />}</td>
                        <td rowSpan={rows}><RowActs of={name} place={g.id} items={acts(g)} /></td>
                      </>
                    )}
                  </tr>
                )
              })
            })}
          </RecordTable>
        ))}
      </Pages>
    </Section>
  )
}
