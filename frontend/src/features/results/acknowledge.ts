import { commonOutcome, given, useAct } from '../../components/act/act'
import type { ActForm } from '../../components/act/act-dialog'
import { graphql, read, type FragmentType } from '../../gql'
import { formatDateTime } from '../../lib/date'

/** Who has seen which version of which result: the tasks that say so. */
export const AcknowledgedPage = graphql(`
  fragment AcknowledgedPage on TaskConnection {
    nodes { id lastUpdated code { codings { code } } focus { reference } owner { display } notes { text } }
    pageInfo { hasNextPage }
  }
`)
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

export interface Seen { who: string; at: string; note: string }
/** Who saw a result, by `id` and version: a corrected one is to be seen anew. */
export type SeenBy = ReadonlyMap<string, readonly Seen[]>
const place = (id: string, version: string) => `${id}/_history/${version}`

export function seenBy(of: FragmentType<typeof AcknowledgedPage> | null | undefined): SeenBy {
  const found = new Map<string, Seen[]>()
  for (const task of read(AcknowledgedPage, of)?.nodes ?? []) {
    const focus = task.focus?.reference
    if (!focus || !task.code?.codings.some((c) => c.code === 'acknowledge-result')) continue
    found.set(focus, [...(found.get(focus) ?? []), { who: task.owner?.display ?? 'Name not recorded', at: task.lastUpdated, note: task.notes.map((n) => n.text).join(' ') }])
  }
  return found
}
export const whoSaw = (all: SeenBy, { id, versionId }: { id: string; versionId: string }): readonly Seen[] => all.get(place(id, versionId)) ?? []
export const seenWords = ({ who, at, note }: Seen): string => `${who}, ${formatDateTime(at)}${note ? `: ${note}` : ''}`

const FINAL = ['FINAL', 'AMENDED', 'CORRECTED', 'APPENDED']
/** Whether a result is one that can be acknowledged; what may still change cannot. */
export const isFinal = (status: string | null | undefined): boolean => FINAL.includes(status ?? '')
export const isCritical = (interpretation: string | null | undefined): boolean => (interpretation ?? '').startsWith('CRITICAL')

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
