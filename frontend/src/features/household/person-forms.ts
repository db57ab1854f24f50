import { commonOutcome, given, useAct, type FieldSpec, type Values } from '../../components/act/act'
import type { ActForm } from '../../components/act/act-dialog'
import { address, differs, REACH, reachOf } from '../../components/act/reach'
import { patientName } from '../../components/clinical/person'
import { relation, relationCode, RELATIONS } from '../../components/clinical/relation'
import { graphql, read, type FragmentType } from '../../gql'
import type { Gender, RelatedFieldsFragment } from '../../gql/graphql'
import { today } from '../../lib/date'

/** What the form of a related person works on. */
export const RelatedFields = graphql(`
  fragment RelatedFields on RelatedPerson {
    id versionId lastUpdated active gender birthDate
    relationships { text codings { system code display } } names { display family given prefix } telecom { system value } addresses { lines city state postalCode country }
  }
`)
const RecordRelated = graphql(`
  mutation RecordRelated($input: RelatedPersonRecordInput!) {
    relatedPersonRecord(input: $input) { outcome { __typename ... on RelatedPersonSaved { relatedPerson { id versionId } } ... on Stale { id currentVersion } ... on NotPermitted { message } ... on Invalid { issues { text expression } } } }
  }
`)
const UpdateRelated = graphql(`
  mutation UpdateRelated($input: RelatedPersonUpdateInput!) {
    relatedPersonUpdate(input: $input) {
      outcome {
        __typename ... on RelatedPersonSaved { relatedPerson { id versionId } }
        ... on Stale { id currentVersion current { id lastUpdated ... on RelatedPerson { ...RelatedFields } } } ... on NotPermitted { message } ... on Invalid { issues { text expression } }
      }
    }
  }
`)
const EndRelated = graphql(`
  mutation EndRelated($input: RelatedPersonEndInput!) {
    relatedPersonEnd(input: $input) { outcome { __typename ... on RelatedPersonSaved { relatedPerson { id versionId } } ... on Stale { id currentVersion current { id lastUpdated } } ... on NotPermitted { message } ... on Invalid { issues { text expression } } } }
  }
`)

const GENDERS: readonly (readonly [Gender, string])[] = [['FEMALE', 'Female'], ['MALE', 'Male'], ['OTHER', 'Other'], ['UNKNOWN', 'Unknown']]
const FIELDS: readonly FieldSpec[] = [
  { name: 'relationship', label: 'Is the patient’s', kind: 'choice', required: true, options: RELATIONS },
  { name: 'family', label: 'Family name', required: true, input: 'name' },
  { name: 'given', label: 'Given names', help: 'The first one first, with spaces between them.' },
  { name: 'gender', label: 'Gender', kind: 'choice', options: GENDERS },
  { name: 'birthDate', label: 'Born', kind: 'day' },
  ...REACH,
]

function valuesOf(p: RelatedFieldsFragment): Values {
  return {
    relationship: relationCode(p.relationships[0]), family: p.names[0]?.family ?? '', given: p.names[0]?.given.join(' ') ?? '', gender: p.gender ?? '', birthDate: p.birthDate ?? '', ...reachOf(p),
  }
}
const names = (v: Values, prefix?: string) => ({ family: v.family?.trim() ?? '', given: (v.given ?? '').trim().split(/\s+/).filter(Boolean), prefix })
export const relatedName = (p: { names: RelatedFieldsFragment['names'] }): string => patientName(p.names[0])

/** The forms of who is something to the patient. */
export function useRelatedForms(patient: string) {
  const act = useAct()
  const record = (): ActForm => ({
    title: 'Record a related person', verb: 'Record', fields: FIELDS, initial: {},
    submit: (v, { key }) => act(RecordRelated, {
      input: {
        patient, relationship: relation(v.relationship) ?? {}, name: names(v), gender: given(v.gender) as Gender | undefined, birthDate: given(v.birthDate), phone: given(v.phone), email: given(v.email), address: address(v),
        idempotencyKey: key,
      },
    }, ({ relatedPersonRecord: { outcome } }) => commonOutcome(outcome) ?? { kind: 'saved', told: `${v.family ?? 'The person'} is recorded as ${relation(v.relationship)?.text.toLowerCase() ?? 'related'}` }),
  })
  const update = (p: RelatedFieldsFragment): ActForm => {
    const before = valuesOf(p)
    const now = p.relationships[0]
    // What is on record in other words than our list is kept until one of the list is chosen.
    const fields = FIELDS.map((f) => (f.name === 'relationship' && !before.relationship ? { ...f, required: false, help: `On record: ${now?.text ?? 'nothing'}. It stays unless one is chosen.` } : { ...f, required: f.required || !!before[f.name] }))
    return {
      title: `Change ${relatedName(p)}`, verb: 'Save', fields, initial: before, version: p.versionId,
      submit: (v, { key, version }) => act(UpdateRelated, {
        input: {
          id: p.id, expectedVersion: version, relationship: differs(v, before, 'relationship') ? relation(v.relationship) : undefined, name: differs(v, before, 'family', 'given') ? names(v, p.names[0]?.prefix[0]) : undefined,
          gender: differs(v, before, 'gender') ? (given(v.gender) as Gender | undefined) : undefined, birthDate: differs(v, before, 'birthDate') ? given(v.birthDate) : undefined, phone: differs(v, before, 'phone') ? given(v.phone) : undefined,
          email: differs(v, before, 'email') ? given(v.email) : undefined, address: differs(v, before, 'line', 'postalCode', 'city', 'state', 'country') ? address(v) : undefined, idempotencyKey: key,
        },
      }, ({ relatedPersonUpdate: { outcome } }) => commonOutcome(outcome, (current) => valuesOf(read(RelatedFields, current as FragmentType<typeof RelatedFields>))) ?? { kind: 'saved', told: `${relatedName(p)} is saved` }),
    }
  }
  const end = (p: RelatedFieldsFragment): ActForm => ({
    title: `${relatedName(p)} is nothing to the patient any more`, verb: 'End', danger: true, version: p.versionId, initial: { endedAt: today() },
    fields: [{ name: 'endedAt', label: 'Since when', kind: 'day', required: true, help: 'The person stays on record. An account that is linked to this person sees the patient no more.' }],
    submit: (v, { key, version }) => act(EndRelated, { input: { id: p.id, expectedVersion: version, endedAt: given(v.endedAt), idempotencyKey: key } }, ({ relatedPersonEnd: { outcome } }) =>
      commonOutcome(outcome) ?? { kind: 'saved', told: `${relatedName(p)} has ended` }),
  })
  return { record, update, end }
}
