import type { ReactNode } from 'react'
import { RowActs } from '../../components/act/acts'
import { conceptText, Status, words } from '../../components/clinical/status'
import { Moment } from '../../components/ui/moment'
import { Part } from '../../components/ui/part'
import { RecordTable } from '../../components/ui/record-table'
import { Section } from '../../components/ui/section'
import { Empty } from '../../components/ui/states'
import { graphql, read, type FragmentType } from '../../gql'
import type { GoalStatus } from '../../gql/graphql'
import { formatDay, formatPeriod, today } from '../../lib/date'
import { target } from './target'

export const CareRecord = graphql(`
  fragment CareRecord on Patient {
    carePlans(first: 25) { nodes { id status title category { text } description period { start end } activities { code { text } status description reference { display } } } totalCount }
    goals(first: 25) { nodes { id status achievement { text codings { code } } description { text } startDate targets { measure { text } quantity { value unit comparator } low { value unit } high { value unit } due } } totalCount }
    appointments(first: 25) { nodes { id status start end serviceTypes { text } reasons { text } description participants { actor { id display } types { text } } } totalCount }
    tasks(first: 25) { nodes { id status businessStatus { text } priority title owner { display } dueAt authoredOn } totalCount }
  }
`)

const shown = (list: { nodes: readonly unknown[]; totalCount?: number | null }): string => {
  const total = list.totalCount ?? list.nodes.length
  return total > list.nodes.length ? `the newest ${list.nodes.length} of ${total}` : `${total}`
}

const PURSUED: readonly (GoalStatus | null | undefined)[] = ['PROPOSED', 'PLANNED', 'ACCEPTED', 'ACTIVE', 'ON_HOLD']
/** Whether a goal that is still pursued was to be reached before today and is not. `due` may be a month or a year: it is over with its end. */
const overdue = (goal: { status?: GoalStatus | null; achievement?: { codings: readonly { code?: string | null }[] } | null }, due: string): boolean =>
  PURSUED.includes(goal.status) && !goal.achievement?.codings.some((c) => c.code === 'achieved' || c.code === 'sustaining') && due < today().slice(0, due.length)

/** A table of a list, or the words for that there is nothing. */
function Listed({ title, note, empty, columns, count, children }: { title: string; note: string; empty: string; columns: readonly string[]; count: number; children: ReactNode }) {
  return <Section title={title} note={note}>{count === 0 ? <Empty>{empty}</Empty> : <RecordTable label={title} columns={[...columns, 'Acts']}>{children}</RecordTable>}</Section>
}

/** What is planned, what is to be reached, and what comes next. */
export function CareView({ of }: { of: FragmentType<typeof CareRecord> | undefined }) {
  const care = read(CareRecord, of)
  return (
    <>
      <Part of={care?.carePlans} name="carePlans" what="Care plans" rows={3}>
        {(list) => (
          <Listed title="Care plans" note={shown(list)} empty="No care plan is recorded." count={list.nodes.length} columns={['Plan', 'Status', 'When', 'Steps']}>
            {list.nodes.map((p) => (
              <tr key={p.id}>
                <th scope="row">{p.title ?? (conceptText(p.category[0]) || 'Not recorded')}{p.description && <small>{p.description}</small>}</th>
                <td><Status of={p.status} /></td>
                <td>{formatPeriod(p.period, p.status === 'ACTIVE') || 'Not recorded'}</td>
                <td>{p.activities.map((a, i) => <div key={i}>{a.code?.text ?? a.description ?? a.reference?.display ?? 'Not recorded'}{a.status && <small>{words(a.status.replaceAll('-', '_'))}</small>}</div>)}</td>
                <td><RowActs of={p.title ?? 'care plan'} place={p.id} items={[]} /></td>
              </tr>
            ))}
          </Listed>
        )}
      </Part>
      <Part of={care?.goals} name="goals" what="Goals" rows={3}>
        {(list) => (
          <Listed title="Goals" note={shown(list)} empty="No goal is recorded." count={list.nodes.length} columns={['Goal', 'Status', 'Reached', 'Target', 'Since']}>
            {list.nodes.map((g) => (
              <tr key={g.id}>
                <th scope="row">{g.description?.text ?? 'Not recorded'}</th>
                <td><Status of={g.status} /></td>
                <td>{conceptText(g.achievement) || 'Not recorded'}</td>
                <td>
                  {g.targets.length === 0 ? 'Not recorded' : g.targets.map((t, i) => (
                    <div key={i}>{[t.measure?.text, target(t)].filter(Boolean).join(': ') || 'Not recorded'}{t.due && <small>by {formatDay(t.due)} {overdue(g, t.due) && <Status of="OVERDUE" />}</small>}</div>
                  ))}
                </td>
                <td>{g.startDate ? formatDay(g.startDate) : 'Not recorded'}</td>
                <td><RowActs of={g.description?.text ?? 'goal'} place={g.id} items={[]} /></td>
              </tr>
            ))}
          </Listed>
        )}
      </Part>
      <Part of={care?.appointments} name="appointments" what="Appointments" rows={3}>
        {(list) => (
          <Listed title="Appointments" note={`${shown(list)}, the latest first`} empty="No appointment is recorded." count={list.nodes.length} columns={['Appointment', 'When', 'Status', 'With']}>
            {list.nodes.map((a) => (
              <tr key={a.id}>
                <th scope="row">{conceptText(a.serviceTypes[0]) || (a.description ?? 'Not recorded')}<small>{conceptText(a.reasons)}</small></th>
                <td>{a.start ? <Moment at={a.start} /> : 'Not recorded'}</td>
                <td><Status of={a.status} /></td>
                <td>{a.participants.flatMap((p) => (p.actor?.id?.startsWith('Patient/') ? [] : p.actor?.display ?? (conceptText(p.types[0]) || []))).join(', ') || 'Not recorded'}</td>
                <td><RowActs of={a.serviceTypes[0]?.text ?? 'appointment'} place={a.id} items={[]} /></td>
              </tr>
            ))}
          </Listed>
        )}
      </Part>
      <Part of={care?.tasks} name="tasks" what="Tasks" rows={3}>
        {(list) => (
          <Listed title="Tasks" note={shown(list)} empty="No task is recorded." count={list.nodes.length} columns={['Task', 'Status', 'Priority', 'Due', 'Owner']}>
            {list.nodes.map((t) => (
              <tr key={t.id}>
                <th scope="row">{t.title ?? 'Not recorded'}</th>
                <td><Status of={t.status} />{t.businessStatus && <small>{conceptText(t.businessStatus)}</small>}</td>
                <td>{t.priority ? words(t.priority) : 'Not recorded'}</td>
                <td>{t.dueAt ? <Moment at={t.dueAt} /> : 'Not recorded'}</td>
                <td>{t.owner?.display ?? 'Not recorded'}</td>
                <td><RowActs of={t.title ?? 'task'} place={t.id} items={[]} /></td>
              </tr>
            ))}
          </Listed>
        )}
      </Part>
    </>
  )
}
