import Button from '@mui/material/Button'
import { useCallback, useState } from 'react'
import { Link } from 'react-router'
import { useForms } from '../../components/act/acts'
import css from '../../components/act/act.module.css'
import type { Term } from '../../components/act/catalog'
import { Field } from '../../components/act/field'
import { findPatients, patientLine } from '../../components/act/people'
import { patientName } from '../../components/clinical/person'
import { Moment } from '../../components/ui/moment'
import { Section } from '../../components/ui/section'
import { Empty } from '../../components/ui/states'
import { useAsOf } from '../../contexts/patient'
import { useSession } from '../../contexts/session'
import { graphql, read, type FragmentType } from '../../gql'
import type { MergeTaskFragment } from '../../gql/graphql'
import { useMay } from '../../hooks/use-may'
import { ComparedRecords } from './compare'
import { useMergeForms } from './merge-forms'
import own from './same-person.module.css'

export const SamePerson = graphql(`
  fragment SamePerson on Patient { replacedBy { id } id fhirId mrn birthDate name { display family given prefix } replaces { id fhirId mrn birthDate name { display family given prefix } } }
`)
const MergeTask = graphql(`
  fragment MergeTask on Task {
    id versionId status description authoredOn code { codings { system code } } requester { id display }
    patient { id node { __typename ... on Patient { id mrn birthDate name { display family given prefix } } } }
    focus { id node { __typename ... on Patient { id mrn birthDate name { display family given prefix } } } }
  }
`)
export const MergeTasks = graphql(`
  fragment MergeTasks on ResourceConnection { nodes { __typename id ... on Task { ...MergeTask } } pageInfo { hasNextPage } }
`)

/** The acts that such a task asks for, by their code. */
const ACTS = 'https://wintehr.org/fhir/CodeSystem/act'
/** The searches for what was proposed: of a record that would stay, and of one that would be replaced. */
export const mergeSearches = (patientId: string) => {
  const asked = `code=${['patientMerge', 'patientUnmerge'].map((act) => `${ACTS}|${act}`).join(',')}`
  return { stays: `${asked}&subject=${patientId}`, goes: `${asked}&focus=${patientId}` }
}

const OPEN: readonly string[] = ['REQUESTED', 'RECEIVED', 'ACCEPTED', 'IN_PROGRESS']
const asks = (task: MergeTaskFragment, act: 'patientMerge' | 'patientUnmerge') => !!task.code?.codings.some((c) => c.system === ACTS && c.code === act)
type End = MergeTaskFragment['focus']
const lineOf = (end: End) => (end?.node?.__typename === 'Patient' ? patientLine(end.node) : 'a record that you may not see')

type Of = FragmentType<typeof SamePerson> | null | undefined
type Found = FragmentType<typeof MergeTasks> | null | undefined

/** Other records of the same person: which ones this one replaces, what is proposed, and proposing it. */
export function SamePersonView({ of, stays, goes }: { of: Of; stays: Found; goes: Found }) {
  const [looking, setLooking] = useState(false)
  const proposing = useMay('merge')
  const past = useAsOf() !== null
  const forms = useMergeForms()
  const { open, dialog } = useForms()
  const patient = read(SamePerson, of)
  const lists = [read(MergeTasks, stays), read(MergeTasks, goes)]
  if (!patient || past || lists.some((one) => !one)) return null
  const tasks = [...new Map(lists.flatMap((one) => one?.nodes ?? []).flatMap((n) => (n.__typename === 'Task' ? [[n.id, read(MergeTask, n)] as const] : []))).values()]
  const waiting = tasks.filter((task) => OPEN.includes(task.status ?? ''))
  const replaces = patient.replaces ?? []
  const done = (duplicate: string) => tasks.find((task) => asks(task, 'patientMerge') && task.status === 'COMPLETED' && task.focus?.id === duplicate && task.patient?.id === patient.id)
  const parting = (duplicate: string) => waiting.some((task) => asks(task, 'patientUnmerge') && task.focus?.id === duplicate)
  return (
    <Section title="Same person" note={`${replaces.length} merged, ${waiting.length} proposed`}>
      <div className={css.strip}>
        <span>Other records of this person. Records are merged by two members of staff: one proposes it, the other does it. <Link to="/inbox">Proposals wait in the inbox</Link></span>
        {proposing && <Button variant="outlined" aria-expanded={looking} onClick={() => setLooking(!looking)}>{looking ? 'Close' : 'Same person as …'}</Button>}
      </div>
      {looking && proposing && <Propose here={patient.id} onDone={() => setLooking(false)} />}
      {replaces.map((other) => {
        const merge = done(other.id)
        return (
          <div key={other.id} className={own.one}>
            <p><strong>{patientLine(other)}</strong> was merged into this record. <Link to={`/patients/${other.fhirId}/clinical/demographics`}>Look at it as it was kept</Link></p>
            {proposing && (parting(other.id) ? <p>It is proposed to part them again.</p>
              : merge ? <Button variant="outlined" onClick={() => open(forms.proposeUnmerge(merge.id, patientName(patient.name), patientLine(other)))}>They are two persons …</Button>
              : <p>How it was merged is not among what is loaded here, or it came with another record: that one is parted first.</p>)}
          </div>
        )
      })}
      {waiting.map((task) => <Waiting key={task.id} of={task} />)}
      {replaces.length + waiting.length === 0 && !looking && <Empty>{patient.replacedBy ? 'This record was merged into another one, which has its acts.' : 'No other record of this person is known, and none is proposed.'}</Empty>}
      {lists.some((one) => one?.pageInfo.hasNextPage) && <p className={own.one}>Only the newest 20 proposals are loaded. The inbox has the others that wait.</p>}
      {dialog}
    </Section>
  )
}

