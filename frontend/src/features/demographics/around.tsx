import { patientName } from '../../components/clinical/person'
import { Status } from '../../components/clinical/status'
import { Part } from '../../components/ui/part'
import { RecordTable } from '../../components/ui/record-table'
import { Section } from '../../components/ui/section'
import { Empty } from '../../components/ui/states'
import { graphql, read, type FragmentType } from '../../gql'
import { formatPeriod } from '../../lib/date'

export const AroundRecord = graphql(`
  fragment AroundRecord on Patient {
    contacts { relationships { text } name { display family given prefix } telecom { system value } period { start end } }
    relatedPersons(first: 25) { nodes { id relationships { text } names { display family given prefix } telecom { system value } period { start end } } totalCount }
    coverage(first: 25) { nodes { id status type { text } subscriberId payors { display } relationship { text } period { start end } order } totalCount }
  }
`)

interface Somebody { relationships: readonly { text: string }[]; name: Parameters<typeof patientName>[0]; telecom: readonly { value?: string | null }[]; period?: { start?: string | null; end?: string | null } | null }

function People({ title, of, empty }: { title: string; of: readonly Somebody[]; empty: string }) {
  return (
    <Section title={title} note={`${of.length}`}>
      {of.length === 0 ? <Empty>{empty}</Empty> : (
        <RecordTable label={title} columns={['Who', 'Is', 'How to reach', 'When']}>
          {of.map((p, i) => (
            <tr key={i}>
              <th scope="row">{patientName(p.name)}</th>
              <td>{p.relationships.map((r) => r.text).join(', ') || 'Not recorded'}</td>
              <td>{p.telecom.flatMap((t) => t.value ?? []).join(', ') || 'Not recorded'}</td>
              <td>{formatPeriod(p.period, true) || 'Not recorded'}</td>
            </tr>
          ))}
        </RecordTable>
      )}
    </Section>
  )
}

/** Whom to reach about the patient, who is something to them, and who pays. */
export function AroundView({ of }: { of: FragmentType<typeof AroundRecord> | undefined }) {
  const around = read(AroundRecord, of)
  return (
    <>
      <Part of={around?.contacts} name="contacts" what="Contacts" rows={2}>{(all) => <People title="Contacts" of={all.map((c) => ({ ...c, name: c.name }))} empty="No contact is recorded." />}</Part>
      <Part of={around?.relatedPersons} name="relatedPersons" what="Related persons" rows={2}>{(list) => <People title="Related persons" of={list.nodes.map((p) => ({ ...p, name: p.names[0] }))} empty="No related person is recorded." />}</Part>
      <Part of={around?.coverage} name="coverage" what="Coverage" rows={2}>
        {(list) => (
          <Section title="Coverage" note={`${list.totalCount ?? list.nodes.length}`}>
            {list.nodes.length === 0 ? <Empty>No coverage is recorded.</Empty> : (
              <RecordTable label="Coverage" columns={['Who pays', 'Kind', 'Status', 'Member number', 'Patient is', 'When']}>
                {list.nodes.map((c) => (
                  <tr key={c.id}>
                    <th scope="row">{c.payors.flatMap((p) => p.display ?? []).join(', ') || 'Not recorded'}{c.order && <small>pays as number {c.order}</small>}</th>
                    <td>{c.type?.text ?? 'Not recorded'}</td>
                    <td><Status of={c.status} /></td>
                    <td>{c.subscriberId ?? 'Not recorded'}</td>
                    <td>{c.relationship?.text ?? 'Not recorded'}</td>
                    <td>{formatPeriod(c.period, c.status === 'ACTIVE') || 'Not recorded'}</td>
                  </tr>
                ))}
              </RecordTable>
            )}
          </Section>
        )}
      </Part>
    </>
  )
}
