import { useState } from 'react'
import { useParams, useSearchParams } from 'react-router'
import { AS_OF } from '../../features/chart/as-of'
import { chartPath } from '../../features/chart/tabs'
import { filterVariables, readFilter } from '../../features/timeline/entry'
import { TimelineView } from '../../features/timeline/timeline'
import { graphql } from '../../gql'
import { ChartScreen } from '../chart/chart-screen'

const TimelineScreen = graphql(`
  query TimelineScreen($id: ID!, $asOf: Instant, $kinds: [TimelineKind!], $date: DateRange, $text: String, $encounter: ID, $author: ID, $authors: [ID!]!) {
    patient(id: $id, asOf: $asOf, opens: true) { id ...Banner ...TimelineRecord }
    nodes(ids: $authors) { ...TimelineAuthor }
    ...Emergency
  }
`)

export function TimelinePage() {
  const { id = '' } = useParams()
  const [query] = useSearchParams()
  const [opened] = useState(() => readFilter(query))
  const [variables] = useState(() => ({ ...filterVariables(opened), authors: opened.author ? [opened.author] : [] }))
  return (
    <ChartScreen key={id} patientId={id} title="Timeline" query={TimelineScreen} variables={variables} scrolls={false}>
      {(patient, answer) => <TimelineView of={patient} author={answer?.nodes[0]} patientId={`Patient/${id}`} opened={opened} tab={(name) => chartPath(id, name, query.get(AS_OF))} />}
    </ChartScreen>
  )
}
