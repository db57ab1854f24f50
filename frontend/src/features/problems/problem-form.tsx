import { useState } from 'react'
import { NO_TERM, TermField, type Term } from '../../components/clinical/term-field'
import { ActDialog } from '../../components/form/act-dialog'
import { Choice, PartialDate, TextField } from '../../components/form/fields'
import css from '../../components/form/form.module.css'
import { graphql } from '../../gql'
import type { ConditionClinicalStatus, ConditionRecordInput, ConditionResolveInput, ConditionUpdateInput, ConditionVerificationStatus } from '../../gql/graphql'
import { useAct } from '../../hooks/use-act'
import { useAnnounce } from '../../hooks/use-announce'
import { fieldOf, type Result } from '../../lib/act'

const RecordCondition = graphql(`
  mutation RecordCondition($input: ConditionRecordInput!) {
    conditionRecord(input: $input) {
      outcome {
        __typename
        ... on ConditionSaved { condition { id versionId } }
        ... on DuplicateProblem { existing { id code { text } recordedAt } }
        ... on Invalid { issues { expression text } } ... on NotPermitted { permission } ... on Stale { currentVersion }
      }
    }
  }
`)
const UpdateCondition = graphql(`
  mutation UpdateCondition($input: ConditionUpdateInput!) {
    conditionUpdate(input: $input) {
      outcome { __typename ... on ConditionSaved { condition { id versionId } } ... on Invalid { issues { expression text } } ... on NotPermitted { permission } ... on Stale { currentVersion } }
    }
  }
`)
const ResolveCondition = graphql(`
  mutation ResolveCondition($input: ConditionResolveInput!) {
    conditionResolve(input: $input) {
      outcome { __typename ... on ConditionSaved { condition { id versionId } } ... on Invalid { issues { expression text } } ... on NotPermitted { permission } ... on Stale { currentVersion } }
    }
  }
`)

const SAVED = ['ConditionSaved']
const CLINICAL: readonly (readonly [ConditionClinicalStatus, string])[] = [
  ['ACTIVE', 'Active'], ['RECURRENCE', 'Recurrence'], ['RELAPSE', 'Relapse'], ['INACTIVE', 'Inactive'], ['REMISSION', 'Remission'], ['RESOLVED', 'Resolved'],
]
const VERIFICATION: readonly (readonly [ConditionVerificationStatus, string])[] = [
  ['CONFIRMED', 'Confirmed'], ['PROVISIONAL', 'Provisional'], ['DIFFERENTIAL', 'Differential'], ['UNCONFIRMED', 'Unconfirmed'], ['REFUTED', 'Ruled out'],
]
const wrongAt = <O,>(result: Result<O> | null, field: string) => (result?.kind === 'invalid' ? result.issues.find((i) => fieldOf(i) === field)?.text : undefined)

/** A new problem. */
export function AddProblem({ patientId, onClose }: { patientId: string; onClose: () => void }) {
  const announce = useAnnounce()
  const [term, setTerm] = useState<Term>(NO_TERM)
  const [status, setStatus] = useState<ConditionVerificationStatus>('CONFIRMED')
  const [onset, setOnset] = useState('')
  const [note, setNote] = useState('')
  const { send, busy, result } = useAct(RecordCondition, (data) => data.conditionRecord.outcome, SAVED, () => { announce(`${term.text} is recorded`); onClose() })
  const input = (): Omit<ConditionRecordInput, 'idempotencyKey'> => ({
    patient: patientId, code: term.concept, verificationStatus: status, ...(onset && { onset }), ...(note.trim() && { note }),
  })
  return (
    <ActDialog title="Add a problem" submit="Record" busy={busy} dirty={!!(term.text || onset || note)} result={result} onClose={onClose} onSubmit={() => { void send(input()) }}
      renderOwn={(outcome) => (outcome.__typename === 'DuplicateProblem' ? <p>{outcome.existing.map((c) => c.code?.text).join(', ')} is an active problem already. Nothing was recorded.</p> : null)}>
      <TermField label="Problem" kind="CONDITIONS" value={term} onChange={setTerm} required wrong={wrongAt(result, 'code')} />
      <div className={css.row}>
        <Choice label="Certainty" value={status} options={VERIFICATION.filter(([v]) => v !== 'REFUTED')} onChange={setStatus} />
        <PartialDate label="Onset" value={onset} onChange={setOnset} wrong={wrongAt(result, 'onset')} />
      </div>
      <TextField label="Note" value={note} onChange={setNote} rows={2} wrong={wrongAt(result, 'note')} />
    </ActDialog>
  )
}

