import { useParams } from 'react-router'
import { VitalsSheet } from '../../features/vitals/vitals'
import { graphql } from '../../gql'
import { ChartScreen } from '../chart/chart-screen'

const VitalsScreen = graphql(`
  query VitalsScreen($id: ID!, $asOf: Instant) { patient(id: $id, asOf: $asOf) { id ...Banner ...VitalRecord } }
`)

export function VitalsPage() {
  const { id = '' } = useParams()
  return (
    <ChartScreen key={id} patientId={id} title="Vitals" query={VitalsScreen}>
      {(patient) => <VitalsSheet of={patient} patientId={`Patient/${id}`} />}
    </ChartScreen>
  )
}
