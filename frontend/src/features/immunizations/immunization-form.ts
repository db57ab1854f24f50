import { commonOutcome, given, useAct, type FieldSpec, type Values } from '../../components/act/act'
import type { ActForm } from '../../components/act/act-dialog'
import { graphql } from '../../gql'

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
const words = (text: string | undefined) => { const said = given(text); return said ? { text: said } : undefined }

/** The form that records a vaccination: given here, told of, or not given. `today` is proposed as its day. */
export function useImmunizationForm(patient: string) {
  const act = useAct()
  return (today: string): ActForm => ({
    title: 'Record a vaccination', verb: 'Record', fields: FIELDS, initial: { how: 'HERE', occurrence: today },
    submit: (v, { key, concept }) => act(RecordImmunization, {
      input: {
        patient, vaccine: concept('vaccine') ?? {}, occurrence: v.occurrence?.trim() ?? '', historical: v.how === 'HISTORICAL', declined: v.how === 'DECLINED' ? words(v.declined) : undefined,
        ...(here(v) ? { lotNumber: given(v.lotNumber), expirationDate: given(v.expirationDate), site: words(v.site), route: words(v.route) } : {}),
        doseNumber: given(v.doseNumber) ? Number(v.doseNumber) : undefined, note: given(v.note), idempotencyKey: key,
      },
    }, ({ immunizationRecord: { outcome } }) => commonOutcome(outcome)
      ?? (outcome.__typename === 'LotRequired' ? { kind: 'refused', problems: [{ field: 'lotNumber', text: outcome.message }] }
        : outcome.__typename === 'LotExpired' ? { kind: 'refused', problems: [{ field: 'expirationDate', text: `The lot expired on ${outcome.expirationDate}.` }] }
        : { kind: 'saved', told: `${v.vaccine ?? 'The vaccination'} is recorded` })),
  })
}
