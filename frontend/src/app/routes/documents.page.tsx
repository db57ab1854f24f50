import { useParams, useSearchParams } from 'react-router'
import { AS_OF } from '../../features/chart/as-of'
import { chartPath } from '../../features/chart/tabs'
import { DocumentsView } from '../../features/documents/documents'
import { graphql } from '../../gql'
import { ChartScreen } from '../chart/chart-screen'

const DocumentsScreen = graphql(`
  query DocumentsScreen($id: ID!, $asOf: Instant) { patient(id: $id, asOf: $asOf, opens: true) { id ...Banner ...DocumentRecord } ...Emergency }
`)

export function DocumentsPage() {
  const { id = '' } = useParams()
  const [query] = useSearchParams()
  return (
    <ChartScreen key={id} patientId={id} title="Documents" query={DocumentsScreen}>
      {(patient) => <DocumentsView of={patient} patientId={`Patient/${id}`} notes={chartPath(id, 'notes', query.get(AS_OF))} />}
    </ChartScreen>
  )
}
