import { graphql, read, type FragmentType } from '../../gql'
import { axisTime } from '../../lib/date'
import type { Person } from './score'

/** Of whom a score is, as far as it asks: `77386006` and `72892002` of SNOMED CT are pregnancies. */
export const ScoredPerson = graphql(`
  fragment ScoredPerson on Patient {
    birthDate
    pregnancies: conditions(filter: { code: "http://snomed.info/sct|77386006" }, first: 5) { nodes { ...Pregnancy } }
    normalPregnancies: conditions(filter: { code: "http://snomed.info/sct|72892002" }, first: 5) { nodes { ...Pregnancy } }
  }
`)
const Pregnancy = graphql(`
  fragment Pregnancy on Condition { onsetAt abatementAt recordedAt clinicalStatus verificationStatus }
`)

/** What a score asks of the person. A pregnancy whose end is not recorded goes on while its state says so. */
export function personOf(of: FragmentType<typeof ScoredPerson> | null | undefined): Person {
  const record = read(ScoredPerson, of)
  const all = [...(record?.pregnancies?.nodes ?? []), ...(record?.normalPregnancies?.nodes ?? [])].map((masked) => read(Pregnancy, masked))
  return {
    birthDate: record?.birthDate ?? null,
    pregnancies: all.flatMap(({ onsetAt, recordedAt, abatementAt, clinicalStatus, verificationStatus }) => {
      const from = axisTime(onsetAt ?? recordedAt ?? '')
      if (verificationStatus === 'ENTERED_IN_ERROR' || verificationStatus === 'REFUTED' || Number.isNaN(from)) return []
      const to = abatementAt ? axisTime(abatementAt) : ['ACTIVE', 'RECURRENCE', 'RELAPSE'].includes(clinicalStatus ?? '') ? Infinity : from
      return [{ from, to }]
    }),
  }
}
