import Button from '@mui/material/Button'
import Dialog from '@mui/material/Dialog'
import DialogActions from '@mui/material/DialogActions'
import DialogTitle from '@mui/material/DialogTitle'
import Menu from '@mui/material/Menu'
import MenuItem from '@mui/material/MenuItem'
import { useState } from 'react'
import { useClient, useMutation } from 'urql'
import { useOpenChart } from '../../contexts/patient'
import { graphql } from '../../gql'
import type { LaunchableAppsQuery } from '../../gql/graphql'
import css from './smart.module.css'

const Apps = graphql(`query LaunchableApps { launchableApps { id name opensIn } }`)
const Launch = graphql(`mutation LaunchApp($input: AppLaunchInput!) { appLaunch(input: $input) { url opensIn } }`)

type App = LaunchableAppsQuery['launchableApps'][number]
type Found = App[] | 'loading' | 'failed'

/** What the page with the application's frame may let it do, and so the application: all but leading this window away. */
const SANDBOX = 'allow-scripts allow-forms allow-same-origin allow-popups'

/** Applications that can be opened for this patient: in a tab of their own, or within the chart. */
export function LaunchApps({ patientId }: { patientId: string }) {
  const client = useClient()
  const [, begin] = useMutation(Launch)
  const [anchor, setAnchor] = useState<HTMLElement | null>(null)
  const [apps, setApps] = useState<Found>('loading')
  const [failed, setFailed] = useState('')
  const [shown, setShown] = useState<{ name: string; url: string } | null>(null)
  const open = (button: HTMLElement) => {
    setAnchor(button)
    setApps('loading')
    setFailed('')
    void client.query(Apps, {}, { requestPolicy: 'network-only' }).toPromise().then(({ data }) => setApps(data?.launchableApps ?? 'failed'))
  }
  const launch = async (app: App) => {
    setAnchor(null)
    const { data } = await begin({ input: { appId: app.id, patientId: `Patient/${patientId}` } })
    if (!data) setFailed(`${app.name} could not be opened. Try again.`)
    else if (data.appLaunch.opensIn === 'CHART') setShown({ name: app.name, url: data.appLaunch.url })
    else window.open(data.appLaunch.url, '_blank', 'noopener,noreferrer')
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
      {shown && <Framed {...shown} onClose={() => setShown(null)} />}
    </>
  )
}

/** An application within the chart, under the patient it is for. Its page of ours holds it in a sandbox. */
function Framed({ name, url, onClose }: { name: string; url: string; onClose: () => void }) {
  const line = useOpenChart()?.line
  return (
    <Dialog open onClose={onClose} aria-labelledby="framed-app" fullWidth maxWidth="xl">
      <DialogTitle id="framed-app">{name}<small className={css.whose}>{line}</small></DialogTitle>
      <iframe className={css.framed} title={name} src={url} sandbox={SANDBOX} />
      <DialogActions><Button variant="contained" onClick={onClose}>Close {name}</Button></DialogActions>
    </Dialog>
  )
}
