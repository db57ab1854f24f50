import { commonOutcome, given, useAct, type FieldSpec, type Sending, type Values } from '../../components/act/act'
import type { ActForm } from '../../components/act/act-dialog'
import { graphql, read, type FragmentType } from '../../gql'
import type { AllergyCategory, AllergyClinicalStatus, AllergyCriticality, AllergyFieldsFragment, AllergySource, AllergyType, AllergyVerificationStatus, ConceptInput, NoneKnownKind, ReactionInput, ReactionSeverity } from '../../gql/graphql'

/** What the form of an allergy works on. */
export const AllergyFields = graphql(`
  fragment AllergyFields on AllergyIntolerance { id versionId lastUpdated clinicalStatus verificationStatus type criticality onsetAt substance { text } }
`)
const RecordAllergy = graphql(`
  mutation RecordAllergy($input: AllergyRecordInput!) {
    allergyRecord(input: $input) {
      outcome {
        __typename
        ... on AllergySaved { allergy { id versionId } ended { id } }
        ... on DuplicateAllergy { existing { id substance { text } } }
        ... on UncodedSubstance { message }
        ... on Stale { id currentVersion } ... on NotPermitted { message } ... on Invalid { issues { text expression } }
      }
    }
  }
`)
const UpdateAllergy = graphql(`
  mutation UpdateAllergy($input: AllergyUpdateInput!) {
    allergyUpdate(input: $input) {
      outcome {
        __typename
        ... on AllergySaved { allergy { id versionId } }
        ... on Stale { id currentVersion current { id lastUpdated ... on AllergyIntolerance { ...AllergyFields } } } ... on NotPermitted { message } ... on Invalid { issues { text expression } }
      }
    }
  }
`)
const RefuteAllergy = graphql(`
  mutation RefuteAllergy($input: AllergyRefuteInput!) {
    allergyRefute(input: $input) {
      outcome {
        __typename
        ... on AllergySaved { allergy { id versionId } }
        ... on Stale { id currentVersion current { id lastUpdated } } ... on NotPermitted { message } ... on Invalid { issues { text expression } }
      }
    }
  }
`)
const NoneKnown = graphql(`
  mutation NoneKnown($input: AllergyNoneKnownInput!) {
    allergyNoneKnown(input: $input) {
      outcome {
        __typename
        ... on AllergySaved { allergy { id versionId } }
        ... on ActiveAllergiesExist { existing { id substance { text } } }
        ... on Stale { id currentVersion } ... on NotPermitted { message } ... on Invalid { issues { text expression } }
      }
    }
  }
`)

const SUBSTANCE: FieldSpec = { name: 'substance', label: 'Agent', kind: 'concept', required: true, suggest: 'ALLERGENS' }
const TYPE: FieldSpec = { name: 'type', label: 'Type', kind: 'choice', options: [['ALLERGY', 'Allergy'], ['INTOLERANCE', 'Intolerance']] }
const CATEGORY: FieldSpec = { name: 'categories', label: 'Kind of substance', kind: 'choice', help: 'Left out, it is that of the chosen term.', options: [['MEDICATION', 'Medication'], ['FOOD', 'Food'], ['ENVIRONMENT', 'Environment'], ['BIOLOGIC', 'Biologic']] }
const CRITICALITY: FieldSpec = { name: 'criticality', label: 'Criticality', kind: 'choice', options: [['HIGH', 'High: may endanger life'], ['LOW', 'Low'], ['UNABLE_TO_ASSESS', 'Cannot be judged']] }
const CERTAINTY: FieldSpec = { name: 'verificationStatus', label: 'Certainty', kind: 'choice', required: true, options: [['CONFIRMED', 'Confirmed'], ['UNCONFIRMED', 'Unconfirmed']] }
const STATUS: FieldSpec = { name: 'clinicalStatus', label: 'Clinical status', kind: 'choice', required: true, options: [['ACTIVE', 'Active'], ['INACTIVE', 'Inactive'], ['RESOLVED', 'Resolved']] }
/** How many signs of one reaction a form takes; each field shows when the one before it is filled. */
const SIGNS = 6
const seen = (v: Values) => !!given(v.sign0)
/** The fields of a reaction; `input` is its place in the mutation's input. */
const reactionFields = (label: string, input: string): FieldSpec[] => [
  ...Array.from({ length: SIGNS }, (_, i): FieldSpec => ({
    name: `sign${i}`, label: i === 0 ? label : 'Also seen', kind: 'concept', suggest: 'REACTIONS', input: i === 0 ? input : undefined, when: i === 0 ? undefined : (v) => !!given(v[`sign${i - 1}`]) || !!given(v[`sign${i}`]),
    help: i === 0 ? 'Type, then choose a sign from the list, or write it in words. One to a field.' : undefined,
  })),
  { name: 'severity', label: 'How bad the reaction was', kind: 'choice', options: [['MILD', 'Mild'], ['MODERATE', 'Moderate'], ['SEVERE', 'Severe']], when: seen },
  { name: 'showed', label: 'When the reaction showed', kind: 'day', when: seen },
  { name: 'description', label: 'The reaction in words', kind: 'area', when: seen },
]
const SOURCE: FieldSpec = { name: 'source', label: 'Who says so', kind: 'choice', options: [['PATIENT', 'The patient'], ['AUTHOR', 'I do: seen or tested']] }
const ONSET: FieldSpec = { name: 'onset', label: 'First seen', kind: 'day' }
const NOTE: FieldSpec = { name: 'note', label: 'Remark', kind: 'area' }

