import { graphql } from '../../gql'
import { commonOutcome, useAct } from './act'
import type { ActForm } from './act-dialog'

const RecordEnterInError = graphql(`
  mutation RecordEnterInError($input: RecordEnterInErrorInput!) {
    recordEnterInError(input: $input) {
      outcome { __typename ... on EnteredInError { record { id versionId } } ... on Stale { id currentVersion current { id lastUpdated } } ... on NotPermitted { message } ... on Invalid { issues { text expression } } }
    }
  }
`)

/** The form that marks a record as a mistake, with the reason. */
export function useMistake(): (of: { id: string; versionId: string }, name: string) => ActForm {
  const act = useAct()
  return ({ id, versionId }, name) => ({
    title: `${name}: entered in error`, verb: 'Mark as entered in error', danger: true, version: versionId, initial: {},
    fields: [{ name: 'reason', label: 'Why it is a mistake', kind: 'area', required: true, help: 'It stays visible, struck through, with this reason.' }],
    submit: (values, { key, version }) => act(RecordEnterInError, { input: { id, expectedVersion: version, reason: values.reason?.trim() ?? '', idempotencyKey: key } }, ({ recordEnterInError: { outcome } }) =>
      commonOutcome(outcome) ?? { kind: 'saved', told: `${name} is marked as entered in error` }),
  })
}
