import { useMemo } from 'react'
import { useClient } from 'urql'
import { commonOutcome, given, useAct, type Outcome } from './act'
import type { ActForm } from './act-dialog'
import { graphql } from '../../gql'
import type { Priority } from '../../gql/graphql'
import { formatDateTime, withOffset } from '../../lib/date'
import { isJson, items, textAt } from '../../lib/fhir'
import { PRIORITIES } from './message'
import { findRecipients } from './people'

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
const CreateTask = graphql(`
  mutation CreateTask($input: TaskCreateInput!) {
    taskCreate(input: $input) { outcome { __typename ... on TaskSaved { task { id versionId } } ... on Stale { id currentVersion } ... on NotPermitted { message } ... on Invalid { issues { text expression } } } }
  }
`)
const CancelTask = graphql(`
  mutation CancelTask($input: TaskCancelInput!) {
    taskCancel(input: $input) { outcome { __typename ... on TaskSaved { task { id versionId status } } ... on Stale { id currentVersion current { id lastUpdated } } ... on NotPermitted { message } ... on Invalid { issues { text expression } } } }
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

/** What is done with a task: asked for, taken, done, passed on, called off. */
export function useTaskForms() {
  const act = useAct()
  const client = useClient()
  return useMemo(() => ({
    /** About a patient. */
    create: (patient: string): ActForm => ({
      title: 'Ask somebody to do something', verb: 'Ask', initial: { priority: 'ROUTINE' },
      fields: [
        { name: 'code', label: 'What is to be done', required: true, help: 'In a few words, such as “Call the pharmacy”.' },
        { name: 'description', label: 'More about it', kind: 'area' },
        { name: 'owner', label: 'Who is to do it', kind: 'concept', find: findRecipients, help: 'Part of a name, then choose one from the list. Left empty, anybody can take it.' },
        { name: 'priority', label: 'Priority', kind: 'choice', options: PRIORITIES, required: true },
        { name: 'dueAt', label: 'By when', kind: 'moment' },
      ],
      submit: async (v, { key, chosen }) => {
        const due = given(v.dueAt)
        if (due && Date.parse(withOffset(due)) < Date.now()) return { kind: 'refused', problems: [{ field: 'dueAt', text: 'By when: this has passed already.' }] }
        const input = { patient, code: { text: v.code?.trim() ?? '' }, description: given(v.description), owner: chosen('owner'), priority: v.priority as Priority, dueAt: due && withOffset(due), idempotencyKey: key }
        return act(CreateTask, { input }, ({ taskCreate: { outcome } }) => commonOutcome(outcome) ?? { kind: 'saved', told: 'The task is asked for' })
      },
    }),
    cancel: ({ id, versionId, title }: Of): ActForm => ({
      title: `Call off: ${title}`, verb: 'Call off', danger: true, version: versionId, initial: {}, fields: [{ name: 'reason', label: 'Why', kind: 'area', required: true }],
      submit: (v, { key, version }) => act(CancelTask, { input: { id, expectedVersion: version, reason: v.reason?.trim() ?? '', idempotencyKey: key } }, ({ taskCancel: { outcome } }) => commonOutcome(outcome) ?? { kind: 'saved', told: 'The task is called off' }),
    }),
    claim: ({ id, versionId, title }: Of): ActForm => ({
      title: `Take: ${title}`, verb: 'Take', version: versionId, initial: {}, fields: [],
      submit: (_, { key, version }) => act(ClaimTask, { input: { id, expectedVersion: version, idempotencyKey: key } }, ({ taskClaim: { outcome } }): Outcome => commonOutcome(outcome)
        ?? (outcome.__typename === 'ClaimedBy'
          ? { kind: 'refused', problems: [{ text: `${outcome.owner.display ?? 'Somebody else'} has taken it${outcome.since ? `, ${formatDateTime(outcome.since)}` : ''}.` }] }
          : { kind: 'saved', told: 'The task is yours' })),
    }),
    complete: ({ id, versionId, title }: Of): ActForm => ({
      title: `Mark as done: ${title}`, verb: 'Mark as done', version: versionId, initial: {}, fields: [{ name: 'outcome', label: 'What came of it', kind: 'area' }],
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
