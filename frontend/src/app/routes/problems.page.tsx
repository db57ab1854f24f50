import { useParams } from 'react-router'
import { ProblemsView } from '../../features/problems/problems'
import { graphql } from '../../gql'
import { ChartScreen } from '../chart/chart-screen'

const ProblemsScreen = graphql(`
  query ProblemsScreen($id: ID!, $asOf: Instant) { patient(id: $id, asOf: $asOf, opens: true) { id ...Banner ...ProblemList } ...Emergency }
`)

export function ProblemsPage() {
  const { id = '' } = useParams()
  return (
    <ChartScreen key={id} patientId={id} title="Problems" query={ProblemsScreen}>
      {(patient) => <ProblemsView of={patient} patientId={`Patient/${id}`} />}
    </ChartScreen>
  )
}
