import { PatientListView } from '../../features/patients/patient-list'
import { RegisterPatientButton } from '../../features/registration/register'
import { useTitle } from '../../hooks/use-title'

export function PatientsPage() {
  useTitle('Patients')
  return <PatientListView actions={<RegisterPatientButton />} />
}
