import { useOpenChart } from '../contexts/patient'
import { useSession } from '../contexts/session'
import { may, type Act } from '../lib/permissions'

/** Whether an act is offered here: by the role, never in a chart that is shown as it stood in the past, nor in that of a record that another one replaced. */
export function useMay(act: Act): boolean {
  const chart = useOpenChart()
  return may(useSession().session, act) && !chart?.merged && (chart?.asOf ?? null) === null
}
