import { useParams, useSearchParams } from 'react-router'
import { AS_OF } from '../../features/chart/as-of'
import { chartPath } from '../../features/chart/tabs'
import { NotesView } from '../../features/notes/notes'
import { graphql } from '../../gql'
import { ChartScreen } from '../chart/chart-screen'

const NotesScreen = graphql(`
  query NotesScreen($id: ID!, $asOf: Instant) { patient(id: $id, asOf: $asOf, opens: true) { id ...Banner ...NoteRecord } ...Emergency ...NoteWriting }
`)

export function NotesPage() {
  const { id = '' } = useParams()
  const [query] = useSearchParams()
  return (
    <ChartScreen key={id} patientId={id} title="Notes" query={NotesScreen}>
      {(patient, answer) => <NotesView of={patient} writing={answer} patientId={`Patient/${id}`} documents={chartPath(id, 'documents', query.get(AS_OF))} />}
    </ChartScreen>
  )
}
