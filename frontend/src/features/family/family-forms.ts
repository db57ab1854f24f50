import { commonOutcome, given, useAct, type FieldSpec, type Sending, type Values } from '../../components/act/act'
import type { ActForm } from '../../components/act/act-dialog'
import { relation, relationCode, RELATIONS } from '../../components/clinical/relation'
import { graphql, read, type FragmentType } from '../../gql'
import type { FamilyConditionInput, FamilyFieldsFragment, FamilyHistoryAbsence, FamilyHistoryStatus, Gender } from '../../gql/graphql'

/** What the form of a relative works on. */
export const FamilyFields = graphql(`
  fragment FamilyFields on FamilyMemberHistory {
    id versionId lastUpdated status name born deceased
    relationship { text codings { system code display } } sex { text codings { code } }
    conditions { code { text codings { system code display } } outcome { text codings { system code display } } contributedToDeath onset onsetYears }
  }
`)
const RecordFamily = graphql(`
  mutation RecordFamily($input: FamilyHistoryRecordInput!) {
    familyHistoryRecord(input: $input) { outcome { __typename ... on FamilyHistorySaved { familyHistory { id versionId } } ... on Stale { id currentVersion } ... on NotPermitted { message } ... on Invalid { issues { text expression } } } }
  }
`)
const UpdateFamily = graphql(`
  mutation UpdateFamily($input: FamilyHistoryUpdateInput!) {
    familyHistoryUpdate(input: $input) {
      outcome {
        __typename ... on FamilyHistorySaved { familyHistory { id versionId } }
        ... on Stale { id currentVersion current { id lastUpdated ... on FamilyMemberHistory { ...FamilyFields } } } ... on NotPermitted { message } ... on Invalid { issues { text expression } }
      }
    }
  }
`)
const NoneKnown = graphql(`
  mutation FamilyNoneKnown($input: FamilyHistoryNoneKnownInput!) {
    familyHistoryNoneKnown(input: $input) {
      outcome {
        __typename ... on FamilyHistoryStated { statement { id versionId } } ... on FamilyIllnessesExist { existing { relationship { text } } }
        ... on Stale { id currentVersion } ... on NotPermitted { message } ... on Invalid { issues { text expression } }
      }
    }
  }
`)

/** What is said of a family as a whole, in words. */
export const ABSENCE: Readonly<Record<FamilyHistoryAbsence, string>> = {
  NIL_KNOWN: 'No known illness in the family', UNAVAILABLE: 'Nothing can be known of the family', WITHHELD: 'The patient does not want it told',
}

type Illness = FamilyFieldsFragment['conditions'][number]
const RELATIVES = RELATIONS.filter(([code]) => !['SPS', 'DOMPART', 'FRND', 'NBOR', 'GUARD'].includes(code))
const YES_NO: readonly (readonly [string, string])[] = [['yes', 'Yes'], ['no', 'No']]
const WHO: readonly FieldSpec[] = [
  { name: 'relationship', label: 'Relationship', kind: 'choice', required: true, options: RELATIVES },
  { name: 'name', label: 'Name' },
  { name: 'sex', label: 'Sex', kind: 'choice', options: [['FEMALE', 'Female'], ['MALE', 'Male'], ['OTHER', 'Other'], ['UNKNOWN', 'Unknown']] },
  { name: 'born', label: 'Born', kind: 'day' },
  { name: 'deceased', label: 'Has died', kind: 'choice', options: YES_NO },
  { name: 'status', label: 'Health history', kind: 'choice', required: true, options: [['COMPLETED', 'Complete'], ['PARTIAL', 'Incomplete'], ['HEALTH_UNKNOWN', 'Health unknown']], help: '“Complete” with no illness entered below is recorded as “No known illness”.' },
]
const NOTE: FieldSpec = { name: 'note', label: 'Remark', kind: 'area' }
/** The field of an illness's code, of its age and of the death, by the place in the mutation's input. */
const illnessFields = (i: number): FieldSpec[] => {
  const shown = (v: Values) => v.status !== 'HEALTH_UNKNOWN' && (i === 0 || !!given(v[`illness${i - 1}`]) || !!given(v[`illness${i}`]))
  return [
    { name: `illness${i}`, label: i === 0 ? 'Illness' : `Illness ${i + 1}`, kind: 'concept', suggest: 'CONDITIONS', input: i === 0 ? 'conditions' : undefined, when: shown },
    { name: `age${i}`, label: 'Began at the age of', kind: 'number', unit: 'years', when: (v) => shown(v) && !!given(v[`illness${i}`]) },
    { name: `died${i}`, label: 'Died of it', kind: 'choice', options: YES_NO, when: (v) => shown(v) && !!given(v[`illness${i}`]) && v.deceased !== 'no' },
  ]
}
const yesNo = (is: boolean | null | undefined): string => (is === true ? 'yes' : is === false ? 'no' : '')
const bool = (text: string | undefined): boolean | undefined => (text === 'yes' ? true : text === 'no' ? false : undefined)

/** An onset that is no age in years (a range, a span of time, words) cannot be written anew by a form that asks for years. */
const rewritable = (conditions: readonly Illness[]): boolean => conditions.every((c) => !c.onset || c.onsetYears !== null)

function valuesOf(f: FamilyFieldsFragment): Values {
  const illnesses = rewritable(f.conditions) ? f.conditions.map((c, i) => [[`illness${i}`, c.code?.text ?? ''], [`age${i}`, c.onsetYears?.toString() ?? ''], [`died${i}`, yesNo(c.contributedToDeath)]] as const).flat() : []
  return {
    relationship: relationCode(f.relationship), name: f.name ?? '', sex: f.sex?.codings[0]?.code?.toUpperCase() ?? '', born: f.born ?? '', deceased: yesNo(f.deceased), status: f.status ?? '', ...Object.fromEntries(illnesses),
  }
}
const coded = (c: { text: string; codings: readonly { system?: string | null; code?: string | null; display?: string | null }[] }) => ({
  text: c.text, codings: c.codings.flatMap(({ system, code, display }) => (system && code ? [{ system, code, display: display ?? undefined }] : [])),
})

