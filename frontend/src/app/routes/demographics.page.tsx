import { useParams } from 'react-router'
import { DemographicsView } from '../../features/demographics/demographics'
import { graphql } from '../../gql'
import { ChartScreen } from '../chart/chart-screen'

const DemographicsScreen = graphql(`
  query DemographicsScreen($id: ID!) { patient(id: $id) { id ...Banner ...DemographicRecord } }
`)

export function DemographicsPage() {
  const { id = '' } = useParams()
  return (
    <ChartScreen key={id} patientId={id} title="Demographics" query={DemographicsScreen}>
      {(patient) => <DemographicsView of={patient} />}
    </ChartScreen>
  )
}
