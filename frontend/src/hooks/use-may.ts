import { useAsOf } from '../contexts/patient'
import { useSession } from '../contexts/session'
import { may, type Act } from '../lib/permissions'

/** Whether an act is offered here: by the role, and never in a chart that is shown as it stood in the past. */
export function useMay(act: Act): boolean {
  const past = useAsOf() !== null
  return may(useSession().session, act) && !past
}
