import { ExplorerView } from '../../features/fhir-explorer/explorer'
import { useTitle } from '../../hooks/use-title'

export function FhirExplorerPage() {
  useTitle('FHIR explorer')
  return <ExplorerView />
}