const kindOf = (category: string | undefined) => (category ? [category as AllergyCategory] : undefined)
/** Words that are no term may name several signs, with commas. */
const signs = (found: ReturnType<Sending['concept']>): ConceptInput[] => (!found ? [] : found.codings ? [found] : found.text.split(',').flatMap((one) => { const text = given(one); return text ? [{ text }] : [] }))
/** One reaction as the form has it; undefined when no sign is written. */
export function reaction(v: Values, concept: Sending['concept']): ReactionInput | undefined {
  const manifestations = Array.from({ length: SIGNS }, (_, i) => signs(concept(`sign${i}`))).flat()
  return manifestations.length === 0 ? undefined : { manifestations, severity: given(v.severity) as ReactionSeverity | undefined, onset: given(v.showed), description: given(v.description) }
}
const valuesOf = (a: AllergyFieldsFragment): Values => ({ clinicalStatus: a.clinicalStatus ?? '', verificationStatus: a.verificationStatus ?? '', type: a.type?.toUpperCase() ?? '', criticality: a.criticality ?? '', onset: a.onsetAt?.slice(0, 10) ?? '' })
const theirs = (now: object): Values => valuesOf(read(AllergyFields, now as FragmentType<typeof AllergyFields>))
const changed = (v: Values, before: Values, name: string) => (v[name]?.trim() === before[name] ? undefined : given(v[name]))

