import Button from '@mui/material/Button'
import Dialog from '@mui/material/Dialog'
import DialogActions from '@mui/material/DialogActions'
import DialogContent from '@mui/material/DialogContent'
import DialogTitle from '@mui/material/DialogTitle'
import { useCallback, useEffect, useState, useSyncExternalStore } from 'react'
import { useSession } from '../../contexts/session'
import { SignInForm } from '../../features/sign-in/sign-in-form'
import { useSessionClock } from '../../hooks/use-session-clock'
import { endedMessage, isOver, loadSession, signInAt, signInNeeded, type Ended } from '../../lib/auth'

/** Warns before a session ends for want of work, and asks the same person to sign in again over what is open. */
export function SessionGuard() {
  const { session } = useSession()
  const needed = useSyncExternalStore(signInNeeded.subscribe, signInNeeded.get)
  const { state, endsAt, ask } = useSessionClock(session.remainingMs, useCallback(() => { void signInNeeded.wait() }, []))
  const [ended, setEnded] = useState<Ended | null>(null)
  if (!needed && ended) setEnded(null)
  useEffect(() => {
    if (!needed) return undefined
    let current = true
    void loadSession().catch(() => null).then((found) => { if (current && found && isOver(found)) setEnded(found.ended) })
    return () => { current = false }
  }, [needed])
  return (
    <>
      <Dialog open={state === 'warned' && !needed} aria-labelledby="ending" maxWidth="xs">
        <DialogTitle id="ending">Are you still there?</DialogTitle>
        <DialogContent>
          <p>Nothing was done here for a while. Your session ends in <Countdown to={endsAt} />; what is on the screen is kept until you sign in again.</p>
        </DialogContent>
        <DialogActions>
          <Button variant="contained" onClick={() => { void ask() }}>Stay signed in</Button>
        </DialogActions>
      </Dialog>
      {/* The page is hidden: whoever passes by is not who worked here. */}
      <Dialog open={needed} aria-labelledby="again" fullWidth maxWidth="xs" slotProps={{ backdrop: { sx: { background: 'var(--ground)' } } }}>
        <DialogTitle id="again">Your session has ended</DialogTitle>
        <DialogContent>
          <p>{ended && `${endedMessage(ended)} `}Sign in again to go on. What was on the screen is kept.</p>
          <SignInForm demoUsers={[]} user={session.user} onSignedIn={() => { signInNeeded.done(); void ask() }} />
        </DialogContent>
        <DialogActions>
          <Button variant="text" href={signInAt(window.location, ended)}>Sign in as somebody else; what was not saved is lost</Button>
        </DialogActions>
      </Dialog>
    </>
  )
}

function Countdown({ to }: { to: number | null }) {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000)
    return () => clearInterval(timer)
  }, [])
  const seconds = to === null ? 0 : Math.max(0, Math.ceil((to - now) / 1000))
  return <strong>{seconds === 1 ? 'one second' : `${seconds} seconds`}</strong>
}
