import { commonOutcome, given, useAct, type FieldSpec, type Values } from '../../components/act/act'
import type { ActForm } from '../../components/act/act-dialog'
import { conceptText } from '../../components/clinical/status'
import { graphql, read, type FragmentType } from '../../gql'
import type { ImmunizationFieldsFragment } from '../../gql/graphql'
import { formatDay } from '../../lib/date'

const RecordImmunization = graphql(`
  mutation RecordImmunization($input: ImmunizationRecordInput!) {
    immunizationRecord(input: $input) {
      outcome {
        __typename
        ... on ImmunizationSaved { immunization { id versionId } }
        ... on LotRequired { message } ... on LotExpired { expirationDate }
        ... on Stale { id currentVersion } ... on NotPermitted { message } ... on Invalid { issues { text expression } }
      }
    }
  }
`)

const UpdateImmunization = graphql(`
  mutation UpdateImmunization($input: ImmunizationUpdateInput!) {
    immunizationUpdate(input: $input) {
      outcome {
        __typename
        ... on ImmunizationSaved { immunization { id versionId } }
        ... on LotExpired { expirationDate }
        ... on Stale { id currentVersion current { id lastUpdated ... on Immunization { ...ImmunizationFields } } } ... on NotPermitted { message } ... on Invalid { issues { text expression } }
      }
    }
  }
`)
/** What the form that changes a vaccination works on. */
export const ImmunizationFields = graphql(`
  fragment ImmunizationFields on Immunization { id versionId status statusReason { text } vaccine { text } primarySource occurredAt lotNumber expirationDate doseNumber site { text } route { text } }
`)

const here = (v: Values) => v.how === 'HERE'
const FIELDS: readonly FieldSpec[] = [
  { name: 'vaccine', label: 'Vaccine', kind: 'concept', required: true, suggest: 'VACCINES' },
  { name: 'how', label: 'What is recorded', kind: 'choice', required: true, options: [['HERE', 'Given here'], ['HISTORICAL', 'Given elsewhere, as told'], ['DECLINED', 'Not given']], input: 'historical' },
  { name: 'occurrence', label: 'When', kind: 'day', required: true },
  { name: 'declined', label: 'Why it was not given', kind: 'text', required: true, when: (v) => v.how === 'DECLINED' },
  { name: 'lotNumber', label: 'Lot', kind: 'text', required: true, when: here },
  { name: 'expirationDate', label: 'Expiry date', kind: 'day', required: true, when: here },
  { name: 'site', label: 'Site', kind: 'text', help: 'Such as left upper arm.', when: here },
  { name: 'route', label: 'Route', kind: 'text', help: 'Such as intramuscular.', when: here },
  { name: 'doseNumber', label: 'Dose number in the series', kind: 'number', help: '1 for the first.' },
  { name: 'note', label: 'Remark', kind: 'area' },
]
const valuesOf = (i: ImmunizationFieldsFragment): Values => ({
  occurrence: i.occurredAt?.slice(0, 10) ?? '', declined: conceptText(i.statusReason), lotNumber: i.lotNumber ?? '', expirationDate: i.expirationDate ?? '',
  site: conceptText(i.site), route: conceptText(i.route), doseNumber: i.doseNumber ?? '',
})
const theirs = (now: object): Values => valuesOf(read(ImmunizationFields, now as FragmentType<typeof ImmunizationFields>))
const words = (text: string | undefined) => { const said = given(text); return said ? { text: said } : undefined }

/** The forms of vaccinations: one records what was given here, told of, or not given, with `today` proposed as its day; one changes what is on record. */
export function useImmunizationForms(patient: string) {
  const act = useAct()
  /** Another vaccine is another vaccination: this one is then entered in error. */
  const update = (i: ImmunizationFieldsFragment): ActForm => {
    const before = valuesOf(i)
    const names = ['occurrence', ...(i.status === 'NOT_DONE' ? ['declined'] : ['lotNumber', 'expirationDate', 'site', 'route']), 'doseNumber']
    const changed = (v: Values, name: string) => (v[name]?.trim() === before[name] ? undefined : given(v[name]))
    const name = i.vaccine?.text ?? 'the vaccination'
    return {
      title: `Change ${name}`, verb: 'Save', initial: before, version: i.versionId,
      // What is on record cannot be emptied by this act.
      fields: [...FIELDS.filter((f) => names.includes(f.name)).map((f) => ({ ...f, when: undefined, required: !!before[f.name] })), { name: 'note', label: 'A further remark', kind: 'area' }],
      submit: (v, { key, version }) => act(UpdateImmunization, {
        input: {
          id: i.id, expectedVersion: version, occurrence: changed(v, 'occurrence'), declined: words(changed(v, 'declined')), lotNumber: changed(v, 'lotNumber'), expirationDate: changed(v, 'expirationDate'),
          site: words(changed(v, 'site')), route: words(changed(v, 'route')), doseNumber: changed(v, 'doseNumber') ? Number(v.doseNumber) : undefined, note: given(v.note), idempotencyKey: key,
        },
      }, ({ immunizationUpdate: { outcome } }) => commonOutcome(outcome, theirs)
        ?? (outcome.__typename === 'LotExpired' ? { kind: 'refused', problems: [{ field: 'expirationDate', text: `The lot expired on ${formatDay(outcome.expirationDate)}.` }] }
          : { kind: 'saved', told: `${name} is saved` })),
    }
  }
  const record = (today: string): ActForm => ({
    title: 'Record a vaccination', verb: 'Record', fields: FIELDS, initial: { how: 'HERE', occurrence: today },
    submit: (v, { key, concept }) => act(RecordImmunization, {
      input: {
        patient, vaccine: concept('vaccine') ?? {}, occurrence: v.occurrence?.trim() ?? '', historical: v.how === 'HISTORICAL', declined: v.how === 'DECLINED' ? words(v.declined) : undefined,
        ...(here(v) ? { lotNumber: given(v.lotNumber), expirationDate: given(v.expirationDate), site: words(v.site), route: words(v.route) } : {}),
        doseNumber: given(v.doseNumber) ? Number(v.doseNumber) : undefined, note: given(v.note), idempotencyKey: key,
      },
    }, ({ immunizationRecord: { outcome } }) => commonOutcome(outcome)
      ?? (outcome.__typename === 'LotRequired' ? { kind: 'refused', problems: [{ field: 'lotNumber', text: outcome.message }] }
        : outcome.__typename === 'LotExpired' ? { kind: 'refused', problems: [{ field: 'expirationDate', text: `The lot expired on ${formatDay(outcome.expirationDate)}.` }] }
        : { kind: 'saved', told: `${v.vaccine ?? 'The vaccination'} is recorded` })),
  })
  return { record, update }
}