/** The illnesses of the form; what the record says beyond it of one that stays is kept. */
function illnesses(v: Values, count: number, concept: Sending['concept'], before: readonly Illness[]): FamilyConditionInput[] {
  if (v.status === 'HEALTH_UNKNOWN') return []
  return Array.from({ length: count }, (_, i) => i).flatMap((i) => {
    const code = concept(`illness${i}`)
    if (!code) return []
    const same = before.find((c) => c.code?.text === v[`illness${i}`]?.trim())
    const age = given(v[`age${i}`])
    return [{ code, onsetYears: age ? Number(age) : undefined, contributedToDeath: v.deceased === 'no' ? undefined : bool(v[`died${i}`]), outcome: same?.outcome ? coded(same.outcome) : undefined }]
  })
}
const relativeOf = (f: FamilyFieldsFragment): string => f.relationship?.text ?? 'the relative'
const FIRST = 4

/** The forms of what relatives have or had. */
export function useFamilyForms(patient: string) {
  const act = useAct()
  const record = (): ActForm => ({
    title: 'Record family history', verb: 'Record', initial: {}, fields: [...WHO, ...Array.from({ length: FIRST }, (_, i) => illnessFields(i)).flat(), NOTE],
    submit: (v, { key, concept }) => act(RecordFamily, {
      input: {
        patient, relationship: relation(v.relationship) ?? {}, name: given(v.name), sex: given(v.sex) as Gender | undefined, born: given(v.born), deceased: bool(v.deceased), status: v.status as FamilyHistoryStatus,
        conditions: illnesses(v, FIRST, concept, []), note: given(v.note), idempotencyKey: key,
      },
    }, ({ familyHistoryRecord: { outcome } }) => commonOutcome(outcome) ?? { kind: 'saved', told: `The history of the patient’s ${relation(v.relationship)?.text.toLowerCase() ?? 'relative'} is recorded` }),
  })
  const update = (f: FamilyFieldsFragment): ActForm => {
    const before = valuesOf(f)
    const whole = rewritable(f.conditions)
    const count = whole ? Math.max(FIRST, f.conditions.length + 2) : 0
    const changed = (v: Values, name: string) => ((v[name] ?? '').trim() === (before[name] ?? '') ? undefined : given(v[name]))
    const names = Array.from({ length: count }, (_, i) => [`illness${i}`, `age${i}`, `died${i}`]).flat()
    const who = WHO.map((field) => {
      if (field.name === 'relationship' && !before.relationship) return { ...field, required: false, help: `On record: ${relativeOf(f)}. It stays unless one is chosen.` }
      if (field.name === 'status' && !whole) return { ...field, help: 'The illnesses say when they began in other words than an age in years. They are shown in the list, and are not changed here.' }
      return { ...field, required: field.required || !!before[field.name] }
    })
    return {
      title: `Change the history of the patient’s ${relativeOf(f).toLowerCase()}`, verb: 'Save', initial: before, version: f.versionId, fields: [...who, ...Array.from({ length: count }, (_, i) => illnessFields(i)).flat(), { ...NOTE, label: 'A further remark' }],
      terms: f.conditions.flatMap((c) => (c.code ? [coded(c.code)] : [])),
      submit: (v, { key, version, concept }) => act(UpdateFamily, {
        input: {
          id: f.id, expectedVersion: version, relationship: changed(v, 'relationship') ? relation(v.relationship) : undefined, name: changed(v, 'name'), sex: changed(v, 'sex') as Gender | undefined, born: changed(v, 'born'),
          deceased: bool(changed(v, 'deceased')), status: changed(v, 'status') as FamilyHistoryStatus | undefined,
          conditions: whole && (v.status === 'HEALTH_UNKNOWN' || names.some((n) => (v[n] ?? '').trim() !== (before[n] ?? ''))) ? illnesses(v, count, concept, f.conditions) : undefined, note: given(v.note), idempotencyKey: key,
        },
      }, ({ familyHistoryUpdate: { outcome } }) => commonOutcome(outcome, (now) => valuesOf(read(FamilyFields, now as FragmentType<typeof FamilyFields>))) ?? { kind: 'saved', told: `The history of the patient’s ${relativeOf(f).toLowerCase()} is saved` }),
    }
  }
  const noneKnown = (): ActForm => ({
    title: 'The family as a whole', verb: 'State', initial: { reason: 'NIL_KNOWN' },
    fields: [
      { name: 'reason', label: 'The patient was asked', kind: 'choice', required: true, options: Object.entries(ABSENCE), help: 'It is recorded with your name and the time, and ends with the first illness of a relative.' }, NOTE,
    ],
    submit: (v, { key }) => act(NoneKnown, { input: { patient, reason: v.reason as FamilyHistoryAbsence, note: given(v.note), idempotencyKey: key } }, ({ familyHistoryNoneKnown: { outcome } }) => commonOutcome(outcome) ?? (outcome.__typename === 'FamilyIllnessesExist'
      ? { kind: 'refused', problems: [{ text: `There are illnesses on record: of the patient’s ${outcome.existing.map((e) => e.relationship?.text.toLowerCase() ?? 'relative').join(', ')}. Change them or mark them as mistakes first.` }] }
      : { kind: 'saved', told: `${ABSENCE[v.reason as FamilyHistoryAbsence]}: recorded` })),
  })
  return { record, update, noneKnown }
}
