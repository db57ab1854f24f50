import { commonOutcome, fileOf, given, useAct } from '../../components/act/act'
import type { ActForm } from '../../components/act/act-dialog'
import { graphql } from '../../gql'
import type { ConceptInput } from '../../gql/graphql'

const RecordDocument = graphql(`
  mutation RecordDocument($input: DocumentRecordInput!) {
    documentRecord(input: $input) { outcome { __typename ... on DocumentSaved { document { id versionId } } ... on Stale { id currentVersion } ... on NotPermitted { message } ... on Invalid { issues { text expression } } } }
  }
`)

const LOINC = 'http://loinc.org'
/** Kinds of papers that come from elsewhere. Source: LOINC, document codes. */
const KINDS: readonly (readonly [code: string, text: string])[] = [
  ['59284-0', 'Patient consent'], ['42348-3', 'Advance directives'], ['11488-4', 'Consult note'], ['18842-5', 'Discharge summary'], ['51851-4', 'Administrative note'],
]
const OTHER = 'OTHER'

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
      { name: 'file', label: 'File', kind: 'file', required: true, help: 'A PDF, a picture (PNG, JPEG, GIF, TIFF), text or XML, at most 700 KiB.' },
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
  return { record }
}
