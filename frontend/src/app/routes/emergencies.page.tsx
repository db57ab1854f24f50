import { EmergenciesView } from '../../features/administration/emergencies'
import { AdministrationFrame } from '../../features/administration/frame'
import { useTitle } from '../../hooks/use-title'

export function EmergenciesPage() {
  useTitle('Emergency access')
  return <AdministrationFrame><EmergenciesView /></AdministrationFrame>
}
