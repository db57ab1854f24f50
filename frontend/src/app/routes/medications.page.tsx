import { useParams } from 'react-router'
import { MedicationsView } from '../../features/medications/medications'
import { graphql } from '../../gql'
import { ChartScreen } from '../chart/chart-screen'

const MedicationsScreen = graphql(`
  query MedicationsScreen($id: ID!, $asOf: Instant) { patient(id: $id, asOf: $asOf, opens: true) { id ...Banner ...MedicationLists ...StatementRecord } ...Emergency }
`)

export function MedicationsPage() {
  const { id = '' } = useParams()
  return (
    <ChartScreen key={id} patientId={id} title="Medications" query={MedicationsScreen}>
      {(patient) => <MedicationsView of={patient} told={patient} patientId={`Patient/${id}`} />}
    </ChartScreen>
  )
}
