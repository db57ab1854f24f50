import { graphql } from '../../gql'
import { withOffset } from '../../lib/date'
import { commonOutcome, given, useAct } from './act'
import type { ActForm } from './act-dialog'
import { findPractitioners } from './people'

const NotifyCritical = graphql(`
  mutation NotifyCritical($input: CriticalResultNotifyInput!) {
    criticalResultNotify(input: $input) {
      outcome { __typename ... on CriticalResultNotified { notification { id } } ... on Stale { id currentVersion current { id lastUpdated } } ... on NotPermitted { message } ... on Invalid { issues { text expression } } }
    }
  }
`)

/**
 * The form by which is said that somebody was told of a critical result by word of mouth, and what they said back.
 * Source: The Joint Commission, NPSG.02.01.01 (2008), today PC.02.01.03: such a result is read back by who hears it.
 */
export function useCriticalTold() {
  const act = useAct()
  return ({ id, versionId }: { id: string; versionId: string }, name: string): ActForm => ({
    title: `Somebody was told of ${name}`, verb: 'Record', version: versionId, initial: {},
    fields: [
      {
        name: 'toldTo', label: 'Told to', kind: 'concept', required: true, find: findPractitioners, input: 'practitioner', help: 'Part of a name, then choose one from the list; or in words, as Dr Lee, ward physician.',
        orWords: { chosen: 'Chosen of the directory: the result waits for them.', words: 'In words only: nobody of the directory is named.' },
      },
      { name: 'at', label: 'Told at', kind: 'moment', help: 'Now, when it is left out.' },
      { name: 'readBack', label: 'What they read back', kind: 'area', required: true, help: 'As they said it: the value with its unit.' },
      { name: 'confirmed', label: 'What was read back was right', kind: 'check', required: true },
    ],
    submit: (values, { key, version, chosen }) => act(NotifyCritical, { input: { id, expectedVersion: version, toldTo: values.toldTo?.trim() ?? '', practitioner: chosen('toldTo'), at: given(values.at) && withOffset(values.at ?? ''), readBack: values.readBack?.trim() ?? '', idempotencyKey: key } }, ({ criticalResultNotify: { outcome } }) =>
      commonOutcome(outcome) ?? { kind: 'saved', told: `It is recorded who was told of ${name}` }),
  })
}
