import NativeSelect from '@mui/material/NativeSelect'
import OutlinedInput from '@mui/material/OutlinedInput'
import { useState } from 'react'
import { useQuery } from 'urql'
import { words } from '../../components/clinical/status'
import { isForbidden, NotPermitted } from '../../components/ui/part'
import { RecordTable } from '../../components/ui/record-table'
import { Empty, Loading, NotLoaded } from '../../components/ui/states'
import { graphql } from '../../gql'
import type { RoleInteraction, RoleSight, RoleTableQuery, UserRole } from '../../gql/graphql'
import css from './administration.module.css'

const Table = graphql(`query RoleTable { roleTable { resourceType rights { role interactions of } } }`)

type Right = RoleTableQuery['roleTable'][number]['rights'][number]
const WORDS: Record<RoleInteraction, string> = { CREATE: 'create', READ: 'read', UPDATE: 'change', DELETE: 'delete', SEARCH: 'search' }
const OF: Record<RoleSight, string> = { ALL: '', MASKED: 'masked', OWN: 'own record', TREATED: 'whom they treat' }

/** Who may do what, as the server decides it. */
export function RolesView() {
  const [{ data, error, fetching }, again] = useQuery({ query: Table, requestPolicy: 'network-only' })
  const [role, setRole] = useState<UserRole | ''>('')
  const [typed, setTyped] = useState('')
  if (!data) {
    if (fetching) return <Loading rows={8} label="roles" />
    return isForbidden(error) ? <NotPermitted what="The table of roles" /> : <NotLoaded what="The table of roles" onRetry={() => again({ requestPolicy: 'network-only' })} />
  }
  const roles = (data.roleTable[0]?.rights ?? []).map((right) => right.role)
  const shown = roles.filter((one) => role === '' || one === role)
  const part = typed.trim().toLowerCase()
  const of = (rights: readonly Right[]) => rights.filter((right) => shown.includes(right.role))
  const lines = data.roleTable.filter((line) => line.resourceType.toLowerCase().includes(part) && of(line.rights).some((right) => right.interactions.length > 0))
  return (
    <div className={css.list}>
      <form className={css.tools} aria-label="Which rights" onSubmit={(event) => event.preventDefault()}>
        <div>
          <label htmlFor="role">Role</label>
          <NativeSelect input={<OutlinedInput />} inputProps={{ id: 'role' }} value={role} onChange={(e) => setRole(e.target.value as UserRole | '')}>
            <option value="">All roles</option>
            {roles.map((one) => <option key={one} value={one}>{words(one)}</option>)}
          </NativeSelect>
        </div>
        <div><label htmlFor="type">Part of a type</label><OutlinedInput id="type" value={typed} onChange={(e) => setTyped(e.target.value)} /></div>
      </form>
      <p className={css.count} role="status">{lines.length === 1 ? 'One type' : `${lines.length} types`}. Somebody with several roles may do what any of them may. Labels restrict which records are seen besides. Programs have what their scope says.</p>
      {lines.length === 0 ? <Empty>No role may do anything with a type of that name.</Empty> : (
        <RecordTable label="Roles" columns={['Type', ...shown.map(words)]}>
          {lines.map((line) => (
            <tr key={line.resourceType}>
              <th scope="row">{line.resourceType}</th>
              {of(line.rights).map((right) => (
                <td key={right.role}>
                  {right.interactions.map((interaction) => WORDS[interaction]).join(', ') || 'nothing'}
                  {right.interactions.length > 0 && OF[right.of] && <small className={css.sub}>{OF[right.of]}</small>}
                </td>
              ))}
            </tr>
          ))}
        </RecordTable>
      )}
    </div>
  )
}
