import type { NotePageFragment, NoteRecordFragment } from '../../gql/graphql'

type Documents = NonNullable<NoteRecordFragment['documents']>
type Doc = Documents['nodes'][number]
const at = (date: string | null | undefined): number => (date ? Date.parse(date) : Number.NaN)

/**
 * The documents of a chart that are no listing of one of its notes: how many, `least` where not all of both were loaded, and the newest if it is newer than every note.
 * Each note is listed by one document of its kind and time.
 */
export function besides(documents: Documents, notes: NotePageFragment): { count: number; least: boolean; newest: Doc | null } {
  const lists = (d: Doc) => notes.nodes.some((n) => at(n.date) === at(d.date) && n.type?.text === d.type?.text)
  const others = documents.nodes.filter((d) => d.status !== 'ENTERED_IN_ERROR' && !lists(d))
  const least = documents.pageInfo.hasNextPage || notes.pageInfo.hasNextPage
  const count = least ? Math.max(0, (documents.totalCount ?? 0) - (notes.totalCount ?? notes.nodes.length)) : others.length
  const latest = Math.max(...notes.nodes.flatMap((n) => (n.date ? [at(n.date)] : [])))
  const [newest] = others.filter((d) => at(d.date) > latest).toSorted((a, b) => at(b.date) - at(a.date))
  return { count, least, newest: newest ?? null }
}
