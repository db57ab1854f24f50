import { AdministrationFrame } from '../../features/administration/frame'
import { GrantsView } from '../../features/administration/grants'
import { useTitle } from '../../hooks/use-title'

export function GrantsPage() {
  useTitle('Grants')
  return <AdministrationFrame><GrantsView /></AdministrationFrame>
}
