import { graphql } from '../../gql'
import type { SchemaDocsQuery } from '../../gql/graphql'

/** What the server tells of its schema: this page shows nothing else. */
export const SchemaDocs = graphql(`
  query SchemaDocs {
    __schema {
      queryType { name } mutationType { name } subscriptionType { name }
      types {
        kind name description
        interfaces { name } possibleTypes { name }
        fields(includeDeprecated: true) {
          name description isDeprecated deprecationReason
          args { name description defaultValue type { kind name ofType { kind name ofType { kind name ofType { kind name } } } } }
          type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }
        }
        inputFields { name description defaultValue type { kind name ofType { kind name ofType { kind name ofType { kind name } } } } }
        enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason }
      }
    }
  }
`)

export type Schema = SchemaDocsQuery['__schema']
export type DocType = Schema['types'][number]
export type DocField = NonNullable<DocType['fields']>[number]
export type DocInput = NonNullable<DocType['inputFields']>[number]
/** A type around which lists and `!` may stand. */
interface Wrapped { kind: string; name?: string | null; ofType?: Wrapped | null }

/** As in the language of schemas: `[ID!]!`. */
export function written(type: Wrapped): string {
  const inner = type.ofType ? written(type.ofType) : type.name ?? ''
  if (type.kind === 'NON_NULL') return `${inner}!`
  return type.kind === 'LIST' ? `[${inner}]` : inner
}

/** The name inside. */
export const named = (type: Wrapped): string => (type.ofType ? named(type.ofType) : type.name ?? '')

/** The groups of the list, and what a type is called in each. */
export const KINDS: readonly (readonly [string, string])[] = [
  ['OBJECT', 'Objects'], ['INTERFACE', 'Interfaces'], ['UNION', 'Unions'], ['INPUT_OBJECT', 'Inputs'], ['ENUM', 'Enums'], ['SCALAR', 'Scalars'],
]

/** One thing that has a name and a description: a type, or a member of one. */
export interface Found { type: string; member: string | null; description: string }

/** Everything that has the words in its name or its description; what has them in its name comes first. */
export function search(schema: Schema, text: string): Found[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return []
  const all: Found[] = shown(schema).flatMap((type) => [
    { type: type.name ?? '', member: null, description: type.description ?? '' },
    ...[...(type.fields ?? []), ...(type.inputFields ?? []), ...(type.enumValues ?? [])]
      .map((member) => ({ type: type.name ?? '', member: member.name, description: member.description ?? '' })),
    ...(type.fields ?? []).flatMap((field) => field.args.map((arg) => ({ type: type.name ?? '', member: field.name, description: `${arg.name}: ${arg.description ?? ''}` }))),
  ])
  const inName = (one: Found) => words.every((word) => (one.member ?? one.type).toLowerCase().includes(word))
  const inAll = (one: Found) => words.every((word) => `${one.member ?? one.type} ${one.description}`.toLowerCase().includes(word))
  return [...all.filter(inName), ...all.filter((one) => !inName(one) && inAll(one))]
}

/** The types of the product; those by which the schema describes itself are left out. */
export const shown = (schema: Schema): DocType[] => schema.types.filter((type) => !type.name?.startsWith('__'))

const LEAVES = 5
const DEEPEST = 3

/** Some of what may be selected on a type, as text; `null` when nothing can be without arguments. */
function selection(schema: Schema, name: string, depth: number): string | null {
  const type = schema.types.find((one) => one.name === name)
  if (!type || type.kind === 'SCALAR' || type.kind === 'ENUM') return ''
  if (type.kind === 'UNION') return ' { __typename }'
  const free = (type.fields ?? []).filter((field) => !field.isDeprecated && !field.args.some((arg) => arg.type.kind === 'NON_NULL' && arg.defaultValue == null))
  const kindOf = (field: DocField) => schema.types.find((one) => one.name === named(field.type))?.kind
  const leaves = free.filter((field) => ['SCALAR', 'ENUM'].includes(kindOf(field) ?? '')).slice(0, LEAVES).map((field) => field.name)
  if (depth === DEEPEST) return ` { ${leaves.length > 0 ? leaves.join(' ') : '__typename'} }`
  // A page is its items; a type without plain fields is what lies in it.
  const nodes = free.find((field) => field.name === 'nodes')
  const below = (nodes ? [nodes] : leaves.length < 2 ? free.filter((field) => !leaves.includes(field.name)).slice(0, 2) : [])
    .map((field) => `${field.name}${selection(schema, named(field.type), depth + 1) ?? ''}`)
  const parts = [...(nodes ? [] : leaves), ...below]
  return ` { ${parts.length > 0 ? parts.join(' ') : '__typename'} }`
}

/** An operation that asks for a field of a root, with its required arguments as variables. */
export function example(schema: Schema, root: 'query' | 'mutation' | 'subscription', field: DocField): string {
  const needed = field.args.filter((arg) => arg.type.kind === 'NON_NULL' && arg.defaultValue == null)
  const page = field.args.some((arg) => arg.name === 'first') ? ['first: 5'] : []
  const declared = needed.length > 0 ? `(${needed.map((arg) => `$${arg.name}: ${written(arg.type)}`).join(', ')})` : ''
  const given = [...needed.map((arg) => `${arg.name}: $${arg.name}`), ...page]
  return `${root}${declared} { ${field.name}${given.length > 0 ? `(${given.join(', ')})` : ''}${selection(schema, named(field.type), 0) ?? ''} }`
}
