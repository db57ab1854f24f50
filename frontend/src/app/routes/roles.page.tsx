import { AdministrationFrame } from '../../features/administration/frame'
import { RolesView } from '../../features/administration/roles'
import { useTitle } from '../../hooks/use-title'

export function RolesPage() {
  useTitle('Roles')
  return <AdministrationFrame><RolesView /></AdministrationFrame>
}
