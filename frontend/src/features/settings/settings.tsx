import ToggleButton from '@mui/material/ToggleButton'
import ToggleButtonGroup from '@mui/material/ToggleButtonGroup'
import { words } from '../../components/clinical/status'
import { DENSITIES, DENSITY_NAMES, PATIENT_LISTS, PATIENT_LIST_NAMES, THEMES, THEME_NAMES, useAppearance, type PatientListChoice } from '../../contexts/appearance'
import { useSession } from '../../contexts/session'
import { may, maySeePatients, maySeeStays } from '../../lib/permissions'
import { AllowedApps } from './allowed-apps'
import NativeSelect from '@mui/material/NativeSelect'
import { ChangePassword } from './change-password'
import { SystemHealth } from './health'
import { Phrases } from './phrases'
import { ProfileLines } from './profile'
import { Sessions } from './sessions'
import { SecondFactorPart } from './second-factor'
import css from './settings.module.css'

/** Keys and what they do, under what they belong to. */
export interface KeyGroup { title: string; keys: readonly (readonly [string, string])[] }

/** Who one is here, how this browser shows things, the keys, and whether the system works. */
export function SettingsView({ keys }: { keys: readonly KeyGroup[] }) {
  const { session, config } = useSession()
  const { theme, density, shortcuts, patientList, choose } = useAppearance()
  // A list that the page does not offer to this role is none to begin with.
  const lists = PATIENT_LISTS.filter((one): one is PatientListChoice => maySeeStays(session) || !['mine', 'inpatients'].includes(one))
  return (
    <main className={css.view}>
      <header className={css.head}><h1>Settings</h1></header>
      <section aria-labelledby="who" className={css.part}>
        <h2 id="who">You</h2>
        <dl>
          <dt>Name</dt><dd>{session.name}</dd>
          <dt>User name</dt><dd>{session.user}</dd>
          <dt>{session.roles.length === 1 ? 'Role' : 'Roles'}</dt><dd>{session.roles.map(words).join(', ') || 'None'}</dd>
          <ProfileLines />
          <dt>Environment</dt><dd>{config.environment || 'Not stated'}</dd>
        </dl>
      </section>
      <Sessions />
      <ChangePassword />
      <SecondFactorPart />
      <AllowedApps />
      {may(session, 'chart') && <Phrases />}
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
        {maySeePatients(session) && (
          <div className={css.choice}>
            <label htmlFor="list">List of patients to begin with</label>
            <NativeSelect value={patientList} onChange={(e) => choose({ patientList: PATIENT_LISTS.find((one) => one === e.target.value) ?? 'all' })} inputProps={{ id: 'list' }}>
              {lists.map((one) => <option key={one} value={one}>{PATIENT_LIST_NAMES[one]}</option>)}
            </NativeSelect>
          </div>
        )}
      </section>
      <section aria-labelledby="shortcuts" className={css.part}>
        <h2 id="shortcuts">Keys</h2>
        <div className={css.choice}>
          <span id="keys">Single-key shortcuts</span>
          <ToggleButtonGroup exclusive value={shortcuts} aria-labelledby="keys" onChange={(_, value: boolean | null) => { if (value !== null) choose({ shortcuts: value }) }}>
            <ToggleButton value>On</ToggleButton>
            <ToggleButton value={false}>Off</ToggleButton>
          </ToggleButtonGroup>
        </div>
        <p className={css.checked}>{shortcuts ? 'Keys of one character do something where nothing is being written.' : 'Keys of one character do nothing. Those with Ctrl, Tab and Esc do.'}</p>
        <div className={css.keys}>
          {keys.map((group) => (
            <table key={group.title}>
              <caption>{group.title}</caption>
              <tbody>{group.keys.map(([all, what]) => <tr key={`${all} ${what}`}><th scope="row">{all.split(' ').map((key) => <kbd key={key}>{key}</kbd>)}</th><td>{what}</td></tr>)}</tbody>
            </table>
          ))}
        </div>
      </section>
      <SystemHealth />
    </main>
  )
}
