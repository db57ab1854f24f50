import { commonOutcome, given, rowsOf, rowsValue, useAct, type FieldSpec, type Sending, type Values } from '../../components/act/act'
import type { ActForm } from '../../components/act/act-dialog'
import type { Term } from '../../components/act/catalog'
import { findRecipients } from '../../components/act/people'
import { differs } from '../../components/act/reach'
import { carerName } from '../../components/clinical/carer'
import { findLanguages, languageTag, languageText } from '../../components/clinical/language'
import { MARITAL, maritalOf } from '../../components/clinical/marital'
import { genderText, patientName } from '../../components/clinical/person'
import { ADDRESS_USES, codeIn, TELECOM_USES, TELECOMS, wordOf } from '../../components/clinical/telecom'
import { graphql, read, type FragmentType } from '../../gql'
import type { AddressUse, ContactPointSystem, ContactPointUse, Gender, MaritalStatus, PatientAddressInput, PatientTelecomInput, PersonFieldsFragment } from '../../gql/graphql'
import { formatDay } from '../../lib/date'

/** What the form of a person works on. */
export const PersonFields = graphql(`
  fragment PersonFields on Patient {
    id versionId lastUpdated gender birthDate deceased { deceased at }
    name { family given prefix }
    telecom { system value use }
    addresses { use text lines city state postalCode country }
    language { text codings { system code } }
    maritalStatus { text codings { system code } }
    generalPractitioners { id ...Carer }
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
/** The most that are taken of a list. */
const MOST = 20
const TELECOM: FieldSpec = {
  name: 'telecoms', label: 'Telephone, e-mail and other ways to reach the patient', kind: 'rows', help: 'The first is the one to try first.',
  rows: {
    one: 'Contact detail', add: 'Add a contact detail', most: MOST, start: [{ system: 'PHONE' }, { system: 'EMAIL' }],
    fields: (row) => [
      { name: 'system', label: 'Kind', kind: 'choice', required: true, options: TELECOMS },
      { name: 'value', label: wordOf(TELECOMS, row.system) ?? 'Number or address', required: true },
      { name: 'use', label: 'For', kind: 'choice', options: TELECOM_USES },
    ],
    words: (row) => [wordOf(TELECOMS, row.system), row.value, wordOf(TELECOM_USES, row.use)?.toLowerCase()].filter(Boolean).join(' '),
  },
}
const ADDRESS: FieldSpec = {
  name: 'addresses', label: 'Addresses', kind: 'rows',
  rows: {
    one: 'Address', add: 'Add an address', most: MOST, start: [{ use: 'HOME' }],
    fields: () => [
      { name: 'line', label: 'Street and number', kind: 'area', input: 'lines' },
      { name: 'postalCode', label: 'Postal code' }, { name: 'city', label: 'City' }, { name: 'state', label: 'State or district' }, { name: 'country', label: 'Country' },
      { name: 'use', label: 'For', kind: 'choice', options: ADDRESS_USES },
    ],
    words: (row) => [...linesOf(row), row.city, [row.state, row.postalCode].filter(Boolean).join(' '), row.country, wordOf(ADDRESS_USES, row.use)?.toLowerCase()].filter(Boolean).join(', '),
  },
}
const LANGUAGE: FieldSpec = { name: 'language', label: 'Language to speak with the patient', kind: 'concept', find: findLanguages, help: 'Type its name, also of a sign language, then choose one from the list.' }
const STATUS: FieldSpec = { name: 'maritalStatus', label: 'Marital status', kind: 'choice', none: 'Not recorded', options: MARITAL }
const PRACTITIONER: FieldSpec = { name: 'generalPractitioner', label: 'General practitioner or practice', kind: 'concept', find: findRecipients, help: 'Part of a name, then choose one from the list.' }
const FIELDS: readonly FieldSpec[] = [
  { name: 'family', label: 'Family name', required: true, input: 'name' },
  { name: 'given', label: 'Given names', required: true, help: 'The first one first, with spaces between them.' },
  { name: 'prefix', label: 'Title' },
  { name: 'gender', label: 'Gender', kind: 'choice', required: true, options: GENDERS },
  { name: 'birthDate', label: 'Born', kind: 'day' },
  TELECOM, ADDRESS, LANGUAGE, STATUS, PRACTITIONER,
]
const CONFIRM: FieldSpec = { name: 'confirmDifferent', label: 'Why this is somebody else', kind: 'area', help: 'Only when none of the people above is this person. It is recorded with the registration.' }
const AGREES: Record<string, string> = { family: 'family name', given: 'given name', birthDate: 'birth date', gender: 'gender', phone: 'telephone', identifier: 'identifier' }

const name = (v: Values) => ({ family: v.family?.trim() ?? '', given: (v.given ?? '').trim().split(/\s+/).filter(Boolean), prefix: given(v.prefix) })
const linesOf = (row: Values): string[] => (row.line ?? '').split('\n').map((line) => line.trim()).filter(Boolean)
const telecoms = (v: Values): PatientTelecomInput[] => rowsOf(v.telecoms).map((row) => ({ system: row.system as ContactPointSystem, value: row.value?.trim() ?? '', use: given(row.use) as ContactPointUse | undefined }))
const addresses = (v: Values): PatientAddressInput[] => rowsOf(v.addresses).map((row) => {
  const lines = linesOf(row)
  return { use: given(row.use) as AddressUse | undefined, lines: lines.length > 0 ? lines : undefined, city: given(row.city), state: given(row.state), postalCode: given(row.postalCode), country: given(row.country) }
})

/** A status that is none of those to choose from stands among them in its words, and cannot be told anew. */
const statusOf = (p: PersonFieldsFragment): string => maritalOf(p.maritalStatus) ?? p.maritalStatus?.text ?? ''
const status = (v: Values): MaritalStatus | undefined => MARITAL.find(([value]) => value === v.maritalStatus)?.[0]
function valuesOf(p: PersonFieldsFragment): Values {
  const practitioner = p.generalPractitioners[0]
  return {
    family: p.name?.family ?? '', given: p.name?.given.join(' ') ?? '', prefix: p.name?.prefix[0] ?? '', gender: p.gender ?? '', birthDate: p.birthDate ?? '',
    telecoms: rowsValue(p.telecom.map((t) => ({ system: codeIn(TELECOMS, t.system), value: t.value ?? '', use: codeIn(TELECOM_USES, t.use) }))),
    addresses: rowsValue(p.addresses.map((a) => {
      const parts = { city: a.city ?? '', state: a.state ?? '', postalCode: a.postalCode ?? '', country: a.country ?? '' }
      const told = a.lines.length > 0 || Object.values(parts).some(Boolean)
      // Of one that is in words only, the words are what there is to be changed.
      return { use: codeIn(ADDRESS_USES, a.use), line: told ? a.lines.join('\n') : a.text ?? '', ...parts }
    })),
    language: languageText(p.language), maritalStatus: statusOf(p), generalPractitioner: practitioner ? carerName(practitioner) : '',
  }
}
/** What the words of the form stand for on record. */
function termsOf(p: PersonFieldsFragment): Term[] {
  const [tag, practitioner] = [languageTag(p.language), p.generalPractitioners[0]]
  return [...(tag ? [{ text: languageText(p.language), codings: [], id: tag }] : []), ...(practitioner?.id ? [{ text: carerName(practitioner), codings: [], id: practitioner.id }] : [])]
}
/** What is chosen in a field when it is another than on record; null when the field was emptied. */
const chosenAnew = (v: Values, { base, chosen }: Sending, name: string) => (differs(v, base, name) ? given(v[name]) ? chosen(name) : null : undefined)

/** The forms that register a person and change who they are. */
export function usePersonForms() {
  const act = useAct()
  const register = (start: Values = {}): ActForm => ({
    title: 'Register a patient', verb: 'Register', fields: FIELDS, initial: start,
    submit: (v, { key, chosen }) => act(RegisterPatient, {
      input: {
        name: name(v), gender: v.gender as Gender, birthDate: given(v.birthDate), telecoms: v.telecoms ? telecoms(v) : undefined, addresses: v.addresses ? addresses(v) : undefined,
        language: chosen('language'), maritalStatus: status(v), generalPractitioner: chosen('generalPractitioner'), confirmDifferent: given(v.confirmDifferent), idempotencyKey: key,
      },
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
    const others = p.generalPractitioners.length - 1
    const kept = ['family', 'given', 'prefix', 'gender', 'birthDate']
    const own: Record<string, Partial<FieldSpec>> = {
      maritalStatus: before.maritalStatus && !status(before) ? { options: [[before.maritalStatus, before.maritalStatus], ...MARITAL] } : {},
      generalPractitioner: others > 0 ? { label: `${PRACTITIONER.label}, the first of ${others + 1}`, help: 'Saved empty, none of them is left on record.' } : {},
    }
    // A field of these that has something stays filled: the act cannot empty it.
    const fields = FIELDS.map((f) => ({ ...f, ...own[f.name], required: f.required || (kept.includes(f.name) && !!before[f.name]) }))
    return {
      title: 'Change who the patient is', verb: 'Save', fields, initial: before, terms: termsOf(p), version: p.versionId,
      submit: (v, sending) => act(UpdatePatient, {
        input: {
          id: p.id, expectedVersion: sending.version, name: differs(v, sending.base, 'family', 'given', 'prefix') ? name(v) : undefined, gender: differs(v, sending.base, 'gender') ? (v.gender as Gender) : undefined,
          birthDate: differs(v, sending.base, 'birthDate') ? given(v.birthDate) : undefined, telecoms: differs(v, sending.base, 'telecoms') ? telecoms(v) : undefined, addresses: differs(v, sending.base, 'addresses') ? addresses(v) : undefined,
          language: chosenAnew(v, sending, 'language'), maritalStatus: differs(v, sending.base, 'maritalStatus') ? (v.maritalStatus ? status(v) : null) : undefined,
          generalPractitioner: chosenAnew(v, sending, 'generalPractitioner'), idempotencyKey: sending.key,
        },
      }, ({ patientUpdate: { outcome } }) => commonOutcome(outcome, (now) => valuesOf(read(PersonFields, now as FragmentType<typeof PersonFields>))) ?? { kind: 'saved', told: 'The patient is saved' }),
    }
  }
  return { register, unknown, update }
}
