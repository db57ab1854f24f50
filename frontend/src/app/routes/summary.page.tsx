import { useParams, useSearchParams } from 'react-router'
import { AS_OF } from '../../features/chart/as-of'
import { chartPath, encounterPath, type ChartTab } from '../../features/chart/tabs'
import { SummaryView } from '../../features/summary/summary'
import { graphql } from '../../gql'
import { ChartScreen } from '../chart/chart-screen'

const Summary = graphql(`
  query Summary($id: ID!, $asOf: Instant) {
    patient(id: $id, asOf: $asOf, opens: true) {
      id
      ...Banner ...Problems ...Allergies ...Medications ...Encounters ...Immunizations ...Vitals ...Labs ...CareTeam ...Contacts ...Consents ...Notes ...Scores ...Gaps ...Since
    } ...Emergency ...Instruments
  }
`)

export function SummaryPage() {
  const { id = '' } = useParams()
  const asOf = useSearchParams()[0].get(AS_OF)
  return (
    <ChartScreen key={id} patientId={id} title="Summary" query={Summary} scrolls={false}>
      {(patient, answer) => <SummaryView of={patient} instruments={answer} patientId={`Patient/${id}`} timeline={(day) => { const path = chartPath(id, 'timeline', asOf); return `${path}${path.includes('?') ? '&' : '?'}from=${day}` }} visit={(encounter) => encounterPath(id, encounter, asOf)} tab={(tab: ChartTab) => chartPath(id, tab, asOf)} />}
    </ChartScreen>
  )
}
