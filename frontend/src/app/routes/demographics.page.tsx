import { useParams } from 'react-router'
import { DemographicsView } from '../../features/demographics/demographics'
import { HouseholdView } from '../../features/household/household'
import { PersonActs } from '../../features/registration/registration'
import { graphql } from '../../gql'
import { ChartScreen } from '../chart/chart-screen'

const DemographicsScreen = graphql(`
  query DemographicsScreen($id: ID!, $asOf: Instant) { patient(id: $id, asOf: $asOf, opens: true) { id ...Banner ...DemographicRecord ...PersonFields ...HouseholdRecord } ...Emergency }
`)

export function DemographicsPage() {
  const { id = '' } = useParams()
  return (
    <ChartScreen key={id} patientId={id} title="Demographics" query={DemographicsScreen}>
      {(patient) => <><PersonActs of={patient} /><DemographicsView of={patient} /><HouseholdView of={patient} patientId={`Patient/${id}`} /></>}
    </ChartScreen>
  )
}
