import Button from '@mui/material/Button'
import FormControl from '@mui/material/FormControl'
import FormLabel from '@mui/material/FormLabel'
import OutlinedInput from '@mui/material/OutlinedInput'
import { useId, useState, type FormEvent } from 'react'
import { Enrol } from '../../components/second-factor/enrol'
import { beginSecondFactor, finishSignIn, SignInError, signIn, signInMessage, type Authenticator, type DemoUser } from '../../lib/auth'
import css from './sign-in.module.css'

/** User name and password. In demo mode the log-ins that everybody knows stand below and can be chosen. */
export function SignInForm({ demoUsers, user: known, onSignedIn }: { demoUsers: DemoUser[]; user?: string; onSignedIn: () => void }) {
  const id = useId()
  const [user, setUser] = useState(known ?? '')
  const [password, setPassword] = useState('')
  /** A new password is asked for, because the one at hand is good for one sign-in. */
  const [renews, setRenews] = useState(false)
  const [fresh, setFresh] = useState('')
  const [again, setAgain] = useState('')
  /** The password was right, and a code is asked for, or an authenticator that has to be added. */
  const [factor, setFactor] = useState<'code' | Authenticator | null>(null)
  const [code, setCode] = useState('')
  const [failure, setFailure] = useState('')
  const [busy, setBusy] = useState(false)

  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (renews && fresh !== again) { setFailure('The new password was typed in two ways. Type it twice alike.'); return }
    setBusy(true)
    setFailure('')
    try {
      if (factor === 'code') {
        const refused = await finishSignIn(code)
        if (refused === null) onSignedIn()
        else setFailure(`Not signed in: ${refused}.`)
        return
      }
      await signIn(user, password, renews ? fresh : undefined)
      onSignedIn()
    } catch (error) {
      const failed = error instanceof SignInError ? error : new SignInError('failed')
      if (failed.cause === 'second-factor') setFactor('code')
      if (failed.cause === 'enrol') {
        const begun = await beginSecondFactor().catch(() => 'the server cannot be reached')
        if (typeof begun === 'string') { setFailure(`Not signed in: ${begun}.`); return }
        setFactor(begun)
      }
      if (failed.cause === 'password-change') setRenews(true)
      setFailure(failed.cause === 'password-refused' ? `Not accepted: ${failed.detail}.` : signInMessage(failed.cause))
    } finally {
      setBusy(false)
    }
  }

  if (factor && factor !== 'code') {
    return (
      <div className={css.form}>
        <div role="alert">{failure}</div>
        <Enrol authenticator={factor} onDone={onSignedIn} />
      </div>
    )
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
      {renews && (
        <>
          <FormControl fullWidth>
            <FormLabel htmlFor={`${id}-fresh`}>New password, at least 12 characters</FormLabel>
            <OutlinedInput id={`${id}-fresh`} type="password" autoComplete="new-password" required value={fresh} onChange={(e) => setFresh(e.target.value)} />
          </FormControl>
          <FormControl fullWidth>
            <FormLabel htmlFor={`${id}-again`}>New password again</FormLabel>
            <OutlinedInput id={`${id}-again`} type="password" autoComplete="new-password" required value={again} onChange={(e) => setAgain(e.target.value)} />
          </FormControl>
        </>
      )}
      {factor === 'code' && (
        <FormControl fullWidth>
          <FormLabel htmlFor={`${id}-code`}>Code</FormLabel>
          <OutlinedInput id={`${id}-code`} autoComplete="one-time-code" required value={code} onChange={(e) => setCode(e.target.value)} />
        </FormControl>
      )}
      <Button type="submit" variant="contained" disabled={busy}>{busy ? 'Signing in …' : 'Sign in'}</Button>
      {known === undefined && factor === null && demoUsers.length > 0 && (
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
