import AdminPanelSettingsOutlined from '@mui/icons-material/AdminPanelSettingsOutlined'
import AccountTreeOutlined from '@mui/icons-material/AccountTreeOutlined'
import BedOutlined from '@mui/icons-material/BedOutlined'
import CalendarTodayOutlined from '@mui/icons-material/CalendarTodayOutlined'
import MarkEmailUnreadOutlined from '@mui/icons-material/MarkEmailUnreadOutlined'
import DataObjectOutlined from '@mui/icons-material/DataObjectOutlined'
import MenuBookOutlined from '@mui/icons-material/MenuBookOutlined'
import HelpOutlineOutlined from '@mui/icons-material/HelpOutlineOutlined'
import PeopleAltOutlined from '@mui/icons-material/PeopleAltOutlined'
import SearchOutlined from '@mui/icons-material/SearchOutlined'
import SettingsOutlined from '@mui/icons-material/SettingsOutlined'
import Divider from '@mui/material/Divider'
import Menu from '@mui/material/Menu'
import MenuItem from '@mui/material/MenuItem'
import { lazy, Suspense, useCallback, useEffect, useMemo, useState } from 'react'
import { NavLink, Outlet, useLoaderData, useMatch, useNavigate, useSearchParams } from 'react-router'
import { Provider, type Client } from 'urql'
import { DENSITIES, DENSITY_NAMES, THEMES, THEME_NAMES, useAppearance } from '../../contexts/appearance'
import { LiveProvider, useNotices } from '../../contexts/live'
import { SessionProvider, useSession } from '../../contexts/session'
import { useHotkeys } from '../../hooks/use-hotkeys'
import { signOut, type Session } from '../../lib/auth'
import { createClient } from '../../lib/graphql'
import { maySeePatients, mayWork } from '../../lib/permissions'
import type { SignedIn } from '../signed-in'
import { Logo } from './logo'
import { areas, chartPlaces, type Place } from './places'
import { SessionGuard } from './session-guard'
import css from './shell.module.css'

const CommandPalette = lazy(() => import('./palette'))
const Help = lazy(() => import('./help'))
const ICONS: Record<string, typeof PeopleAltOutlined> = { '/patients': PeopleAltOutlined, '/inpatients': BedOutlined, '/schedule': CalendarTodayOutlined, '/inbox': MarkEmailUnreadOutlined, '/playground': DataObjectOutlined, '/docs': MenuBookOutlined, '/fhir-explorer': AccountTreeOutlined, '/administration': AdminPanelSettingsOutlined, '/settings': SettingsOutlined }

/** Names that are too long for the rail. */
const RAIL: Record<string, string> = { '/playground': 'Query', '/docs': 'Schema', '/fhir-explorer': 'FHIR', '/administration': 'Admin' }

const UNTOLD = 'What comes in is not told at the moment. Open the inbox to see it.'
const leave = () => { void signOut().finally(() => window.location.assign('/login?ended=1')) }

/** The client of the open chart, or of the pages beside charts: a client keeps every answer as long as it lives, so what was read of a patient goes with the chart. */
function useClientOf(session: Session, chart: string | undefined): Client {
  const [made, setMade] = useState(() => ({ session, chart, client: createClient() }))
  if (made.session === session && made.chart === chart) return made.client
  const next = { session, chart, client: createClient() }
  setMade(next)
  return next.client
}

/** Mark, rail and the page beside it; over it what concerns the session. `document` is which of the two documents this is. */
export function Shell({ document: here = 'app' }: { document?: 'app' | 'playground' }) {
  const { config, session } = useLoaderData<SignedIn>()
  const chart = useMatch('/patients/:id/*')?.params.id
  const client = useClientOf(session, chart)
  return (
    <Provider value={client}>
      <SessionProvider value={{ session, config }}>
        <LiveProvider><Frame here={here} /></LiveProvider>
        <SessionGuard />
      </SessionProvider>
    </Provider>
  )
}

