import Button from '@mui/material/Button'
import FormControl from '@mui/material/FormControl'
import FormLabel from '@mui/material/FormLabel'
import OutlinedInput from '@mui/material/OutlinedInput'
import { useId, useState, type FormEvent } from 'react'
import { SignInError, signIn, signInMessage, type DemoUser } from '../../lib/auth'
import css from './sign-in.module.css'

/** User name and password. In demo mode the log-ins that everybody knows stand below and can be chosen. */
export function SignInForm({ demoUsers, user: known, onSignedIn }: { demoUsers: DemoUser[]; user?: string; onSignedIn: () => void }) {
  const id = useId()
  const [user, setUser] = useState(known ?? '')
  const [password, setPassword] = useState('')
  const [failure, setFailure] = useState('')
  const [busy, setBusy] = useState(false)

  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setBusy(true)
    setFailure('')
    try {
      await signIn(user, password)
      onSignedIn()
    } catch (error) {
      setFailure(signInMessage(error instanceof SignInError ? error.cause : 'failed'))
    } finally {
      setBusy(false)
    }
  }

  return (
    <form className={css.form} onSubmit={(event) => { void submit(event) }}>
      <div role="alert" className={failure ? css.failure : undefined}>{failure}</div>
      <FormControl fullWidth>
        <FormLabel htmlFor={`${id}-user`}>User name</FormLabel>
        <OutlinedInput id={`${id}-user`} autoComplete="username" required value={user} readOnly={known !== undefined} onChange={(e) => setUser(e.target.value)} />
      </FormControl>
      <FormControl fullWidth>
        <FormLabel htmlFor={`${id}-password`}>Password</FormLabel>
        <OutlinedInput id={`${id}-password`} type="password" autoComplete="current-password" required value={password} onChange={(e) => setPassword(e.target.value)} />
      </FormControl>
      <Button type="submit" variant="contained" disabled={busy}>{busy ? 'Signing in …' : 'Sign in'}</Button>
      {known === undefined && demoUsers.length > 0 && (
        <section className={css.demo} aria-label="Demo log-ins">
          <p>Demo log-ins: choose one, then sign in.</p>
          <ul>
            {demoUsers.map((one) => (
              <li key={one.user}>
                <button type="button" className={css.choice} onClick={() => { setUser(one.user); setPassword(one.password) }}>
                  <strong>{one.name}</strong> <span>{one.role}</span>
                </button>
              </li>
            ))}
          </ul>
        </section>
      )}
    </form>
  )
}
