import { useParams } from 'react-router'
import { CareView } from '../../features/care/care'
import { graphql } from '../../gql'
import { ChartScreen } from '../chart/chart-screen'

const CareScreen = graphql(`
  query CareScreen($id: ID!, $asOf: Instant) { patient(id: $id, asOf: $asOf, opens: true) { id ...Banner ...CareRecord ...TeamRecord } ...Emergency ...CareMeasures }
`)

export function CarePage() {
  const { id = '' } = useParams()
  return (
    <ChartScreen key={id} patientId={id} title="Care" query={CareScreen}>
      {(patient, answer) => <CareView of={patient} house={answer} patientId={`Patient/${id}`} />}
    </ChartScreen>
  )
}