/** The forms that act on a patient's allergies. */
export function useAllergyForms(patient: string) {
  const act = useAct()
  const record = (): ActForm => ({
    title: 'Record an allergy', verb: 'Record', fields: [SUBSTANCE, TYPE, CATEGORY, CRITICALITY, ...reactionFields('Reaction that was seen', 'reactions'), CERTAINTY, SOURCE, ONSET, NOTE], initial: {},
    submit: (v, { key, concept, category }) => act(RecordAllergy, {
      input: {
        patient, substance: concept('substance') ?? {}, acceptUncoded: v.acceptUncoded === 'yes', type: given(v.type) as AllergyType | undefined, categories: kindOf(given(v.categories) ?? category('substance')), criticality: given(v.criticality) as AllergyCriticality | undefined,
        verificationStatus: v.verificationStatus as AllergyVerificationStatus, source: given(v.source) as AllergySource | undefined, onset: given(v.onset), reactions: [reaction(v, concept) ?? []].flat(), note: given(v.note), idempotencyKey: key,
      },
    }, ({ allergyRecord: { outcome } }) => {
      const common = commonOutcome(outcome)
      if (common) return common
      if (outcome.__typename === 'DuplicateAllergy') return { kind: 'refused', problems: [{ field: 'substance', text: `This allergy is on record already: ${outcome.existing.map((e) => e.substance?.text ?? 'not named').join(', ')}. Change that one instead.` }] }
      if (outcome.__typename === 'UncodedSubstance') return { kind: 'ask', told: `${outcome.message} Choose a coded agent, or record these words all the same.`, set: { acceptUncoded: 'yes' } }
      const ended = outcome.__typename === 'AllergySaved' && outcome.ended.length > 0 ? ' The statement that there is no known allergy has ended.' : ''
      return { kind: 'saved', told: `Allergy to ${v.substance ?? 'the agent'} is recorded.${ended}` }
    }),
  })
  const update = (a: AllergyFieldsFragment): ActForm => {
    const before = valuesOf(a)
    const name = a.substance?.text ?? 'the agent'
    const certainty = a.verificationStatus === 'REFUTED' ? { ...CERTAINTY, options: [...(CERTAINTY.options ?? []), ['REFUTED', 'Refuted'] as const] } : CERTAINTY
    return {
      title: `Change the allergy to ${name}`, verb: 'Save', initial: before, version: a.versionId,
      // What is on record cannot be emptied by this act.
      fields: [...[STATUS, TYPE, CRITICALITY, certainty, SOURCE, ONSET].map((f) => ({ ...f, required: f.required || !!before[f.name] })), ...reactionFields('A further reaction', 'reaction'), { ...NOTE, label: 'A further remark' }],
      submit: (v, { key, version, concept }) => act(UpdateAllergy, {
        input: {
          id: a.id, expectedVersion: version, clinicalStatus: changed(v, before, 'clinicalStatus') as AllergyClinicalStatus | undefined, verificationStatus: changed(v, before, 'verificationStatus') as AllergyVerificationStatus | undefined,
          type: changed(v, before, 'type') as AllergyType | undefined, criticality: changed(v, before, 'criticality') as AllergyCriticality | undefined, source: given(v.source) as AllergySource | undefined, onset: changed(v, before, 'onset'), reaction: reaction(v, concept), note: given(v.note), idempotencyKey: key,
        },
      }, ({ allergyUpdate: { outcome } }) => commonOutcome(outcome, theirs) ?? { kind: 'saved', told: `Allergy to ${name} is saved` }),
    }
  }
  const refute = (a: AllergyFieldsFragment): ActForm => ({
    title: `Rule out the allergy to ${a.substance?.text ?? 'the agent'}`, verb: 'Rule out', danger: true, version: a.versionId, initial: {},
    fields: [{ name: 'reason', label: 'What speaks against it', kind: 'area', required: true }],
    submit: (v, { key, version }) => act(RefuteAllergy, { input: { id: a.id, expectedVersion: version, reason: v.reason?.trim() ?? '', idempotencyKey: key } }, ({ allergyRefute: { outcome } }) =>
      commonOutcome(outcome) ?? { kind: 'saved', told: `Allergy to ${a.substance?.text ?? 'the agent'} is ruled out` }),
  })
  const noneKnown = (): ActForm => ({
    title: 'No known allergies', verb: 'State', initial: { kind: 'ANY' },
    fields: [{ name: 'kind', label: 'The patient was asked, and there is no known allergy', kind: 'choice', required: true, options: [['ANY', 'to anything'], ['DRUG', 'to medicines'], ['FOOD', 'to food'], ['ENVIRONMENT', 'to the surroundings']], help: 'It is recorded with your name and the time.' }],
    submit: (v, { key }) => act(NoneKnown, { input: { patient, kind: v.kind as NoneKnownKind, idempotencyKey: key } }, ({ allergyNoneKnown: { outcome } }) => commonOutcome(outcome) ?? (outcome.__typename === 'ActiveAllergiesExist'
      ? { kind: 'refused', problems: [{ text: `There are allergies on record: ${outcome.existing.map((e) => e.substance?.text ?? 'not named').join(', ')}. Rule them out or mark them as mistakes first.` }] }
      : { kind: 'saved', told: 'No known allergies is recorded' })),
  })
  return { record, update, refute, noneKnown }
}
