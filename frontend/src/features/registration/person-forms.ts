import { commonOutcome, given, useAct, type FieldSpec, type Values } from '../../components/act/act'
import type { ActForm } from '../../components/act/act-dialog'
import { address, differs, REACH, reachOf } from '../../components/act/reach'
import { genderText, patientName } from '../../components/clinical/person'
import { graphql, read, type FragmentType } from '../../gql'
import type { Gender, PersonFieldsFragment } from '../../gql/graphql'
import { formatDay } from '../../lib/date'

/** What the form of a person works on. */
export const PersonFields = graphql(`
  fragment PersonFields on Patient {
    id versionId lastUpdated gender birthDate deceased { deceased at }
    name { family given prefix }
    telecom { system value }
    addresses { lines city state postalCode country }
  }
`)
const RegisterPatient = graphql(`
  mutation RegisterPatient($input: PatientRegisterInput!) {
    patientRegister(input: $input) {
      outcome {
        __typename
        ... on PatientSaved { patient { id fhirId mrn } }
        ... on PossibleDuplicates { candidates { agrees patient { id fhirId mrn gender birthDate name { display family given prefix } } } }
        ... on Stale { id currentVersion } ... on NotPermitted { message } ... on Invalid { issues { text expression } }
      }
    }
  }
`)
const RegisterUnknown = graphql(`
  mutation RegisterUnknown($input: PatientRegisterUnknownInput!) {
    patientRegisterUnknown(input: $input) {
      outcome { __typename ... on PatientSaved { patient { id fhirId mrn } } ... on Stale { id currentVersion } ... on NotPermitted { message } ... on Invalid { issues { text expression } } }
    }
  }
`)
const UpdatePatient = graphql(`
  mutation UpdatePatient($input: PatientUpdateInput!) {
    patientUpdate(input: $input) {
      outcome {
        __typename
        ... on PatientSaved { patient { id versionId } }
        ... on Stale { id currentVersion current { id lastUpdated ... on Patient { ...PersonFields } } } ... on NotPermitted { message } ... on Invalid { issues { text expression } }
      }
    }
  }
`)

const GENDERS = [['FEMALE', 'Female'], ['MALE', 'Male'], ['OTHER', 'Other'], ['UNKNOWN', 'Unknown']] as const
const FIELDS: readonly FieldSpec[] = [
  { name: 'family', label: 'Family name', required: true, input: 'name' },
  { name: 'given', label: 'Given names', required: true, help: 'The first one first, with spaces between them.' },
  { name: 'prefix', label: 'Title' },
  { name: 'gender', label: 'Gender', kind: 'choice', required: true, options: GENDERS },
  { name: 'birthDate', label: 'Born', kind: 'day' },
  ...REACH,
]
const CONFIRM: FieldSpec = { name: 'confirmDifferent', label: 'Why this is somebody else', kind: 'area', help: 'Only when none of the people above is this person. It is recorded with the registration.' }
const AGREES: Record<string, string> = { family: 'family name', given: 'given name', birthDate: 'birth date', gender: 'gender', phone: 'telephone', identifier: 'identifier' }

const name = (v: Values) => ({ family: v.family?.trim() ?? '', given: (v.given ?? '').trim().split(/\s+/).filter(Boolean), prefix: given(v.prefix) })
function valuesOf(p: PersonFieldsFragment): Values {
  return {
    family: p.name?.family ?? '', given: p.name?.given.join(' ') ?? '', prefix: p.name?.prefix[0] ?? '', gender: p.gender ?? '', birthDate: p.birthDate ?? '', ...reachOf(p),
  }
}

/** The forms that register a person and change who they are. */
export function usePersonForms() {
  const act = useAct()
  const register = (start: Values = {}): ActForm => ({
    title: 'Register a patient', verb: 'Register', fields: FIELDS, initial: start,
    submit: (v, { key }) => act(RegisterPatient, {
      input: { name: name(v), gender: v.gender as Gender, birthDate: given(v.birthDate), phone: given(v.phone), email: given(v.email), address: address(v), confirmDifferent: given(v.confirmDifferent), idempotencyKey: key },
    }, ({ patientRegister: { outcome } }) => commonOutcome(outcome) ?? (outcome.__typename === 'PossibleDuplicates'
      ? {
          kind: 'ask', told: 'People on record look like this one. Open theirs if it is the same person; nothing was recorded.', field: CONFIRM,
          list: outcome.candidates.map(({ patient: p, agrees }) => ({
            text: `${patientName(p.name)}, born ${p.birthDate ? formatDay(p.birthDate) : 'not recorded'}, ${genderText(p.gender)}, MRN ${p.mrn ?? 'not recorded'}: same ${agrees.map((a) => AGREES[a] ?? a).join(', ')}`,
            href: `/patients/${p.fhirId}/clinical/demographics`,
          })),
        }
      : outcome.__typename === 'PatientSaved' ? { kind: 'saved', told: `Registered under MRN ${outcome.patient.mrn ?? 'not given out'}`, id: outcome.patient.fhirId } : { kind: 'saved', told: 'Registered' })),
  })
  const unknown = (): ActForm => ({
    title: 'Register somebody whose identity is not known', verb: 'Register', initial: {},
    fields: [{
      name: 'gender', label: 'Gender, as far as it can be seen', kind: 'choice', required: true, options: GENDERS,
      help: 'The record gets a temporary name and a number of its own. Once it is known who this is, change the name; when the person has a record already, the two are made one, on the page Demographics.',
    }],
    submit: (v, { key }) => act(RegisterUnknown, { input: { gender: v.gender as Gender, idempotencyKey: key } }, ({ patientRegisterUnknown: { outcome } }) =>
      commonOutcome(outcome) ?? (outcome.__typename === 'PatientSaved' ? { kind: 'saved', told: `Registered under MRN ${outcome.patient.mrn ?? 'not given out'}`, id: outcome.patient.fhirId } : { kind: 'saved', told: 'Registered' })),
  })
  const update = (p: PersonFieldsFragment): ActForm => {
    const before = valuesOf(p)
    // What is on record cannot be emptied by this act; a field that has something stays filled.
    const fields = FIELDS.map((f) => ({ ...f, required: f.required || !!before[f.name] }))
    return {
      title: 'Change who the patient is', verb: 'Save', fields, initial: before, version: p.versionId,
      submit: (v, { key, version }) => act(UpdatePatient, {
        input: {
          id: p.id, expectedVersion: version, name: differs(v, before, 'family', 'given', 'prefix') ? name(v) : undefined, gender: differs(v, before, 'gender') ? (v.gender as Gender) : undefined,
          birthDate: differs(v, before, 'birthDate') ? given(v.birthDate) : undefined, phone: differs(v, before, 'phone') ? given(v.phone) : undefined, email: differs(v, before, 'email') ? given(v.email) : undefined,
          address: differs(v, before, 'line', 'city', 'state', 'postalCode', 'country') ? address(v) : undefined, idempotencyKey: key,
        },
      }, ({ patientUpdate: { outcome } }) => commonOutcome(outcome, (now) => valuesOf(read(PersonFields, now as FragmentType<typeof PersonFields>))) ?? { kind: 'saved', told: 'The patient is saved' }),
    }
  }
  return { register, unknown, update }
}
