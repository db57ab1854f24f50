import { Navigate, useLocation, useSearchParams } from 'react-router'
import { useAppearance } from '../../contexts/appearance'
import { Strangers } from '../../features/emergency/strangers'
import { PatientListView } from '../../features/patients/patient-list'
import { RegisterPatient } from '../../features/registration/registration'
import { useTitle } from '../../hooks/use-title'

export function PatientsPage() {
  useTitle('Patients')
  const { patientList } = useAppearance()
  const { state } = useLocation()
  const [query] = useSearchParams()
  // Who looks for somebody, or asks for a list, gets that.
  if (patientList !== 'all' && query.size === 0 && !state) return <Navigate to={{ search: `list=${patientList}` }} replace />
  return <PatientListView actions={<RegisterPatient />} beyond={Strangers} />
}
