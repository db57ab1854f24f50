import type { ReactNode } from 'react'
import { placeNow } from '../../components/clinical/place'
import { ageText, genderText, patientName } from '../../components/clinical/person'
import { Star } from '../../components/clinical/star'
import { graphql } from '../../gql'
import type { PatientRowFragment } from '../../gql/graphql'
import { formatDateTime, formatDay, today } from '../../lib/date'
import css from './patients.module.css'
import { similarText } from './similar'

export const PatientRow = graphql(`
  fragment PatientRow on Patient {
    id fhirId mrn gender birthDate starred
    name { display family given prefix }
    age { value unit }
    active isTest deceased { deceased at } replacedBy { id mrn }
    generalPractitioners { display }
    coverage(first: 4) { nodes { id status order period { start end } payors { display } } pageInfo { hasNextPage } }
    encounters(first: 1) @include(if: $stays) { nodes { id period { start } } }
    stay: encounters(first: 1, filter: { status: [IN_PROGRESS], class: "IMP" }) @include(if: $stays) { nodes { id places { location { display } status period { start end } } } }
  }
`)

/** A row; `opened` in the list of recent charts only. */
export interface Row { of: PatientRowFragment; opened?: string }
/** What there is a column for. `last`: its head. */
export interface Shown { last: 'Opened' | 'Last visit' | null; stays: boolean }

/** Who pays now, the primary one first; what is loaded are the newest four. */
export function payerText(coverage: NonNullable<PatientRowFragment['coverage']>): string {
  const day = today()
  const now = coverage.nodes.filter((c) => c.status === 'ACTIVE' && !(c.period?.start && c.period.start.slice(0, 10) > day) && !(c.period?.end && c.period.end.slice(0, 10) < day))
  const [first] = now.toSorted((a, b) => (a.order ?? Infinity) - (b.order ?? Infinity))
  if (!first) return coverage.pageInfo.hasNextPage ? 'None of the newest 4 holds' : coverage.nodes.length > 0 ? 'None holds now' : 'Not recorded'
  return first.payors.flatMap((p) => p.display ?? []).join(', ') || 'Payer without a name'
}

const HIDDEN = <small>You may not see this</small>

/** The cells of one patient. `similar`: the loaded ones whose name can be taken for this one. */
export function Cells({ at, of: { of: row, opened }, shown, similar, onStarred }: { at: string; of: Row; shown: Shown; similar: readonly PatientRowFragment[] | undefined; onStarred: (now: boolean) => void }) {
  const name = patientName(row.name)
  const stay = row.stay?.nodes[0]
  return (
    <>
      <span role="gridcell" className={css.star}>{row.starred !== null && <Star patient={row.id} name={name} starred={row.starred} tabIndex={-1} onChanged={onStarred} />}</span>
      <span role="gridcell">
        <strong>{name}</strong>
        {row.isTest && <span className={css.tag}>Test</span>}
        {row.deceased?.deceased && <span className={css.tag}>Deceased</span>}
        {row.replacedBy ? <span className={css.tag}>Merged into MRN {row.replacedBy.mrn ?? 'not recorded'}</span> : row.active === false && <span className={css.tag}>Not in use</span>}
        {similar && (
          <span className={css.similar}>
            <span className={css.mark} aria-describedby={`${at}-similar`}>
              <svg width="12" height="10" viewBox="0 0 12 10" aria-hidden><circle cx="4" cy="5" r="3.3" fill="none" stroke="currentColor" strokeWidth="1.4" /><circle cx="8" cy="5" r="3.3" fill="none" stroke="currentColor" strokeWidth="1.4" /></svg> Similar name
            </span> <small id={`${at}-similar`}>{similarText(similar)}</small>
          </span>
        )}
      </span>
      <span role="gridcell">
        <span className="whole">{row.birthDate ? formatDay(row.birthDate) : 'Not recorded'}</span> <small>{ageText(row.age)}</small>
        {row.deceased?.at && <small className={css.died}>Died {formatDay(row.deceased.at)}</small>}
      </span>
      <span role="gridcell">{genderText(row.gender)}</span>
      <span role="gridcell">{row.mrn ?? 'Not recorded'}</span>
      {shown.last && (
        <span role="gridcell">
          <small className={css.label}>{shown.last} </small>
          <span className="whole">{opened ? formatDateTime(opened) : row.encounters ? row.encounters.nodes[0]?.period?.start ? formatDay(row.encounters.nodes[0].period.start) : 'Not recorded' : HIDDEN}</span>
        </span>
      )}
      {shown.stays && <Second name="Location">{!row.stay ? HIDDEN : stay ? placeNow(stay.places) ?? 'In hospital, place not recorded' : <small>Not in hospital</small>}</Second>}
      <Second name="General practitioner">{row.generalPractitioners.length === 0 ? 'Not recorded' : row.generalPractitioners.map((g) => g.display ?? 'Name not recorded').join(', ')}</Second>
      <Second name="Coverage">{row.coverage ? payerText(row.coverage) : HIDDEN}</Second>
    </>
  )
}

/** A cell that is told by its label where there is no room for a column of it. */
const Second = ({ name, children }: { name: string; children: ReactNode }) => <span role="gridcell" className={css.second}><small className={css.of}>{name} </small>{children}</span>
/** The columns that go to a second line where there is no room. */
export const secondOf = ({ stays }: Shown): readonly string[] => [...(stays ? ['Location'] : []), 'General practitioner', 'Coverage']
