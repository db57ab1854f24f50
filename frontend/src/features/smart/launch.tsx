import Button from '@mui/material/Button'
import Menu from '@mui/material/Menu'
import MenuItem from '@mui/material/MenuItem'
import { useState } from 'react'
import { beginLaunch, loadApps, type LaunchableApp } from '../../lib/apps'
import css from './smart.module.css'

type Found = LaunchableApp[] | 'loading' | 'failed'

/** Applications that can be opened for this patient, each in a tab of its own. */
export function LaunchApps({ patientId }: { patientId: string }) {
  const [anchor, setAnchor] = useState<HTMLElement | null>(null)
  const [apps, setApps] = useState<Found>('loading')
  const [failed, setFailed] = useState('')
  const open = (button: HTMLElement) => {
    setAnchor(button)
    setApps('loading')
    setFailed('')
    void loadApps().catch(() => 'failed' as const).then(setApps)
  }
  const launch = async (app: LaunchableApp) => {
    setAnchor(null)
    const url = await beginLaunch(app.id, patientId).catch(() => null)
    if (url) window.open(url, '_blank', 'noopener,noreferrer')
    else setFailed(`${app.name} could not be opened. Try again.`)
  }
  return (
    <>
      <Button variant="text" aria-haspopup="menu" onClick={(event) => open(event.currentTarget)}>Apps</Button>
      {failed && <span role="alert" className={css.failed}>{failed}</span>}
      <Menu anchorEl={anchor} open={anchor !== null} onClose={() => setAnchor(null)}>
        {apps === 'loading' ? <MenuItem disabled>Loading …</MenuItem>
          : apps === 'failed' ? <MenuItem disabled>Applications could not be loaded</MenuItem>
          : apps.length === 0 ? <MenuItem disabled>No application is registered for charts</MenuItem>
          : apps.map((app) => <MenuItem key={app.id} onClick={() => { void launch(app) }}>{app.name}</MenuItem>)}
      </Menu>
    </>
  )
}
