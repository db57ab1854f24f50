import { AppsView } from '../../features/administration/apps'
import { AdministrationFrame } from '../../features/administration/frame'
import { useTitle } from '../../hooks/use-title'

export function AppsPage() {
  useTitle('Applications')
  return <AdministrationFrame><AppsView /></AdministrationFrame>
}
