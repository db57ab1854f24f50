import Button from '@mui/material/Button'
import Dialog from '@mui/material/Dialog'
import DialogActions from '@mui/material/DialogActions'
import DialogContent from '@mui/material/DialogContent'
import DialogTitle from '@mui/material/DialogTitle'
import { useId, useState, type FormEvent, type ReactNode } from 'react'
import type { Result } from '../../lib/act'
import css from './form.module.css'

/** What went wrong with an act, in words; `renderOwn` words a refusal that only this act has. */
function Trouble<O>({ result, renderOwn }: { result: Result<O>; renderOwn?: (outcome: O) => ReactNode }) {
  switch (result.kind) {
    case 'done': return null
    case 'invalid': return result.issues.length === 1
      ? <p>Nothing was recorded: {result.issues[0]?.text}.</p>
      : <><p>Nothing was recorded:</p><ul>{result.issues.map((i) => <li key={i.text + i.expression.join()}>{i.text}</li>)}</ul></>
    case 'stale': return <p>Somebody changed this while you worked on it. Nothing of yours was recorded. Close to see it as it stands now; what you wrote is still here until then.</p>
    case 'forbidden': return <p>This is not for your role. Nothing was recorded.</p>
    case 'unsaid': return <p>The server did not answer, so it is not known whether this was recorded. Send it again: it cannot be recorded twice.</p>
    case 'failed': return <p>{result.message}</p>
    case 'other': return renderOwn?.(result.outcome) ?? <p>This was refused. Nothing was recorded.</p>
  }
}

/** Work begins in the first field. */
const begin = (fields: HTMLDivElement | null) => fields?.querySelector<HTMLElement>('input, select, textarea')?.focus()

/**
 * A form over the page for one act of the chart. Closing it with something written asks first; while it is being sent it stays.
 * `onSubmit` is called only when the form's own fields are filled in.
 */
export function ActDialog<O>({ title, submit, busy, dirty, result, renderOwn, onSubmit, onClose, children }: {
  title: string; submit: string; busy: boolean; dirty: boolean; result: Result<O> | null; renderOwn?: (outcome: O) => ReactNode
  onSubmit: () => void; onClose: () => void; children: ReactNode
}) {
  const id = useId()
  const [leaving, setLeaving] = useState(false)
  const close = () => { if (!busy) { if (dirty && !leaving) setLeaving(true); else onClose() } }
  const send = (event: FormEvent) => { event.preventDefault(); setLeaving(false); onSubmit() }
  return (
    <Dialog open onClose={close} aria-labelledby={id} fullWidth maxWidth="sm">
      <form onSubmit={send}>
        <DialogTitle id={id}>{title}</DialogTitle>
        <DialogContent>
          <div className={css.form} ref={begin}>
            <div role="alert">{result && result.kind !== 'done' && <div className={css.trouble}><Trouble result={result} renderOwn={renderOwn} /></div>}</div>
            {children}
            <div role="status">{leaving && <p className={css.wrong}>What you wrote is not recorded. Press Discard to leave it, or go on.</p>}</div>
          </div>
        </DialogContent>
        <DialogActions>
          <Button variant="outlined" disabled={busy} onClick={close}>{leaving ? 'Discard' : result?.kind === 'stale' ? 'Close' : 'Cancel'}</Button>
          <Button type="submit" variant="contained" disabled={busy || result?.kind === 'stale'}>{busy ? 'Sending …' : submit}</Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}
