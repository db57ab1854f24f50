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
  const [asking, setAsking] = useState<{ act: Act; of: User } | null>(null)
  const announce = useAnnounce()

  // The same words again read the list again.
  const show = (part: string) => { if (part === asked) again({ requestPolicy: 'network-only' }); else setAsked(part) }
  const done = (answer: { error?: CombinedError | undefined }): boolean => {
    setTrouble(answer.error ? `Not done: ${refusal(answer.error)}.` : '')
    again({ requestPolicy: 'network-only' })
    return !answer.error
  }
  const carryOut = async (act: Act, { login }: User, said: string): Promise<string> => {
    const answer = act === 'close' ? await update({ input: { login, disabled: true } }) : act === 'factor' ? await loseFactor({ login }) : act === 'out' ? await logOut({ login }) : null
    const fresh = answer ? null : await reset({ login })
    const error = (answer ?? fresh)?.error
    if (error) return refusal(error)
    done({})
    setAsking(null)
    if (fresh?.data?.userResetPassword.password) setTold({ login, password: fresh.data.userResetPassword.password })
    announce(said)
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
                <Button variant="text" aria-haspopup={user.disabled ? undefined : 'dialog'} onClick={() => { if (user.disabled) void update({ input: { login: user.login, disabled: false } }).then(done); else setAsking({ act: 'close', of: user }) }}>{user.disabled ? 'Reopen account' : 'Close account'}</Button>
                {!user.roles.includes('SYSTEM') && !user.demo && <Button variant="text" aria-haspopup="dialog" onClick={() => setAsking({ act: 'password', of: user })}>Reset password</Button>}
                {!user.roles.includes('SYSTEM') && !user.demo && <Button variant="text" aria-haspopup="dialog" onClick={() => setAsking({ act: 'factor', of: user })}>Remove second factor</Button>}
                {(user.openSessions > 0 || user.roles.includes('SYSTEM')) && <Button variant="text" aria-haspopup="dialog" onClick={() => setAsking({ act: 'out', of: user })}>Log out</Button>}
              </span>
            </td>
          </tr>
        ))}
      </RecordTable>}</Pages>}
      {form && <AccountForm key={form.of?.login ?? ''} of={form.of} onSave={(typed) => save(form.of, typed)} onClose={() => setForm(null)} />}
      {asking && <Asking of={asking.of} act={asking.act} own={asking.of.login === session.user} onAct={(said) => carryOut(asking.act, asking.of, said)} onLeave={() => setAsking(null)} />}
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

type Act = 'close' | 'password' | 'factor' | 'out'
interface Question { title: string; does: string; not: string; leave: string; go: string; done: string }

const open = (of: User): string => (of.openSessions === 0 ? 'what the account has open' : `what the account has open (${of.openSessions === 1 ? 'one session' : `${of.openSessions} sessions`})`)

/** What is asked before an act on an account that ends what somebody is at. */
function questionOf(act: Act, of: User, own: boolean): Question {
  const out = own ? 'This is your own account: you are signed out. ' : ''
  switch (act) {
    case 'close': return {
      title: `Close the account ${of.login}?`, leave: 'Keep it open', go: 'Close the account', not: 'Not closed', done: `The account ${of.login} is closed`,
      does: `${out}Nobody can sign in as ${of.name} from now on, and ${open(of)} ends. What ${own ? 'you' : of.name} did stays on record. The account can be opened again.`,
    }
    case 'password': return {
      title: `Reset the password of ${of.login}?`, leave: 'Keep the password', go: 'Reset the password', not: 'Not reset', done: `The password of ${of.login} is reset`,
      does: `${out}The present password is good no longer, and ${open(of)} ends. A new one is shown once; the first sign-in with it asks for another.`,
    }
    case 'factor': return {
      title: `Remove the second factor of ${of.login}?`, leave: 'Keep it', go: 'Remove the second factor', not: 'Not removed', done: `The second factor of ${of.login} is removed`,
      does: `${out}The authenticator and the recovery codes of ${of.name} are good no longer, and ${open(of)} ends. Be sure who asked for it: until a new one is added, the password alone opens the account, or asks for a new one where the role has to have it.`,
    }
    case 'out': return {
      title: `Log ${of.login} out?`, leave: 'Leave it', go: 'Log out', not: 'Not logged out', done: `${of.login} is logged out`,
      does: `${out}${of.roles.includes('SYSTEM') ? 'The tokens of the program end; it needs new ones.' : `On every device, ${open(of)} ends, and so does what its applications were allowed. Nothing that is on record changes.`}`,
    }
  }
}

/** Asks first, and says what the act does. */
function Asking({ of, own, act, onAct, onLeave }: { of: User; own: boolean; act: Act; onAct: (done: string) => Promise<string>; onLeave: () => void }) {
  const [refused, setRefused] = useState('')
  const [busy, setBusy] = useState(false)
  const question = questionOf(act, of, own)
  const go = async () => {
    setBusy(true)
    setRefused(await onAct(question.done))
    setBusy(false)
  }
  return (
    <Dialog open onClose={onLeave} aria-labelledby="asking" aria-describedby="asking-does" maxWidth="xs" fullWidth>
      <DialogTitle id="asking">{question.title}</DialogTitle>
      <DialogContent className={css.form}>
        {refused && <p role="alert" className={css.refused}>{question.not}: {refused}.</p>}
        <p id="asking-does">{question.does}</p>
      </DialogContent>
      <DialogActions>
        <Button variant="text" ref={toIt} onClick={onLeave}>{question.leave}</Button>
        <Button variant="contained" color="error" disabled={busy} onClick={() => { void go() }}>{question.go}</Button>
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
