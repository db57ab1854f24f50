import { useParams, useSearchParams } from 'react-router'
import { VitalsView } from '../../features/vitals/vitals'
import { graphql } from '../../gql'
import { ChartScreen } from '../chart/chart-screen'

const VitalsScreen = graphql(`
  query VitalsScreen($id: ID!, $asOf: Instant, $growth: Boolean!) { patient(id: $id, asOf: $asOf, opens: true) { id ...Banner ...VitalRecord ...GrowthRecord @include(if: $growth) } ...Emergency }
`)

export function VitalsPage() {
  const { id = '' } = useParams()
  const growth = useSearchParams()[0].get('view') === 'growth'
  return (
    <ChartScreen key={id} patientId={id} title="Vitals" query={VitalsScreen} variables={{ growth }}>
      {(patient) => <VitalsView of={patient} patientId={`Patient/${id}`} />}
    </ChartScreen>
  )
}
