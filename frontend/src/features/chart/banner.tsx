import ExpandLessOutlined from '@mui/icons-material/ExpandLessOutlined'
import ExpandMoreOutlined from '@mui/icons-material/ExpandMoreOutlined'
import Report from '@mui/icons-material/Report'
import WarningAmber from '@mui/icons-material/WarningAmber'
import { dangerousFirst, noneKnown, saysNone } from '../../components/clinical/allergy'
import { codeStatusText, isLimit } from '../../components/clinical/code-status'
import { Drug } from '../../components/clinical/drug'
import { Flags } from '../../components/clinical/flag'
import { flagsOf, ObservationRow, valueOf } from '../../components/clinical/observation'
import { ageText, genderText, patientName } from '../../components/clinical/person'
import { placeNow } from '../../components/clinical/place'
import { Star } from '../../components/clinical/star'
import { useTrouble, type Trouble } from '../../components/ui/part'
import { useAppearance } from '../../contexts/appearance'
import { useSession } from '../../contexts/session'
import { graphql, read, type FragmentType } from '../../gql'
import type { BannerFragment as BannerFragmentType } from '../../gql/graphql'
import { formatDay } from '../../lib/date'
import { maySeePatients } from '../../lib/permissions'
import css from './banner.module.css'

export const BannerFragment = graphql(`
  fragment Banner on Patient {
    id mrn gender birthDate starred
    name { display family given prefix }
    age { value unit }
    deceased { deceased at }
    ...MergedInto
    activeAllergies: allergies(first: 20, filter: { clinicalStatus: [ACTIVE] }) {
      status
      nodes { id substance { text } criticality recordedAt fhir reactions { manifestations { text } } }
      pageInfo { hasNextPage }
    }
    flags(first: 50) { nodes { id status code { text } } pageInfo { hasNextPage } }
    codeStatus { id doNotPerform code { text codings { system code } } authoredOn }
    stay: encounters(first: 1, filter: { status: [IN_PROGRESS], class: "IMP" }) {
      nodes { id period { start } places { location { display } status period { start end } } participants { display } }
    }
    pregnancy: conditions(first: 1, filter: { clinicalStatus: [ACTIVE, RECURRENCE, RELAPSE], code: "http://snomed.info/sct|77386006" }) { nodes { id code { text codings { code } } onsetAt recordedAt verificationStatus } }
    contacts { relationships { text } name { display } telecom { system value } }
    weight: latestResults(category: VITAL_SIGNS, codes: ["LOINC|29463-7"], first: 1) { observation { ...ObservationRow } }
    egfr: latestResults(category: LABORATORY, codes: ["LOINC|98979-8"], first: 1) { observation { ...ObservationRow } }
  }
`)

type Allergies = BannerFragmentType['activeAllergies']
/** What the patient reacts to now. That none of a kind is known is no allergy, and stands apart. */
const reactsTo = (allergies: Allergies) => dangerousFirst(allergies?.nodes.filter((a) => !saysNone(a.fhir)) ?? [])
const hasAllergies = (allergies: Allergies): boolean => allergies?.status === 'KNOWN' && (reactsTo(allergies).length > 0 || allergies.pageInfo.hasNextPage)
/** What is said of allergies where there is no list of them. `trouble`: why they are not here. Allergies that are all over are known, and none of them is present. */
function withoutAllergies(allergies: Allergies, trouble: Trouble | undefined): string {
  return allergies?.status === 'NONE_KNOWN' ? noneKnown(allergies.nodes)
    : allergies?.status === 'KNOWN' ? ['Allergies: none recorded as present', ...(allergies.nodes.length > 0 ? [noneKnown(allergies.nodes)] : [])].join('; ')
    : allergies ? 'Allergies: not recorded'
    : trouble === 'forbidden' ? 'Allergies: you may not see this' : 'Allergies: not loaded. Do not assume there are none.'
}

/** What is said of the code status where there is none. `trouble`: why it is not here. */
const withoutCodeStatus = (trouble: Trouble | undefined): string =>
  (trouble === 'forbidden' ? 'Code status: you may not see this' : trouble ? 'Code status: not loaded. Do not assume there is none.' : 'Code status: not recorded')

