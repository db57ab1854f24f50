import { PatientListView } from '../../features/patients/patient-list'
import { useTitle } from '../../hooks/use-title'

export function PatientsPage() {
  useTitle('Patients')
  return <PatientListView />
}
