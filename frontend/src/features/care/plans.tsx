import { useClient } from 'urql'
import { RowActs, type ActItem } from '../../components/act/acts'
import { useMistake } from '../../components/act/mistake'
import { conceptText, Status, words } from '../../components/clinical/status'
import { newestFirst } from '../../components/ui/count'
import { Pages, RecordTable } from '../../components/ui/record-table'
import { Dates } from '../../components/ui/dates'
import { Recorded } from '../../components/ui/recorded'
import { Section } from '../../components/ui/section'
import { Empty } from '../../components/ui/states'
import { useAsOf } from '../../contexts/patient'
import { graphql, read, type FragmentType } from '../../gql'
import type { PlanFieldsFragment } from '../../gql/graphql'
import { useMay } from '../../hooks/use-may'
import { formatDateTime, formatPeriod } from '../../lib/date'
import { unbroken } from '../../lib/quantity'
import css from './care.module.css'
import { isClosed, isOwnStep, PlanFields, readRemark, stepName, type usePlanForms } from './plan-forms'

export const PlanPage = graphql(`
  fragment PlanPage on CarePlanConnection { nodes { id category { text } period { start end } notes { text time author } ...PlanFields } pageInfo { hasNextPage endCursor } totalCount }
`)
const MorePlans = graphql(`
  query MorePlans($id: ID!, $after: String!, $asOf: Instant) { patient(id: $id, asOf: $asOf) { id carePlans(first: 25, after: $after) { ...PlanPage } } }
`)

const addressed = (p: PlanFieldsFragment) => p.addresses.map((a) => (a.node && 'code' in a.node ? a.node.code?.text : null) ?? a.display ?? 'A problem that is not named')
const reached = (p: PlanFieldsFragment) => p.goals.map((g) => (g.node && 'description' in g.node ? g.node.description?.text : null) ?? g.display ?? 'A goal that is not named')

/** What is planned, newest first: what each plan answers, its steps, and what reviews of it came to. */
export function Plans({ of, patientId, forms }: { of: FragmentType<typeof PlanPage>; patientId: string; forms: ReturnType<typeof usePlanForms> }) {
  const client = useClient()
  const asOf = useAsOf()
  const acting = useMay('chart')
  const mistake = useMistake()
  const more = async (after: string) => {
    const { data } = await client.query(MorePlans, { id: patientId, after, asOf }, { requestPolicy: 'network-only' }).toPromise()
    return read(PlanPage, data?.patient?.carePlans)
  }
  const first = read(PlanPage, of)
  const acts = (p: PlanFieldsFragment): ActItem[] => (!acting || p.status === 'ENTERED_IN_ERROR' ? [] : [
    ...(isClosed(p) ? [] : [{ name: 'Change', form: () => forms.change(p) }, ...(p.activities.some(isOwnStep) ? [{ name: 'Steps', form: () => forms.steps(p) }] : []), { name: 'Review', form: () => forms.review(p) }]),
    { name: 'Entered in error', form: () => mistake(p, p.title ?? 'The care plan') },
  ])
  return (
    <Section title="Care plans" note={newestFirst(first.totalCount ?? first.nodes.length)}>
      <Pages first={first} more={more} what="care plans">
        {(nodes) => (nodes.length === 0 ? <Empty>No care plan is recorded.</Empty> : (
          <RecordTable label="Care plans" columns={['Plan', 'Status', 'When', 'Problems', 'Goals', 'Steps', 'Reviews and remarks', 'Acts']}>
            {nodes.map((node) => {
              const p = read(PlanFields, node)
              const name = p.title ?? (conceptText(node.category[0]) || 'Care plan without a title')
              const listed = (all: readonly string[]) => (all.length === 0 ? <Recorded is={null} /> : <div className={css.list}>{all.map((one, i) => <div key={i}>{one}</div>)}</div>)
              const remarks = node.notes.map((n) => ({ ...n, ...readRemark(n.text) })).toReversed()
              return (
                <tr key={p.id}>
                  <th scope="row">{p.status === 'ENTERED_IN_ERROR' ? <s>{name}</s> : name}{p.description && <small>{p.description}</small>}</th>
                  <td><Status of={p.status} /></td>
                  <td>{formatPeriod(node.period, p.status === 'ACTIVE') ? <Dates of={formatPeriod(node.period, p.status === 'ACTIVE')} /> : <Recorded is={null} />}</td>
                  <td>{listed(addressed(p))}</td>
                  <td>{listed(reached(p).map(unbroken))}</td>
                  <td>
                    {p.activities.length === 0 ? <Recorded is={null} /> : p.activities.map((a, i) => (
                      <div key={i}>{stepName(a) || 'Not named'}{a.code?.text && a.description && <small>{a.description}</small>}<small>{a.status ? words(a.status.replaceAll('-', '_')) : 'State not recorded'}</small></div>
                    ))}
                  </td>
                  <td>
                    {remarks.length === 0 ? <Recorded is={null} none="No review is recorded" /> : remarks.map((r, i) => (
                      <div key={i} className={css.remark}>{r.text}<small>{r.review ? 'Reviewed by' : 'Remark by'} {r.author ?? 'somebody not named'}, {r.time ? <Dates of={formatDateTime(r.time)} /> : 'date not recorded'}</small></div>
                    ))}
                  </td>
                  <td><RowActs of={name} place={p.id} items={acts(p)} /></td>
                </tr>
              )
            })}
          </RecordTable>
        ))}
      </Pages>
    </Section>
  )
}
