import { useMemo } from 'react'
import { useSession } from '../../contexts/session'
import { SettingsView } from '../../features/settings/settings'
import { useTitle } from '../../hooks/use-title'
import { ALWAYS, AS_OF, keysOf, SINGLE } from '../shell/help'
import { areas, chartPlaces } from '../shell/places'

export function SettingsPage() {
  useTitle('Settings')
  const { session, config } = useSession()
  const keys = useMemo(() => [
    { title: 'Everywhere', keys: [...ALWAYS, ...SINGLE, ...keysOf(areas(session, config, 'app'))] },
    // Their names and keys are those of every chart.
    { title: 'In a chart', keys: [AS_OF, ...keysOf(chartPlaces('', null))] },
  ], [session, config])
  return <SettingsView keys={keys} />
}
