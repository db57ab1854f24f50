import { commonOutcome, given, useAct, type FieldSpec, type Values } from '../../components/act/act'
import type { ActForm } from '../../components/act/act-dialog'
import { codesText, type Coding, type Term } from '../../components/act/catalog'
import { conceptText, words } from '../../components/clinical/status'
import { Recorded } from '../../components/ui/recorded'
import { graphql, read, type FragmentType } from '../../gql'
import type { ConditionClinicalStatus, ConditionVerificationStatus, OpenVisitFragment, ProblemFieldsFragment } from '../../gql/graphql'
import { formatDay } from '../../lib/date'
import css from './problems.module.css'

/** What the form of a problem works on. */
export const ProblemFields = graphql(`
  fragment ProblemFields on Condition {
    id versionId lastUpdated clinicalStatus verificationStatus onsetAt onsetText abatementAt recordedAt recorder { display } category { text } notes { text }
    code { text codings { system code display } }
    severity { text codings { system code display } }
  }
`)
const ConditionRecord = graphql(`
  mutation ConditionRecord($input: ConditionRecordInput!) {
    conditionRecord(input: $input) {
      outcome {
        __typename
        ... on ConditionSaved { condition { id versionId } }
        ... on DuplicateProblem { existing { id code { text } } }
        ... on Stale { id currentVersion } ... on NotPermitted { message } ... on Invalid { issues { text expression } }
      }
    }
  }
`)
const ConditionUpdate = graphql(`
  mutation ConditionUpdate($input: ConditionUpdateInput!) {
    conditionUpdate(input: $input) {
      outcome {
        __typename
        ... on ConditionSaved { condition { id versionId } }
        ... on Stale { id currentVersion current { id lastUpdated ... on Condition { ...ProblemFields } } } ... on NotPermitted { message } ... on Invalid { issues { text expression } }
      }
    }
  }
`)
const ConditionResolve = graphql(`
  mutation ConditionResolve($input: ConditionResolveInput!) {
    conditionResolve(input: $input) {
      outcome {
        __typename
        ... on ConditionSaved { condition { id versionId } }
        ... on Stale { id currentVersion current { id lastUpdated ... on Condition { ...ProblemFields } } } ... on NotPermitted { message } ... on Invalid { issues { text expression } }
      }
    }
  }
`)
const ConditionMerge = graphql(`
  mutation ConditionMerge($input: ConditionMergeInput!) {
    conditionMerge(input: $input) {
      outcome { __typename ... on ConditionMerged { condition { id versionId } duplicates { id versionId } } ... on Stale { id currentVersion } ... on NotPermitted { message } ... on Invalid { issues { text expression } } }
    }
  }
`)
/** A visit that goes on, and what it is mainly about. */
export const OpenVisit = graphql(`
  fragment OpenVisit on Encounter { id versionId lastUpdated status class { code display } types { text } period { start } diagnoses { condition { id display } rank } }
`)
const PrincipalSet = graphql(`
  mutation PrincipalSet($input: EncounterPrincipalSetInput!) {
    encounterPrincipalSet(input: $input) {
      outcome {
        __typename ... on EncounterSaved { encounter { id versionId } }
        ... on Stale { id currentVersion current { id lastUpdated ... on Encounter { ...OpenVisit } } } ... on NotPermitted { message } ... on Invalid { issues { text expression } }
      }
    }
  }
`)

