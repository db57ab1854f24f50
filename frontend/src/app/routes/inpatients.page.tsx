import { CensusView } from '../../features/inpatients/census'
import { useTitle } from '../../hooks/use-title'

export function InpatientsPage() {
  useTitle('Inpatients')
  return <CensusView />
}
