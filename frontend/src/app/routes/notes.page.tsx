import { useParams } from 'react-router'
import { NotesView } from '../../features/notes/notes'
import { graphql } from '../../gql'
import { ChartScreen } from '../chart/chart-screen'

const NotesScreen = graphql(`
  query NotesScreen($id: ID!, $asOf: Instant) { patient(id: $id, asOf: $asOf, opens: true) { id ...Banner ...NoteRecord } ...Emergency ...NoteWriting }
`)

export function NotesPage() {
  const { id = '' } = useParams()
  return (
    <ChartScreen key={id} patientId={id} title="Notes" query={NotesScreen}>
      {(patient, answer) => <NotesView of={patient} writing={answer} patientId={`Patient/${id}`} />}
    </ChartScreen>
  )
}
