import { AuditView } from '../../features/administration/audit'
import { AdministrationFrame } from '../../features/administration/frame'
import { useTitle } from '../../hooks/use-title'

export function AuditPage() {
  useTitle('Audit')
  return <AdministrationFrame><AuditView /></AdministrationFrame>
}
