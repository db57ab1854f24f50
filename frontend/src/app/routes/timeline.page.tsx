import { useState } from 'react'
import { useParams, useSearchParams } from 'react-router'
import { AS_OF } from '../../features/chart/as-of'
import { chartPath } from '../../features/chart/tabs'
import { filterVariables, readFilter } from '../../features/timeline/entry'
import { TimelineView } from '../../features/timeline/timeline'
import { graphql } from '../../gql'
import { ChartScreen } from '../chart/chart-screen'

const TimelineScreen = graphql(`
  query TimelineScreen($id: ID!, $asOf: Instant, $kinds: [TimelineKind!], $date: DateRange, $text: String, $encounter: ID) { patient(id: $id, asOf: $asOf, opens: true) { id ...Banner ...TimelineRecord } ...Emergency }
`)

export function TimelinePage() {
  const { id = '' } = useParams()
  const [query] = useSearchParams()
  const [opened] = useState(() => readFilter(query))
  const [variables] = useState(() => filterVariables(opened))
  return (
    <ChartScreen key={id} patientId={id} title="Timeline" query={TimelineScreen} variables={variables} scrolls={false}>
      {(patient) => <TimelineView of={patient} patientId={`Patient/${id}`} opened={opened} tab={(name) => chartPath(id, name, query.get(AS_OF))} />}
    </ChartScreen>
  )
}
