import Report from '@mui/icons-material/Report'
import { ageText, genderText, patientName } from '../../components/clinical/person'
import { useTrouble } from '../../components/ui/part'
import { graphql, read, type FragmentType } from '../../gql'
import { formatDay } from '../../lib/date'
import css from './banner.module.css'

export const BannerFragment = graphql(`
  fragment Banner on Patient {
    mrn gender birthDate
    name { display family given prefix }
    age { value unit }
    deceased { deceased at }
    activeAllergies: allergies(first: 20, filter: { clinicalStatus: [ACTIVE] }) {
      status
      nodes { id substance { text } reactions { manifestations { text } } }
      pageInfo { hasNextPage }
    }
  }
`)

/** Who this is, always in sight: name, birth date, sex, number, and what they must not get. */
export function Banner({ of }: { of: FragmentType<typeof BannerFragment> }) {
  const patient = read(BannerFragment, of)
  const trouble = useTrouble('activeAllergies')
  const { activeAllergies: allergies } = patient
  return (
    <section className={css.banner} aria-label="Patient">
      <div className={css.line}>
        <h1>{patientName(patient.name)}</h1>
        <span>Born <strong>{patient.birthDate ? formatDay(patient.birthDate) : 'Not recorded'}</strong> {!patient.deceased?.deceased && patient.age && `(${ageText(patient.age)})`}</span>
        {patient.deceased?.deceased && (
          <span className={css.died}>Died <strong>{patient.deceased.at ? formatDay(patient.deceased.at) : 'date not recorded'}</strong> {patient.age && `(${ageText(patient.age)})`}</span>
        )}
        <span>Gender <strong>{genderText(patient.gender)}</strong></span>
        <span>MRN <strong>{patient.mrn ?? 'Not recorded'}</strong></span>
      </div>
      <div className={css.line}>
        {allergies?.status === 'KNOWN' ? (
          <span className={css.allergies}>
            <span className={css.head}><Report sx={{ fontSize: 15 }} aria-hidden /> Allergies</span>
            <span className={css.list}>
              {allergies.nodes.map((a) => {
                const signs = a.reactions.flatMap((r) => r.manifestations.map((m) => m.text))
                return <span key={a.id}><strong>{a.substance?.text ?? 'Substance not recorded'}</strong>{signs.length > 0 && ` – ${signs.join(', ')}`}</span>
              })}
              {allergies.pageInfo.hasNextPage && <span>and more</span>}
            </span>
          </span>
        ) : (
          <span className={allergies ? css.plain : css.unknown}>
            {allergies?.status === 'NONE_KNOWN' ? 'No known allergies'
              : allergies ? 'Allergies: not recorded'
              : trouble === 'forbidden' ? 'Allergies: you may not see this' : 'Allergies: not loaded. Do not assume there are none.'}
          </span>
        )}
      </div>
    </section>
  )
}
