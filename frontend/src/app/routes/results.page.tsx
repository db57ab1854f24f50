import { useParams } from 'react-router'
import { ResultsView } from '../../features/results/results'
import { graphql } from '../../gql'
import { ChartScreen } from '../chart/chart-screen'

const ResultsScreen = graphql(`
  query ResultsScreen($id: ID!, $asOf: Instant) { patient(id: $id, asOf: $asOf, opens: true) { id ...Banner ...ResultRecord } ...Emergency }
`)

export function ResultsPage() {
  const { id = '' } = useParams()
  return (
    <ChartScreen key={id} patientId={id} title="Results" query={ResultsScreen} scrolls={false}>
      {(patient) => <ResultsView of={patient} patientId={`Patient/${id}`} />}
    </ChartScreen>
  )
}
