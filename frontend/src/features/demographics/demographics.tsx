import { carerName } from '../../components/clinical/carer'
import { languageText } from '../../components/clinical/language'
import { genderText, patientName } from '../../components/clinical/person'
import { conceptText, words } from '../../components/clinical/status'
import { TELECOMS, wordOf } from '../../components/clinical/telecom'
import { Section } from '../../components/ui/section'
import { Empty, Loading } from '../../components/ui/states'
import { graphql, read, type FragmentType } from '../../gql'
import { formatDateTime, formatDay } from '../../lib/date'
import css from './demographics.module.css'

export const DemographicRecord = graphql(`
  fragment DemographicRecord on Patient {
    active gender birthDate
    deceased { deceased at }
    names { use display family given prefix suffix }
    identifiers { use system value type { text } }
    telecom { system value use }
    addresses { use text lines city state postalCode country }
    language { text codings { system code } }
    maritalStatus { text }
    generalPractitioners { ...Carer }
    lastUpdated versionId
  }
`)

/** Who the patient is and how to reach them: what registration works with. */
export function DemographicsView({ of }: { of: FragmentType<typeof DemographicRecord> | undefined }) {
  if (!of) return <Loading rows={10} label="Demographics" />
  const p = read(DemographicRecord, of)
  const use = (code: string | null | undefined) => (code ? ` (${code})` : '')
  return (
    <>
      <Section title="Person">
        <dl className={css.facts}>
          {p.names.length === 0 && <Fact name="Name" is={null} />}
          {p.names.map((n, i) => <Fact key={i} name={`Name${use(n.use)}`} is={[patientName(n), ...n.suffix].join(', ')} />)}
          <Fact name="Born" is={p.birthDate ? formatDay(p.birthDate) : null} />
          <Fact name="Gender" is={p.gender ? genderText(p.gender) : null} />
          {p.deceased?.deceased && <Fact name="Died" is={p.deceased.at ? formatDateTime(p.deceased.at) : 'Date not recorded'} />}
          <Fact name="Language" is={languageText(p.language)} />
          <Fact name="Marital status" is={conceptText(p.maritalStatus)} />
          <Fact name="Record" is={p.active === false ? 'No longer in use' : p.active === true ? 'In use' : null} />
        </dl>
      </Section>
      <Section title="Identifiers" note={`${p.identifiers.length}`}>
        {p.identifiers.length === 0 ? <Empty>No identifier is recorded.</Empty> : (
          <dl className={css.facts}>{p.identifiers.map((i, at) => <Fact key={at} name={`${conceptText(i.type) || (i.system ?? 'Of a kind not recorded')}${use(i.use)}`} is={i.value} />)}</dl>
        )}
      </Section>
      <Section title="Phone and address" note={`${p.telecom.length + p.addresses.length}`}>
        {p.telecom.length + p.addresses.length === 0 ? <Empty>No way to reach the patient is recorded.</Empty> : (
          <dl className={css.facts}>
            {p.telecom.map((t, at) => <Fact key={`t${at}`} name={`${wordOf(TELECOMS, t.system) ?? words(t.system ?? 'other')}${use(t.use)}`} is={t.value} />)}
            {p.addresses.map((a, at) => <Fact key={`a${at}`} name={`Address${use(a.use)}`} is={a.text ?? [...a.lines, a.city, [a.state, a.postalCode].filter(Boolean).join(' '), a.country].filter(Boolean).join(', ')} />)}
          </dl>
        )}
      </Section>
      <Section title="General practitioners" note={`${p.generalPractitioners.length}`}>
        {p.generalPractitioners.length === 0 ? <Empty>No general practitioner is recorded.</Empty> : (
          <dl className={css.facts}>{p.generalPractitioners.map((g, at) => <Fact key={at} name="Name" is={carerName(g)} />)}</dl>
        )}
      </Section>
      <p className={css.stamp}>Version {p.versionId}, last changed {formatDay(p.lastUpdated)}.</p>
    </>
  )
}

function Fact({ name, is }: { name: string; is: string | null | undefined }) {
  return <><dt>{name}</dt><dd>{is || 'Not recorded'}</dd></>
}
