import FlagOutlined from '@mui/icons-material/FlagOutlined'
import WarningAmberOutlined from '@mui/icons-material/WarningAmberOutlined'
import ToggleButton from '@mui/material/ToggleButton'
import ToggleButtonGroup from '@mui/material/ToggleButtonGroup'
import { useState } from 'react'
import { useClient } from 'urql'
import { ActStrip, RowActs, type ActItem } from '../../components/act/acts'
import { useMistake } from '../../components/act/mistake'
import { Reviewed } from '../../components/act/review'
import { visitName } from '../../components/clinical/encounter-class'
import { keys, sharing } from '../../components/clinical/same'
import { Status, words } from '../../components/clinical/status'
import { Dates } from '../../components/ui/dates'
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
import { OpenVisit, principalOf, ProblemFields, useProblemForms } from './problem-forms'
import css from './problems.module.css'

export const ProblemPage = graphql(`
  fragment ProblemPage on ConditionConnection {
    nodes { id versionId code { text codings { system code } } category { text codings { code } } clinicalStatus verificationStatus severity { text } onsetAt onsetText abatementAt recordedAt recorder { display } notes { text } ...ProblemFields }
    pageInfo { hasNextPage endCursor }
    totalCount
  }
`)
export const ProblemList = graphql(`
  fragment ProblemList on Patient {
    conditions(first: 90) { ...ProblemPage }
    listReview(list: PROBLEMS) { ...ListReviewStamp }
    openVisits: encounters(first: 4, filter: { status: [ARRIVED, TRIAGED, IN_PROGRESS, ONLEAVE] }) { nodes { id types { text } ...OpenVisit } }
  }
`)
const MoreProblems = graphql(`
  query MoreProblems($id: ID!, $after: String!, $asOf: Instant) { patient(id: $id, asOf: $asOf) { id conditions(first: 100, after: $after) { ...ProblemPage } } }
`)

type Problem = ProblemPageFragment['nodes'][number]
const ACTIVE: readonly (ConditionClinicalStatus | null | undefined)[] = ['ACTIVE', 'RECURRENCE', 'RELAPSE']
const inError = (p: Problem) => p.verificationStatus === 'ENTERED_IN_ERROR'
const isActive = (p: Problem) => ACTIVE.includes(p.clinicalStatus) && !inError(p)
type Shown = 'all' | 'active' | 'inactive' | 'resolved'
const GROUPS: readonly { is: Shown | 'none' | 'error'; title: string; empty: string; of: (p: Problem) => boolean }[] = [
  { is: 'active', title: 'Active problems', empty: 'No active problem is recorded.', of: isActive },
  { is: 'inactive', title: 'Inactive and in remission', empty: 'No inactive problem is recorded.', of: (p) => (p.clinicalStatus === 'INACTIVE' || p.clinicalStatus === 'REMISSION') && !inError(p) },
  { is: 'resolved', title: 'Resolved', empty: 'No resolved problem is recorded.', of: (p) => p.clinicalStatus === 'RESOLVED' && !inError(p) },
  { is: 'none', title: 'Without a clinical status', empty: '', of: (p) => !p.clinicalStatus && !inError(p) },
  { is: 'error', title: 'Entered in error', empty: '', of: inError },
]
const STATES: readonly (readonly [Shown, string])[] = [['all', 'All'], ['active', 'Active'], ['inactive', 'Inactive'], ['resolved', 'Resolved']]
/** Source: FHIR R4, value set condition-category. */
const KINDS: Readonly<Record<string, string>> = { 'problem-list-item': 'Problem list', 'encounter-diagnosis': 'Diagnosis of a visit' }
const KIND_NAMES: readonly (readonly [string, string])[] = [['all', 'All kinds'], ['problem-list-item', 'Problem list'], ['encounter-diagnosis', 'Diagnoses of visits']]
const kindsOf = (p: Problem): string[] => p.category.flatMap((c) => c.codings.flatMap(({ code }) => code ?? []))
const kindText = (p: Problem): string => p.category.map((c) => c.codings.flatMap(({ code }) => KINDS[code ?? ''] ?? [])[0] ?? words(c.text)).join(', ')
const COLUMNS = ['Problem', 'Status', 'Onset', 'Ended', 'Kind', 'Recorded', 'Acts'], WIDTHS = [29, 11, 12, 12, 15, 16, 5]

