import Button from '@mui/material/Button'
import { useState } from 'react'
import { useMutation, useQuery } from 'urql'
import { Loading, NotLoaded } from '../../components/ui/states'
import { graphql } from '../../gql'
import { formatDateTime } from '../../lib/date'
import css from './settings.module.css'

const Allowed = graphql(`query AllowedApps { appGrants { id appName scope patientId since offline } }`)
const Revoke = graphql(`mutation RevokeApp($id: ID!) { grantRevoke(id: $id) { revoked } }`)

/** Applications that one has allowed to act for oneself, and a way to end it. */
export function AllowedApps() {
  const [{ data, fetching }, again] = useQuery({ query: Allowed, requestPolicy: 'network-only' })
  const [, revoke] = useMutation(Revoke)
  const [trouble, setTrouble] = useState('')
  const retry = () => again({ requestPolicy: 'network-only' })
  const end = async (id: string) => {
    const { error } = await revoke({ id })
    setTrouble(error ? 'It could not be ended. Try again.' : '')
    retry()
  }
  return (
    <section aria-labelledby="apps" className={css.part}>
      <h2 id="apps">Apps you allowed</h2>
      {trouble && <p role="alert">{trouble}</p>}
      {!data ? (fetching ? <Loading rows={2} label="apps" /> : <NotLoaded what="Apps" onRetry={retry} />)
        : data.appGrants.length === 0 ? <p>No application may act for you.</p>
        : (
          <ul className={css.sessions} aria-label="Apps">
            {data.appGrants.map((grant) => (
              <li key={grant.id}>
                <span title={grant.scope}>{grant.appName}</span>
                <small>since {formatDateTime(grant.since)}, {grant.patientId ? `for ${grant.patientId}` : 'for all you may see'}{grant.offline ? ', also when you are signed out' : ''}: {grant.scope}</small>
                <Button variant="outlined" aria-label={`End ${grant.appName}, since ${formatDateTime(grant.since)}`} onClick={() => { void end(grant.id) }}>End</Button>
              </li>
            ))}
          </ul>
        )}
    </section>
  )
}
