import { useParams } from 'react-router'
import { AllergiesView } from '../../features/allergies/allergies'
import { graphql } from '../../gql'
import { ChartScreen } from '../chart/chart-screen'

const AllergiesScreen = graphql(`
  query AllergiesScreen($id: ID!, $asOf: Instant) { patient(id: $id, asOf: $asOf, opens: true) { id ...Banner ...AllergyRecord } ...Emergency }
`)

export function AllergiesPage() {
  const { id = '' } = useParams()
  return (
    <ChartScreen key={id} patientId={id} title="Allergies" query={AllergiesScreen}>
      {(patient) => <AllergiesView of={patient} patientId={`Patient/${id}`} />}
    </ChartScreen>
  )
}