const CODE: FieldSpec = { name: 'code', label: 'Problem', kind: 'concept', required: true, suggest: 'CONDITIONS' }
const STATUS: FieldSpec = { name: 'clinicalStatus', label: 'Clinical status', kind: 'choice', required: true, options: [['ACTIVE', 'Active'], ['RECURRENCE', 'Recurrence'], ['RELAPSE', 'Relapse'], ['INACTIVE', 'Inactive'], ['REMISSION', 'Remission'], ['RESOLVED', 'Resolved']] }
const CERTAINTY: FieldSpec = { name: 'verificationStatus', label: 'Certainty', kind: 'choice', required: true, options: [['CONFIRMED', 'Confirmed'], ['PROVISIONAL', 'Provisional'], ['DIFFERENTIAL', 'Differential'], ['UNCONFIRMED', 'Unconfirmed']] }
/** Source: FHIR R4 value set condition-severity (SNOMED CT). */
const SEVERITIES: readonly Coding[] = [
  { system: 'http://snomed.info/sct', code: '255604002', display: 'Mild' }, { system: 'http://snomed.info/sct', code: '6736007', display: 'Moderate' }, { system: 'http://snomed.info/sct', code: '24484000', display: 'Severe' },
]
const SEVERITY: FieldSpec = { name: 'severity', label: 'Severity', kind: 'choice', options: SEVERITIES.map((s) => [s.display ?? '', s.display ?? '']) }
const ONSET: FieldSpec = { name: 'onset', label: 'Onset', kind: 'day' }
const over = (v: Values) => v.clinicalStatus !== undefined && !['ACTIVE', 'RECURRENCE', 'RELAPSE'].includes(v.clinicalStatus)
const ENDED: FieldSpec = { name: 'abatement', label: 'Ended', kind: 'day', when: over }
const NOTE: FieldSpec = { name: 'note', label: 'Remark', kind: 'area' }

const severity = (words: string | undefined) => { const coding = SEVERITIES.find((s) => s.display === words?.trim()); return coding ? { text: coding.display ?? '', codings: [coding] } : given(words) ? { text: words?.trim() ?? '' } : undefined }
const day = (at: string | null | undefined) => at?.slice(0, 10) ?? ''
export const valuesOf = (p: ProblemFieldsFragment): Values => ({
  code: p.code?.text ?? '', clinicalStatus: p.clinicalStatus ?? '', verificationStatus: p.verificationStatus ?? '', severity: p.severity?.text ?? '', onset: day(p.onsetAt), abatement: day(p.abatementAt),
})
const termsOf = (p: ProblemFieldsFragment): Term[] =>
  (p.code ? [{ text: p.code.text, codings: p.code.codings.flatMap((c) => (c.system && c.code ? [{ system: c.system, code: c.code, display: c.display ?? undefined }] : [])) }] : [])
/** A field that is as the record has it is not sent, so that more precise data than the form shows stay. */
const changed = (values: Values, before: Values, name: string) => (values[name]?.trim() === before[name] ? undefined : given(values[name]))

