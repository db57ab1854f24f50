import Button from '@mui/material/Button'
import Checkbox from '@mui/material/Checkbox'
import Dialog from '@mui/material/Dialog'
import DialogActions from '@mui/material/DialogActions'
import DialogContent from '@mui/material/DialogContent'
import DialogTitle from '@mui/material/DialogTitle'
import FormControlLabel from '@mui/material/FormControlLabel'
import OutlinedInput from '@mui/material/OutlinedInput'
import { useState, type FormEvent } from 'react'
import { useClient, useMutation, useQuery, type CombinedError } from 'urql'
import { words } from '../../components/clinical/status'
import { Moment } from '../../components/ui/moment'
import { isForbidden, NotPermitted } from '../../components/ui/part'
import { Pages, RecordTable } from '../../components/ui/record-table'
import { Empty, Loading, NotLoaded } from '../../components/ui/states'
import { useSession } from '../../contexts/session'
import { graphql } from '../../gql'
import type { UserRole, UsersQuery } from '../../gql/graphql'
import { useAnnounce } from '../../hooks/use-announce'
import css from './administration.module.css'

const Users = graphql(`
  query Users($search: String, $after: String) {
    users(search: $search, first: 100, after: $after) {
      nodes { login name roles fhirUser personName { display } demo disabled mustChangePassword createdAt lastSeenAt openSessions }
      pageInfo { hasNextPage endCursor }
    }
  }
`)
const Create = graphql(`mutation CreateUser($input: UserCreateInput!) { userCreate(input: $input) { user { login } password } }`)
const Update = graphql(`mutation UpdateUser($input: UserUpdateInput!) { userUpdate(input: $input) { user { login } } }`)
const Reset = graphql(`mutation ResetUserPassword($login: String!) { userResetPassword(login: $login) { user { login } password } }`)
const LogOut = graphql(`mutation LogOutUser($login: String!) { userLogOut(login: $login) { user { login openSessions } } }`)

const LoseFactor = graphql(`mutation RemoveUserSecondFactor($login: String!) { userRemoveSecondFactor(login: $login) { user { login } } }`)

type User = UsersQuery['users']['nodes'][number]
/** What a person may hold. */
const ROLES: UserRole[] = ['PHYSICIAN', 'NURSE', 'PHARMACIST', 'REGISTRAR', 'ANALYST', 'ADMIN', 'PATIENT']
const refusal = (error: CombinedError | undefined): string => error?.graphQLErrors.map((e) => e.message).join('. ') || 'The server cannot be reached'

