import { lazy, Suspense, useCallback, useEffect, useMemo, useState } from 'react'
import { Outlet, useLoaderData, useMatch, useNavigate, useSearchParams } from 'react-router'
import { Provider, type Client } from 'urql'
import { DENSITIES, DENSITY_NAMES, THEMES, THEME_NAMES, useAppearance } from '../../contexts/appearance'
import { LiveProvider, useNotices } from '../../contexts/live'
import { SessionProvider, useSession } from '../../contexts/session'
import { useHotkeys } from '../../hooks/use-hotkeys'
import { usePrintMargins } from '../../hooks/use-print'
import type { Session } from '../../lib/auth'
import { formatDateTime } from '../../lib/date'
import { createClient } from '../../lib/graphql'
import { maySeePatients, mayWork } from '../../lib/permissions'
import type { SignedIn } from '../signed-in'
import { Logo } from './logo'
import { areas, chartPlaces, type Place } from './places'
import { leave, Rail } from './rail'
import { SessionGuard } from './session-guard'
import css from './shell.module.css'

const CommandPalette = lazy(() => import('./palette'))
const Help = lazy(() => import('./help'))

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
  usePrintMargins(useCallback(() => ({ 'bottom-left': `Printed ${formatDateTime(new Date().toISOString())} by ${session.name ?? session.user}`, 'bottom-right': ['"page "', 'counter(page)', '" of "', 'counter(pages)'] }), [session]))
  const commands = useMemo(() => [
    ...THEMES.map((theme) => ({ name: `Theme: ${THEME_NAMES[theme].toLowerCase()}`, act: () => choose({ theme }) })),
    ...DENSITIES.map((density) => ({ name: `Density: ${DENSITY_NAMES[density].toLowerCase()}`, act: () => choose({ density }) })),
    // The palette is gone by then.
    ...(chart ? [{ name: 'Print this page', act: () => { setTimeout(() => window.print(), 200) } }] : []),
    { name: 'Keys', hint: '?', act: () => setOver('help') },
    { name: 'Sign out', act: leave },
  ], [choose, chart])

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
      <a className={css.skip} href="#page" onClick={(event) => { event.preventDefault(); document.getElementById('page')?.focus() }}>Skip to the page</a>
      <div className={css.shell}>
        <div className={css.mark}>
          <Logo size={26} />
          {config.demo ? <span className={css.demo}>DEMO</span> : config.environment && <span className={css.environment}>{config.environment}</span>}
        </div>
        <Rail places={pages} news={news} onSearch={() => setOver('palette')} onHelp={() => setOver('help')} />
        <div id="page" className={css.page} tabIndex={-1}><Outlet /></div>
      </div>
      <Suspense fallback={<p className="visually-hidden" role="status">Loading …</p>}>
        {over === 'palette' && <CommandPalette places={places} commands={commands} searchesPatients={maySeePatients(session)} go={go} onClose={close} />}
        {over === 'help' && <Help places={places} inChart={!!chart} onClose={close} />}
      </Suspense>
    </>
  )
}
