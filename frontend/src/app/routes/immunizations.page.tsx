import { useParams } from 'react-router'
import { ImmunizationsView } from '../../features/immunizations/immunizations'
import { graphql } from '../../gql'
import { ChartScreen } from '../chart/chart-screen'

const ImmunizationsScreen = graphql(`
  query ImmunizationsScreen($id: ID!, $asOf: Instant) { patient(id: $id, asOf: $asOf, opens: true) { id ...Banner ...ImmunizationRecord } ...Emergency }
`)

export function ImmunizationsPage() {
  const { id = '' } = useParams()
  return (
    <ChartScreen key={id} patientId={id} title="Immunizations" query={ImmunizationsScreen}>
      {(patient) => <ImmunizationsView of={patient} patientId={`Patient/${id}`} />}
    </ChartScreen>
  )
}
