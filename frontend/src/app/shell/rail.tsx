import AdminPanelSettingsOutlined from '@mui/icons-material/AdminPanelSettingsOutlined'
import AccountTreeOutlined from '@mui/icons-material/AccountTreeOutlined'
import BedOutlined from '@mui/icons-material/BedOutlined'
import CalendarTodayOutlined from '@mui/icons-material/CalendarTodayOutlined'
import MeetingRoomOutlined from '@mui/icons-material/MeetingRoomOutlined'
import MarkEmailUnreadOutlined from '@mui/icons-material/MarkEmailUnreadOutlined'
import DataObjectOutlined from '@mui/icons-material/DataObjectOutlined'
import MenuBookOutlined from '@mui/icons-material/MenuBookOutlined'
import MoreHorizOutlined from '@mui/icons-material/MoreHorizOutlined'
import HelpOutlineOutlined from '@mui/icons-material/HelpOutlineOutlined'
import PeopleAltOutlined from '@mui/icons-material/PeopleAltOutlined'
import SearchOutlined from '@mui/icons-material/SearchOutlined'
import SettingsOutlined from '@mui/icons-material/SettingsOutlined'
import Divider from '@mui/material/Divider'
import Menu from '@mui/material/Menu'
import MenuItem from '@mui/material/MenuItem'
import { useState } from 'react'
import { NavLink, useLocation } from 'react-router'
import { words } from '../../components/clinical/status'
import { DENSITIES, DENSITY_NAMES, THEMES, THEME_NAMES, useAppearance } from '../../contexts/appearance'
import { useSession } from '../../contexts/session'
import { useMedia } from '../../hooks/use-media'
import { signOut } from '../../lib/auth'
import { barPlaces, type Place } from './places'
import css from './shell.module.css'

const ICONS: Record<string, typeof PeopleAltOutlined> = { '/patients': PeopleAltOutlined, '/inpatients': BedOutlined, '/encounters': MeetingRoomOutlined, '/schedule': CalendarTodayOutlined, '/inbox': MarkEmailUnreadOutlined, '/playground': DataObjectOutlined, '/docs': MenuBookOutlined, '/fhir-explorer': AccountTreeOutlined, '/administration': AdminPanelSettingsOutlined, '/settings': SettingsOutlined }

/** Names that are too long for the rail. */
const RAIL: Record<string, string> = { '/encounters': 'Visits', '/playground': 'Query', '/docs': 'Schema', '/fhir-explorer': 'FHIR', '/administration': 'Admin' }

const UNTOLD = 'What comes in is not told at the moment. Open the inbox to see it.'
export const leave = () => { void signOut().finally(() => window.location.assign('/login?ended=sign-out')) }

interface RailProps { places: readonly Place[]; news: { count: number; refused: boolean }; onSearch: () => void; onHelp: () => void }

/** The areas of the house, beside the page, or below it where there is no room beside it: there the most used ones, and a menu of the others. */
export function Rail({ places, news, onSearch, onHelp }: RailProps) {
  const below = useMedia('(max-width: 899px)')
  const { bar, rest } = below ? barPlaces(places) : { bar: places, rest: [] }
  return (
    <nav className={css.rail} aria-label="Areas">
      <button type="button" className={css.entry} onClick={onSearch} aria-keyshortcuts="Control+K">
        <SearchOutlined fontSize="small" />
        Search
      </button>
      {bar.map((place) => {
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
      {rest.length > 0 ? <MoreMenu places={rest} onHelp={onHelp} /> : (
        <button type="button" className={css.entry} onClick={onHelp}>
          <HelpOutlineOutlined fontSize="small" />
          Help
        </button>
      )}
      <UserMenu />
    </nav>
  )
}

/** Its button carries the name of the open area when that is one of the menu. */
function MoreMenu({ places, onHelp }: { places: readonly Place[]; onHelp: () => void }) {
  const { pathname } = useLocation()
  const [anchor, setAnchor] = useState<HTMLElement | null>(null)
  const close = () => setAnchor(null)
  const open = places.find(({ path }) => pathname === path || pathname.startsWith(`${path}/`))
  return (
    <>
      <button type="button" className={open ? `${css.entry} active` : css.entry} aria-haspopup="menu" aria-expanded={!!anchor} onClick={(e) => setAnchor(e.currentTarget)}>
        <MoreHorizOutlined fontSize="small" />
        {open ? <span><span className="visually-hidden">More areas, open: </span>{RAIL[open.path] ?? open.name}</span> : <span>More<span className="visually-hidden"> areas</span></span>}
      </button>
      <Menu
        anchorEl={anchor} open={!!anchor} onClose={close} slotProps={{ list: { 'aria-label': 'More areas' } }}
        anchorOrigin={{ vertical: 'top', horizontal: 'right' }} transformOrigin={{ vertical: 'bottom', horizontal: 'right' }}
      >
        {places.map((place) => {
          const Icon = ICONS[place.path] ?? PeopleAltOutlined
          return (
            <MenuItem key={place.path} className={css.more} component={NavLink} to={place.path} reloadDocument={!!place.elsewhere} selected={place === open} onClick={close}>
              <Icon fontSize="small" />{place.name}
            </MenuItem>
          )
        })}
        <MenuItem className={css.more} onClick={() => { close(); onHelp() }}><HelpOutlineOutlined fontSize="small" />Help</MenuItem>
      </Menu>
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
        <MenuItem disabled>{session.name} · {session.roles.map(words).join(', ')}</MenuItem>
        {radio(THEMES, THEME_NAMES, theme, (one) => choose({ theme: one }))}
        <Divider component="li" role="separator" />
        {radio(DENSITIES, DENSITY_NAMES, density, (one) => choose({ density: one }))}
        <Divider component="li" role="separator" />
        <MenuItem onClick={leave}>Sign out</MenuItem>
      </Menu>
    </>
  )
}
