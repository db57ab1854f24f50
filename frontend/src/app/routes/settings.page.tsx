import { SettingsView } from '../../features/settings/settings'
import { useTitle } from '../../hooks/use-title'

export function SettingsPage() {
  useTitle('Settings')
  return <SettingsView />
}
