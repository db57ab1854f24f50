import { useParams } from 'react-router'
import { DocumentsView } from '../../features/documents/documents'
import { graphql } from '../../gql'
import { ChartScreen } from '../chart/chart-screen'

const DocumentsScreen = graphql(`
  query DocumentsScreen($id: ID!, $asOf: Instant) { patient(id: $id, asOf: $asOf, opens: true) { id ...Banner ...DocumentRecord } ...Emergency }
`)

export function DocumentsPage() {
  const { id = '' } = useParams()
  return (
    <ChartScreen key={id} patientId={id} title="Documents" query={DocumentsScreen}>
      {(patient) => <DocumentsView of={patient} patientId={`Patient/${id}`} />}
    </ChartScreen>
  )
}
