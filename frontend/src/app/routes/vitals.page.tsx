import { useState } from 'react'
import { useParams, useSearchParams } from 'react-router'
import { flowsheetIn, latestIn, vitalsDateIn, VitalsView } from '../../features/vitals/vitals'
import { graphql } from '../../gql'
import { ChartScreen } from '../chart/chart-screen'

const VitalsScreen = graphql(`
  query VitalsScreen($id: ID!, $asOf: Instant, $growth: Boolean!, $date: DateRange) {
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
  // What is shown does not move on by itself; what is taken from now on is shown too.
  const past = query.get('asOf')
  const [opened, setOpened] = useState(() => ({ past, now: latestIn(query) }))
  if (opened.past !== past) setOpened({ past, now: latestIn(query) })
  const { now } = opened
  const sheet = flowsheetIn(query, now)
  return sheet ? (
    <ChartScreen key={id} patientId={id} title="Vitals" query={FlowsheetScreen} variables={sheet}>
      {(patient, answer, reading) => <VitalsView of={patient} sheet={patient} house={answer} patientId={`Patient/${id}`} now={now} reading={reading} />}
    </ChartScreen>
  ) : (
    <ChartScreen key={id} patientId={id} title="Vitals" query={VitalsScreen} variables={{ growth: query.get('view') === 'growth', date: vitalsDateIn(query, now) }}>
      {(patient, answer, reading) => <VitalsView of={patient} record={patient} house={answer} patientId={`Patient/${id}`} now={now} reading={reading} />}
    </ChartScreen>
  )
}
