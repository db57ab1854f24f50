import Button from '@mui/material/Button'
import { useState } from 'react'
import { useClient } from 'urql'
import { MistakeDialog } from '../../components/clinical/mistake'
import { Status, words } from '../../components/clinical/status'
import { Part } from '../../components/ui/part'
import { Pages, RecordTable } from '../../components/ui/record-table'
import { Section } from '../../components/ui/section'
import { Empty } from '../../components/ui/states'
import { graphql, read, type FragmentType } from '../../gql'
import type { ConditionClinicalStatus, ProblemPageFragment } from '../../gql/graphql'
import { useSession } from '../../contexts/session'
import { formatDay } from '../../lib/date'
import { mayChart } from '../../lib/permissions'
import form from '../../components/form/form.module.css'
import { AddProblem, EditProblem, ResolveProblem } from './problem-form'

export const ProblemPage = graphql(`
  fragment ProblemPage on ConditionConnection {
    nodes { id versionId code { text codings { system code } } category { text } clinicalStatus verificationStatus severity { text } onsetAt onsetText abatementAt recordedAt recorder { display } notes { text } }
    pageInfo { hasNextPage endCursor }
    totalCount
  }
`)
export const ProblemList = graphql(`
  fragment ProblemList on Patient { conditions(first: 100) { ...ProblemPage } }
`)
const MoreProblems = graphql(`
  query MoreProblems($id: ID!, $after: String!) { patient(id: $id) { id conditions(first: 100, after: $after) { ...ProblemPage } } }
`)

type Problem = ProblemPageFragment['nodes'][number]
const ACTIVE: readonly (ConditionClinicalStatus | null | undefined)[] = ['ACTIVE', 'RECURRENCE', 'RELAPSE']
const inError = (p: Problem) => p.verificationStatus === 'ENTERED_IN_ERROR'
const GROUPS: readonly [title: string, empty: string, of: (p: Problem) => boolean][] = [
  ['Active problems', 'No active problem is recorded.', (p) => ACTIVE.includes(p.clinicalStatus) && !inError(p)],
  ['Inactive and resolved', 'No inactive or resolved problem is recorded.', (p) => !!p.clinicalStatus && !ACTIVE.includes(p.clinicalStatus) && !inError(p)],
  ['Without a clinical status', '', (p) => !p.clinicalStatus && !inError(p)],
  ['Entered in error', '', inError],
]

/** Every problem and diagnosis on record, those of now apart from those of before. */
export function ProblemsView({ of, patientId }: { of: FragmentType<typeof ProblemList> | undefined; patientId: string }) {
  const client = useClient()
  const may = mayChart(useSession().session)
  const [open, setOpen] = useState<{ act: 'add' | 'edit' | 'resolve' | 'mistake'; on?: Problem } | null>(null)
  const close = () => setOpen(null)
  const more = async (after: string) => {
    const { data } = await client.query(MoreProblems, { id: patientId, after }, { requestPolicy: 'network-only' }).toPromise()
    return read(ProblemPage, data?.patient?.conditions)
  }
  const list = read(ProblemList, of)?.conditions
  const on = open?.on && { ...open.on, name: open.on.code?.text ?? 'Not recorded' }
  return (
    <>
    {open?.act === 'add' && <AddProblem patientId={patientId} onClose={close} />}
    {open?.act === 'edit' && on && <EditProblem of={on} onClose={close} />}
    {open?.act === 'resolve' && on && <ResolveProblem of={on} onClose={close} />}
    {open?.act === 'mistake' && on && <MistakeDialog id={on.id} version={on.versionId} what={on.name} onClose={close} />}
    <Part of={list} name="conditions" what="Problems" rows={10}>
      {(masked) => (
        <Pages first={read(ProblemPage, masked)} more={more} what="problems">
          {(nodes) => GROUPS.map(([title, empty, belongs], group) => {
            const rows = nodes.filter(belongs)
            if (rows.length === 0 && !empty) return null
            return (
              <Section key={title} title={title} note={`${rows.length}`} actions={may && group === 0 && <Button variant="outlined" size="small" onClick={() => setOpen({ act: 'add' })}>Add a problem</Button>}>
                {rows.length === 0 ? <Empty>{empty}</Empty> : (
                  <RecordTable label={title} columns={['Problem', 'Status', 'Onset', 'Ended', 'Kind', 'Recorded', ...(may ? ['Acts'] : [])]}>
                    {rows.map((p) => (
                      <tr key={p.id}>
                        <th scope="row">
                          {inError(p) ? <s>{p.code?.text ?? 'Not recorded'}</s> : p.code?.text ?? 'Not recorded'}
                          {p.severity && <small>{p.severity.text}</small>}
                          {p.notes.map((n) => <small key={n.text}>{n.text}</small>)}
                        </th>
                        <td>
                          <Status of={p.clinicalStatus} />{' '}
                          {p.verificationStatus && p.verificationStatus !== 'CONFIRMED' && <Status of={p.verificationStatus} />}
                        </td>
                        <td>{p.onsetAt ? formatDay(p.onsetAt) : p.onsetText ?? 'Not recorded'}</td>
                        <td>{p.abatementAt ? formatDay(p.abatementAt) : p.clinicalStatus === 'RESOLVED' ? 'Not recorded' : ''}</td>
                        <td>{p.category.map((c) => words(c.text)).join(', ') || 'Not recorded'}</td>
                        <td>{p.recordedAt ? formatDay(p.recordedAt) : 'Not recorded'}{p.recorder?.display && <small>{p.recorder.display}</small>}</td>
                        {may && (
                          <td>
                            {!inError(p) && (
                              <div className={form.actions}>
                                <Button size="small" variant="text" onClick={() => setOpen({ act: 'edit', on: p })} aria-label={`Change ${p.code?.text ?? 'problem'}`}>Change</Button>
                                {ACTIVE.includes(p.clinicalStatus) && <Button size="small" variant="text" onClick={() => setOpen({ act: 'resolve', on: p })} aria-label={`Resolve ${p.code?.text ?? 'problem'}`}>Resolve</Button>}
                                <Button size="small" variant="text" onClick={() => setOpen({ act: 'mistake', on: p })} aria-label={`Mark ${p.code?.text ?? 'problem'} as entered in error`}>In error</Button>
                              </div>
                            )}
                          </td>
                        )}
                      </tr>
                    ))}
                  </RecordTable>
                )}
              </Section>
            )
          })}
        </Pages>
      )}
    </Part>
    </>
  )
}
