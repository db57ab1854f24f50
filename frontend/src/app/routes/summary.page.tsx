import { useParams } from 'react-router'
import { SummaryView } from '../../features/summary/summary'

export function SummaryPage() {
  const { id = '' } = useParams()
  return <SummaryView key={id} patientId={id} />
}