/** Who this is, what they must not get and what is not to be done for them in one line, for dialogs that cover the banner. `troubles`: why a part is not here. */
export function identityLine(of: FragmentType<typeof BannerFragment>, troubles: ReadonlyMap<string, Trouble>): string {
  const patient = read(BannerFragment, of)
  const { activeAllergies: allergies, age, codeStatus, deceased } = patient
  return [
    patientName(patient.name), `Born ${patient.birthDate ? formatDay(patient.birthDate) : 'not recorded'}${age && !deceased?.deceased ? ` (${ageText(age)})` : ''}`, ...(deceased?.deceased ? [`Died ${deceased.at ? formatDay(deceased.at) : 'date not recorded'}`] : []), genderText(patient.gender), `MRN ${patient.mrn ?? 'not recorded'}`,
    allergies && hasAllergies(allergies) ? `Allergies: ${reactsTo(allergies).map((a) => a.substance?.text ?? 'substance not recorded').join(', ')}${allergies.pageInfo.hasNextPage ? ' and more' : ''}` : withoutAllergies(allergies, troubles.get('activeAllergies')),
    ...(codeStatus ? (isLimit(codeStatus) ? [`Code status: ${codeStatusText(codeStatus)}`] : []) : troubles.get('codeStatus') === 'failed' ? [withoutCodeStatus('failed')] : []),
  ].join(' · ')
}

/** Who this is as every printed page names them: name, birth date, number, and where they lie. */
export function printLine(of: FragmentType<typeof BannerFragment>): string {
  const { name, birthDate, mrn, stay } = read(BannerFragment, of)
  return [patientName(name), `Born ${birthDate ? formatDay(birthDate) : 'not recorded'}`, `MRN ${mrn ?? 'not recorded'}`, ...[placeNow(stay?.nodes[0]?.places ?? [])].flatMap((place) => place ?? [])].join(' · ')
}

/** Who this is, always in sight: name, birth date, gender, number, what they must not get, what is not to be done for them, and warnings. */
export function Banner({ of }: { of: FragmentType<typeof BannerFragment> }) {
  const patient = read(BannerFragment, of)
  const trouble = useTrouble('activeAllergies')
  const { session } = useSession()
  const { activeAllergies: allergies } = patient
  const { details, choose } = useAppearance()
  const stated = hasAllergies(allergies) ? allergies?.nodes.filter((a) => saysNone(a.fhir)) ?? [] : []
  return (
    <section className={css.banner} aria-label="Patient">
      <div className={css.line}>
        <h1>{patientName(patient.name)}</h1>
        {maySeePatients(session) && patient.starred !== null && patient.starred !== undefined && <Star patient={patient.id} name={patientName(patient.name)} starred={patient.starred} onChanged={() => undefined} />}
        <span>Born <strong>{patient.birthDate ? formatDay(patient.birthDate) : 'Not recorded'}</strong> {!patient.deceased?.deceased && patient.age && `(${ageText(patient.age)})`}</span>
        {patient.deceased?.deceased && (
          <span className={css.died}>Died <strong>{patient.deceased.at ? formatDay(patient.deceased.at) : 'date not recorded'}</strong> {patient.age && `(${ageText(patient.age)})`}</span>
        )}
        <span>Gender <strong>{genderText(patient.gender)}</strong></span>
        <span>MRN <strong>{patient.mrn ?? 'Not recorded'}</strong></span>
        <button type="button" className={css.fold} aria-expanded={details} aria-controls="banner-details" onClick={() => choose({ details: !details })}>
          {details ? <ExpandLessOutlined aria-hidden /> : <ExpandMoreOutlined aria-hidden />}Details
        </button>
      </div>
      <div className={css.line}>
        {allergies && hasAllergies(allergies) ? (
          <span className={css.allergies}>
            <span className={css.head}><Report sx={{ fontSize: 15 }} aria-hidden /> Allergies</span>
            <span className={css.list}>
              {reactsTo(allergies).map((a) => {
                const signs = a.reactions.flatMap((r) => r.manifestations.map((m) => m.text))
                return <span key={a.id}><strong><Drug of={a.substance?.text ?? 'Substance not recorded'} /></strong>{signs.length > 0 && ` – ${signs.join(', ')}`}</span>
              })}
              {allergies.pageInfo.hasNextPage && <span>and more</span>}
            </span>
          </span>
        ) : (
          <span className={allergies ? css.plain : css.unknown}>
            {withoutAllergies(allergies, trouble)}
          </span>
        )}
        {stated.length > 0 && <span className={css.plain}>{noneKnown(stated)}</span>}
        <Resuscitation of={patient.codeStatus} />
        <Alerts of={patient.flags} />
      </div>
      <div className={css.line} id="banner-details" hidden={!details}>{details && <Details of={patient} />}</div>
    </section>
  )
}