/** Accounts: who may sign in, as what, and what is open. */
export function UsersView() {
  const { session } = useSession()
  const client = useClient()
  const [search, setSearch] = useState('')
  const [asked, setAsked] = useState('')
  const [{ data, error, fetching }, again] = useQuery({ query: Users, variables: { search: asked, after: null }, requestPolicy: 'network-only' })
  const more = async (after: string) => (await client.query(Users, { search: asked, after }, { requestPolicy: 'network-only' }).toPromise()).data?.users
  const [, create] = useMutation(Create)
  const [, update] = useMutation(Update)
  const [, reset] = useMutation(Reset)
  const [, logOut] = useMutation(LogOut)
  const [, loseFactor] = useMutation(LoseFactor)
  const [trouble, setTrouble] = useState('')
  const [told, setTold] = useState<{ login: string; password: string } | null>(null)
  const [form, setForm] = useState<{ of: User | null } | null>(null)
  const [closing, setClosing] = useState<User | null>(null)
  const announce = useAnnounce()

  // The same words again read the list again.
  const show = (part: string) => { if (part === asked) again({ requestPolicy: 'network-only' }); else setAsked(part) }
  const done = (answer: { error?: CombinedError | undefined }): boolean => {
    setTrouble(answer.error ? `Not done: ${refusal(answer.error)}.` : '')
    again({ requestPolicy: 'network-only' })
    return !answer.error
  }
  const resetPassword = async (login: string) => {
    const answer = await reset({ login })
    if (done(answer) && answer.data?.userResetPassword.password) setTold({ login, password: answer.data.userResetPassword.password })
  }
  const close = async (of: User): Promise<string> => {
    const answer = await update({ input: { login: of.login, disabled: true } })
    if (answer.error) return refusal(answer.error)
    done(answer)
    setClosing(null)
    announce(`The account ${of.login} is closed`)
    return ''
  }
  const save = async (of: User | null, typed: Typed): Promise<string> => {
    if (of) {
      const answer = await update({ input: { login: of.login, roles: typed.roles } })
      if (answer.error) return refusal(answer.error)
      done(answer)
    } else {
      const answer = await create({ input: { login: typed.login, name: typed.name, roles: typed.roles, fhirUser: typed.fhirUser || null } })
      if (answer.error) return refusal(answer.error)
      done(answer)
      if (answer.data?.userCreate.password) setTold({ login: typed.login, password: answer.data.userCreate.password })
    }
    setForm(null)
    return ''
  }

  if (!data) {
    if (fetching) return <Loading rows={8} label="users" />
    return isForbidden(error) ? <NotPermitted what="Users" /> : <NotLoaded what="Users" onRetry={() => again({ requestPolicy: 'network-only' })} />
  }
  return (
    <div className={css.list}>
      <p className={css.count}>
        <Button variant="contained" onClick={() => setForm({ of: null })}>New account</Button>
      </p>
      <form className={css.tools} aria-label="Which accounts" onSubmit={(event) => { event.preventDefault(); show(search.trim()) }}>
        <div><label htmlFor="user-search">Part of a user name or name</label><OutlinedInput id="user-search" value={search} onChange={(e) => setSearch(e.target.value)} /></div>
        <Button variant="outlined" type="submit">Show</Button>
      </form>
      {trouble && <p role="alert" className={css.refused}>{trouble}</p>}
      {data.users.nodes.length === 0 ? <Empty>No account fits.</Empty> : <Pages first={data.users} more={more} what="accounts">{(users) => <RecordTable label="Users" columns={['User name', 'Name', 'Roles', 'State', 'Last used', 'Acts']}>
        {users.map((user) => (
          <tr key={user.login}>
            <th scope="row">{user.login}{user.login === session.user && ' (you)'}{user.demo && <small className={css.sub}>demo</small>}</th>
            <td>{user.name}{user.fhirUser && <Person reference={user.fhirUser} name={user.personName?.display} account={user.name} />}</td>
            <td>{user.roles.map(words).join(', ')}</td>
            <td className={user.disabled ? css.not : undefined}>{user.disabled ? 'Closed' : 'Open'}{user.mustChangePassword && <small className={css.sub}>has to change the password</small>}</td>
            <td>{user.lastSeenAt ? <Moment at={user.lastSeenAt} /> : 'Not known'}<small className={css.sub}>{user.openSessions === 1 ? 'one session open' : `${user.openSessions} sessions open`}</small></td>
            <td>
              <span className={css.acts} role="group" aria-label={`Acts on ${user.login}`}>
                {!user.roles.includes('SYSTEM') && <Button variant="text" onClick={() => setForm({ of: user })}>Roles</Button>}
                {/* One button, so that who closes an account is back at it afterwards. */}
                <Button variant="text" aria-haspopup={user.disabled ? undefined : 'dialog'} onClick={() => { if (user.disabled) void update({ input: { login: user.login, disabled: false } }).then(done); else setClosing(user) }}>{user.disabled ? 'Reopen account' : 'Close account'}</Button>
                {!user.roles.includes('SYSTEM') && !user.demo && <Button variant="text" onClick={() => { void resetPassword(user.login) }}>Reset password</Button>}
                {!user.roles.includes('SYSTEM') && !user.demo && <Button variant="text" onClick={() => { void loseFactor({ login: user.login }).then(done) }}>Remove second factor</Button>}
                {(user.openSessions > 0 || user.roles.includes('SYSTEM')) && <Button variant="text" onClick={() => { void logOut({ login: user.login }).then(done) }}>Log out</Button>}
              </span>
            </td>
          </tr>
        ))}
      </RecordTable>}</Pages>}
      {form && <AccountForm key={form.of?.login ?? ''} of={form.of} onSave={(typed) => save(form.of, typed)} onClose={() => setForm(null)} />}
      {closing && <Closing of={closing} own={closing.login === session.user} onClose={() => close(closing)} onLeave={() => setClosing(null)} />}
      <Dialog open={told !== null} aria-labelledby="told" maxWidth="xs" fullWidth>
        <DialogTitle id="told">Password of {told?.login}</DialogTitle>
        <DialogContent>
          <p>It is shown this once and is good for one sign-in, which asks for a new one. Hand it over in person.</p>
          <p className={css.password}><code>{told?.password}</code></p>
        </DialogContent>
        <DialogActions><Button variant="contained" onClick={() => setTold(null)}>Done</Button></DialogActions>
      </Dialog>
    </div>
  )
}

