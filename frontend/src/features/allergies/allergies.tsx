import Report from '@mui/icons-material/Report'
import Button from '@mui/material/Button'
import { useState } from 'react'
import { useClient } from 'urql'
import { MistakeDialog } from '../../components/clinical/mistake'
import { Status, words } from '../../components/clinical/status'
import { Part } from '../../components/ui/part'
import { Pages, RecordTable } from '../../components/ui/record-table'
import { Section } from '../../components/ui/section'
import { Empty } from '../../components/ui/states'
import { graphql, read, type FragmentType } from '../../gql'
import type { AllergyPageFragment } from '../../gql/graphql'
import form from '../../components/form/form.module.css'
import { useSession } from '../../contexts/session'
import { formatDay } from '../../lib/date'
import { mayChart } from '../../lib/permissions'
import { AddAllergy, NoneKnownDialog, RefuteAllergyDialog } from './allergy-form'
import css from './allergies.module.css'

export const AllergyPage = graphql(`
  fragment AllergyPage on AllergyList {
    status
    nodes { id versionId substance { text codings { code } } type category criticality clinicalStatus verificationStatus onsetAt recordedAt reactions { substance { text } manifestations { text } severity description onset } notes { text } }
    pageInfo { hasNextPage endCursor }
    totalCount
  }
`)
export const AllergyRecord = graphql(`
  fragment AllergyRecord on Patient { allergies(first: 50) { ...AllergyPage } }
`)
const MoreAllergies = graphql(`
  query MoreAllergies($id: ID!, $after: String!) { patient(id: $id) { id allergies(first: 50, after: $after) { ...AllergyPage } } }
`)

type Allergy = AllergyPageFragment['nodes'][number]
interface Open { act: 'add' | 'none' | 'refute' | 'mistake'; on?: Allergy }
const inError = (a: Allergy) => a.verificationStatus === 'ENTERED_IN_ERROR'
const past = (a: Allergy) => a.clinicalStatus === 'INACTIVE' || a.clinicalStatus === 'RESOLVED' || a.verificationStatus === 'REFUTED'

/** What the patient reacts to, agent first. “None known” is what somebody found out; “not recorded” is that nobody asked. */
export function AllergiesView({ of, patientId }: { of: FragmentType<typeof AllergyRecord> | undefined; patientId: string }) {
  const client = useClient()
  const may = mayChart(useSession().session)
  const [open, setOpen] = useState<Open | null>(null)
  const close = () => setOpen(null)
  const more = async (after: string) => {
    const { data } = await client.query(MoreAllergies, { id: patientId, after }, { requestPolicy: 'network-only' }).toPromise()
    return read(AllergyPage, data?.patient?.allergies)
  }
  const name = open?.on?.substance?.text ?? 'Not recorded'
  const actions = (status: string) => may && (
    <>
      {status !== 'KNOWN' && <Button variant="outlined" size="small" onClick={() => setOpen({ act: 'none' })}>No known allergies</Button>}
      <Button variant="outlined" size="small" onClick={() => setOpen({ act: 'add' })}>Add an allergy</Button>
    </>
  )
  return (
    <>
    {open?.act === 'add' && <AddAllergy patientId={patientId} onClose={close} />}
    {open?.act === 'none' && <NoneKnownDialog patientId={patientId} onClose={close} />}
    {open?.act === 'refute' && open.on && <RefuteAllergyDialog id={open.on.id} version={open.on.versionId} name={name} onClose={close} />}
    {open?.act === 'mistake' && open.on && <MistakeDialog id={open.on.id} version={open.on.versionId} what={name} onClose={close} />}
    <Part of={read(AllergyRecord, of)?.allergies} name="allergies" what="Allergies" rows={6}>
      {(masked) => {
        const first = read(AllergyPage, masked)
        if (first.status === 'NOT_ASKED' && first.nodes.length === 0) {
          return <Section title="Allergies" actions={actions(first.status)}><Empty>Not recorded. Nobody has written down whether this patient has allergies.</Empty></Section>
        }
        return (
          <Pages first={first} more={more} what="allergies">
            {(nodes) => {
              const groups: [string, readonly Allergy[]][] = [
                [first.status === 'NONE_KNOWN' ? 'No known allergies' : 'Allergies', nodes.filter((a) => !past(a) && !inError(a))],
                ['Inactive, resolved and refuted', nodes.filter((a) => past(a) && !inError(a))],
                ['Entered in error', nodes.filter(inError)],
              ]
              return groups.map(([title, rows], i) => (rows.length > 0 || i === 0) && (
                <Section key={title} title={title} note={first.status === 'NONE_KNOWN' && i === 0 ? '' : `${rows.length}`} actions={i === 0 && actions(first.status)}>
                  {rows.length === 0 ? <Empty>No allergy is recorded as present.</Empty> : <Table of={rows} label={title} onAct={may ? setOpen : undefined} />}
                </Section>
              ))
            }}
          </Pages>
        )
      }}
    </Part>
    </>
  )
}

function Table({ of, label, onAct }: { of: readonly Allergy[]; label: string; onAct?: (open: Open) => void }) {
  return (
    <RecordTable label={label} columns={['Agent', 'Reaction', 'Criticality', 'Kind', 'Certainty', 'Onset', 'Recorded', ...(onAct ? ['Acts'] : [])]}>
      {of.map((a) => (
        <tr key={a.id}>
          <th scope="row">{inError(a) ? <s>{a.substance?.text ?? 'Not recorded'}</s> : a.substance?.text ?? 'Not recorded'}{a.notes.map((n) => <small key={n.text}>{n.text}</small>)}</th>
          <td>
            {a.reactions.length === 0 ? 'Not recorded' : a.reactions.map((r, i) => (
              <div key={i}>{r.manifestations.map((m) => m.text).join(', ') || r.description || 'Not recorded'}{r.severity && <small>{words(r.severity)}</small>}</div>
            ))}
          </td>
          <td>{a.criticality === 'HIGH' ? <span className={css.danger}><Report sx={{ fontSize: 14 }} aria-hidden /> High</span> : a.criticality ? words(a.criticality) : 'Not recorded'}</td>
          <td>{[a.type, ...a.category].filter(Boolean).map((w) => words(w ?? '')).join(', ') || 'Not recorded'}</td>
          <td><Status of={a.verificationStatus} /></td>
          <td>{a.onsetAt ? formatDay(a.onsetAt) : 'Not recorded'}</td>
          <td>{a.recordedAt ? formatDay(a.recordedAt) : 'Not recorded'}</td>
          {onAct && (
            <td>
              {!inError(a) && (
                <div className={form.actions}>
                  {!past(a) && <Button size="small" variant="text" onClick={() => onAct({ act: 'refute', on: a })} aria-label={`Rule out ${a.substance?.text ?? 'allergy'}`}>Rule out</Button>}
                  <Button size="small" variant="text" onClick={() => onAct({ act: 'mistake', on: a })} aria-label={`Mark ${a.substance?.text ?? 'allergy'} as entered in error`}>In error</Button>
                </div>
              )}
            </td>
          )}
        </tr>
      ))}
    </RecordTable>
  )
}
