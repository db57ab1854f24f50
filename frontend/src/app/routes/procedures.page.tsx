import { useParams } from 'react-router'
import { ProceduresView } from '../../features/procedures/procedures'
import { graphql } from '../../gql'
import { ChartScreen } from '../chart/chart-screen'

const ProceduresScreen = graphql(`
  query ProceduresScreen($id: ID!, $asOf: Instant) { patient(id: $id, asOf: $asOf, opens: true) { id ...Banner ...ProcedureRecord } ...Emergency }
`)

export function ProceduresPage() {
  const { id = '' } = useParams()
  return (
    <ChartScreen key={id} patientId={id} title="Procedures" query={ProceduresScreen}>
      {(patient) => <ProceduresView of={patient} patientId={`Patient/${id}`} />}
    </ChartScreen>
  )
}
