import { useMemo } from 'react'
import { useClient } from 'urql'
import { commonOutcome, given, useAct, type Outcome } from '../../components/act/act'
import type { ActForm } from '../../components/act/act-dialog'
import { graphql } from '../../gql'
import { formatDateTime } from '../../lib/date'
import { isJson, items, textAt } from '../../lib/fhir'

const ClaimTask = graphql(`
  mutation ClaimTask($input: TaskClaimInput!) {
    taskClaim(input: $input) { outcome { __typename ... on TaskSaved { task { id versionId status } } ... on ClaimedBy { owner { display } since } ... on Stale { id currentVersion current { id lastUpdated } } ... on NotPermitted { message } ... on Invalid { issues { text expression } } } }
  }
`)
const CompleteTask = graphql(`
  mutation CompleteTask($input: TaskCompleteInput!) {
    taskComplete(input: $input) { outcome { __typename ... on TaskSaved { task { id versionId status } } ... on Stale { id currentVersion current { id lastUpdated } } ... on NotPermitted { message } ... on Invalid { issues { text expression } } } }
  }
`)
const ReassignTask = graphql(`
  mutation ReassignTask($input: TaskReassignInput!) {
    taskReassign(input: $input) { outcome { __typename ... on TaskSaved { task { id versionId status } } ... on Stale { id currentVersion current { id lastUpdated } } ... on NotPermitted { message } ... on Invalid { issues { text expression } } } }
  }
`)
const TaskOwners = graphql(`
  query TaskOwners { search(type: "Practitioner", query: "_sort=family", first: 200) { nodes { id fhir } pageInfo { hasNextPage } } }
`)

const nameOf = (fhir: unknown): string => {
  const name = isJson(fhir) ? items(fhir.name)[0] : undefined
  return isJson(name) ? textAt(name, 'text') || [textAt(name, 'family'), items(name.given).join(' ')].filter(Boolean).join(', ') : ''
}

export interface Of { id: string; versionId: string; title: string }

/** What is done with a task: taken, done, passed on. */
export function useTaskForms() {
  const act = useAct()
  const client = useClient()
  return useMemo(() => ({
    claim: ({ id, versionId, title }: Of): ActForm => ({
      title: `Take: ${title}`, verb: 'Take', version: versionId, initial: {}, fields: [],
      submit: (_, { key, version }) => act(ClaimTask, { input: { id, expectedVersion: version, idempotencyKey: key } }, ({ taskClaim: { outcome } }): Outcome => commonOutcome(outcome)
        ?? (outcome.__typename === 'ClaimedBy'
          ? { kind: 'refused', problems: [{ text: `${outcome.owner.display ?? 'Somebody else'} has taken it${outcome.since ? `, ${formatDateTime(outcome.since)}` : ''}.` }] }
          : { kind: 'saved', told: 'The task is yours' })),
    }),
    complete: ({ id, versionId, title }: Of): ActForm => ({
      title: `Done: ${title}`, verb: 'Done', version: versionId, initial: {}, fields: [{ name: 'outcome', label: 'What came of it', kind: 'area' }],
      submit: (v, { key, version }) => act(CompleteTask, { input: { id, expectedVersion: version, outcome: given(v.outcome), idempotencyKey: key } }, ({ taskComplete: { outcome } }) => commonOutcome(outcome) ?? { kind: 'saved', told: 'The task is done' }),
    }),
    reassign: async ({ id, versionId, title }: Of): Promise<ActForm> => {
      const { data } = await client.query(TaskOwners, {}).toPromise()
      return {
        title: `Pass on: ${title}`, verb: 'Pass on', version: versionId, initial: {},
        fields: [
          { name: 'owner', label: 'To whom', kind: 'choice', required: true, options: data?.search.nodes.map((n) => [n.id, nameOf(n.fhir) || n.id] as const) ?? [], help: !data ? 'The people could not be loaded. Close this and try again.' : data.search.pageInfo.hasNextPage ? 'The first 200 people are listed.' : undefined },
          { name: 'reason', label: 'Why' },
        ],
        submit: (v, { key, version }) => act(ReassignTask, { input: { id, expectedVersion: version, owner: v.owner ?? '', reason: given(v.reason), idempotencyKey: key } }, ({ taskReassign: { outcome } }) => commonOutcome(outcome) ?? { kind: 'saved', told: 'The task is passed on' }),
      }
    },
  }), [act, client])
}
