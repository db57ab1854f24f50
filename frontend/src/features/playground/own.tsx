import { useGraphiQL, useGraphiQLActions } from '@graphiql/react'
import { useEffect, useState } from 'react'
import { useQuery } from 'urql'
import { SavedQueries } from '../../components/saved-queries/saved-queries'
import { words } from '../../components/clinical/status'
import { Loading, NotLoaded } from '../../components/ui/states'
import { useSession } from '../../contexts/session'
import { graphql } from '../../gql'
import type { PlaygroundRightsQuery, RoleInteraction, RoleSight } from '../../gql/graphql'
import { mayAdminister } from '../../lib/permissions'
import css from './playground.module.css'
import { nameIn, readQuestion, writeQuestion } from './saved'

/** The panel of kept questions: one that is opened stands in the editor and waits to be run. */
export function Saved() {
  const { setOperationName } = useGraphiQLActions()
  const query = useGraphiQL((state) => state.queryEditor)
  const variables = useGraphiQL((state) => state.variableEditor)
  const [text, setText] = useState('')
  useEffect(() => {
    if (!query || !variables) return undefined
    const read = () => setText(writeQuestion({ query: query.getValue(), variables: variables.getValue() }))
    read()
    const heard = [query.onDidChangeModelContent(read), variables.onDidChangeModelContent(read)]
    return () => heard.forEach((one) => one.dispose())
  }, [query, variables])
  const open = (kept: string) => {
    const question = readQuestion(kept)
    query?.setValue(question.query)
    variables?.setValue(question.variables)
    // The editor reads the name from its own text only a moment later; until then it would ask for the one before.
    setOperationName(nameIn(question.query))
  }
  return (
    <section aria-label="Saved" className={css.examples}>
      <h2>Saved queries</h2>
      <SavedQueries kind="GRAPHQL" what="queries" text={text.trim() ? text : null} why="The editor is empty." onOpen={open} />
    </section>
  )
}

const PlaygroundRights = graphql(`
  query PlaygroundRights($table: Boolean!) {
    me { principal roles fhirUser seesOnlyTreated }
    roleTable @include(if: $table) { resourceType rights { role interactions of } }
  }
`)

const READS: readonly RoleInteraction[] = ['READ', 'SEARCH']
const SIGHTS: Record<RoleSight, string> = { ALL: 'all', MASKED: 'all, masked', OWN: 'own record', TREATED: 'whom they treat' }

/** The panel of one's own rights: who the server takes one for, and what the roles may do, where that may be read. */
export function Rights() {
  const { session } = useSession()
  const [{ data, error }, again] = useQuery({ query: PlaygroundRights, variables: { table: mayAdminister(session) } })
  if (!data) return error ? <NotLoaded what="Your rights" onRetry={() => again({ requestPolicy: 'network-only' })} /> : <Loading rows={4} label="your rights" />
  const { me, roleTable } = data
  return (
    <section aria-label="Your rights" className={css.examples}>
      <h2>Your rights</h2>
      <dl className={css.rights}>
        <dt>Log-in name</dt><dd>{me.principal}</dd>
        <dt>{me.roles.length === 1 ? 'Role' : 'Roles'}</dt><dd>{me.roles.map(words).join(', ') || 'None'}</dd>
        <dt>In the record</dt><dd>{me.fhirUser ?? 'Nobody of the record'}</dd>
        <dt>Patients</dt><dd>{me.seesOnlyTreated ? 'Some may not be shown: without a care relation with you, or who deny it' : 'All that your roles may see'}</dd>
      </dl>
      {roleTable ? <Table of={roleTable} roles={me.roles} /> : <p>Which types a role may read and write is told to administrators only. The server decides each question; what you may not see comes as an error with the code NOT_PERMITTED.</p>}
    </section>
  )
}

function Table({ of: lines, roles }: { of: NonNullable<PlaygroundRightsQuery['roleTable']>; roles: PlaygroundRightsQuery['me']['roles'] }) {
  const own = lines.flatMap((line) => {
    const rights = line.rights.filter((one) => roles.includes(one.role) && one.interactions.length > 0)
    const all = [...new Set(rights.flatMap((one) => one.interactions))]
    return all.length > 0 ? [{ type: line.resourceType, reads: all.filter((one) => READS.includes(one)), writes: all.filter((one) => !READS.includes(one)), of: [...new Set(rights.map((one) => SIGHTS[one.of]))] }] : []
  })
  const list = (all: readonly RoleInteraction[]) => all.map((one) => one.toLowerCase()).join(', ') || 'no'
  return (
    <div className={css.wide} tabIndex={0} role="group" aria-label="Rights by type">
      <p>{own.length} of {lines.length} types.</p>
      <table>
        <thead><tr><th scope="col">Type</th><th scope="col">Read</th><th scope="col">Write</th><th scope="col">Of which</th></tr></thead>
        <tbody>{own.map((one) => <tr key={one.type}><th scope="row">{one.type}</th><td>{list(one.reads)}</td><td>{list(one.writes)}</td><td>{one.of.join(', ')}</td></tr>)}</tbody>
      </table>
    </div>
  )
}
