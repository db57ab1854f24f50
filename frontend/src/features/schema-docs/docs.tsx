import OutlinedInput from '@mui/material/OutlinedInput'
import { useMemo } from 'react'
import { Link, useSearchParams } from 'react-router'
import { useQuery } from 'urql'
import { Empty, Loading, NotLoaded } from '../../components/ui/states'
import css from './docs.module.css'
import { example, KINDS, named, SchemaDocs, search, shown, written, type DocField, type DocInput, type DocType, type Schema } from './schema'

/** Most that a search shows; it says how many more there are. */
const SHOWN = 200
const to = (type: string) => `/docs?type=${type}`

/** The whole GraphQL schema in words, as the server tells it: types, their members, arguments and values, and an example of each operation. */
export function DocsView() {
  const [{ data, error }, again] = useQuery({ query: SchemaDocs })
  const [params, setParams] = useSearchParams()
  const schema = data?.__schema
  const words = params.get('search') ?? ''
  return (
    <main className={css.view}>
      <header className={css.head}>
        <h1>GraphQL schema</h1>
        <p>All that can be asked and done at <code>/graphql</code>. Try it in the <a href="/playground">playground</a>.</p>
        <OutlinedInput
          value={words}
          onChange={(e) => setParams(e.target.value ? { search: e.target.value } : {}, { replace: true })}
          placeholder="Name or words of a description"
          className={css.search}
          inputProps={{ 'aria-label': 'Search the schema', type: 'search' }}
        />
      </header>
      {error && !data ? <NotLoaded what="GraphQL schema" onRetry={() => again({ requestPolicy: 'network-only' })} />
        : !schema ? <Loading rows={12} label="the schema" />
        : <Whole schema={schema} words={words} type={params.get('type') ?? schema.queryType.name ?? ''} />}
    </main>
  )
}

function Whole({ schema, words, type }: { schema: Schema; words: string; type: string }) {
  const groups = useMemo(() => {
    const roots = [schema.queryType.name, schema.mutationType?.name, schema.subscriptionType?.name]
    const byName = (a: DocType, b: DocType) => (a.name ?? '').localeCompare(b.name ?? '')
    const all = shown(schema)
    const rest = all.filter((one) => !roots.includes(one.name)).sort(byName)
    return [
      ['Operations', all.filter((one) => roots.includes(one.name))] as const,
      ...KINDS.map(([kind, title]) => [title, rest.filter((one) => one.kind === kind)] as const),
    ]
  }, [schema])
  const open = schema.types.find((one) => one.name === type)
  return (
    <div className={css.two}>
      <nav aria-label="Types" className={css.types} tabIndex={0}>
        {groups.map(([title, types]) => (
          <section key={title}>
            <h2>{title}</h2>
            <ul>{types.map((one) => <li key={one.name}><Link to={to(one.name ?? '')} aria-current={!words && one.name === type ? 'page' : undefined}>{one.name}</Link></li>)}</ul>
          </section>
        ))}
      </nav>
      <div className={css.main} tabIndex={0} role="group" aria-label="Description">
        {words ? <Results schema={schema} words={words} /> : open ? <Type schema={schema} of={open} /> : <Empty>There is no type {type}.</Empty>}
      </div>
    </div>
  )
}

function Results({ schema, words }: { schema: Schema; words: string }) {
  const found = useMemo(() => search(schema, words), [schema, words])
  if (found.length === 0) return <Empty>Nothing in the schema has these words.</Empty>
  return (
    <section aria-label="Found" className={css.type}>
      <p role="status">{found.length > SHOWN ? `The first ${SHOWN} of ${found.length}` : `${found.length} found`}</p>
      <ul>
        {found.slice(0, SHOWN).map((one, i) => (
          // The list is made anew by each search, so its places are its keys.
          // oxlint-disable-next-line react/no-array-index-key
          <li key={i} className={css.member}>
            <Link to={to(one.type)}><code>{one.member ? `${one.type}.${one.member}` : one.type}</code></Link>
            <Words of={one.description} />
          </li>
        ))}
      </ul>
    </section>
  )
}

const ref = (type: DocField['type']) => <Link to={to(named(type))}><code>{written(type)}</code></Link>

function Type({ schema, of }: { schema: Schema; of: DocType }) {
  const root = of.name === schema.queryType.name ? 'query' : of.name === schema.mutationType?.name ? 'mutation' : of.name === schema.subscriptionType?.name ? 'subscription' : null
  const users = useMemo(() => usersOf(schema, of.name ?? ''), [schema, of.name])
  return (
    <article className={css.type} aria-labelledby="type">
      <h2 id="type">{of.name}</h2>
      <p className={css.kind}>{of.kind.toLowerCase().replace('_', ' ')}</p>
      <Words of={of.description} />
      <Names title="Implements" names={(of.interfaces ?? []).map((one) => one.name ?? '')} />
      <Names title="Is one of" names={(of.possibleTypes ?? []).map((one) => one.name ?? '')} />
      {of.fields && (
        <Members title="Fields">
          {of.fields.map((field) => (
            <li key={field.name} className={css.member}>
              <h4><code>{field.name}</code>: {ref(field.type)}</h4>
              <Words of={field.description} />
              <Deprecated of={field} />
              {field.args.length > 0 && <ul aria-label={`Arguments of ${field.name}`} className={css.args}>{field.args.map((arg) => <Input key={arg.name} of={arg} />)}</ul>}
              {root && <pre aria-label={`Example of ${field.name}`} className={css.example}>{example(schema, root, field)}</pre>}
            </li>
          ))}
        </Members>
      )}
      {of.inputFields && <Members title="Members">{of.inputFields.map((one) => <Input key={one.name} of={one} />)}</Members>}
      {of.enumValues && (
        <Members title="Values">
          {of.enumValues.map((one) => <li key={one.name} className={css.member}><h4><code>{one.name}</code></h4><Words of={one.description} /><Deprecated of={one} /></li>)}
        </Members>
      )}
      <Names title="Used by" names={users} />
    </article>
  )
}

/** The types whose fields or arguments are of this one. */
function usersOf(schema: Schema, name: string): string[] {
  const uses = (type: DocType) => [...(type.fields ?? []), ...(type.fields ?? []).flatMap((field) => field.args), ...(type.inputFields ?? [])].some((one) => named(one.type) === name)
  return shown(schema).filter(uses).map((type) => type.name ?? '')
}

function Members({ title, children }: { title: string; children: React.ReactNode }) {
  return <section aria-label={title}><h3>{title}</h3><ul>{children}</ul></section>
}

function Names({ title, names }: { title: string; names: string[] }) {
  if (names.length === 0) return null
  return <p className={css.names}>{title} {names.map((name) => <Link key={name} to={to(name)}><code>{name}</code></Link>)}</p>
}

function Input({ of }: { of: DocInput }) {
  return (
    <li className={css.member}>
      <span><code>{of.name}</code>: {ref(of.type)}{of.defaultValue != null && <> = <code>{of.defaultValue}</code></>}</span>
      <Words of={of.description} />
    </li>
  )
}

function Words({ of }: { of?: string | null }) {
  // What stands between backticks is code.
  return of ? <p className={css.words}>{of.split('`').map((part, i) => (i % 2 === 1 ? <code key={i}>{part}</code> : part))}</p> : null
}

function Deprecated({ of }: { of: { isDeprecated: boolean; deprecationReason?: string | null } }) {
  return of.isDeprecated ? <p className={css.deprecated}>Deprecated: {of.deprecationReason}</p> : null
}
