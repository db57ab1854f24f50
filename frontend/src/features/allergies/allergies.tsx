import Report from '@mui/icons-material/Report'
import { useClient } from 'urql'
import { ActStrip, RowActs, type ActItem } from '../../components/act/acts'
import { useMistake } from '../../components/act/mistake'
import { Reviewed } from '../../components/act/review'
import { dangerousFirst, NONE_KNOWN, noneOf, sources, speaker } from '../../components/clinical/allergy'
import { Drug } from '../../components/clinical/drug'
import { conceptText, Status, words } from '../../components/clinical/status'
import { Moment } from '../../components/ui/moment'
import { Part } from '../../components/ui/part'
import { Pages, RecordTable } from '../../components/ui/record-table'
import { Section } from '../../components/ui/section'
import { Empty } from '../../components/ui/states'
import { useMay } from '../../hooks/use-may'
import { useAsOf } from '../../contexts/patient'
import { graphql, read, type FragmentType } from '../../gql'
import type { AllergyPageFragment } from '../../gql/graphql'
import { formatDay } from '../../lib/date'
import { AllergyFields, useAllergyForms } from './allergy-forms'
import css from './allergies.module.css'

export const AllergyPage = graphql(`
  fragment AllergyPage on AllergyList {
    status
    nodes { id versionId substance { text codings { code } } type category criticality clinicalStatus verificationStatus onsetAt recordedAt reactions { substance { text } manifestations { text } severity description onset } notes { text } fhir ...AllergyFields }
    pageInfo { hasNextPage endCursor }
    totalCount
  }
`)
export const AllergyRecord = graphql(`
  fragment AllergyRecord on Patient { allergies(first: 50) { ...AllergyPage } listReview(list: ALLERGIES) { ...ListReviewStamp } }
`)
const MoreAllergies = graphql(`
  query MoreAllergies($id: ID!, $after: String!, $asOf: Instant) { patient(id: $id, asOf: $asOf) { id allergies(first: 50, after: $after) { ...AllergyPage } } }
`)

type Allergy = AllergyPageFragment['nodes'][number]
const inError = (a: Allergy) => a.verificationStatus === 'ENTERED_IN_ERROR'
const past = (a: Allergy) => a.clinicalStatus === 'INACTIVE' || a.clinicalStatus === 'RESOLVED' || a.verificationStatus === 'REFUTED'

/** What the patient reacts to, agent first. “None known” is what somebody found out; “not recorded” is that nobody asked. */
export function AllergiesView({ of, patientId }: { of: FragmentType<typeof AllergyRecord> | undefined; patientId: string }) {
  const client = useClient()
  const asOf = useAsOf()
  const more = async (after: string) => {
    const { data } = await client.query(MoreAllergies, { id: patientId, after, asOf }, { requestPolicy: 'network-only' }).toPromise()
    return read(AllergyPage, data?.patient?.allergies)
  }
  const acting = useMay('allergies')
  const forms = useAllergyForms(patientId)
  const mistake = useMistake()
  const acts = (a: Allergy): ActItem[] => {
    const of = read(AllergyFields, a)
    if (!acting || inError(a)) return []
    return [
      { name: 'Change', form: () => forms.update(of) },
      ...(past(a) || states(a) ? [] : [{ name: 'Rule out', form: () => forms.refute(of) }]),
      { name: 'Entered in error', form: () => mistake(of, a.substance?.text ?? 'The allergy') },
    ]
  }
  const record = read(AllergyRecord, of)
  return (
    <Part of={record?.allergies} name="allergies" what="Allergies" rows={6}>
      {(masked) => {
        const first = read(AllergyPage, masked)
        const present = first.nodes.filter((a) => !past(a) && !inError(a) && !states(a))
        const none = first.nodes.filter((a) => states(a) && !past(a) && !inError(a))
        // With an allergy further down, or one that is there, the server would refuse it.
        const deniable = present.length === 0 && !first.pageInfo.hasNextPage
        const strip = (
          <ActStrip
            note={present.length > 0 || first.pageInfo.hasNextPage ? 'Agent first, then what it did' : none.length > 0 ? none.map(statement).join(' · ') : first.nodes.some((a) => !inError(a)) ? 'None is recorded as present' : 'Nobody has asked yet'}
            items={acting ? [{ name: 'Record an allergy', form: forms.record }, ...(deniable ? [{ name: none.length > 0 ? 'State it anew' : 'No known allergies', form: forms.noneKnown }] : [])] : []}
          />
        )
        if (first.status === 'NOT_ASKED' && first.nodes.length === 0) {
          return <>{strip}<Section title="Allergies"><Empty>Not recorded. Nobody has written down whether this patient has allergies.</Empty></Section></>
        }
        return (
          <>
          {strip}
          <Pages first={first} more={more} what="allergies">
            {(nodes, load) => {
              const groups: [string, readonly Allergy[]][] = [
                [deniable && none.some(ofAll) ? 'No known allergies' : 'Allergies', dangerousFirst(nodes.filter((a) => !past(a) && !inError(a)))],
                ['Inactive, resolved and refuted', nodes.filter((a) => past(a) && !inError(a))],
                ['Entered in error', nodes.filter(inError)],
              ]
              return groups.map(([title, rows], i) => (rows.length > 0 || i === 0) && (
                <Section key={title} title={title} note={i === 0 && rows.every(states) ? '' : `${rows.length}`}>
                  {i === 0 && <Reviewed list="ALLERGIES" of={record?.listReview} patient={patientId} acting={acting} seen={load ? null : rows} hidden="Load all allergies to mark the list reviewed." />}
                  {rows.length === 0 ? <Empty>No allergy is recorded as present.</Empty> : <Table of={rows} label={title} acts={acts} />}
                </Section>
              ))
            }}
          </Pages>
          </>
        )
      }}
    </Part>
  )
}

