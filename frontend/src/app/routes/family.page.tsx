import { useParams } from 'react-router'
import { FamilyView } from '../../features/family/family'
import { graphql } from '../../gql'
import { ChartScreen } from '../chart/chart-screen'

const FamilyScreen = graphql(`
  query FamilyScreen($id: ID!, $asOf: Instant) { patient(id: $id, asOf: $asOf, opens: true) { id ...Banner ...FamilyRecord } ...Emergency }
`)

export function FamilyPage() {
  const { id = '' } = useParams()
  return (
    <ChartScreen key={id} patientId={id} title="Family history" query={FamilyScreen}>
      {(patient) => <FamilyView of={patient} patientId={`Patient/${id}`} />}
    </ChartScreen>
  )
}
