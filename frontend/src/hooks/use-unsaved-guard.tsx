import Button from '@mui/material/Button'
import Dialog from '@mui/material/Dialog'
import DialogActions from '@mui/material/DialogActions'
import DialogContent from '@mui/material/DialogContent'
import DialogTitle from '@mui/material/DialogTitle'
import { useCallback, useEffect, useRef, useState, type ReactNode } from 'react'
import { useBlocker } from 'react-router'

const focused = (button: HTMLButtonElement | null) => button?.focus()

interface Place { pathname: string; search: string }
const isSame = (from: Place, to: Place): boolean => from.pathname === to.pathname && from.search === to.search

/**
 * Keeps what is written from being lost by going elsewhere: within the pages it asks, beyond them the browser does. `release` before going on by oneself.
 * `leave` asks before an act that gives it up, such as closing the form. `stays`: whether what is written is still there after going from one place to another.
 */
export function useUnsavedGuard(unsaved: boolean, stays: (from: Place, to: Place) => boolean = isSame): { release: () => void; leave: (act: () => void) => void; dialog: ReactNode } {
  const released = useRef(false)
  const [left, setLeft] = useState<{ act: () => void } | null>(null)
  const blocker = useBlocker(useCallback(({ currentLocation: from, nextLocation: to }: { currentLocation: Place; nextLocation: Place }) =>
    unsaved && !released.current && !stays(from, to), [unsaved, stays]))
  useEffect(() => {
    if (!unsaved) return undefined
    const hold = (event: BeforeUnloadEvent) => { if (!released.current) event.preventDefault() }
    window.addEventListener('beforeunload', hold)
    return () => window.removeEventListener('beforeunload', hold)
  }, [unsaved])
  const stay = () => { if (left) setLeft(null); else blocker.reset?.() }
  const go = () => { if (left) { setLeft(null); left.act() } else blocker.proceed?.() }
  return {
    release: useCallback(() => { released.current = true }, []),
    leave: (act) => { if (unsaved) setLeft({ act }); else act() },
    dialog: (left || blocker.state === 'blocked') && (
      <Dialog open onClose={stay} aria-labelledby="unsaved" maxWidth="xs">
        <DialogTitle id="unsaved">What you wrote is not recorded</DialogTitle>
        <DialogContent>If you go on, it is lost.</DialogContent>
        <DialogActions>
          <Button variant="text" color="error" onClick={go}>Give it up and go on</Button>
          <Button variant="contained" ref={focused} onClick={stay}>Stay here</Button>
        </DialogActions>
      </Dialog>
    ),
  }
}
