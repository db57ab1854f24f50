import Button from '@mui/material/Button'
import Dialog from '@mui/material/Dialog'
import DialogActions from '@mui/material/DialogActions'
import DialogContent from '@mui/material/DialogContent'
import DialogTitle from '@mui/material/DialogTitle'
import NativeSelect from '@mui/material/NativeSelect'
import OutlinedInput from '@mui/material/OutlinedInput'
import { useState, type FormEvent } from 'react'
import { useMutation, useQuery, type CombinedError } from 'urql'
import { isForbidden, NotPermitted } from '../../components/ui/part'
import { RecordTable } from '../../components/ui/record-table'
import { Empty, Loading, NotLoaded } from '../../components/ui/states'
import { graphql } from '../../gql'
import type { AppKind, AppPlace, AppsQuery } from '../../gql/graphql'
import css from './administration.module.css'

const Apps = graphql(`query Apps { apps { id name kind jwksUri redirectUris launchUrl opensIn scope actsByItself disabled } }`)
const Register = graphql(`mutation RegisterApp($input: AppRegisterInput!) { appRegister(input: $input) { app { id } secret } }`)
const Update = graphql(`mutation UpdateApp($input: AppUpdateInput!) { appUpdate(input: $input) { app { id } } }`)
const NewSecret = graphql(`mutation NewAppSecret($id: String!) { appNewSecret(id: $id) { app { id } secret } }`)
const Enable = graphql(`mutation EnableApp($id: String!) { appEnable(id: $id) { app { id } } }`)
const Disable = graphql(`mutation DisableApp($id: String!) { appDisable(id: $id) { app { id } } }`)

type App = AppsQuery['apps'][number]
const KINDS: Record<AppKind, string> = { PUBLIC: 'Public (in a browser or on a phone)', SECRET: 'Keeps a secret', SIGNATURE: 'Signs with its own key' }
const PLACES: Record<AppPlace, string> = { TAB: 'In a tab of its own', CHART: 'Within the chart, in a frame' }
const words = (error: CombinedError | undefined): string => error?.graphQLErrors.map((e) => e.message).join('. ') || 'The server cannot be reached'

interface Typed { id: string; name: string; kind: AppKind; redirectUris: string; launchUrl: string; opensIn: AppPlace; scope: string; jwks: string; jwksUri: string; account: string }
const NEW: Typed = { id: '', name: '', kind: 'PUBLIC', redirectUris: '', launchUrl: '', opensIn: 'TAB', scope: 'launch launch/patient openid fhirUser patient/*.rs', jwks: '', jwksUri: '', account: '' }
const lines = (text: string): string[] => text.split('\n').map((line) => line.trim()).filter(Boolean)

/** SMART applications: who may ask people for access, and for what. */
export function AppsView() {
  const [{ data, error, fetching }, again] = useQuery({ query: Apps, requestPolicy: 'network-only' })
  const [, register] = useMutation(Register)
  const [, update] = useMutation(Update)
  const [, newSecret] = useMutation(NewSecret)
  const [, enable] = useMutation(Enable)
  const [, disable] = useMutation(Disable)
  const [form, setForm] = useState<{ of: App | null } | null>(null)
  const [told, setTold] = useState<{ id: string; secret: string } | null>(null)
  const [trouble, setTrouble] = useState('')
  const retry = () => again({ requestPolicy: 'network-only' })
  const done = (answer: { error?: CombinedError | undefined }) => {
    setTrouble(answer.error ? `Not done: ${words(answer.error)}.` : '')
    retry()
  }
  const renew = async (id: string) => {
    const answer = await newSecret({ id })
    done(answer)
    if (answer.data?.appNewSecret.secret) setTold({ id, secret: answer.data.appNewSecret.secret })
  }
  const save = async (of: App | null, typed: Typed): Promise<string> => {
    const common = { name: typed.name, redirectUris: lines(typed.redirectUris), launchUrl: typed.launchUrl, opensIn: typed.opensIn, scope: typed.scope }
    if (of) {
      const answer = await update({ input: { id: of.id, ...common } })
      if (answer.error) return words(answer.error)
      done(answer)
    } else {
      const signs = typed.kind === 'SIGNATURE'
      const answer = await register({ input: { id: typed.id, kind: typed.kind, ...common, jwks: (signs && typed.jwks) || null, jwksUri: (signs && typed.jwksUri) || null, account: signs && typed.account ? typed.account : null } })
      if (answer.error) return words(answer.error)
      done(answer)
      if (answer.data?.appRegister.secret) setTold({ id: typed.id, secret: answer.data.appRegister.secret })
    }
    setForm(null)
    return ''
  }
  if (!data) {
    if (fetching) return <Loading rows={6} label="applications" />
    return isForbidden(error) ? <NotPermitted what="Applications" /> : <NotLoaded what="Applications" onRetry={retry} />
  }
  return (
    <div className={css.list}>
      <p className={css.count}><Button variant="contained" onClick={() => setForm({ of: null })}>Register an application</Button></p>
      {trouble && <p role="alert" className={css.refused}>{trouble}</p>}
      {data.apps.length === 0 ? <Empty>No application is registered.</Empty> : (
        <RecordTable label="Applications" columns={['Application', 'Shows who it is', 'Addresses', 'May ask for', 'State', 'Acts']}>
          {data.apps.map((app) => (
            <tr key={app.id}>
              <th scope="row">{app.name}<small className={css.sub}>{app.id}</small></th>
              <td className={css.touched}>{KINDS[app.kind]}{app.jwksUri && <code>{app.jwksUri}</code>}{app.actsByItself && <small className={css.sub}>acts by itself</small>}</td>
              <td className={css.touched}>{app.redirectUris.map((uri) => <code key={uri}>{uri}</code>)}{app.launchUrl && <code>launch: {app.launchUrl}</code>}{app.launchUrl && <small className={css.sub}>{PLACES[app.opensIn]}</small>}</td>
              <td className={css.touched}><code>{app.scope}</code></td>
              <td className={app.disabled ? css.not : undefined}>{app.disabled ? 'Closed' : 'Open'}</td>
              <td>
                <span className={css.acts} role="group" aria-label={`Acts on ${app.name}`}>
                  <Button variant="text" onClick={() => setForm({ of: app })}>Change</Button>
                  {app.kind === 'SECRET' && <Button variant="text" onClick={() => { void renew(app.id) }}>New secret</Button>}
                  <Button variant="text" onClick={() => { void (app.disabled ? enable({ id: app.id }) : disable({ id: app.id })).then(done) }}>{app.disabled ? 'Open' : 'Close'}</Button>
                </span>
              </td>
            </tr>
          ))}
        </RecordTable>
      )}
      {form && <AppForm key={form.of?.id ?? ''} of={form.of} onSave={(typed) => save(form.of, typed)} onClose={() => setForm(null)} />}
      <Dialog open={told !== null} aria-labelledby="told" maxWidth="xs" fullWidth>
        <DialogTitle id="told">Secret of {told?.id}</DialogTitle>
        <DialogContent>
          <p>It is shown this once and kept nowhere. Give it to whoever runs the application.</p>
          <p className={css.password}><code>{told?.secret}</code></p>
        </DialogContent>
        <DialogActions><Button variant="contained" onClick={() => setTold(null)}>Done</Button></DialogActions>
      </Dialog>
    </div>
  )
}

