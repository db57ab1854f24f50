import { commonOutcome, given, useAct, type FieldSpec, type Values } from '../../components/act/act'
import type { ActForm } from '../../components/act/act-dialog'
import type { Coding, Term } from '../../components/act/catalog'
import { graphql, read, type FragmentType } from '../../gql'
import type { ConditionClinicalStatus, ConditionVerificationStatus, ProblemFieldsFragment } from '../../gql/graphql'

/** What the form of a problem works on. */
export const ProblemFields = graphql(`
  fragment ProblemFields on Condition {
    id versionId lastUpdated clinicalStatus verificationStatus onsetAt abatementAt
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
      title: 'Change a problem', verb: 'Save', fields: [CODE, STATUS, certainty, severities, ONSET, ENDED, NOTE], initial: before, terms: termsOf(p), version: p.versionId,
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
  return { record, update, resolve }
}

const theirs = (now: object): Values => valuesOf(read(ProblemFields, now as FragmentType<typeof ProblemFields>))
