import { HouseView } from '../../features/encounters/all'
import { useTitle } from '../../hooks/use-title'

export function HouseEncountersPage() {
  useTitle('Encounters')
  return <HouseView />
}
