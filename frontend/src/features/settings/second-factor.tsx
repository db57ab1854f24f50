import Button from '@mui/material/Button'
import OutlinedInput from '@mui/material/OutlinedInput'
import { useEffect, useState, type FormEvent } from 'react'
import { Enrol } from '../../components/second-factor/enrol'
import { Loading, NotLoaded } from '../../components/ui/states'
import { beginSecondFactor, loadSecondFactor, removeSecondFactor, type Authenticator, type SecondFactor } from '../../lib/auth'
import css from './settings.module.css'

/** One's authenticator: whether there is one, a new one, or none any more. */
export function SecondFactorPart() {
  const [stands, setStands] = useState<SecondFactor | 'loading' | 'failed'>('loading')
  const [begun, setBegun] = useState<Authenticator | null>(null)
  const [typed, setTyped] = useState({ password: '', code: '' })
  const [told, setTold] = useState<{ good: boolean; words: string } | null>(null)
  const load = async () => { setStands(await loadSecondFactor().catch(() => 'failed' as const)) }
  useEffect(() => {
    let current = true
    void loadSecondFactor().catch(() => 'failed' as const).then((found) => { if (current) setStands(found) })
    return () => { current = false }
  }, [])
  const begin = async (event: FormEvent) => {
    event.preventDefault()
    const answer = await beginSecondFactor(typed.password).catch(() => 'the server cannot be reached')
    if (typeof answer === 'string') setTold({ good: false, words: `Not done: ${answer}.` })
    else { setTold(null); setBegun(answer) }
  }
  const remove = async () => {
    const refused = await removeSecondFactor(typed.password, typed.code).catch(() => 'the server cannot be reached')
    setTold(refused === null ? { good: true, words: 'Your account has no second factor any more.' } : { good: false, words: `Not done: ${refused}.` })
    if (refused === null) { setTyped({ password: '', code: '' }); await load() }
  }
  const done = async () => {
    setBegun(null)
    setTyped({ password: '', code: '' })
    await load()
  }
  const field = (name: keyof typeof typed, label: string, type: string, required: boolean) => (
    <div className={css.choice}>
      <label htmlFor={`factor-${name}`}>{label}</label>
      <OutlinedInput id={`factor-${name}`} type={type} autoComplete={name === 'code' ? 'one-time-code' : 'current-password'} required={required} value={typed[name]} onChange={(e) => setTyped((before) => ({ ...before, [name]: e.target.value }))} />
    </div>
  )
  return (
    <section aria-labelledby="factor" className={css.part}>
      <h2 id="factor">Second factor</h2>
      {stands === 'loading' ? <Loading rows={1} label="second factor" />
        : stands === 'failed' ? <NotLoaded what="Second factor" onRetry={() => { void load() }} />
        : begun ? <Enrol authenticator={begun} onDone={() => { void done() }} />
        : (
          <form onSubmit={(event) => { void begin(event) }}>
            <p>{stands.enrolled ? `A code of your authenticator is asked for when you sign in. ${stands.recoveryCodesLeft} recovery codes are left.` : 'Only your password is asked for when you sign in.'}</p>
            {field('password', 'Your password', 'password', true)}
            {stands.enrolled && !stands.required && field('code', 'Code, to take it away', 'text', false)}
            <Button type="submit" variant="outlined">{stands.enrolled ? 'Another authenticator' : 'Add an authenticator'}</Button>
            {stands.enrolled && !stands.required && <Button variant="text" onClick={() => { void remove() }}>Take it away</Button>}
            <p role={told && !told.good ? 'alert' : 'status'}>{told?.words}</p>
          </form>
        )}
    </section>
  )
}
