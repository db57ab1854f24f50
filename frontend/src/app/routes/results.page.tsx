import { useParams, useSearchParams } from 'react-router'
import { abnormalIn, ResultsView } from '../../features/results/results'
import { graphql } from '../../gql'
import { ChartScreen } from '../chart/chart-screen'

const ResultsScreen = graphql(`
  query ResultsScreen($id: ID!, $asOf: Instant, $abnormal: Boolean!) { patient(id: $id, asOf: $asOf, opens: true) { id ...Banner ...ResultRecord } ...Emergency }
`)

export function ResultsPage() {
  const { id = '' } = useParams()
  const abnormal = abnormalIn(useSearchParams()[0])
  return (
    <ChartScreen key={id} patientId={id} title="Results" query={ResultsScreen} variables={{ abnormal }} scrolls={false}>
      {(patient, _, reading) => <ResultsView of={patient} patientId={`Patient/${id}`} reading={reading} />}
    </ChartScreen>
  )
}