/** SNOMED CT: Pregnancy. */
const PREGNANT = '77386006'

/** What doses and the way to the patient hang on: it may be folded away, and is so on each chart in this browser. */
function Details({ of: patient }: { of: BannerFragmentType }) {
  const pregnancy = patient.pregnancy?.nodes.find((c) => c.code?.codings.some((k) => k.code === PREGNANT) && c.verificationStatus !== 'ENTERED_IN_ERROR' && c.verificationStatus !== 'REFUTED')
  const pregnancyTrouble = useTrouble('pregnancy')
  const stay = patient.stay?.nodes[0]
  const since = pregnancy?.onsetAt ?? pregnancy?.recordedAt
  const contact = patient.contacts[0]
  const reached = contact?.telecom.find((t) => t.system === 'phone')?.value ?? contact?.telecom.find((t) => t.value)?.value
  return (
    <>
      <Measure name="Weight" of={patient.weight} part="weight" />
      <Measure name="eGFR" of={patient.egfr} part="egfr" />
      {pregnancy ? <span><strong>{pregnancy.code?.text ?? 'Pregnancy'}</strong> {since ? `since ${formatDay(since)}` : 'date not recorded'}</span> : pregnancyTrouble === 'failed' && <span>Pregnancy <strong>not loaded</strong></span>}
      {stay && (
        <>
          <span>Location <strong>{placeNow(stay.places) ?? 'Not recorded'}</strong></span>
          <span>With <strong>{stay.participants[0]?.display ?? 'Not recorded'}</strong></span>
        </>
      )}
      {contact && <span>Contact <strong>{contact.name?.display ?? 'Name not recorded'}</strong>{contact.relationships[0] && ` (${contact.relationships[0].text})`} {reached ?? 'cannot be reached by what is recorded'}</span>}
    </>
  )
}

/** The code status with its day. What may hold something back stands out; that none is recorded does not say that everything is to be done. */
function Resuscitation({ of }: { of: BannerFragmentType['codeStatus'] }) {
  const trouble = useTrouble('codeStatus')
  if (!of) return <span className={trouble ? css.unknown : css.plain}>{withoutCodeStatus(trouble)}</span>
  const day = of.authoredOn ? formatDay(of.authoredOn) : 'date not recorded'
  if (!isLimit(of)) return <span className={css.plain}>Code status: <strong>{codeStatusText(of)}</strong>, {day}</span>
  return (
    <span className={css.limit}>
      <span className={css.head}>Code status</span>
      <span className={css.list}><strong>{codeStatusText(of)}</strong> {day}</span>
    </span>
  )
}

/** The warnings that hold. None recorded is not the same as not seen. */
function Alerts({ of }: { of: BannerFragmentType['flags'] }) {
  const trouble = useTrouble('flags')
  if (!of) return <span className={css.unknown}>{trouble === 'forbidden' ? 'Alerts: you may not see this' : 'Alerts: not loaded. Do not assume there are none.'}</span>
  const active = of.nodes.filter((flag) => flag.status === 'ACTIVE')
  if (active.length === 0) return <span className={css.plain}>Alerts: {of.pageInfo.hasNextPage ? 'not all loaded' : 'none recorded'}</span>
  return (
    <span className={css.alerts}>
      <span className={css.head}><WarningAmber sx={{ fontSize: 15 }} aria-hidden /> Alerts</span>
      <span className={css.list}>
        {active.map((flag) => <strong key={flag.id}>{flag.code?.text ?? 'Not worded'}</strong>)}
        {of.pageInfo.hasNextPage && <span>and perhaps more</span>}
      </span>
    </span>
  )
}

/** The newest of one measurement with its unit, flag and day: it stands here because doses hang on it. Nothing where one may not see it. */
function Measure({ name, of, part }: { name: string; of: readonly { observation: FragmentType<typeof ObservationRow> }[] | null | undefined; part: string }) {
  const trouble = useTrouble(part)
  if (trouble === 'forbidden') return null
  if (!of) return <span>{name} <strong>not loaded</strong></span>
  const row = of[0] && read(ObservationRow, of[0].observation)
  if (!row) return <span>{name} <strong>Not recorded</strong></span>
  const { text, unit } = valueOf(row)
  return <span>{name} <strong>{text} {unit}</strong> <Flags of={flagsOf(row)} /> {row.effectiveAt ? formatDay(row.effectiveAt) : 'date not recorded'}</span>
}
