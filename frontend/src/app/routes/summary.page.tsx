import { useParams } from 'react-router'
import { chartPath, type ChartTab } from '../../features/chart/tabs'
import { SummaryView } from '../../features/summary/summary'
import { graphql } from '../../gql'
import { ChartScreen } from '../chart/chart-screen'

const Summary = graphql(`
  query Summary($id: ID!) {
    patient(id: $id) {
      id
      ...Banner ...Problems ...Allergies ...Medications ...Encounters ...Immunizations ...Vitals ...Labs
    }
  }
`)

export function SummaryPage() {
  const { id = '' } = useParams()
  return (
    <ChartScreen key={id} patientId={id} title="Summary" query={Summary} scrolls={false}>
      {(patient) => <SummaryView of={patient} patientId={`Patient/${id}`} tab={(tab: ChartTab) => chartPath(id, tab)} />}
    </ChartScreen>
  )
}