export interface ProblemToChange { id: string; versionId: string; name: string; clinicalStatus?: ConditionClinicalStatus | null; verificationStatus?: ConditionVerificationStatus | null; onsetAt?: string | null }

/** A problem that is on record, changed. Only what was changed is sent. */
export function EditProblem({ of, onClose }: { of: ProblemToChange; onClose: () => void }) {
  const announce = useAnnounce()
  const before = { clinical: of.clinicalStatus ?? 'ACTIVE', verification: of.verificationStatus ?? 'CONFIRMED', onset: of.onsetAt ?? '' } as const
  const [clinical, setClinical] = useState<ConditionClinicalStatus>(before.clinical)
  const [verification, setVerification] = useState<ConditionVerificationStatus>(before.verification)
  const [onset, setOnset] = useState<string>(before.onset)
  const [note, setNote] = useState('')
  const { send, busy, result } = useAct(UpdateCondition, (data) => data.conditionUpdate.outcome, SAVED, () => { announce(`${of.name} is changed`); onClose() })
  const changes = {
    ...(clinical !== before.clinical && { clinicalStatus: clinical }), ...(verification !== before.verification && { verificationStatus: verification }),
    ...(onset && onset !== before.onset && { onset }), ...(note.trim() && { note }),
  }
  const input = (): Omit<ConditionUpdateInput, 'idempotencyKey'> => ({ id: of.id, expectedVersion: of.versionId, ...changes })
  const dirty = Object.keys(changes).length > 0
  return (
    <ActDialog title={`Change: ${of.name}`} submit="Save" busy={busy} dirty={dirty} result={result} onClose={onClose} onSubmit={() => { if (dirty) void send(input()); else onClose() }}>
      <div className={css.row}>
        <Choice label="Status" value={clinical} options={CLINICAL} onChange={setClinical} />
        <Choice label="Certainty" value={verification} options={VERIFICATION} onChange={setVerification} />
        <PartialDate label="Onset" value={onset} onChange={setOnset} wrong={wrongAt(result, 'onset')} />
      </div>
      <TextField label="Further note" value={note} onChange={setNote} rows={2} wrong={wrongAt(result, 'note')} />
    </ActDialog>
  )
}

/** A problem that is over. */
export function ResolveProblem({ of, onClose }: { of: ProblemToChange; onClose: () => void }) {
  const announce = useAnnounce()
  const [ended, setEnded] = useState('')
  const [note, setNote] = useState('')
  const { send, busy, result } = useAct(ResolveCondition, (data) => data.conditionResolve.outcome, SAVED, () => { announce(`${of.name} is resolved`); onClose() })
  const input = (): Omit<ConditionResolveInput, 'idempotencyKey'> => ({ id: of.id, expectedVersion: of.versionId, ...(ended && { abatement: ended }), ...(note.trim() && { note }) })
  return (
    <ActDialog title={`Resolve: ${of.name}`} submit="Resolve" busy={busy} dirty={!!(ended || note)} result={result} onClose={onClose} onSubmit={() => { void send(input()) }}>
      <PartialDate label="Ended" value={ended} onChange={setEnded} wrong={wrongAt(result, 'abatement')} />
      <TextField label="Note" value={note} onChange={setNote} rows={2} wrong={wrongAt(result, 'note')} />
    </ActDialog>
  )
}
