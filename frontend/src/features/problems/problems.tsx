import { useClient } from 'urql'
import { ActStrip, RowActs } from '../../components/act/acts'
import { useMistake } from '../../components/act/mistake'
import { Status, words } from '../../components/clinical/status'
import { Part } from '../../components/ui/part'
import { Pages, RecordTable } from '../../components/ui/record-table'
import { Recorded } from '../../components/ui/recorded'
import { Section } from '../../components/ui/section'
import { Empty } from '../../components/ui/states'
import { useMay } from '../../hooks/use-may'
import { useAsOf } from '../../contexts/patient'
import { graphql, read, type FragmentType } from '../../gql'
import type { ConditionClinicalStatus, ProblemPageFragment } from '../../gql/graphql'
import { formatDay } from '../../lib/date'
import { ProblemFields, useProblemForms } from './problem-forms'

export const ProblemPage = graphql(`
  fragment ProblemPage on ConditionConnection {
    nodes { id code { text codings { system code } } category { text } clinicalStatus verificationStatus severity { text } onsetAt onsetText abatementAt recordedAt recorder { display } notes { text } ...ProblemFields }
    pageInfo { hasNextPage endCursor }
    totalCount
  }
`)
export const ProblemList = graphql(`
  fragment ProblemList on Patient { conditions(first: 90) { ...ProblemPage } }
`)
const MoreProblems = graphql(`
  query MoreProblems($id: ID!, $after: String!, $asOf: Instant) { patient(id: $id, asOf: $asOf) { id conditions(first: 100, after: $after) { ...ProblemPage } } }
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
const COLUMNS = ['Problem', 'Status', 'Onset', 'Ended', 'Kind', 'Recorded', 'Acts'], WIDTHS = [29, 11, 12, 12, 15, 16, 5]

/** Every problem and diagnosis on record, those of now apart from those of before. */
export function ProblemsView({ of, patientId }: { of: FragmentType<typeof ProblemList> | undefined; patientId: string }) {
  const client = useClient()
  const asOf = useAsOf()
  const more = async (after: string) => {
    const { data } = await client.query(MoreProblems, { id: patientId, after, asOf }, { requestPolicy: 'network-only' }).toPromise()
    return read(ProblemPage, data?.patient?.conditions)
  }
  const list = read(ProblemList, of)?.conditions
  const acting = useMay('chart')
  const forms = useProblemForms(patientId)
  const mistake = useMistake()
  const acts = (p: Problem) => {
    const of = read(ProblemFields, p)
    const name = p.code?.text ?? 'The problem'
    return !acting || inError(p) ? [] : [
      { name: 'Change', form: () => forms.update(of) },
      ...(ACTIVE.includes(p.clinicalStatus) ? [{ name: 'Resolve', form: () => forms.resolve(of) }] : []),
      { name: 'Entered in error', form: () => mistake(of, name) },
    ]
  }
  return (
    <Part of={list} name="conditions" what="Problems" rows={10}>
      {(masked) => (
        <>
        <ActStrip note="Active problems apart from those of before" items={acting ? [{ name: 'Record a problem', form: forms.record }] : []} />
        <Pages first={read(ProblemPage, masked)} more={more} what="problems">
          {(nodes) => GROUPS.map(([title, empty, belongs]) => {
            const rows = nodes.filter(belongs)
            if (rows.length === 0 && !empty) return null
            return (
              <Section key={title} title={title} note={`${rows.length}`}>
                {rows.length === 0 ? <Empty>{empty}</Empty> : (
                  <RecordTable label={title} columns={COLUMNS} widths={WIDTHS}>
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
                        <td className={p.onsetAt ? 'whole' : undefined}><Recorded is={p.onsetAt ? formatDay(p.onsetAt) : p.onsetText} /></td>
                        <td className="whole"><Recorded is={p.abatementAt && formatDay(p.abatementAt)} none={ACTIVE.includes(p.clinicalStatus) && !inError(p) ? 'Ongoing' : undefined} /></td>
                        <td><Recorded is={p.category.map((c) => words(c.text)).join(', ')} /></td>
                        <td><Recorded is={p.recordedAt && formatDay(p.recordedAt)} />{p.recorder?.display && <small>{p.recorder.display}</small>}</td>
                        <td><RowActs of={p.code?.text ?? 'problem'} place={p.id} items={acts(p)} /></td>
                      </tr>
                    ))}
                  </RecordTable>
                )}
              </Section>
            )
          })}
        </Pages>
        </>
      )}
    </Part>
  )
}