/** The forms that act on a patient's problems. */
export function useProblemForms(patient: string) {
  const act = useAct()
  const record = (): ActForm => ({
    title: 'Record a problem', verb: 'Record', fields: [CODE, STATUS, CERTAINTY, SEVERITY, ONSET, ENDED, NOTE], initial: { clinicalStatus: 'ACTIVE' },
    submit: (v, { key, concept }) => act(ConditionRecord, {
      input: {
        patient, code: concept('code') ?? {}, clinicalStatus: v.clinicalStatus as ConditionClinicalStatus, verificationStatus: v.verificationStatus as ConditionVerificationStatus,
        severity: severity(v.severity), onset: given(v.onset), abatement: over(v) ? given(v.abatement) : undefined, note: given(v.note), idempotencyKey: key,
      },
    }, ({ conditionRecord: { outcome } }) => commonOutcome(outcome) ?? (outcome.__typename === 'DuplicateProblem'
      ? { kind: 'refused', problems: [{ field: 'code', text: `This problem is active already: ${outcome.existing.map((e) => e.code?.text ?? 'not named').join(', ')}. Change that one instead.` }] }
      : { kind: 'saved', told: `${v.code ?? 'The problem'} is recorded` })),
  })
  const update = (p: ProblemFieldsFragment): ActForm => {
    const before = valuesOf(p)
    const certainty = p.verificationStatus === 'REFUTED' ? { ...CERTAINTY, options: [...(CERTAINTY.options ?? []), ['REFUTED', 'Refuted'] as const] } : CERTAINTY
    const severities = before.severity && !SEVERITIES.some((s) => s.display === before.severity) ? { ...SEVERITY, options: [...(SEVERITY.options ?? []), [before.severity, before.severity] as const] } : SEVERITY
    return {
      title: 'Change a problem', verb: 'Save', initial: before, terms: termsOf(p), version: p.versionId,
      // What is on record cannot be emptied by this act.
      fields: [...[CODE, STATUS, certainty, severities, ONSET, ENDED].map((f) => ({ ...f, required: f.required || !!before[f.name] })), { ...NOTE, label: 'A further remark' }],
      submit: (v, { key, version, concept }) => act(ConditionUpdate, {
        input: {
          id: p.id, expectedVersion: version, code: changed(v, before, 'code') ? concept('code') : undefined, clinicalStatus: changed(v, before, 'clinicalStatus') as ConditionClinicalStatus | undefined,
          verificationStatus: changed(v, before, 'verificationStatus') as ConditionVerificationStatus | undefined, severity: severity(changed(v, before, 'severity')),
          onset: changed(v, before, 'onset'), abatement: over(v) ? changed(v, before, 'abatement') : undefined, note: given(v.note), idempotencyKey: key,
        },
      }, ({ conditionUpdate: { outcome } }) => commonOutcome(outcome, theirs) ?? { kind: 'saved', told: `${v.code ?? 'The problem'} is saved` }),
    }
  }
  const resolve = (p: ProblemFieldsFragment): ActForm => ({
    title: `Resolve ${p.code?.text ?? 'the problem'}`, verb: 'Resolve', version: p.versionId, initial: { abatement: '', note: '' }, fields: [{ ...ENDED, when: undefined }, NOTE],
    submit: (v, { key, version }) => act(ConditionResolve, { input: { id: p.id, expectedVersion: version, abatement: given(v.abatement), note: given(v.note), idempotencyKey: key } }, ({ conditionResolve: { outcome } }) =>
      commonOutcome(outcome, (now) => ({ abatement: theirs(now).abatement ?? '' })) ?? { kind: 'saved', told: `${p.code?.text ?? 'The problem'} is resolved` }),
  })
  const merge = (p: ProblemFieldsFragment, others: readonly ProblemFieldsFragment[], chosen = ''): ActForm => {
    const found = (v: Values) => others.find((o) => o.id === v.other)
    return {
      title: `Merge ${nameOf(p)} with another record of it`, verb: 'Merge', danger: true, initial: { other: chosen },
      fields: [
        { name: 'other', label: 'The other record of the same problem', kind: 'choice', required: true, input: 'duplicates', options: others.map((o) => [o.id, lineOf(o)] as const) },
        { name: 'keep', label: 'Which is kept', kind: 'choice', required: true, input: 'id', options: [['this', 'The first record'], ['other', 'The second record']], help: 'The other one is marked as a mistake and says which stands for it. Its remarks go to the one that is kept.' },
        { name: 'onset', label: 'Onset', kind: 'day', help: 'Only where what is kept shall say another one.' },
        { name: 'reason', label: 'Why they are the same', kind: 'area' },
      ],
      about: (v) => <Both one={p} other={found(v)} kept={v.keep} />,
      submit: async (v, { key }) => {
        const other = found(v)
        if (!other) return { kind: 'refused', problems: [{ field: 'other', text: 'Choose the other record.' }] }
        const [kept, mistaken] = v.keep === 'other' ? [other, p] : [p, other]
        return act(ConditionMerge, {
          input: { id: kept.id, expectedVersion: kept.versionId, duplicates: [{ id: mistaken.id, expectedVersion: mistaken.versionId }], onset: given(v.onset), reason: given(v.reason), idempotencyKey: key },
        }, ({ conditionMerge: { outcome } }) => (outcome.__typename === 'Stale'
          ? { kind: 'refused', problems: [{ text: 'One of the two was changed meanwhile. Close this, and look at both as they are now.' }] }
          : commonOutcome(outcome) ?? { kind: 'saved', told: `${nameOf(kept)} is one problem now` }))
      },
    }
  }
  const principal = (visit: OpenVisitFragment, name: string, problems: readonly ProblemFieldsFragment[], chosen?: string): ActForm => {
    const before = principalOf(visit)
    const named = problems.some((p) => p.id === before) || !before ? [] : [[before, visit.diagnoses.find((d) => d.condition.id === before)?.condition.display ?? 'A record that is not on this list'] as const]
    return {
      title: `What the visit is mainly about: ${name}`, verb: 'Save', version: visit.versionId, initial: { condition: chosen ?? before },
      fields: [{ name: 'condition', label: 'Principal problem', kind: 'choice', none: 'None', options: [...problems.map((p) => [p.id, lineOf(p)] as const), ...named] }],
      submit: (v, { key, version }) => act(PrincipalSet, { input: { id: visit.id, expectedVersion: version, condition: given(v.condition) ?? null, idempotencyKey: key } }, ({ encounterPrincipalSet: { outcome } }) =>
        commonOutcome(outcome, (now) => ({ condition: principalOf(read(OpenVisit, now as FragmentType<typeof OpenVisit>)) })) ?? { kind: 'saved', told: given(v.condition) ? 'The principal problem is recorded' : 'The visit has no principal problem now' }),
    }
  }
  return { record, update, resolve, merge, principal }
}

