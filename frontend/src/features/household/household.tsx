import { ActStrip, RowActs, type ActItem } from '../../components/act/acts'
import { useMistake } from '../../components/act/mistake'
import { genderText, patientName } from '../../components/clinical/person'
import { conceptText, Status } from '../../components/clinical/status'
import { Moment } from '../../components/ui/moment'
import { Part } from '../../components/ui/part'
import { RecordTable } from '../../components/ui/record-table'
import { Section } from '../../components/ui/section'
import { Empty } from '../../components/ui/states'
import { useMay } from '../../hooks/use-may'
import { graphql, read, type FragmentType } from '../../gql'
import type { HouseholdRecordFragment } from '../../gql/graphql'
import { formatDay, formatPeriod } from '../../lib/date'
import { useConsentForms, type Relative } from './consent-forms'
import { CoverageFields, holds, nextOrder, orderText, useCoverageForms } from './coverage-forms'
import { RelatedFields, relatedName, useRelatedForms } from './person-forms'

export const HouseholdRecord = graphql(`
  fragment HouseholdRecord on Patient {
    contacts { relationships { text } name { display family given prefix } telecom { system value } period { start end } }
    relatedPersons(first: 50) { nodes { id period { start end } ...RelatedFields } totalCount }
    coverage(first: 50) { nodes { id ...CoverageFields } totalCount }
    consents(first: 50) { nodes { id versionId status scope { text codings { code } } category { text } dateTime performers { id display } rule limited recipients { id display } document { id display } period { start end } } totalCount }
  }
`)
type Consent = NonNullable<HouseholdRecordFragment['consents']>['nodes'][number]

/** How many there are, and how many of them are seen. */
const shown = (list: { nodes: readonly unknown[]; totalCount?: number | null }): string => {
  const total = list.totalCount ?? list.nodes.length
  return total > list.nodes.length ? `the newest ${list.nodes.length} of ${total}` : `${total}`
}

/** Whom to reach about the patient, who is something to them, who pays, and what they agreed to. */
export function HouseholdView({ of, patientId }: { of: FragmentType<typeof HouseholdRecord> | undefined; patientId: string }) {
  const record = read(HouseholdRecord, of)
  const relatives: Relative[] = (record?.relatedPersons?.nodes ?? []).flatMap((node) => {
    const person = read(RelatedFields, node)
    return person.active === false ? [] : [{ id: person.id, name: `${relatedName(person)}${person.relationships[0] ? `, ${person.relationships[0].text.toLowerCase()}` : ''}` }]
  })
  return (
    <>
      <Part of={record?.contacts} name="contacts" what="Emergency contacts" rows={2}>{(contacts) => <Contacts of={contacts} />}</Part>
      <Part of={record?.relatedPersons} name="relatedPersons" what="Related persons" rows={2}>{(list) => <Related of={list} patientId={patientId} />}</Part>
      <Part of={record?.coverage} name="coverage" what="Coverage" rows={2}>{(list) => <CoverageList of={list} patientId={patientId} />}</Part>
      <Part of={record?.consents} name="consents" what="Consents" rows={2}>{(list) => <Consents of={list} patientId={patientId} relatives={relatives} />}</Part>
    </>
  )
}

function Contacts({ of }: { of: NonNullable<HouseholdRecordFragment['contacts']> }) {
  return (
    <Section title="Emergency contacts" note={`${of.length}, as the patient’s own record has them`}>
      {of.length === 0 ? <Empty>No contact is recorded.</Empty> : (
        <RecordTable label="Emergency contacts" columns={['Who', 'Relationship', 'How to reach', 'Period']}>
          {of.map((p, i) => (
            <tr key={i}>
              <th scope="row">{patientName(p.name)}</th>
              <td>{conceptText(p.relationships) || 'Not recorded'}</td>
              <td>{p.telecom.flatMap((t) => t.value ?? []).join(', ') || 'Not recorded'}</td>
              <td>{formatPeriod(p.period, true) || 'Not recorded'}</td>
            </tr>
          ))}
        </RecordTable>
      )}
    </Section>
  )
}

function Related({ of, patientId }: { of: NonNullable<HouseholdRecordFragment['relatedPersons']>; patientId: string }) {
  const [adding, changing] = [useMay('household'), useMay('person')]
  const forms = useRelatedForms(patientId)
  return (
    <Section title="Related persons" note={shown(of)}>
      <ActStrip note="Relatives and others close to the patient, who can be given access to the record" items={adding ? [{ name: 'Record a related person', form: forms.record }] : []} />
      {of.nodes.length === 0 ? <Empty>No related person is recorded.</Empty> : (
        <RecordTable label="Related persons" columns={['Who', 'Relationship', 'Born', 'How to reach', 'Period', 'Acts']}>
          {of.nodes.map((node) => {
            const p = read(RelatedFields, node)
            const ended = p.active === false
            return (
              <tr key={p.id}>
                <th scope="row">{relatedName(p)}{p.gender && <small>{genderText(p.gender)}</small>}</th>
                <td>{conceptText(p.relationships) || 'Not recorded'}{ended && <small>No longer</small>}</td>
                <td>{p.birthDate ? formatDay(p.birthDate) : 'Not recorded'}</td>
                <td>{p.telecom.flatMap((t) => t.value ?? []).join(', ') || 'Not recorded'}</td>
                <td>{formatPeriod(node.period, !ended) || 'Not recorded'}</td>
                <td><RowActs of={relatedName(p)} place={p.id} items={changing ? [{ name: 'Change', form: () => forms.update(p) }, ...(ended ? [] : [{ name: 'Is nothing to the patient any more', form: () => forms.end(p) }])] : []} /></td>
              </tr>
            )
          })}
        </RecordTable>
      )}
    </Section>
  )
}