const OTHER = { name: 'other', label: 'The other record', kind: 'concept', required: true, find: findPatients, help: 'By name, number or birth date; then choose one from the list.' } as const

function Propose({ here, onDone }: { here: string; onDone: () => void }) {
  const [words, setWords] = useState('')
  const [known, setKnown] = useState<ReadonlyMap<string, string>>(new Map())
  const seen = useCallback((found: readonly Term[]) => setKnown((before) => new Map([...before, ...found.flatMap((t) => (t.id ? [[t.text, t.id] as const] : []))])), [])
  const forms = useMergeForms()
  const { open, dialog } = useForms()
  const other = known.get(words.trim())
  return (
    <div className={own.one}>
      <Field id="same-person" spec={OTHER} value={words} bad={other === here ? 'That is this record.' : undefined} coded={other ?? ''} onChange={setWords} onSeen={seen} />
      {other && other !== here && (
        <ComparedRecords key={other} ids={[here, other]} heads={['This record', 'The other record']}>
          {(a, b) => <div className={own.acts}><Button variant="contained" onClick={() => open(forms.propose(a, b))}>Propose that they are one person …</Button><Button variant="text" onClick={onDone}>They are not</Button></div>}
        </ComparedRecords>
      )}
      {dialog}
    </div>
  )
}

/** A proposal that waits: what it says, and, for who may and did not propose it, the two records and what to do. */
function Waiting({ of: task }: { of: MergeTaskFragment }) {
  const [reviewing, setReviewing] = useState(false)
  const doing = useMay('person')
  const { session } = useSession()
  const forms = useMergeForms()
  const { open, dialog } = useForms()
  const mine = !!task.requester?.id && task.requester.id === session.fhirUser
  const parts = asks(task, 'patientUnmerge')
  const [survivor, duplicate] = [task.patient?.id, task.focus?.id]
  return (
    <section className={own.one} aria-label={parts ? 'Proposed to part' : 'Proposed merge'}>
      <p>
        <strong>{parts ? 'Proposed: they are two persons.' : 'Proposed: they are one person.'}</strong>{' '}
        {parts ? <>{lineOf(task.focus)}, is used again, apart from {lineOf(task.patient)}.</> : <>{lineOf(task.patient)}, stays; {lineOf(task.focus)}, is replaced by it.</>}
      </p>
      <p>Reason: {task.description ?? 'not recorded'}</p>
      <p className={own.by}>{mine ? 'By you' : `By ${task.requester?.display ?? 'somebody whose name is not recorded'}`}{task.authoredOn && <>, <Moment at={task.authoredOn} /></>}{mine && '. A second person has to carry it out.'}</p>
      {doing && (
        <div className={own.acts}>
          {!mine && survivor && duplicate && <Button variant="outlined" aria-expanded={reviewing} onClick={() => setReviewing(!reviewing)}>{reviewing ? 'Close' : 'Compare the two …'}</Button>}
          <Button variant="text" onClick={() => open(forms.callOff(task, mine))}>{mine ? 'Take back …' : 'Decline …'}</Button>
        </div>
      )}
      {reviewing && doing && survivor && duplicate && (
        <ComparedRecords ids={[survivor, duplicate]} heads={parts ? ['The record that is used', 'The record that would be used again'] : ['The record that stays', 'The record that is replaced']}>
          {(a, b) => <div className={own.acts}><Button variant="contained" onClick={() => open(parts ? forms.unmerge(task, a, b) : forms.merge(task, a, b))}>{parts ? 'Part them …' : 'Merge them …'}</Button></div>}
        </ComparedRecords>
      )}
      {dialog}
    </section>
  )
}
