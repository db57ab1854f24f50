import { useMemo } from 'react'
import { useParams, useSearchParams } from 'react-router'
import { encounterFilter } from '../../components/clinical/encounter-filter'
import { AS_OF } from '../../features/chart/as-of'
import { encounterPath } from '../../features/chart/tabs'
import { EncountersView } from '../../features/encounters/encounters'
import { graphql } from '../../gql'
import { ChartScreen } from '../chart/chart-screen'

const EncountersScreen = graphql(`
  query EncountersScreen($id: ID!, $asOf: Instant, $filter: EncounterFilter) { patient(id: $id, asOf: $asOf, opens: true) { id ...Banner ...EncounterRecord } ...Emergency }
`)

export function EncountersPage() {
  const { id = '' } = useParams()
  const [query] = useSearchParams()
  const filter = encounterFilter(query)
  const asked = JSON.stringify(filter)
  const variables = useMemo(() => ({ filter: JSON.parse(asked) as typeof filter }), [asked])
  return (
    <ChartScreen key={id} patientId={id} title="Encounters" query={EncountersScreen} variables={variables}>
      {(patient, _, reading) => <EncountersView of={patient} patientId={`Patient/${id}`} to={(encounter) => encounterPath(id, encounter, query.get(AS_OF))} reading={reading} />}
    </ChartScreen>
  )
}
