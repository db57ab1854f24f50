import { useMemo } from 'react'
import { useClient } from 'urql'
import { commonOutcome, given, useAct, type FieldSpec, type Outcome } from '../../components/act/act'
import type { ActForm } from '../../components/act/act-dialog'
import { graphql } from '../../gql'
import { isJson, items, textAt } from '../../lib/fhir'
import { DATA } from './chart-data'

const SignNote = graphql(`
  mutation SignNote($input: NoteSignInput!) {
    noteSign(input: $input) {
      outcome {
        __typename
        ... on NoteSigned { note { id versionId status } }
        ... on EmptySection { titles } ... on UnfilledPlaceholder { placeholders } ... on SignedMeanwhile { note { id } } ... on OpenCosign { task { id } }
        ... on Stale { id currentVersion current { id lastUpdated } } ... on NotPermitted { message } ... on Invalid { issues { text expression } }
      }
    }
  }
`)
const CosignNote = graphql(`
  mutation CosignNote($input: NoteCosignInput!) {
    noteCosign(input: $input) {
      outcome { __typename ... on NoteSigned { note { id versionId status } } ... on SignedMeanwhile { note { id } } ... on OwnNote { note { id } } ... on Stale { id currentVersion current { id lastUpdated } } ... on NotPermitted { message } ... on Invalid { issues { text expression } } }
    }
  }
`)
const AddendNote = graphql(`
  mutation AddendNote($input: NoteAddendInput!) {
    noteAddend(input: $input) {
      outcome { __typename ... on NoteSaved { note { id versionId } } ... on NotSigned { note { id } } ... on Stale { id currentVersion current { id lastUpdated } } ... on NotPermitted { message } ... on Invalid { issues { text expression } } }
    }
  }
`)
const RetractNote = graphql(`
  mutation RetractNote($input: NoteRetractInput!) {
    noteRetract(input: $input) {
      outcome { __typename ... on NoteSaved { note { id versionId status } } ... on Stale { id currentVersion current { id lastUpdated } } ... on NotPermitted { message } ... on Invalid { issues { text expression } } }
    }
  }
`)
const Cosigners = graphql(`
  query Cosigners { search(type: "Practitioner", query: "active:not=false&_sort=family", first: 200) { nodes { id fhir } pageInfo { hasNextPage } } }
`)

const refused = (text: string, field?: string): Outcome => ({ kind: 'refused', problems: [{ text, field }] })
const nameOf = (fhir: unknown): string => {
  const name = isJson(fhir) ? items(fhir.name)[0] : undefined
  if (!isJson(name)) return ''
  return textAt(name, 'text') || [textAt(name, 'family'), items(name.given).join(' ')].filter(Boolean).join(', ')
}

export interface Of { id: string; versionId: string; title: string }

/** The acts on a note that is on record: the first signature, the second, what is added, and taking it back. */
export function useNoteActs() {
  const act = useAct()
  const client = useClient()
  return useMemo(() => ({
    sign: async (of: Of, me: string | null): Promise<ActForm> => {
      const { data } = await client.query(Cosigners, {}).toPromise()
      const people = data?.search.nodes.filter((n) => n.id !== me).map((n) => [n.id, nameOf(n.fhir) || n.id] as const) ?? []
      const cosigner: FieldSpec = {
        name: 'cosigner', label: 'Second signature by', kind: 'choice', options: people,
        help: !data ? 'The people could not be loaded.' : data.search.pageInfo.hasNextPage ? 'The first 200 people are listed.' : 'Leave it empty when yours is enough.',
      }
      return {
        title: `Sign: ${of.title}`, verb: 'Sign', version: of.versionId, initial: {}, fields: [cosigner],
        submit: (v, { key, version }) => act(SignNote, { input: { id: of.id, expectedVersion: version, cosigner: given(v.cosigner), idempotencyKey: key } }, ({ noteSign: { outcome } }): Outcome => {
          switch (outcome.__typename) {
            case 'NoteSigned': return { kind: 'saved', told: outcome.note.status === 'FINAL' ? 'The note is signed' : 'The note is signed and waits for the second signature', id: outcome.note.id }
            case 'EmptySection': return refused(`These sections say nothing yet: ${outcome.titles.join(', ')}.`)
            case 'UnfilledPlaceholder': return refused(`This is not filled in: ${outcome.placeholders.map((p) => DATA.find((d) => d.placeholder === p)?.name ?? p).join(', ')}. Change the note: fill it in, or leave it out.`)
            case 'SignedMeanwhile': return refused('The note is signed already.')
            case 'OpenCosign': return refused('A second signature has been asked for already.')
            default: return commonOutcome(outcome) ?? refused('The server answered in a way that this page does not know.')
          }
        }),
      }
    },
    cosign: (of: Of): ActForm => ({
      title: `Co-sign: ${of.title}`, verb: 'Co-sign', version: of.versionId, initial: {}, fields: [],
      submit: (_, { key, version }) => act(CosignNote, { input: { id: of.id, expectedVersion: version, idempotencyKey: key } }, ({ noteCosign: { outcome } }) => commonOutcome(outcome)
        ?? (outcome.__typename === 'OwnNote' ? refused('A second signature is somebody else’s.') : outcome.__typename === 'SignedMeanwhile' ? refused('The note is signed already.') : { kind: 'saved', told: 'The note is co-signed' })),
    }),
    addend: (of: Of): ActForm => ({
      title: `Addendum to ${of.title}`, verb: 'Sign the addendum', initial: {}, fields: [{ name: 'text', label: 'What is added', kind: 'area', required: true, help: 'It is signed at once. The note itself stays as it is.' }],
      submit: (v, { key }) => act(AddendNote, { input: { id: of.id, text: v.text?.trim() ?? '', idempotencyKey: key } }, ({ noteAddend: { outcome } }) => commonOutcome(outcome)
        ?? (outcome.__typename === 'NotSigned' ? refused('The note is not signed. Change the note instead.') : { kind: 'saved', told: 'The addendum is signed' })),
    }),
    retract: (of: Of): ActForm => ({
      title: `${of.title}: entered in error`, verb: 'Mark as entered in error', danger: true, version: of.versionId, initial: {},
      fields: [{ name: 'reason', label: 'Why it is a mistake', kind: 'area', required: true, help: 'It stays visible, struck through, with this reason in its history.' }],
      submit: (v, { key, version }) => act(RetractNote, { input: { id: of.id, expectedVersion: version, reason: v.reason?.trim() ?? '', idempotencyKey: key } }, ({ noteRetract: { outcome } }) =>
        commonOutcome(outcome) ?? { kind: 'saved', told: 'The note is marked as entered in error' }),
    }),
  }), [act, client])
}
