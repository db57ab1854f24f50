import { useClient } from 'urql'
import { ActStrip, RowActs, type ActItem } from '../../components/act/acts'
import { useMistake } from '../../components/act/mistake'
import { patientName } from '../../components/clinical/person'
import { conceptText, Status } from '../../components/clinical/status'
import { Moment } from '../../components/ui/moment'
import { Part } from '../../components/ui/part'
import { Pages, RecordTable } from '../../components/ui/record-table'
import { Recorded } from '../../components/ui/recorded'
import { Section } from '../../components/ui/section'
import { Empty } from '../../components/ui/states'
import { useAsOf } from '../../contexts/patient'
import { useMay } from '../../hooks/use-may'
import { graphql, read, type FragmentType } from '../../gql'
import type { FamilyFieldsFragment, FamilyRecordFragment } from '../../gql/graphql'
import { formatDateTime, formatDay } from '../../lib/date'
import { ABSENCE, FamilyFields, useFamilyForms } from './family-forms'
import css from './family.module.css'

export const FamilyPage = graphql(`
  fragment FamilyPage on FamilyHistoryConnection { nodes { id date notes { text } ...FamilyFields } pageInfo { hasNextPage endCursor } totalCount }
`)
export const FamilyRecord = graphql(`
  fragment FamilyRecord on Patient {
    familyHistory(first: 50) { ...FamilyPage }
    familyHistoryStatement { id versionId reason statedAt statedBy { id display node { __typename ... on Practitioner { names { display family given prefix } } } } notes { text } }
  }
`)
const MoreFamily = graphql(`
  query MoreFamily($id: ID!, $after: String!, $asOf: Instant) { patient(id: $id, asOf: $asOf) { id familyHistory(first: 50, after: $after) { ...FamilyPage } } }
`)

/** Of whom no illness is listed: whether none is known, or nothing is. */
const none = (f: FamilyFieldsFragment): string => (f.status === 'COMPLETED' ? 'No known illness' : f.status === 'HEALTH_UNKNOWN' ? 'Their health is not known' : 'Not recorded')

/** What relatives have or had. “No known illness” is what somebody was told; “not recorded” is that nobody asked. */
export function FamilyView({ of, patientId }: { of: FragmentType<typeof FamilyRecord> | undefined; patientId: string }) {
  const client = useClient()
  const asOf = useAsOf()
  const acting = useMay('chart')
  const forms = useFamilyForms(patientId)
  const mistake = useMistake()
  const more = async (after: string) => {
    const { data } = await client.query(MoreFamily, { id: patientId, after, asOf }, { requestPolicy: 'network-only' }).toPromise()
    return read(FamilyPage, data?.patient?.familyHistory)
  }
  const acts = (f: FamilyFieldsFragment, name: string): ActItem[] =>
    (!acting || f.status === 'ENTERED_IN_ERROR' ? [] : [{ name: 'Change', form: () => forms.update(f) }, { name: 'Entered in error', form: () => mistake(f, `The history of the patient’s ${name.toLowerCase()}`) }])
  const record = read(FamilyRecord, of)
  const said = record?.familyHistoryStatement
  return (
    <Part of={record?.familyHistory} name="familyHistory" what="Family history" rows={6}>
      {(masked) => {
        const first = read(FamilyPage, masked)
        const ill = first.nodes.some((node) => { const f = read(FamilyFields, node); return f.status !== 'ENTERED_IN_ERROR' && f.conditions.length > 0 })
        return (
          <>
            <ActStrip
              note="One line per relative"
              items={acting ? [{ name: 'Record family history', form: forms.record }, ...(ill ? [] : [{ name: said ? 'State it anew' : 'No known illness in the family', form: forms.noneKnown }])] : []}
            />
            {said && <Stated of={said} ill={ill} acts={acting ? [{ name: 'Entered in error', form: () => mistake(said, ABSENCE[said.reason]) }] : []} />}
            <Pages first={first} more={more} what="relatives">
              {(nodes) => (
                <Section title="Family history" note={`${first.totalCount ?? nodes.length}`}>
                  {nodes.length === 0 ? <Empty>{said ? 'No relative is listed.' : 'Not recorded. Nobody has written down what relatives have or had.'}</Empty> : (
                    <RecordTable label="Family history" columns={['Relative', 'Illnesses', 'Began', 'Lives', 'Health history', 'Told', 'Acts']}>
                      {nodes.map((node) => {
                        const f = read(FamilyFields, node)
                        const name = conceptText(f.relationship) || 'Not recorded'
                        return (
                          <tr key={f.id}>
                            <th scope="row">
                              {f.status === 'ENTERED_IN_ERROR' ? <s>{name}</s> : name}
                              {(f.name || f.born) && <small>{[f.name, f.born && `born ${formatDay(f.born)}`].filter(Boolean).join(', ')}</small>}
                              {node.notes.map((n) => <small key={n.text}>{n.text}</small>)}
                            </th>
                            <td>{f.conditions.length === 0 ? none(f) : f.conditions.map((c, i) => <div key={i}>{c.code?.text ?? 'Not recorded'}{c.contributedToDeath && <small>died of it</small>}{c.outcome && <small>{c.outcome.text}</small>}</div>)}</td>
                            <td>{f.conditions.length === 0 && f.status !== 'COMPLETED' && <Recorded is={null} />}{f.conditions.map((c, i) => <div key={i}>{c.onset ? (c.onsetYears ? `at ${c.onsetYears} years` : c.onset) : 'Not recorded'}</div>)}</td>
                            <td>{f.deceased === true ? 'Has died' : f.deceased === false ? 'Yes' : 'Not recorded'}</td>
                            <td>{f.status ? <Status of={f.status} said={f.status === 'COMPLETED' ? 'Complete' : f.status === 'PARTIAL' ? 'Incomplete' : undefined} /> : <Recorded is={null} />}</td>
                            <td>{node.date ? <Moment at={node.date} /> : 'Not recorded'}</td>
                            <td><RowActs of={name} place={f.id} items={acts(f, name)} /></td>
                          </tr>
                        )
                      })}
                    </RecordTable>
                  )}
                </Section>
              )}
            </Pages>
          </>
        )
      }}
    </Part>
  )
}

/** What somebody has said of the family as a whole, with who and when. */
function Stated({ of, ill, acts }: { of: NonNullable<FamilyRecordFragment['familyHistoryStatement']>; ill: boolean; acts: readonly ActItem[] }) {
  const who = of.statedBy?.node?.__typename === 'Practitioner' ? patientName(of.statedBy.node.names[0]) : of.statedBy?.display
  return (
    <Section title="The family as a whole">
      <div className={css.stated}>
        <p>
          <strong>{ABSENCE[of.reason]}</strong> <span>({[who ?? 'by whom is not recorded', of.statedAt ? formatDateTime(of.statedAt) : 'when is not recorded'].join(', ')})</span>
          {of.notes.map((n) => <small key={n.text}>{n.text}</small>)}
          {ill && <small>Illnesses of relatives are listed all the same: one of the two is a mistake.</small>}
        </p>
        <RowActs of={ABSENCE[of.reason]} place={of.id} items={acts} />
      </div>
    </Section>
  )
}
