import { commonOutcome, fileOf, given, useAct, type FieldSpec } from '../../components/act/act'
import type { ActForm } from '../../components/act/act-dialog'
import { graphql } from '../../gql'
import type { ConceptInput } from '../../gql/graphql'

const RecordDocument = graphql(`
  mutation RecordDocument($input: DocumentRecordInput!) {
    documentRecord(input: $input) { outcome { __typename ... on DocumentSaved { document { id versionId } } ... on Stale { id currentVersion } ... on NotPermitted { message } ... on Invalid { issues { text expression } } } }
  }
`)
const ReplaceDocument = graphql(`
  mutation ReplaceDocument($input: DocumentReplaceInput!) {
    documentReplace(input: $input) { outcome { __typename ... on DocumentReplaced { document { id versionId } } ... on Stale { id currentVersion current { id lastUpdated } } ... on NotPermitted { message } ... on Invalid { issues { text expression } } } }
  }
`)

const LOINC = 'http://loinc.org'
/** Kinds of papers that come from elsewhere. Source: LOINC, document codes. */
const KINDS: readonly (readonly [code: string, text: string])[] = [
  ['59284-0', 'Patient consent'], ['42348-3', 'Advance directives'], ['11488-4', 'Consult note'], ['18842-5', 'Discharge summary'], ['51851-4', 'Administrative note'],
]
const OTHER = 'OTHER'
const FILE: FieldSpec = { name: 'file', label: 'File', kind: 'file', required: true, help: 'A PDF, a picture (PNG, JPEG, GIF, TIFF), text or XML, at most 700 KiB.' }

function kindOf(code: string | undefined, words: string | undefined): ConceptInput {
  const [value, text] = KINDS.find(([c]) => c === code) ?? []
  return value && text ? { text, codings: [{ system: LOINC, code: value, display: text }] } : { text: given(words) }
}

/** The form by which a paper comes into the chart. */
export function useDocumentForms(patient: string) {
  const act = useAct()
  const record = (): ActForm => ({
    title: 'Put a document on record', verb: 'Record', initial: {},
    fields: [
      FILE,
      { name: 'type', label: 'Kind of document', kind: 'choice', required: true, options: [...KINDS, [OTHER, 'Another kind']] },
      { name: 'words', label: 'Which kind', required: true, input: 'type', when: (v) => v.type === OTHER },
      { name: 'description', label: 'What it is about' },
      { name: 'created', label: 'Written on', kind: 'day' },
    ],
    submit: (v, { key }) => {
      const file = fileOf(v.file)
      return act(RecordDocument, {
        input: {
          patient, type: kindOf(v.type, v.words), file: { inline: { contentType: file?.contentType ?? '', data: file?.data ?? '' } }, title: file?.title, description: given(v.description), created: given(v.created), idempotencyKey: key,
        },
      }, ({ documentRecord: { outcome } }) => commonOutcome(outcome) ?? { kind: 'saved', told: `${file?.title ?? 'The document'} is on record` })
    },
  })
  const replace = (of: { id: string; versionId: string; description?: string | null }, name: string): ActForm => ({
    title: `Replace ${name}`, verb: 'Replace', version: of.versionId, initial: { description: of.description ?? '' },
    fields: [
      FILE, { name: 'description', label: 'What it is about' }, { name: 'created', label: 'Written on', kind: 'day' },
      { name: 'reason', label: 'Why it is replaced', kind: 'area', required: true, help: 'The one that is replaced stays to be read, marked as superseded.' },
    ],
    submit: (v, { key, version }) => {
      const file = fileOf(v.file)
      return act(ReplaceDocument, {
        input: {
          id: of.id, expectedVersion: version, file: { inline: { contentType: file?.contentType ?? '', data: file?.data ?? '' } }, title: file?.title, description: given(v.description), created: given(v.created), reason: given(v.reason), idempotencyKey: key,
        },
      }, ({ documentReplace: { outcome } }) => commonOutcome(outcome) ?? { kind: 'saved', told: `${name} is replaced` })
    },
  })
  return { record, replace }
}