function CoverageList({ of, patientId }: { of: NonNullable<HouseholdRecordFragment['coverage']>; patientId: string }) {
  const [adding, changing] = [useMay('household'), useMay('person')]
  const forms = useCoverageForms(patientId)
  const mistake = useMistake()
  return (
    <Section title="Coverage" note={shown(of)}>
      <ActStrip note="Who pays; of several, the primary one first" items={adding ? [{ name: 'Record a coverage', form: () => forms.record(nextOrder(of.nodes.map((node) => read(CoverageFields, node)))) }] : []} />
      {of.nodes.length === 0 ? <Empty>No coverage is recorded.</Empty> : (
        <RecordTable label="Coverage" columns={['Who pays', 'Kind', 'Status', 'Member number', 'Patient is', 'Period', 'Acts']}>
          {of.nodes.map((node) => {
            const c = read(CoverageFields, node)
            const name = c.payors.flatMap((p) => p.display ?? []).join(', ') || 'Not recorded'
            const wrong = c.status === 'ENTERED_IN_ERROR'
            const items: ActItem[] = !changing || wrong ? [] : [
              { name: 'Change', form: () => forms.update(c) }, { name: 'End the coverage', form: () => forms.end(c) }, { name: 'Entered in error', form: () => mistake(c, `Coverage by ${name}`) },
            ]
            return (
              <tr key={c.id}>
                <th scope="row">{wrong ? <s>{name}</s> : name}{c.order && <small>{orderText(c.order)}</small>}</th>
                <td>{conceptText(c.type) || 'Not recorded'}</td>
                <td><Status of={c.status} /></td>
                <td>{c.subscriberId ?? 'Not recorded'}</td>
                <td>{holds(c.relationship) || 'Not recorded'}</td>
                <td>{formatPeriod(c.period, c.status === 'ACTIVE') || 'Not recorded'}</td>
                <td><RowActs of={name} place={c.id} items={items} /></td>
              </tr>
            )
          })}
        </RecordTable>
      )}
    </Section>
  )
}

/** What a consent says, in words. */
function rule(c: Consent): string {
  const whom = c.recipients.flatMap((r) => r.display ?? r.id ?? []).join(', ')
  const says = c.rule === 'permit' ? 'Agrees' : c.rule === 'deny' ? 'Refuses' : 'Its rule is not recorded'
  return `${says}${whom ? `, about ${whom}` : ''}`
}

function Consents({ of, patientId, relatives }: { of: NonNullable<HouseholdRecordFragment['consents']>; patientId: string; relatives: readonly Relative[] }) {
  const [saying, withdrawing, papers] = [useMay('consent'), useMay('withdraw'), useMay('document')]
  const forms = useConsentForms(patientId, relatives, papers)
  const mistake = useMistake()
  const named = new Map(relatives.map((r) => [r.id, r.name]))
  const say = (r: { id?: string | null; display?: string | null }) => (r.id ? named.get(r.id) : undefined) ?? r.display ?? (r.id?.startsWith('Patient/') ? 'The patient' : 'Not recorded')
  const proxy = (c: Consent) => c.recipients.some((r) => r.id?.startsWith('RelatedPerson/')) && c.scope?.codings.some((x) => x.code === 'patient-privacy')
  return (
    <Section title="Consents" note={shown(of)}>
      <ActStrip
        note="What the patient agreed to or refused"
        items={saying ? [{ name: 'Record a consent', form: forms.record }, ...(relatives.length > 0 ? [{ name: 'Let a related person see the record', form: forms.proxy }] : [])] : []}
      />
      {of.nodes.length === 0 ? <Empty>No consent is recorded.</Empty> : (
        <RecordTable label="Consents" columns={['About', 'Says', 'Status', 'Said by', 'Said', 'Holds', 'Acts']}>
          {of.nodes.map((c) => {
            const about = conceptText(c.scope) || 'Not recorded'
            const [wrong, holding] = [c.status === 'ENTERED_IN_ERROR', c.status === 'ACTIVE' || c.status === 'DRAFT' || c.status === 'PROPOSED']
            const items: ActItem[] = !withdrawing || wrong ? [] : [...(holding ? [{ name: 'Take back', form: () => forms.withdraw({ id: c.id, versionId: c.versionId, name: about }) }] : []), { name: 'Entered in error', form: () => mistake(c, about) }]
            return (
              <tr key={c.id}>
                <th scope="row">{wrong ? <s>{about}</s> : about}<small>{conceptText(c.category)}</small></th>
                <td>
                  {rule({ ...c, recipients: c.recipients.map((r) => ({ ...r, display: say(r) })) })}
                  {proxy(c) && c.rule === 'permit' && !c.limited && holding && <small>This person sees the whole record, to read.</small>}
                  {c.limited && <small>With limits that stand in its history.</small>}
                  {c.document && <small>Signed paper: {c.document.display ?? 'a document of the chart'}</small>}
                </td>
                <td><Status of={c.status} /></td>
                <td>{c.performers.map(say).join(', ') || 'Not recorded'}</td>
                <td>{c.dateTime ? <Moment at={c.dateTime} /> : 'Not recorded'}</td>
                <td>{formatPeriod(c.period, holding) || 'Without an end'}</td>
                <td><RowActs of={about} place={c.id} items={items} /></td>
              </tr>
            )
          })}
        </RecordTable>
      )}
    </Section>
  )
}