/** Whether it is the statement that there is none at all. */
const ofAll = (a: Allergy) => a.substance?.codings.some((c) => c.code === NONE_KNOWN) ?? false
/** Whether it is the statement that there is none, or none of a kind. */
const states = (a: Allergy) => a.substance?.codings.some((c) => noneOf(c.code)) ?? false
/** What a statement says, with who made it and when. One about medicines only is not read as one about all. */
const statement = (a: Allergy) => {
  const said = [speaker(a.fhir), a.recordedAt ? formatDay(a.recordedAt) : ''].filter(Boolean).join(', ')
  return `${ofAll(a) ? 'No known allergies' : a.substance?.text ?? ''}${said && ` (${said})`}`
}
/** What stands where nothing is recorded; of the statement that there is none, nothing of an allergy is missing. */
const absent = (a: Allergy) => (states(a) ? '–' : 'Not recorded')

function Table({ of, label, acts }: { of: readonly Allergy[]; label: string; acts: (a: Allergy) => ActItem[] }) {
  return (
    <RecordTable label={label} columns={['Agent', 'Reaction', 'Criticality', 'Kind', 'Certainty', 'Onset', 'Recorded', 'Acts']}>
      {of.map((a) => (
        <tr key={a.id}>
          <th scope="row">{inError(a) ? <s><Drug of={a.substance?.text ?? 'Not recorded'} /></s> : <Drug of={a.substance?.text ?? 'Not recorded'} />}{a.notes.map((n) => <small key={n.text}>{n.text}</small>)}</th>
          <td>
            {a.reactions.length === 0 ? absent(a) : a.reactions.map((r, i) => (
              <div key={i}>
                {conceptText(r.manifestations) || r.description || absent(a)}
                <small>{[r.severity && words(r.severity), r.onset && `showed ${formatDay(r.onset)}`, r.substance && r.substance.text !== a.substance?.text && `to ${r.substance.text}`].filter(Boolean).join(' · ')}</small>
                {r.manifestations.length > 0 && r.description && <small>{r.description}</small>}
              </div>
            ))}
          </td>
          <td>{a.criticality === 'HIGH' ? <span className={css.danger}><Report sx={{ fontSize: 14 }} aria-hidden /> High</span> : a.criticality ? words(a.criticality) : absent(a)}</td>
          <td>{[a.type, ...a.category].filter(Boolean).map((w) => words(w ?? '')).join(', ') || absent(a)}</td>
          <td><Status of={a.verificationStatus} /></td>
          <td>{a.onsetAt ? formatDay(a.onsetAt) : absent(a)}</td>
          <td>{a.recordedAt ? <Moment at={a.recordedAt} /> : 'Not recorded'}{sources(a.fhir).map((one) => <small key={one}>{one}</small>)}</td>
          <td><RowActs of={a.substance?.text ?? 'allergy'} place={a.id} items={acts(a)} /></td>
        </tr>
      ))}
    </RecordTable>
  )
}