const nameOf = (p: ProblemFieldsFragment): string => p.code?.text ?? 'a problem not named'
/** One of several records of the same name, to be chosen by. */
const lineOf = (p: ProblemFieldsFragment): string =>
  [nameOf(p), p.onsetAt ? `since ${formatDay(p.onsetAt)}` : '', p.recordedAt ? `recorded ${formatDay(p.recordedAt)}` : '', p.recorder?.display ?? ''].filter(Boolean).join(', ')
/** The problem that a visit is mainly about; empty when none is named. */
export const principalOf = (visit: OpenVisitFragment): string => visit.diagnoses.find((d) => d.rank === 1)?.condition.id ?? ''

/** Two records of what may be one problem, line by line. */
function Both({ one, other, kept }: { one: ProblemFieldsFragment; other: ProblemFieldsFragment | undefined; kept: string | undefined }) {
  const rows: [string, (p: ProblemFieldsFragment) => string | null | undefined][] = [
    ['Problem', (p) => p.code?.text], ['Code', (p) => codesText(termsOf(p)[0]?.codings ?? [])], ['Status', (p) => p.clinicalStatus && words(p.clinicalStatus)], ['Certainty', (p) => p.verificationStatus && words(p.verificationStatus)],
    ['Severity', (p) => p.severity?.text], ['Onset', (p) => (p.onsetAt ? formatDay(p.onsetAt) : p.onsetText)], ['Ended', (p) => p.abatementAt && formatDay(p.abatementAt)], ['Kind', (p) => conceptText(p.category)],
    ['Recorded', (p) => [p.recordedAt && formatDay(p.recordedAt), p.recorder?.display].filter(Boolean).join(', ')], ['Remarks', (p) => p.notes.map((n) => n.text).join(' · ')],
  ]
  const fate = (of: 'this' | 'other') => kept && (kept === of ? 'is kept' : 'will be marked as a mistake')
  return (
    <table className={css.both} aria-label="Both records">
      <thead><tr><th scope="col">Compared</th><th scope="col">First record <small>{fate('this')}</small></th><th scope="col">Second record <small>{fate('other')}</small></th></tr></thead>
      <tbody>{rows.map(([name, of]) => <tr key={name}><th scope="row">{name}</th><td><Recorded is={of(one)} /></td><td>{other ? <Recorded is={of(other)} /> : '–'}</td></tr>)}</tbody>
    </table>
  )
}

const theirs = (now: object): Values => valuesOf(read(ProblemFields, now as FragmentType<typeof ProblemFields>))
