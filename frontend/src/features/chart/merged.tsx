import CallMerge from '@mui/icons-material/CallMerge'
import { Link } from 'react-router'
import { patientLine } from '../../components/act/people'
import { graphql, read, type FragmentType } from '../../gql'
import css from './merged.module.css'

export const MergedInto = graphql(`
  fragment MergedInto on Patient { active replacedBy { id fhirId mrn birthDate name { display family given prefix } } }
`)

/** Where a record went that was merged into another one. What is new is recorded there. */
export function Merged({ of }: { of: FragmentType<typeof MergedInto> }) {
  const by = read(MergedInto, of).replacedBy
  if (!by) return null
  return (
    <p className={css.merged} role="note">
      <CallMerge sx={{ fontSize: 16 }} aria-hidden />
      <span>This record was merged into <Link to={`/patients/${by.fhirId}/clinical/summary`}>{patientLine(by)}</Link>. Its own entries are kept here; new ones go there.</span>
    </p>
  )
}
