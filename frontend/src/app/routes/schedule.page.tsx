import { ScheduleView } from '../../features/schedule/schedule'
import { useTitle } from '../../hooks/use-title'

export function SchedulePage() {
  useTitle('Schedule')
  return <ScheduleView />
}
