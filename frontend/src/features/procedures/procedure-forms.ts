import { commonOutcome, given, useAct, type FieldSpec, type Values } from '../../components/act/act'
import type { ActForm } from '../../components/act/act-dialog'
import { graphql, read, type FragmentType } from '../../gql'
import type { ProcedureFieldsFragment } from '../../gql/graphql'
import { today } from '../../lib/date'

/** What the form of a procedure works on. */
export const ProcedureFields = graphql(`
  fragment ProcedureFields on Procedure {
    id versionId lastUpdated status code { text codings { system code display } } performedAt performedPeriod { start end } reasons { text } bodySites { text } outcome { text }
  }
`)
const RecordProcedure = graphql(`
  mutation RecordProcedure($input: ProcedureRecordInput!) {
    procedureRecord(input: $input) { outcome { __typename ... on ProcedureSaved { procedure { id versionId } } ... on Stale { id currentVersion } ... on NotPermitted { message } ... on Invalid { issues { text expression } } } }
  }
`)
const UpdateProcedure = graphql(`
  mutation UpdateProcedure($input: ProcedureUpdateInput!) {
    procedureUpdate(input: $input) {
      outcome {
        __typename ... on ProcedureSaved { procedure { id versionId } }
        ... on Stale { id currentVersion current { id lastUpdated ... on Procedure { ...ProcedureFields } } } ... on NotPermitted { message } ... on Invalid { issues { text expression } }
      }
    }
  }
`)

const WHAT: FieldSpec = { name: 'code', label: 'Procedure', kind: 'concept', required: true, suggest: 'PROCEDURES' }
const DONE: FieldSpec = { name: 'done', label: 'Was it done', kind: 'choice', required: true, options: [['yes', 'Yes'], ['no', 'No: it was to be, and was not']] }
const DECLINED: FieldSpec = { name: 'declined', label: 'Why it was not done', required: true, when: (v) => v.done === 'no' }
const AT: FieldSpec = { name: 'performedAt', label: 'When', kind: 'day', required: true }
const END: FieldSpec = { name: 'endedAt', label: 'Until', kind: 'day', help: 'Only where it took more than that day.' }
const SITE: FieldSpec = { name: 'bodySite', label: 'Where on the body' }
const REASON: FieldSpec = { name: 'reason', label: 'What it was for', kind: 'concept', suggest: 'CONDITIONS' }
const RESULT: FieldSpec = { name: 'outcome', label: 'What came of it', when: (v) => v.done !== 'no' }
const NOTE: FieldSpec = { name: 'note', label: 'Remark', kind: 'area' }

const words = (text: string | undefined) => { const one = given(text); return one ? { text: one } : undefined }
const valuesOf = (p: ProcedureFieldsFragment): Values => ({
  code: p.code?.text ?? '', performedAt: (p.performedAt ?? p.performedPeriod?.start ?? '').slice(0, 10), endedAt: p.performedPeriod?.end?.slice(0, 10) ?? '', reason: p.reasons[0]?.text ?? '', bodySite: p.bodySites[0]?.text ?? '',
  outcome: p.outcome?.text ?? '', done: p.status === 'NOT_DONE' ? 'no' : 'yes',
})

/** The forms of what was done to the patient. */
export function useProcedureForms(patient: string) {
  const act = useAct()
  const record = (): ActForm => ({
    title: 'Record a procedure', verb: 'Record', fields: [WHAT, DONE, DECLINED, AT, { ...END, when: (v) => v.done !== 'no' }, SITE, REASON, RESULT, NOTE], initial: { done: 'yes', performedAt: today() },
    submit: (v, { key, concept }) => act(RecordProcedure, {
      input: {
        patient, code: concept('code') ?? {}, performedAt: given(v.performedAt) ?? '', endedAt: v.done === 'no' ? undefined : given(v.endedAt), declined: v.done === 'no' ? words(v.declined) : undefined, bodySite: words(v.bodySite),
        reason: concept('reason'), outcome: v.done === 'no' ? undefined : words(v.outcome), note: given(v.note), idempotencyKey: key,
      },
    }, ({ procedureRecord: { outcome } }) => commonOutcome(outcome) ?? { kind: 'saved', told: `${v.code ?? 'The procedure'} is recorded${v.done === 'no' ? ' as not done' : ''}` }),
  })
  const update = (p: ProcedureFieldsFragment): ActForm => {
    const before = valuesOf(p)
    const name = p.code?.text ?? 'the procedure'
    const changed = (v: Values, field: string) => ((v[field] ?? '').trim() === (before[field] ?? '') ? undefined : given(v[field]))
    // Of several reasons or sites none is lost to a form that shows one.
    const fields = [WHAT, AT, END, ...(p.bodySites.length > 1 ? [] : [SITE]), ...(p.reasons.length > 1 ? [] : [REASON]), ...(p.status === 'NOT_DONE' ? [] : [RESULT]), { ...NOTE, label: 'A further remark' }]
    return {
      title: `Change ${name}`, verb: 'Save', fields: fields.map((f) => ({ ...f, required: !!before[f.name] })), initial: before, version: p.versionId,
      terms: p.code ? [{ text: p.code.text, codings: p.code.codings.flatMap(({ system, code, display }) => (system && code ? [{ system, code, display: display ?? undefined }] : [])) }] : [],
      submit: (v, { key, version, concept }) => act(UpdateProcedure, {
        input: {
          id: p.id, expectedVersion: version, code: changed(v, 'code') ? concept('code') : undefined, performedAt: changed(v, 'performedAt'), endedAt: changed(v, 'endedAt'), bodySite: words(changed(v, 'bodySite')),
          reason: changed(v, 'reason') ? concept('reason') : undefined, outcome: words(changed(v, 'outcome')), note: given(v.note), idempotencyKey: key,
        },
      }, ({ procedureUpdate: { outcome } }) => commonOutcome(outcome, (now) => valuesOf(read(ProcedureFields, now as FragmentType<typeof ProcedureFields>))) ?? { kind: 'saved', told: `${name} is saved` }),
    }
  }
  return { record, update }
}