function Frame({ here }: { here: 'app' | 'playground' }) {
  const { session, config } = useSession()
  const { shortcuts, choose } = useAppearance()
  const navigate = useNavigate()
  const chart = useMatch('/patients/:id/*')?.params.id
  const asOf = useSearchParams()[0].get('asOf')
  const news = useNotices(here === 'app' && mayWork(session) && session.fhirUser !== null, !!useMatch('/inbox'))
  const [over, setOver] = useState<'palette' | 'help' | null>(null)
  const close = useCallback(() => setOver(null), [])
  const pages = useMemo(() => areas(session, config, here), [session, config, here])
  const places = useMemo(() => [...(chart ? chartPlaces(chart, asOf) : []), ...pages], [chart, asOf, pages])
  const go = useCallback((place: Place) => {
    if (place.elsewhere || (here === 'playground' && place.path !== '/playground')) window.location.assign(place.path)
    else void navigate(place.path)
  }, [navigate, here])
  const commands = useMemo(() => [
    ...THEMES.map((theme) => ({ name: `Theme: ${THEME_NAMES[theme].toLowerCase()}`, act: () => choose({ theme }) })),
    ...DENSITIES.map((density) => ({ name: `Density: ${DENSITY_NAMES[density].toLowerCase()}`, act: () => choose({ density }) })),
    { name: 'Keys', hint: '?', act: () => setOver('help') },
    { name: 'Sign out', act: leave },
  ], [choose])

  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === 'k') {
        event.preventDefault()
        setOver('palette')
      }
    }
    document.addEventListener('keydown', press)
    return () => document.removeEventListener('keydown', press)
  }, [])
  const keys = useMemo(() => new Map<string, () => void>([
    ['/', () => setOver('palette')],
    ['?', () => setOver('help')],
    ...places.flatMap((place): [string, () => void][] => (place.keys ? [[place.keys, () => go(place)]] : [])),
  ]), [places, go])
  // On a page of its own the search field takes the slash, and the editor of the playground all keys.
  useHotkeys(keys, shortcuts && here === 'app')

  return (
    <>
      <a className={css.skip} href="#page">Skip to the page</a>
      <div className={css.shell}>
        <div className={css.mark}>
          <Logo size={26} />
          {config.demo ? <span className={css.demo}>DEMO</span> : config.environment && <span className={css.environment}>{config.environment}</span>}
        </div>
        <nav className={css.rail} aria-label="Areas">
          <button type="button" className={css.entry} onClick={() => setOver('palette')} aria-keyshortcuts="Control+K">
            <SearchOutlined fontSize="small" />
            Search
          </button>
          {pages.map((place) => {
            const Icon = ICONS[place.path] ?? PeopleAltOutlined
            return (
              <NavLink key={place.path} to={place.path} className={`${css.entry} ${place.path === '/settings' ? css.last : ''}`} reloadDocument={!!place.elsewhere}>
                <Icon fontSize="small" />
                {RAIL[place.path] ?? place.name}
                {place.path === '/inbox' && (news.count > 0 || news.refused) && (
                  <span className={css.news} title={news.refused ? UNTOLD : undefined}>
                    {news.count > 99 ? '99+' : news.count > 0 && news.count}{news.count > 0 && <span className="visually-hidden"> new</span>}
                    {news.refused && <>?<span className="visually-hidden"> {UNTOLD}</span></>}
                  </span>
                )}
              </NavLink>
            )
          })}
          <button type="button" className={css.entry} onClick={() => setOver('help')}>
            <HelpOutlineOutlined fontSize="small" />
            Help
          </button>
          <UserMenu />
        </nav>
        <div id="page" className={css.page} tabIndex={-1}><Outlet /></div>
      </div>
      <Suspense fallback={<p className="visually-hidden" role="status">Loading …</p>}>
        {over === 'palette' && <CommandPalette places={places} commands={commands} searchesPatients={maySeePatients(session)} go={go} onClose={close} />}
        {over === 'help' && <Help places={places} inChart={!!chart} onClose={close} />}
      </Suspense>
    </>
  )
}

function UserMenu() {
  const { session } = useSession()
  const { theme, density, choose } = useAppearance()
  const [anchor, setAnchor] = useState<HTMLElement | null>(null)
  const initials = session.name.split(/\s+/).filter((part) => !/\.$|^(RN|MD),?$/.test(part)).map((part) => part[0] ?? '').join('').slice(0, 2).toUpperCase()
  const radio = <T extends string>(all: readonly T[], names: Record<T, string>, chosen: T, pick: (one: T) => void) => all.map((one) => (
    <MenuItem key={one} role="menuitemradio" aria-checked={one === chosen} selected={one === chosen} onClick={() => { pick(one); setAnchor(null) }}>{names[one]}</MenuItem>
  ))
  return (
    <>
      <button type="button" className={css.user} aria-haspopup="menu" aria-expanded={!!anchor} onClick={(e) => setAnchor(e.currentTarget)}>
        {initials}<span className="visually-hidden"> {session.name}, menu</span>
      </button>
      <Menu anchorEl={anchor} open={!!anchor} onClose={() => setAnchor(null)} anchorOrigin={{ vertical: 'top', horizontal: 'right' }}>
        <MenuItem disabled>{session.name} · {session.roles.join(', ')}</MenuItem>
        {radio(THEMES, THEME_NAMES, theme, (one) => choose({ theme: one }))}
        <Divider component="li" role="separator" />
        {radio(DENSITIES, DENSITY_NAMES, density, (one) => choose({ density: one }))}
        <Divider component="li" role="separator" />
        <MenuItem onClick={leave}>Sign out</MenuItem>
      </Menu>
    </>
  )
}
