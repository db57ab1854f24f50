import DataObjectOutlined from '@mui/icons-material/DataObjectOutlined'
import PeopleAltOutlined from '@mui/icons-material/PeopleAltOutlined'
import Dialog from '@mui/material/Dialog'
import DialogContent from '@mui/material/DialogContent'
import DialogTitle from '@mui/material/DialogTitle'
import Menu from '@mui/material/Menu'
import MenuItem from '@mui/material/MenuItem'
import { useState, useSyncExternalStore } from 'react'
import { NavLink, Outlet, useLoaderData } from 'react-router'
import { Provider } from 'urql'
import { THEMES, useAppearance, type ThemeChoice } from '../../contexts/appearance'
import { SessionProvider, useSession } from '../../contexts/session'
import { SignInForm } from '../../features/sign-in/sign-in-form'
import { signInNeeded, signOut } from '../../lib/auth'
import { mayExplore } from '../../lib/permissions'
import type { SignedIn } from '../signed-in'
import { Logo } from './logo'
import css from './shell.module.css'

/** Mark, rail and the page beside it; over it, the sign-in dialog when the session has ended. */
export function Shell({ document: here = 'app' }: { document?: 'app' | 'playground' }) {
  const { config, session, client } = useLoaderData<SignedIn>()
  return (
    <Provider value={client}>
      <SessionProvider value={{ session, config }}>
        <a className={css.skip} href="#page">Skip to the page</a>
        <div className={css.shell}>
          <div className={css.mark}>
            <Logo size={26} />
            {config.demo && <span className={css.demo}>DEMO</span>}
          </div>
          <nav className={css.rail} aria-label="Areas">
            <NavLink to="/patients" className={css.entry} reloadDocument={here !== 'app'}>
              <PeopleAltOutlined fontSize="small" />
              Patients
            </NavLink>
            {mayExplore(session, config) && (
              <NavLink to="/playground" className={css.entry} reloadDocument={here !== 'playground'}>
                <DataObjectOutlined fontSize="small" />
                Query
              </NavLink>
            )}
            <UserMenu />
          </nav>
          <div id="page" className={css.page} tabIndex={-1}><Outlet /></div>
        </div>
        <SignInAgain />
      </SessionProvider>
    </Provider>
  )
}

const THEME_NAMES: Record<ThemeChoice, string> = { system: 'Theme of the system', light: 'Light', dark: 'Dark', highContrast: 'High contrast' }

function UserMenu() {
  const { session } = useSession()
  const { theme, choose } = useAppearance()
  const [anchor, setAnchor] = useState<HTMLElement | null>(null)
  const initials = session.name.split(/\s+/).map((part) => part[0] ?? '').join('').slice(0, 2).toUpperCase()
  return (
    <>
      <button type="button" className={css.user} aria-haspopup="menu" aria-expanded={!!anchor} onClick={(e) => setAnchor(e.currentTarget)}>
        {initials}<span className="visually-hidden"> {session.name}, menu</span>
      </button>
      <Menu anchorEl={anchor} open={!!anchor} onClose={() => setAnchor(null)} anchorOrigin={{ vertical: 'top', horizontal: 'right' }}>
        <MenuItem disabled>{session.name} · {session.roles.join(', ')}</MenuItem>
        {THEMES.map((one) => (
          <MenuItem key={one} role="menuitemradio" aria-checked={one === theme} selected={one === theme} onClick={() => { choose({ theme: one }); setAnchor(null) }}>
            {THEME_NAMES[one]}
          </MenuItem>
        ))}
        <MenuItem onClick={() => { void signOut().finally(() => window.location.assign('/login?ended=1')) }}>Sign out</MenuItem>
      </Menu>
    </>
  )
}

/** The session has ended while work is open: the same person signs in again, and the waiting requests go on. */
function SignInAgain() {
  const { session } = useSession()
  const needed = useSyncExternalStore(signInNeeded.subscribe, signInNeeded.get)
  return (
    <Dialog open={needed} aria-labelledby="again" fullWidth maxWidth="xs">
      <DialogTitle id="again">Your session has ended</DialogTitle>
      <DialogContent>
        <p>Sign in again to go on. What is on the screen is kept.</p>
        <SignInForm demoUsers={[]} user={session.user} onSignedIn={() => signInNeeded.done()} />
      </DialogContent>
    </Dialog>
  )
}
