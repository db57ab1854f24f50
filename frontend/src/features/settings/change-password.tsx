import Button from '@mui/material/Button'
import OutlinedInput from '@mui/material/OutlinedInput'
import { useState, type FormEvent } from 'react'
import { changePassword } from '../../lib/auth'
import css from './settings.module.css'

/** One's own password; the sessions elsewhere end with the old one. */
export function ChangePassword() {
  const [typed, setTyped] = useState({ old: '', fresh: '', again: '' })
  const [told, setTold] = useState<{ good: boolean; words: string } | null>(null)
  const [busy, setBusy] = useState(false)
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (typed.fresh !== typed.again) { setTold({ good: false, words: 'The new password was typed in two ways. Type it twice alike.' }); return }
    setBusy(true)
    const refused = await changePassword(typed.old, typed.fresh).catch(() => 'the server cannot be reached')
    setBusy(false)
    setTold(refused === null ? { good: true, words: 'Your password is changed. Sessions elsewhere have ended.' } : { good: false, words: `Not changed: ${refused}.` })
    if (refused === null) setTyped({ old: '', fresh: '', again: '' })
  }
  const field = (name: keyof typeof typed, label: string, kind: string) => (
    <div className={css.choice}>
      <label htmlFor={`password-${name}`}>{label}</label>
      <OutlinedInput id={`password-${name}`} type="password" autoComplete={kind} required value={typed[name]} onChange={(e) => setTyped((before) => ({ ...before, [name]: e.target.value }))} />
    </div>
  )
  return (
    <section aria-labelledby="password" className={css.part}>
      <h2 id="password">Password</h2>
      <form onSubmit={(event) => { void submit(event) }}>
        {field('old', 'Current password', 'current-password')}
        {field('fresh', 'New password', 'new-password')}
        {field('again', 'New password again', 'new-password')}
        <Button type="submit" variant="outlined" disabled={busy}>Change password</Button>
        <p role={told && !told.good ? 'alert' : 'status'}>{told?.words}</p>
      </form>
    </section>
  )
}
