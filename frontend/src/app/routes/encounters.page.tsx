import { useParams } from 'react-router'
import { EncountersView } from '../../features/encounters/encounters'
import { graphql } from '../../gql'
import { ChartScreen } from '../chart/chart-screen'

const EncountersScreen = graphql(`
  query EncountersScreen($id: ID!, $asOf: Instant) { patient(id: $id, asOf: $asOf, opens: true) { id ...Banner ...EncounterRecord } ...Emergency }
`)

export function EncountersPage() {
  const { id = '' } = useParams()
  return (
    <ChartScreen key={id} patientId={id} title="Encounters" query={EncountersScreen}>
      {(patient) => <EncountersView of={patient} patientId={`Patient/${id}`} />}
    </ChartScreen>
  )
}
