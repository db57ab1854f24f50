import { useParams } from 'react-router'
import { QuestionnairesView } from '../../features/questionnaires/questionnaires'
import { graphql } from '../../gql'
import { ChartScreen } from '../chart/chart-screen'

const QuestionnairesScreen = graphql(`
  query QuestionnairesScreen($id: ID!, $asOf: Instant) { patient(id: $id, asOf: $asOf, opens: true) { id ...Banner ...QuestionnaireRecord } ...Emergency ...QuestionnaireForms }
`)

export function QuestionnairesPage() {
  const { id = '' } = useParams()
  return (
    <ChartScreen key={id} patientId={id} title="Questionnaires" query={QuestionnairesScreen}>
      {(patient, answer) => <QuestionnairesView of={patient} offered={answer} patientId={`Patient/${id}`} />}
    </ChartScreen>
  )
}
