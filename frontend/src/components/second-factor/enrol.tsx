import Button from '@mui/material/Button'
import OutlinedInput from '@mui/material/OutlinedInput'
import { useId, useState, type FormEvent } from 'react'
import { confirmSecondFactor, type Authenticator } from '../../lib/auth'
import css from './enrol.module.css'
import { QrCode } from './qr'

/** Puts an authenticator into use: its key, a code that shows it works, and the recovery codes, told once. */
export function Enrol({ authenticator, onDone }: { authenticator: Authenticator; onDone: () => void }) {
  const id = useId()
  const [code, setCode] = useState('')
  const [refused, setRefused] = useState('')
  const [busy, setBusy] = useState(false)
  const [kept, setKept] = useState<readonly string[] | null>(null)
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setBusy(true)
    const answer = await confirmSecondFactor(code).catch(() => 'the server cannot be reached')
    setBusy(false)
    if (typeof answer === 'string') setRefused(`Not confirmed: ${answer}.`)
    else { setRefused(''); setKept(answer) }
  }
  if (kept) {
    return (
      <div className={css.enrol}>
        <p>The authenticator is in use. Keep these recovery codes where only you find them: each is good once, when the authenticator is lost. They are shown this once.</p>
        <ul className={css.codes} aria-label="Recovery codes">{kept.map((one) => <li key={one}><code>{one}</code></li>)}</ul>
        <Button variant="contained" onClick={onDone}>I have kept them</Button>
      </div>
    )
  }
  return (
    <form className={css.enrol} onSubmit={(event) => { void submit(event) }}>
      <p>Add this key to an authenticator app, by its camera, by hand or <a href={authenticator.address}>on this device</a>, then type the code it shows.</p>
      <QrCode text={authenticator.address} label="QR code of the key, which stands below" />
      <p className={css.key}><code>{authenticator.secret.match(/.{1,4}/g)?.join(' ')}</code></p>
      <label htmlFor={`${id}-code`}>Code of the authenticator</label>
      <OutlinedInput id={`${id}-code`} autoComplete="one-time-code" required value={code} onChange={(e) => setCode(e.target.value)} inputProps={{ inputMode: 'numeric' }} />
      {refused && <p role="alert">{refused}</p>}
      <Button type="submit" variant="contained" disabled={busy}>Confirm</Button>
    </form>
  )
}
