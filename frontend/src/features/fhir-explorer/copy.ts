/** What is asked here as others would ask it: a command line, and a document of the GraphQL door. */
import type { ServedType } from '../../lib/fhir'
import { pairsOf, writeQuery, type Search } from './query'

/** Most items of one GraphQL page. */
const MOST = 200
/** Parameters with an underscore that `search` takes; the others shape a bundle and have no part in GraphQL. */
const TAKEN = ['_has', '_id', '_lastUpdated', '_tag', '_profile', '_security', '_sort', '_filter', '_text', '_content', '_list']

/** The shell puts the caller's token in its place; none stands in the text. */
export const asCurl = (path: string, origin: string): string => [
  `curl --request GET '${`${origin}/fhir/R4/${path}`.replaceAll("'", "'\\''")}'`,
  "  --header 'Accept: application/fhir+json'",
  '  --header "Authorization: Bearer $TOKEN"',
].join(' \\\n')

const NODE = 'id versionId lastUpdated fhir'
export const readAsGraphql = (place: string): string => `query Read {\n  node(id: ${JSON.stringify(place)}) { ${NODE} }\n}\n`

/** A document that asks the same, and the names of what it cannot ask. */
export function searchAsGraphql(search: Search, types: readonly ServedType[]): { text: string; left: readonly string[] } {
  const pairs = pairsOf(search, types)
  const isTaken = ({ name, value }: { name: string; value: string }) => value !== '' && (!name.startsWith('_') || TAKEN.includes(name.split(/[:.]/)[0] ?? ''))
  const asked = pairs.filter(isTaken)
  const left = [...new Set(pairs.filter((pair) => !isTaken(pair) && !['_count', '_total'].includes(pair.name)).map((pair) => pair.name))]
  const wanted = search.count === '' ? 20 : Number(search.count)
  const first = Math.min(MOST, Math.max(1, wanted))
  const query = asked.length > 0 ? `, query: ${JSON.stringify(writeQuery(asked))}` : ''
  const total = search.total === 'accurate' || search.total === 'estimate' ? '    totalCount\n' : ''
  return {
    text: `query Search {\n  search(type: ${JSON.stringify(search.type)}${query}, first: ${first}) {\n${total}    pageInfo { hasNextPage endCursor }\n    nodes { ${NODE} }\n  }\n}\n`,
    left: [...left, ...(first === wanted ? [] : ['_count'])],
  }
}
