import Button from '@mui/material/Button'
import Dialog from '@mui/material/Dialog'
import DialogActions from '@mui/material/DialogActions'
import DialogContent from '@mui/material/DialogContent'
import DialogTitle from '@mui/material/DialogTitle'
import { useCallback, useEffect, useRef, type ReactNode } from 'react'
import { useBlocker } from 'react-router'

const focused = (button: HTMLButtonElement | null) => button?.focus()

/** Keeps what is written from being lost by going elsewhere: within the pages it asks, beyond them the browser does. `release` before going on by oneself. */
export function useUnsavedGuard(unsaved: boolean): { release: () => void; dialog: ReactNode } {
  const released = useRef(false)
  const blocker = useBlocker(useCallback(({ currentLocation: from, nextLocation: to }: { currentLocation: { pathname: string; search: string }; nextLocation: { pathname: string; search: string } }) =>
    unsaved && !released.current && (from.pathname !== to.pathname || from.search !== to.search), [unsaved]))
  useEffect(() => {
    if (!unsaved) return undefined
    const hold = (event: BeforeUnloadEvent) => { if (!released.current) event.preventDefault() }
    window.addEventListener('beforeunload', hold)
    return () => window.removeEventListener('beforeunload', hold)
  }, [unsaved])
  return {
    release: useCallback(() => { released.current = true }, []),
    dialog: blocker.state === 'blocked' && (
      <Dialog open onClose={() => blocker.reset()} aria-labelledby="unsaved" maxWidth="xs">
        <DialogTitle id="unsaved">What you wrote is not recorded</DialogTitle>
        <DialogContent>If you go on, it is lost.</DialogContent>
        <DialogActions>
          <Button variant="text" color="error" onClick={() => blocker.proceed()}>Give it up and go on</Button>
          <Button variant="contained" ref={focused} onClick={() => blocker.reset()}>Stay here</Button>
        </DialogActions>
      </Dialog>
    ),
  }
}
