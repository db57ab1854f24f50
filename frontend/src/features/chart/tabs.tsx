import ExpandMoreOutlined from '@mui/icons-material/ExpandMoreOutlined'
import Menu from '@mui/material/Menu'
import MenuItem from '@mui/material/MenuItem'
import { useEffect, useLayoutEffect, useRef, useState } from 'react'
import { NavLink, useLocation, useNavigationType } from 'react-router'
import css from './chart.module.css'
import { fitting } from './fit'

/** The tabs of a chart, in groups: read, record, results, write. Each has an address of its own. */
export const TABS = [
  [['summary', 'Summary'], ['timeline', 'Timeline'], ['demographics', 'Demographics']],
  [['problems', 'Problems'], ['medications', 'Medications'], ['allergies', 'Allergies'], ['immunizations', 'Immunizations'], ['procedures', 'Procedures'], ['family', 'Family history']],
  [['vitals', 'Vitals'], ['results', 'Results'], ['calculators', 'Calculators']],
  [['notes', 'Notes'], ['questionnaires', 'Questionnaires'], ['documents', 'Documents'], ['encounters', 'Encounters'], ['care', 'Care']],
] as const
export type ChartTab = (typeof TABS)[number][number][0]
const COUNT = TABS.flat().length
/** How many tabs stand before each group. */
const BEFORE = TABS.map((_, i) => TABS.slice(0, i).flat().length)

/** The address of a tab, as of a past instant or now. */
export const chartPath = (patientId: string, tab: ChartTab = 'summary', asOf: string | null = null): string =>
  `/patients/${patientId}/clinical/${tab}${asOf ? `?asOf=${encodeURIComponent(asOf)}` : ''}`

/** The address of the summary of a visit, under the tab of visits. */
export function encounterPath(patientId: string, encounter: string, asOf: string | null = null): string {
  const [path = '', query] = chartPath(patientId, 'encounters', asOf).split('?')
  return `${path}/${encounter.replace('Encounter/', '')}${query ? `?${query}` : ''}`
}

/** The arrow of the menu's button, and the rule before it. */
const MARK_PX = 32

/** How many tabs stand in the bar, by its width and theirs as they are drawn; a ruler beside them has their names at all times. */
function useFitting() {
  const nav = useRef<HTMLElement>(null)
  const ruler = useRef<HTMLDivElement>(null)
  const [count, setCount] = useState(COUNT)
  useLayoutEffect(() => {
    const [bar, row] = [nav.current, ruler.current]
    if (!bar || !row) return undefined
    const measure = () => {
      const start = row.getBoundingClientRect().left
      const drawn = [...row.querySelectorAll('span')].map((name) => { const box = name.getBoundingClientRect(); return { right: box.right - start, width: box.width } })
      const more = drawn.pop()?.width ?? 0
      const { paddingLeft, paddingRight } = getComputedStyle(bar)
      setCount(fitting(drawn, more, MARK_PX, bar.clientWidth - (parseFloat(paddingLeft) || 0) - (parseFloat(paddingRight) || 0)))
    }
    measure()
    // The letters arrive after the first drawing, and density and zoom change them.
    const observer = typeof ResizeObserver === 'undefined' ? null : new ResizeObserver(measure)
    observer?.observe(bar)
    observer?.observe(row)
    return () => observer?.disconnect()
  }, [])
  return { nav, ruler, count }
}
/** What does not fit stands in a menu at the end, whose button carries the name of the open tab when that is one of these. */
export function Tabs({ patientId, asOf }: { patientId: string; asOf: string | null }) {
  const { nav, ruler, count } = useFitting()
  const { pathname, state } = useLocation() as { pathname: string; state: { tab?: boolean } | null }
  const went = useNavigationType()
  const pressed = went === 'PUSH' && state?.tab === true
  const [anchor, setAnchor] = useState<HTMLElement | null>(null)
  const rest = TABS.flat().slice(count)
  const open = rest.find(([tab]) => `${pathname}/`.startsWith(`${chartPath(patientId, tab)}/`))
  const place = open ? '[data-open]' : '[aria-current=page]'
  useEffect(() => {
    // Another page has a bar of its own: whoever came from a tab by the keyboard goes on where they were.
    if (pressed && document.activeElement === document.body) nav.current?.querySelector<HTMLElement>(place)?.focus({ preventScroll: true })
  }, [pressed, nav, place])
  return (
    <nav className={css.tabs} aria-label="Chart" ref={nav}>
      {TABS.map((group, i) => {
        const shown = group.slice(0, Math.max(0, count - (BEFORE[i] ?? 0)))
        return shown.length > 0 && (
          <ul key={group[0][0]}>
            {shown.map(([tab, name]) => <li key={tab}><NavLink to={chartPath(patientId, tab, asOf)} state={{ tab: true }}>{name}</NavLink></li>)}
          </ul>
        )
      })}
      {rest.length > 0 && (
        <button type="button" className={css.more} data-open={open ? '' : undefined} aria-haspopup="menu" aria-expanded={!!anchor} onClick={(e) => setAnchor(e.currentTarget)}>
          {open ? <><span className="visually-hidden">More tabs, open: </span>{open[1]}</> : <>More<span className="visually-hidden"> tabs</span></>}
          <ExpandMoreOutlined aria-hidden />
        </button>
      )}
      <Menu anchorEl={anchor} open={!!anchor && rest.length > 0} onClose={() => setAnchor(null)} slotProps={{ list: { 'aria-label': 'More tabs' } }}>
        {rest.map(([tab, name]) => (
          <MenuItem key={tab} component={NavLink} to={chartPath(patientId, tab, asOf)} state={{ tab: true }} selected={tab === open?.[0]} onClick={() => setAnchor(null)}>{name}</MenuItem>
        ))}
      </Menu>
      <div className={css.ruler} aria-hidden ref={ruler}>
        {TABS.map((group) => <ul key={group[0][0]}>{group.map(([tab, name]) => <li key={tab}><span data-name={name} /></li>)}</ul>)}
        <span data-name="More" />
      </div>
    </nav>
  )
}
