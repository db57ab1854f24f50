import { useParams, useSearchParams } from 'react-router'
import { flowsheetIn, VitalsView } from '../../features/vitals/vitals'
import { graphql } from '../../gql'
import { ChartScreen } from '../chart/chart-screen'

const VitalsScreen = graphql(`
  query VitalsScreen($id: ID!, $asOf: Instant, $growth: Boolean!) {
    patient(id: $id, asOf: $asOf, opens: true) { id ...Banner ...VitalsOf ...VitalRecord ...GrowthRecord @include(if: $growth) }
    ...FlowsheetTemplates
    ...Emergency
  }
`)
const FlowsheetScreen = graphql(`
  query FlowsheetScreen($id: ID!, $asOf: Instant, $template: ID!, $date: DateRange!) {
    patient(id: $id, asOf: $asOf, opens: true) { id ...Banner ...VitalsOf ...FlowsheetRecord }
    ...FlowsheetTemplates
    ...Emergency
  }
`)

/** Vital signs and growth are one operation, a flowsheet is another; going from one to the other keeps the screen. */
export function VitalsPage() {
  const { id = '' } = useParams()
  const query = useSearchParams()[0]
  const sheet = flowsheetIn(query)
  return sheet ? (
    <ChartScreen key={id} patientId={id} title="Vitals" query={FlowsheetScreen} variables={sheet}>
      {(patient, answer, reading) => <VitalsView of={patient} sheet={patient} house={answer} patientId={`Patient/${id}`} reading={reading} />}
    </ChartScreen>
  ) : (
    <ChartScreen key={id} patientId={id} title="Vitals" query={VitalsScreen} variables={{ growth: query.get('view') === 'growth' }}>
      {(patient, answer, reading) => <VitalsView of={patient} record={patient} house={answer} patientId={`Patient/${id}`} reading={reading} />}
    </ChartScreen>
  )
}
