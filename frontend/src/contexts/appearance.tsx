import { createContext, use, useEffect, useMemo, useState, type ReactNode } from 'react'

/** Theme, density, single keys, what is unfolded and the list of patients to begin with, of this browser: the only thing kept in `localStorage`. `public/theme.js` reads the same key before the first paint. */
const KEY = 'wintehr.appearance'
export const THEMES = ['system', 'light', 'dark', 'highContrast'] as const
export const DENSITIES = ['comfortable', 'standard', 'compact'] as const
export const THEME_NAMES: Record<ThemeChoice, string> = { system: 'As the system', light: 'Light', dark: 'Dark', highContrast: 'High contrast' }
export const DENSITY_NAMES: Record<Density, string> = { comfortable: 'Comfortable', standard: 'Standard', compact: 'Compact' }
/** Lists of patients as the address names them. */
export const PATIENT_LISTS = ['all', 'mine', 'today', 'recent', 'starred', 'inpatients'] as const
export const PATIENT_LIST_NAMES: Record<PatientListChoice, string> = { all: 'All', mine: 'Mine', today: 'Today', recent: 'Recent', starred: 'Starred', inpatients: 'Inpatients' }
export type PatientListChoice = (typeof PATIENT_LISTS)[number]
export type ThemeChoice = (typeof THEMES)[number]
export type Density = (typeof DENSITIES)[number]

/** `shortcuts`: whether keys of one character do anything. `details`: whether the second line of the patient banner is unfolded. `shown` is the theme in force: what was chosen, or what the system asks for. */
interface Appearance { theme: ThemeChoice; density: Density; shortcuts: boolean; details: boolean; patientList: PatientListChoice; shown: 'light' | 'dark' | 'highContrast'; choose(next: Partial<Pick<Appearance, 'theme' | 'density' | 'shortcuts' | 'details' | 'patientList'>>): void }
const AppearanceContext = createContext<Appearance | null>(null)

const member = <T extends string | boolean>(all: readonly T[], value: unknown): T | undefined => all.find((one) => one === value)
const asked = (query: string): boolean => typeof matchMedia === 'function' && matchMedia(query).matches

function saved(): { theme: ThemeChoice; density: Density | undefined; shortcuts: boolean; details: boolean | undefined; patientList: PatientListChoice } {
  try {
    const read: unknown = JSON.parse(localStorage.getItem(KEY) ?? '{}')
    const at = (name: string): unknown => (typeof read === 'object' && read !== null ? Reflect.get(read, name) : undefined)
    return { theme: member(THEMES, at('theme')) ?? 'system', density: member(DENSITIES, at('density')), shortcuts: at('shortcuts') !== false, details: member([true, false], at('details')), patientList: member(PATIENT_LISTS, at('patientList')) ?? 'all' }
  } catch {
    return { theme: 'system', density: undefined, shortcuts: true, details: undefined, patientList: 'all' }
  }
}

const resolved = (theme: ThemeChoice) =>
  theme !== 'system' ? theme
  : asked('(prefers-contrast: more)') ? 'highContrast'
  : asked('(prefers-color-scheme: dark)') ? 'dark' : 'light'

export function AppearanceProvider({ children }: { children: ReactNode }) {
  const [state, setState] = useState(() => {
    const { theme, density, shortcuts, details, patientList } = saved()
    // In a small window it would leave no room for the page.
    return { theme, shortcuts, patientList, details: details ?? !asked('(max-width: 599px)'), density: density ?? (asked('(max-width: 899px)') ? ('comfortable' as const) : ('standard' as const)) }
  })
  const [shown, setShown] = useState(() => resolved(state.theme))
  useEffect(() => {
    const apply = () => {
      const theme = resolved(state.theme)
      setShown(theme)
      document.documentElement.dataset.theme = theme
      document.documentElement.dataset.density = state.density
    }
    apply()
    if (typeof matchMedia !== 'function') return undefined
    const queries = ['(prefers-contrast: more)', '(prefers-color-scheme: dark)'].map((q) => matchMedia(q))
    queries.forEach((q) => q.addEventListener('change', apply))
    return () => queries.forEach((q) => q.removeEventListener('change', apply))
  }, [state])
  const value = useMemo<Appearance>(() => ({
    ...state,
    shown,
    choose(next) {
      const chosen = { ...state, ...next }
      setState(chosen)
      try {
        localStorage.setItem(KEY, JSON.stringify(chosen))
      } catch {
        // A browser that forbids storage keeps the choice for this page only.
      }
    },
  }), [state, shown])
  return <AppearanceContext value={value}>{children}</AppearanceContext>
}

export function useAppearance(): Appearance {
  const value = use(AppearanceContext)
  if (!value) throw new Error('useAppearance needs AppearanceProvider')
  return value
}
