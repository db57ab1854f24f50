import { AdministrationFrame } from '../../features/administration/frame'
import { UsersView } from '../../features/administration/users'
import { useTitle } from '../../hooks/use-title'

export function UsersPage() {
  useTitle('Users')
  return <AdministrationFrame><UsersView /></AdministrationFrame>
}