function AppForm({ of, onSave, onClose }: { of: App | null; onSave: (typed: Typed) => Promise<string>; onClose: () => void }) {
  const [typed, setTyped] = useState<Typed>(of ? { ...NEW, ...of, jwksUri: of.jwksUri ?? '', redirectUris: of.redirectUris.join('\n'), launchUrl: of.launchUrl ?? '' } : NEW)
  const [refused, setRefused] = useState('')
  const [busy, setBusy] = useState(false)
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setBusy(true)
    setRefused(await onSave(typed))
    setBusy(false)
  }
  const field = (name: Exclude<keyof Typed, 'kind' | 'opensIn'>, label: string, more: { required?: boolean; multiline?: boolean } = {}) => (
    <div>
      <label htmlFor={`app-${name}`}>{label}</label>
      <OutlinedInput fullWidth id={`app-${name}`} {...more} {...(more.multiline ? { minRows: 2 } : {})} value={typed[name]} onChange={(e) => setTyped((before) => ({ ...before, [name]: e.target.value }))} />
    </div>
  )
  return (
    <Dialog open onClose={onClose} aria-labelledby="app-form" maxWidth="sm" fullWidth>
      <form onSubmit={(event) => { void submit(event) }}>
        <DialogTitle id="app-form">{of ? `Change ${of.name}` : 'Register an application'}</DialogTitle>
        <DialogContent className={css.form}>
          {refused && <p role="alert" className={css.refused}>{refused}</p>}
          {!of && field('id', 'client_id', { required: true })}
          {field('name', 'Name', { required: true })}
          {!of && (
            <div>
              <label htmlFor="app-kind">How it shows who it is</label>
              <NativeSelect input={<OutlinedInput />} inputProps={{ id: 'app-kind' }} value={typed.kind} onChange={(e) => setTyped((before) => ({ ...before, kind: e.target.value as AppKind }))}>
                {(Object.keys(KINDS) as AppKind[]).map((kind) => <option key={kind} value={kind}>{KINDS[kind]}</option>)}
              </NativeSelect>
            </div>
          )}
          {!of && typed.kind === 'SIGNATURE' && field('jwksUri', 'Address where its public keys are', { required: !typed.jwks })}
          {!of && typed.kind === 'SIGNATURE' && field('jwks', 'Or the keys themselves (JWK set)', { required: !typed.jwksUri, multiline: true })}
          {!of && typed.kind === 'SIGNATURE' && field('account', 'Account it acts for by itself, if it does')}
          {field('redirectUris', 'Addresses people are sent back to, one a line', { multiline: true })}
          {field('launchUrl', 'Address where a launch from a chart begins')}
          <div>
            <label htmlFor="app-place">Where it is shown</label>
            <NativeSelect input={<OutlinedInput />} inputProps={{ id: 'app-place' }} value={typed.opensIn} onChange={(e) => setTyped((before) => ({ ...before, opensIn: e.target.value as AppPlace }))}>
              {(Object.keys(PLACES) as AppPlace[]).map((place) => <option key={place} value={place}>{PLACES[place]}</option>)}
            </NativeSelect>
          </div>
          {field('scope', 'Scopes it may ask for', { required: true, multiline: true })}
        </DialogContent>
        <DialogActions>
          <Button variant="text" onClick={onClose}>Cancel</Button>
          <Button variant="contained" type="submit" disabled={busy}>{of ? 'Save' : 'Register'}</Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}
