import { formatDay } from '../../lib/date'

/** What tells a patient from another of the same name. */
export function WhoElse({ of }: { of: { birthDate?: string | null; mrn?: string | null } }) {
  return <small><span className="whole">Born {of.birthDate ? formatDay(of.birthDate) : 'not recorded'},</span> <span className="whole">MRN {of.mrn ?? 'not recorded'}</span></small>
}
