import ToggleButton from '@mui/material/ToggleButton'
import ToggleButtonGroup from '@mui/material/ToggleButtonGroup'
import { words } from '../../components/clinical/status'
import { DENSITIES, DENSITY_NAMES, THEMES, THEME_NAMES, useAppearance } from '../../contexts/appearance'
import { useSession } from '../../contexts/session'
import { AllowedApps } from './allowed-apps'
import { ChangePassword } from './change-password'
import { Sessions } from './sessions'
import { SecondFactorPart } from './second-factor'
import css from './settings.module.css'

/** Who one is here, and how this browser shows things. */
export function SettingsView() {
  const { session, config } = useSession()
  const { theme, density, shortcuts, choose } = useAppearance()
  return (
    <main className={css.view}>
      <header className={css.head}><h1>Settings</h1></header>
      <section aria-labelledby="who" className={css.part}>
        <h2 id="who">You</h2>
        <dl>
          <dt>Name</dt><dd>{session.name}</dd>
          <dt>User name</dt><dd>{session.user}</dd>
          <dt>{session.roles.length === 1 ? 'Role' : 'Roles'}</dt><dd>{session.roles.map(words).join(', ') || 'None'}</dd>
          <dt>Environment</dt><dd>{config.environment || 'Not stated'}</dd>
        </dl>
      </section>
      <Sessions />
      <ChangePassword />
      <SecondFactorPart />
      <AllowedApps />
      <section aria-labelledby="looks" className={css.part}>
        <h2 id="looks">Appearance in this browser</h2>
        <div className={css.choice}>
          <span id="theme">Theme</span>
          <ToggleButtonGroup exclusive value={theme} aria-labelledby="theme" onChange={(_, value: typeof theme | null) => { if (value) choose({ theme: value }) }}>
            {THEMES.map((one) => <ToggleButton key={one} value={one}>{THEME_NAMES[one]}</ToggleButton>)}
          </ToggleButtonGroup>
        </div>
        <div className={css.choice}>
          <span id="density">Density</span>
          <ToggleButtonGroup exclusive value={density} aria-labelledby="density" onChange={(_, value: typeof density | null) => { if (value) choose({ density: value }) }}>
            {DENSITIES.map((one) => <ToggleButton key={one} value={one}>{DENSITY_NAMES[one]}</ToggleButton>)}
          </ToggleButtonGroup>
        </div>
        <div className={css.choice}>
          <span id="keys">Single-key shortcuts</span>
          <ToggleButtonGroup exclusive value={shortcuts} aria-labelledby="keys" onChange={(_, value: boolean | null) => { if (value !== null) choose({ shortcuts: value }) }}>
            <ToggleButton value>On</ToggleButton>
            <ToggleButton value={false}>Off</ToggleButton>
          </ToggleButtonGroup>
        </div>
      </section>
    </main>
  )
}
