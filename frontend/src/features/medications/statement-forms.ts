import { commonOutcome, given, useAct, type FieldSpec, type Values } from '../../components/act/act'
import type { ActForm } from '../../components/act/act-dialog'
import { graphql, read, type FragmentType } from '../../gql'
import type { MedicationStatementStatus, StatementFieldsFragment } from '../../gql/graphql'
import { today } from '../../lib/date'

/** What the form of what is taken works on. */
export const StatementFields = graphql(`
  fragment StatementFields on MedicationStatement { id versionId lastUpdated status medication { text } dosageText effectivePeriod { start end } }
`)
const RecordStatement = graphql(`
  mutation RecordStatement($input: MedicationStatementRecordInput!) {
    medicationStatementRecord(input: $input) { outcome { __typename ... on MedicationStatementSaved { medicationStatement { id versionId } } ... on Stale { id currentVersion } ... on NotPermitted { message } ... on Invalid { issues { text expression } } } }
  }
`)
const UpdateStatement = graphql(`
  mutation UpdateStatement($input: MedicationStatementUpdateInput!) {
    medicationStatementUpdate(input: $input) {
      outcome {
        __typename ... on MedicationStatementSaved { medicationStatement { id versionId } }
        ... on Stale { id currentVersion current { id lastUpdated ... on MedicationStatement { ...StatementFields } } } ... on NotPermitted { message } ... on Invalid { issues { text expression } }
      }
    }
  }
`)

const STATES: readonly (readonly [MedicationStatementStatus, string])[] = [
  ['ACTIVE', 'Takes it now'], ['INTENDED', 'Is going to take it'], ['ON_HOLD', 'Pauses it'], ['STOPPED', 'Stopped it'], ['COMPLETED', 'Took it to the end'], ['NOT_TAKEN', 'Never took it'],
]
const STATUS: FieldSpec = { name: 'status', label: 'The patient', kind: 'choice', required: true, options: STATES }
const DOSE: FieldSpec = { name: 'dosageText', label: 'How it is taken', help: 'In words: one tablet in the evening.' }
const END: FieldSpec = { name: 'endedAt', label: 'Until', kind: 'day', when: (v) => v.status !== 'ACTIVE' && v.status !== 'NOT_TAKEN' }
const NOTE: FieldSpec = { name: 'note', label: 'Remark', kind: 'area' }
/** Asked once it becomes stopped; it goes among the remarks, for the act takes no reason of its own. */
const WHY: FieldSpec = { name: 'why', label: 'Why it was stopped', kind: 'area', required: true, input: 'note', help: 'It stands with the medicine among its remarks.' }
const remark = (v: Values, stopped: boolean) => [stopped && given(v.why) && `Stopped: ${v.why?.trim()}`, given(v.note)].filter(Boolean).join('\n') || undefined

/** Who can have told it besides the patient. */
export interface Speaker { id: string; name: string }
/** The visits it can have been told in, the newest first. */
export interface ToldIn { id: string; name: string; ongoing: boolean }
const valuesOf = (s: StatementFieldsFragment): Values => ({ status: s.status ?? '', dosageText: s.dosageText ?? '', endedAt: s.effectivePeriod?.end?.slice(0, 10) ?? '' })
const nameOf = (s: StatementFieldsFragment) => s.medication?.text ?? 'the medicine'

/** The forms of what the patient takes, as is told; they order nothing. */
export function useStatementForms(patient: string, speakers: readonly Speaker[], visits: readonly ToldIn[]) {
  const act = useAct()
  const record = (): ActForm => ({
    title: 'Record what is taken', verb: 'Record', initial: { status: 'ACTIVE', startedAt: '', encounter: visits.find((v) => v.ongoing)?.id ?? '' },
    fields: [
      { name: 'medication', label: 'Medicine', kind: 'concept', required: true, suggest: 'MEDICINES' }, STATUS, DOSE, { name: 'startedAt', label: 'Since', kind: 'day' }, END,
      { name: 'reason', label: 'What it is for', kind: 'concept', suggest: 'CONDITIONS' },
      { name: 'toldBy', label: 'Told by', kind: 'choice', options: speakers.map((s) => [s.id, s.name] as const), none: 'The patient' },
      { name: 'encounter', label: 'Told in the visit', kind: 'choice', options: visits.map((v) => [v.id, v.name] as const) }, NOTE,
    ],
    submit: (v, { key, concept }) => act(RecordStatement, {
      input: {
        patient, medication: concept('medication') ?? {}, status: v.status as MedicationStatementStatus, startedAt: given(v.startedAt), endedAt: END.when?.(v) ? given(v.endedAt) : undefined, dosageText: given(v.dosageText),
        reason: concept('reason'), toldBy: given(v.toldBy), encounter: given(v.encounter), note: given(v.note), idempotencyKey: key,
      },
    }, ({ medicationStatementRecord: { outcome } }) => commonOutcome(outcome) ?? { kind: 'saved', told: `${v.medication ?? 'The medicine'} is recorded as told` }),
  })
  const update = (s: StatementFieldsFragment, start: Values = {}): ActForm => {
    const before = valuesOf(s)
    const changed = (v: Values, field: string) => ((v[field] ?? '').trim() === (before[field] ?? '') ? undefined : given(v[field]))
    const stops = (v: Values) => v.status === 'STOPPED' && before.status !== 'STOPPED'
    const states = STATES.some(([code]) => code === before.status) || !before.status ? STATES : [...STATES, [s.status ?? 'UNKNOWN', 'Not known'] as const]
    return {
      title: `Change ${nameOf(s)}`, verb: 'Save', version: s.versionId, initial: { ...before, ...start }, fields: [{ ...STATUS, options: states }, { ...DOSE, required: !!before.dosageText }, { ...END, required: !!before.endedAt }, { ...WHY, when: stops }, { ...NOTE, label: 'A further remark' }],
      submit: (v, { key, version }) => act(UpdateStatement, {
        input: { id: s.id, expectedVersion: version, status: changed(v, 'status') as MedicationStatementStatus | undefined, dosageText: changed(v, 'dosageText'), endedAt: END.when?.(v) ? changed(v, 'endedAt') : undefined, note: remark(v, stops(v)), idempotencyKey: key },
      }, ({ medicationStatementUpdate: { outcome } }) => commonOutcome(outcome, (now) => valuesOf(read(StatementFields, now as FragmentType<typeof StatementFields>))) ?? { kind: 'saved', told: `${nameOf(s)} is saved` }),
    }
  }
  const stop = (s: StatementFieldsFragment): ActForm => ({ ...update(s, { status: 'STOPPED', endedAt: today() }), title: `The patient stopped ${nameOf(s)}`, verb: 'Record' })
  return { record, update, stop }
}
