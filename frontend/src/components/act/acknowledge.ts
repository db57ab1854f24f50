import { graphql } from '../../gql'
import { commonOutcome, given, useAct } from './act'
import type { ActForm } from './act-dialog'

const AcknowledgeResult = graphql(`
  mutation AcknowledgeResult($input: ResultAcknowledgeInput!) {
    resultAcknowledge(input: $input) {
      outcome {
        __typename
        ... on TaskSaved { task { id status } } ... on AlreadyAcknowledged { task { id lastUpdated } } ... on NotFinal { status }
        ... on Stale { id currentVersion current { id lastUpdated } } ... on NotPermitted { message } ... on Invalid { issues { text expression } }
      }
    }
  }
`)

/** The form by which a physician says to have seen a result, and what follows from it. */
export function useAcknowledge() {
  const act = useAct()
  return ({ id, versionId }: { id: string; versionId: string }, name: string, critical: boolean): ActForm => ({
    title: `Acknowledge ${name}`, verb: 'Acknowledge', danger: critical, version: versionId, initial: { note: '' },
    fields: [{ name: 'note', label: 'What follows from it', kind: 'area', help: 'It is recorded who acknowledged which version, and when.' }],
    submit: (values, { key, version }) => act(AcknowledgeResult, { input: { id, expectedVersion: version, note: given(values.note), idempotencyKey: key } }, ({ resultAcknowledge: { outcome } }) =>
      commonOutcome(outcome) ?? (outcome.__typename === 'NotFinal'
        ? { kind: 'refused', problems: [{ text: `The result is ${outcome.status} and may still change. Acknowledge it when it is final.` }] }
        : { kind: 'saved', told: outcome.__typename === 'AlreadyAcknowledged' ? `You had acknowledged ${name} already` : `${name} is acknowledged` })),
  })
}
