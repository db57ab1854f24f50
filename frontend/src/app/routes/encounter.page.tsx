import { useMemo } from 'react'
import { useParams, useSearchParams } from 'react-router'
import { AS_OF } from '../../features/chart/as-of'
import { chartPath, type ChartTab } from '../../features/chart/tabs'
import { VisitView } from '../../features/encounters/visit'
import { graphql } from '../../gql'
import { ChartScreen } from '../chart/chart-screen'

const EncounterScreen = graphql(`
  query EncounterScreen($id: ID!, $asOf: Instant, $encounter: ID!) {
    patient(id: $id, asOf: $asOf, opens: true) { id ...Banner ...VisitRecord }
    visit: node(id: $encounter, asOf: $asOf) { __typename ...Visit }
    ...Emergency
  }
`)

export function EncounterPage() {
  const { id = '', encounter = '' } = useParams()
  const asOf = useSearchParams()[0].get(AS_OF)
  const variables = useMemo(() => ({ encounter: `Encounter/${encounter}` }), [encounter])
  return (
    <ChartScreen key={`${id} ${encounter}`} patientId={id} title="Visit summary" query={EncounterScreen} variables={variables}>
      {(patient, answer) => <VisitView of={patient} visit={answer && (answer.visit?.__typename === 'Encounter' ? answer.visit : null)} patientId={`Patient/${id}`} encounter={variables.encounter} tab={(tab: ChartTab) => chartPath(id, tab, asOf)} />}
    </ChartScreen>
  )
}
