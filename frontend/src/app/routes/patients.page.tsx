import { Strangers } from '../../features/emergency/strangers'
import { PatientListView } from '../../features/patients/patient-list'
import { RegisterPatient } from '../../features/registration/registration'
import { useTitle } from '../../hooks/use-title'

export function PatientsPage() {
  useTitle('Patients')
  return <PatientListView actions={<RegisterPatient />} beyond={Strangers} />
}
