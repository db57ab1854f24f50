import { useClient } from 'urql'
import { RowActs, useForms, type ActItem } from '../../components/act/acts'
import { useTaskForms } from '../../components/act/tasks'
import { Drug } from '../../components/clinical/drug'
import { conceptText, Status, words } from '../../components/clinical/status'
import { Moment } from '../../components/ui/moment'
import { newestFirst } from '../../components/ui/count'
import { Pages, RecordTable } from '../../components/ui/record-table'
import { Recorded } from '../../components/ui/recorded'
import { Section } from '../../components/ui/section'
import { Empty } from '../../components/ui/states'
import { useAsOf } from '../../contexts/patient'
import { useSession } from '../../contexts/session'
import { graphql, read, type FragmentType } from '../../gql'
import type { TaskPageFragment } from '../../gql/graphql'
import { mayWork } from '../../lib/permissions'

export const TaskPage = graphql(`
  fragment TaskPage on TaskConnection { nodes { id versionId status businessStatus { text } priority title code { text } description owner { id display } dueAt authoredOn } pageInfo { hasNextPage endCursor } totalCount }
`)
export const AppointmentPage = graphql(`
  fragment AppointmentPage on AppointmentConnection { nodes { id status start end serviceTypes { text } reasons { text } description participants { actor { id display } types { text } } } pageInfo { hasNextPage endCursor } totalCount }
`)
const MoreTasks = graphql(`
  query MoreTasks($id: ID!, $after: String!, $asOf: Instant) { patient(id: $id, asOf: $asOf) { id tasks(first: 25, after: $after) { ...TaskPage } } }
`)
const MoreAppointments = graphql(`
  query MoreAppointments($id: ID!, $after: String!, $asOf: Instant) { patient(id: $id, asOf: $asOf) { id appointments(first: 25, after: $after) { ...AppointmentPage } } }
`)

type Task = TaskPageFragment['nodes'][number]
const OPEN: readonly (Task['status'])[] = ['DRAFT', 'REQUESTED', 'RECEIVED', 'ACCEPTED', 'READY', 'IN_PROGRESS', 'ON_HOLD']

/** Whether tasks are asked for and done here: by who is given tasks, and never in a chart of the past. */
export const useWorks = (): boolean => { const past = useAsOf() !== null; return mayWork(useSession().session) && !past }

/** What somebody has to do for the patient, newest first. */
export function Tasks({ of, patientId }: { of: FragmentType<typeof TaskPage>; patientId: string }) {
  const client = useClient()
  const asOf = useAsOf()
  const works = useWorks()
  const forms = useTaskForms()
  const { open, dialog } = useForms()
  const more = async (after: string) => {
    const { data } = await client.query(MoreTasks, { id: patientId, after, asOf }, { requestPolicy: 'network-only' }).toPromise()
    return read(TaskPage, data?.patient?.tasks)
  }
  const first = read(TaskPage, of)
  const acts = (t: Task, title: string): ActItem[] => {
    const it = { id: t.id, versionId: t.versionId, title }
    return !works || !OPEN.includes(t.status) ? [] : [
      { name: 'Take', form: () => forms.claim(it) }, { name: 'Mark as done', form: () => forms.complete(it) }, { name: 'Pass on', run: () => { void forms.reassign(it).then(open) } }, { name: 'Call off', form: () => forms.cancel(it) },
    ]
  }
  return (
    <Section title="Tasks" note={newestFirst(first.totalCount ?? first.nodes.length)}>
      <Pages first={first} more={more} what="tasks">
        {(nodes) => (nodes.length === 0 ? <Empty>No task is recorded.</Empty> : (
          <RecordTable label="Tasks" columns={['Task', 'Status', 'Priority', 'Due', 'Owner', 'Acts']}>
            {nodes.map((t) => {
              const title = t.title ?? t.code?.text ?? 'Task not named'
              return (
                <tr key={t.id}>
                  <th scope="row"><Drug of={title} />{t.description && !title.includes(t.description) && <small>{t.description}</small>}</th>
                  <td><Status of={t.status} />{t.businessStatus && <small>{conceptText(t.businessStatus)}</small>}</td>
                  <td><Recorded is={t.priority && words(t.priority)} /></td>
                  <td>{t.dueAt ? <Moment at={t.dueAt} /> : <Recorded is={null} />}</td>
                  <td><Recorded is={t.owner?.display} none={t.owner ? 'Name not stated' : 'Nobody yet'} /></td>
                  <td><RowActs of={title} place={t.id} items={acts(t, title)} /></td>
                </tr>
              )
            })}
          </RecordTable>
        ))}
      </Pages>
      {dialog}
    </Section>
  )
}

/** Planned meetings, the latest first; they are booked and changed in the schedule. */
export function Appointments({ of, patientId }: { of: FragmentType<typeof AppointmentPage>; patientId: string }) {
  const client = useClient()
  const asOf = useAsOf()
  const more = async (after: string) => {
    const { data } = await client.query(MoreAppointments, { id: patientId, after, asOf }, { requestPolicy: 'network-only' }).toPromise()
    return read(AppointmentPage, data?.patient?.appointments)
  }
  const first = read(AppointmentPage, of)
  const total = first.totalCount ?? first.nodes.length
  return (
    <Section title="Appointments" note={total === 0 ? 'none' : `${total}, the latest first`}>
      <Pages first={first} more={more} what="appointments">
        {(nodes) => (nodes.length === 0 ? <Empty>No appointment is recorded.</Empty> : (
          <RecordTable label="Appointments" columns={['Appointment', 'When', 'Status', 'With', 'Acts']}>
            {nodes.map((a) => (
              <tr key={a.id}>
                <th scope="row">{conceptText(a.serviceTypes[0]) || (a.description ?? 'Not recorded')}<small>{conceptText(a.reasons)}</small></th>
                <td>{a.start ? <Moment at={a.start} /> : <Recorded is={null} />}</td>
                <td><Status of={a.status} /></td>
                <td><Recorded is={a.participants.flatMap((p) => (p.actor?.id?.startsWith('Patient/') ? [] : p.actor?.display ?? (conceptText(p.types[0]) || []))).join(', ')} /></td>
                <td><RowActs of={a.serviceTypes[0]?.text ?? 'appointment'} place={a.id} items={[]} /></td>
              </tr>
            ))}
          </RecordTable>
        ))}
      </Pages>
    </Section>
  )
}
