import { useParams } from 'react-router'
import { CalculatorsView } from '../../features/calculators/calculators'
import { graphql } from '../../gql'
import { ChartScreen } from '../chart/chart-screen'

const CalculatorsScreen = graphql(`
  query CalculatorsScreen($id: ID!, $asOf: Instant) { patient(id: $id, asOf: $asOf, opens: true) { id ...Banner ...CalculatorChart } ...Emergency }
`)

export function CalculatorsPage() {
  const { id = '' } = useParams()
  return (
    <ChartScreen key={id} patientId={id} title="Calculators" query={CalculatorsScreen}>
      {(patient) => <CalculatorsView of={patient} />}
    </ChartScreen>
  )
}
