import { PatientListView } from '../../features/patients/patient-list'

export function PatientsPage() {
  return <PatientListView />
}
