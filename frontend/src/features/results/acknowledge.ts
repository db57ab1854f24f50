import { graphql, read, type FragmentType } from '../../gql'
import { formatDateTime } from '../../lib/date'

/** Who has seen which version of which result: the tasks that say so. */
export const AcknowledgedPage = graphql(`
  fragment AcknowledgedPage on TaskConnection {
    nodes { id lastUpdated code { codings { code } } focus { reference } owner { display } notes { text } }
    pageInfo { hasNextPage }
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