/** Every problem and diagnosis on record, those of now apart from those of before. */
export function ProblemsView({ of, patientId }: { of: FragmentType<typeof ProblemList> | undefined; patientId: string }) {
  const client = useClient()
  const asOf = useAsOf()
  const [shown, setShown] = useState<Shown>('all')
  const [kind, setKind] = useState('all')
  const more = async (after: string) => {
    const { data } = await client.query(MoreProblems, { id: patientId, after, asOf }, { requestPolicy: 'network-only' }).toPromise()
    return read(ProblemPage, data?.patient?.conditions)
  }
  const record = read(ProblemList, of)
  const acting = useMay('chart')
  const ranking = useMay('encounters')
  const forms = useProblemForms(patientId)
  const mistake = useMistake()
  const visits = (record?.openVisits?.nodes ?? []).map((v) => { const visit = read(OpenVisit, v); return { visit, name: visitName(visit), principal: principalOf(visit) } })
  const acts = (p: Problem, all: readonly Problem[]): ActItem[] => {
    const one = read(ProblemFields, p)
    const name = p.code?.text ?? 'The problem'
    if (!acting || inError(p)) return []
    const others = all.filter((o) => o.id !== p.id && !inError(o)).map((o) => read(ProblemFields, o))
    const twins = new Set((sharing(all.filter((o) => !inError(o)), (o) => keys(o.code)).get(p) ?? []).map((o) => o.id))
    return [
      { name: 'Change', form: () => forms.update(one) },
      ...(isActive(p) ? [{ name: 'Resolve', form: () => forms.resolve(one) }] : []),
      // What has the same code stands first, for that is what one comes for.
      ...(others.length > 0 ? [{ name: 'Merge', form: () => forms.merge(one, others.toSorted((a, b) => Number(twins.has(b.id)) - Number(twins.has(a.id))), [...twins][0]) }] : []),
      ...(ranking && isActive(p) ? visits.filter((v) => v.principal !== p.id).map((v) => ({ name: visits.length > 1 ? `Principal of: ${v.name}` : 'Principal of this visit', form: () => forms.principal(v.visit, v.name, all.filter(isActive).map((o) => read(ProblemFields, o)), p.id) })) : []),
      { name: 'Entered in error', form: () => mistake(one, name) },
    ]
  }
  return (
    <Part of={record?.conditions} name="conditions" what="Problems" rows={10}>
      {(masked) => (
        <Pages first={read(ProblemPage, masked)} more={more} what="problems">
          {(nodes, load) => {
            const same = sharing(nodes.filter(isActive), (p) => keys(p.code))
            const ofKind = nodes.filter((p) => kind === 'all' || kindsOf(p).includes(kind))
            const groups = GROUPS.filter((g) => shown === 'all' || g.is === shown).map((g) => ({ ...g, rows: ofKind.filter(g.of) }))
            const hidden = nodes.length - groups.reduce((sum, g) => sum + g.rows.length, 0)
            const active = nodes.filter(isActive)
            return (
              <>
                <ActStrip
                  note="Active problems first, then those of the past"
                  items={acting ? [{ name: 'Record a problem', form: forms.record }, ...(ranking ? visits.map((v) => ({ name: visits.length > 1 ? `Principal problem: ${v.name}` : 'Principal problem', form: () => forms.principal(v.visit, v.name, active.map((p) => read(ProblemFields, p))) })) : [])] : []}
                />
                {nodes.length > 0 && (
                  <div className={css.filter}>
                    <ToggleButtonGroup exclusive size="small" value={shown} aria-label="Clinical status" onChange={(_, to: Shown | null) => { if (to) setShown(to) }}>
                      {STATES.map(([is, name]) => <ToggleButton key={is} value={is}>{name}</ToggleButton>)}
                    </ToggleButtonGroup>
                    <ToggleButtonGroup exclusive size="small" value={kind} aria-label="Kind" onChange={(_, to: string | null) => { if (to) setKind(to) }}>
                      {KIND_NAMES.map(([is, name]) => <ToggleButton key={is} value={is}>{name}</ToggleButton>)}
                    </ToggleButtonGroup>
                    <span role="status">{hidden > 0 ? `${hidden} not shown by this filter` : ''}</span>
                  </div>
                )}
                {groups.map(({ is, title, empty, rows }) => (rows.length > 0 || empty || shown !== 'all') && (
                  <Section key={title} title={title} note={`${rows.length}`}>
                    {is === 'active' && (
                      <Reviewed
                        list="PROBLEMS" of={record?.listReview} patient={patientId} acting={acting}
                        seen={load === null && kind === 'all' ? active : null} hidden={load ? 'Load all problems to mark the list reviewed.' : 'Show all kinds to mark the list reviewed.'}
                      />
                    )}
                    {rows.length === 0 ? <Empty>{kind === 'all' ? empty || 'None is recorded.' : 'None of this kind is recorded.'}</Empty> : (
                      <RecordTable label={title} columns={COLUMNS} widths={WIDTHS}>
                        {rows.map((p) => (
                          <tr key={p.id}>
                            <th scope="row">
                              {inError(p) ? <s>{p.code?.text ?? 'Not recorded'}</s> : p.code?.text ?? 'Not recorded'}
                              {visits.filter((v) => v.principal === p.id).map((v) => <small key={v.visit.id}><span className={css.principal}><FlagOutlined sx={{ fontSize: 14 }} aria-hidden /><span><Dates of={`Principal problem of: ${v.name}`} /></span></span></small>)}
                              {(same.get(p) ?? []).map((o) => <small key={o.id}><span className={css.same}><WarningAmberOutlined sx={{ fontSize: 14 }} aria-hidden /><span><Dates of={`Same code as ${o.code?.text ?? 'another record'}, ${o.recordedAt ? `recorded ${formatDay(o.recordedAt)}` : 'recorded when is not known'}`} /></span></span></small>)}
                              {p.severity && <small>{p.severity.text}</small>}
                              {p.notes.map((n) => <small key={n.text}>{n.text}</small>)}
                            </th>
                            <td>
                              <Status of={p.clinicalStatus} />{' '}
                              {p.verificationStatus && p.verificationStatus !== 'CONFIRMED' && <Status of={p.verificationStatus} />}
                            </td>
                            <td className={p.onsetAt ? 'whole' : undefined}><Recorded is={p.onsetAt ? formatDay(p.onsetAt) : p.onsetText} /></td>
                            <td className="whole"><Recorded is={p.abatementAt && formatDay(p.abatementAt)} none={isActive(p) ? 'Ongoing' : undefined} /></td>
                            <td><Recorded is={kindText(p)} /></td>
                            <td><Recorded is={p.recordedAt && formatDay(p.recordedAt)} />{p.recorder?.display && <small>{p.recorder.display}</small>}</td>
                            <td><RowActs of={p.code?.text ?? 'problem'} place={p.id} items={acts(p, nodes)} /></td>
                          </tr>
                        ))}
                      </RecordTable>
                    )}
                  </Section>
                ))}
              </>
            )
          }}
        </Pages>
      )}
    </Part>
  )
}