/** Who the account is in the record: by kind, and by name where that is another than the account's, or by id where there is no name to be seen. */
function Person({ reference, name, account }: { reference: string; name: string | null | undefined; account: string }) {
  const [kind = '', id = ''] = reference.split('/')
  return (
    <small className={css.sub}>
      {kind === 'RelatedPerson' ? 'Related person' : kind}{name ? name !== account && ` ${name}` : <> <code className={css.id}>{id}</code></>}
    </small>
  )
}

/** The question begins at the choice that changes nothing. */
const toIt = (button: HTMLElement | null) => button?.focus()

/** Asks before an account is closed, and says what that does. */
function Closing({ of, own, onClose, onLeave }: { of: User; own: boolean; onClose: () => Promise<string>; onLeave: () => void }) {
  const [refused, setRefused] = useState('')
  const [busy, setBusy] = useState(false)
  const go = async () => {
    setBusy(true)
    setRefused(await onClose())
    setBusy(false)
  }
  return (
    <Dialog open onClose={onLeave} aria-labelledby="closing" aria-describedby="closing-does" maxWidth="xs" fullWidth>
      <DialogTitle id="closing">Close the account {of.login}?</DialogTitle>
      <DialogContent className={css.form}>
        {refused && <p role="alert" className={css.refused}>Not closed: {refused}.</p>}
        <p id="closing-does">
          {own ? 'This is your own account: you are signed out. ' : ''}Nobody can sign in as {of.name} from now on, and what the account has open ends{of.openSessions > 0 ? `: ${of.openSessions === 1 ? 'one session' : `${of.openSessions} sessions`}` : ''}. What {own ? 'you' : of.name} did stays on record. The account can be opened again.
        </p>
      </DialogContent>
      <DialogActions>
        <Button variant="text" ref={toIt} onClick={onLeave}>Keep it open</Button>
        <Button variant="contained" color="error" disabled={busy} onClick={() => { void go() }}>Close the account</Button>
      </DialogActions>
    </Dialog>
  )
}

interface Typed { login: string; name: string; fhirUser: string; roles: UserRole[] }

function AccountForm({ of, onSave, onClose }: { of: User | null; onSave: (typed: Typed) => Promise<string>; onClose: () => void }) {
  const [typed, setTyped] = useState<Typed>({ login: of?.login ?? '', name: of?.name ?? '', fhirUser: of?.fhirUser ?? '', roles: of?.roles ?? [] })
  const [refused, setRefused] = useState('')
  const [busy, setBusy] = useState(false)
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setBusy(true)
    setRefused(await onSave(typed))
    setBusy(false)
  }
  const field = (name: 'login' | 'name' | 'fhirUser', label: string, required: boolean) => (
    <div>
      <label htmlFor={`user-${name}`}>{label}</label>
      <OutlinedInput fullWidth id={`user-${name}`} required={required} value={typed[name]} onChange={(e) => setTyped((before) => ({ ...before, [name]: e.target.value }))} />
    </div>
  )
  return (
    <Dialog open onClose={onClose} aria-labelledby="account" maxWidth="xs" fullWidth>
      <form onSubmit={(event) => { void submit(event) }}>
        <DialogTitle id="account">{of ? `Roles of ${of.login}` : 'New account'}</DialogTitle>
        <DialogContent className={css.form}>
          {refused && <p role="alert" className={css.refused}>{refused}</p>}
          {of ? <p>What the account has open ends when its roles change.</p> : (
            <>
              {field('login', 'User name', true)}
              {field('name', 'Name', true)}
              {field('fhirUser', 'Practitioner/id, Patient/id or RelatedPerson/id, if in the record', false)}
            </>
          )}
          <fieldset>
            <legend>Roles</legend>
            {ROLES.map((role) => (
              <FormControlLabel
                key={role} label={words(role)}
                control={<Checkbox checked={typed.roles.includes(role)} onChange={(e) => { const on = e.target.checked; setTyped((before) => ({ ...before, roles: on ? [...before.roles, role] : before.roles.filter((r) => r !== role) })) }} />}
              />
            ))}
          </fieldset>
        </DialogContent>
        <DialogActions>
          <Button variant="text" onClick={onClose}>Cancel</Button>
          {typed.roles.length === 0 && <span className={css.why} id="account-why">Choose at least one role.</span>}
          <Button variant="contained" type="submit" disabled={busy || typed.roles.length === 0} aria-describedby={typed.roles.length === 0 ? 'account-why' : undefined}>{of ? 'Save' : 'Make the account'}</Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}
