import Checkbox from '@mui/material/Checkbox'
import FormControlLabel from '@mui/material/FormControlLabel'
import { useState } from 'react'
import { NO_TERM, TermField, type Term } from '../../components/clinical/term-field'
import { ActDialog } from '../../components/form/act-dialog'
import { Choice, TextField } from '../../components/form/fields'
import css from '../../components/form/form.module.css'
import { graphql } from '../../gql'
import type { AllergyCategory, AllergyCriticality, AllergyRecordInput, AllergyRefuteInput, NoneKnownKind, ReactionSeverity } from '../../gql/graphql'
import { useAct } from '../../hooks/use-act'
import { useAnnounce } from '../../hooks/use-announce'

const RecordAllergy = graphql(`
  mutation RecordAllergy($input: AllergyRecordInput!) {
    allergyRecord(input: $input) {
      outcome {
        __typename
        ... on AllergySaved { allergy { id versionId } ended { id } }
        ... on DuplicateAllergy { existing { id substance { text } } }
        ... on UncodedSubstance { message }
        ... on Invalid { issues { expression text } } ... on NotPermitted { permission } ... on Stale { currentVersion }
      }
    }
  }
`)
const RefuteAllergy = graphql(`
  mutation RefuteAllergy($input: AllergyRefuteInput!) {
    allergyRefute(input: $input) {
      outcome { __typename ... on AllergySaved { allergy { id versionId } } ... on Invalid { issues { expression text } } ... on NotPermitted { permission } ... on Stale { currentVersion } }
    }
  }
`)
const NoneKnown = graphql(`
  mutation NoneKnown($input: AllergyNoneKnownInput!) {
    allergyNoneKnown(input: $input) {
      outcome {
        __typename
        ... on AllergySaved { allergy { id versionId } }
        ... on ActiveAllergiesExist { existing { id substance { text } } }
        ... on Invalid { issues { expression text } } ... on NotPermitted { permission } ... on Stale { currentVersion }
      }
    }
  }
`)

const SAVED = ['AllergySaved']
type Or<V> = V | 'NONE'
const CATEGORY: readonly (readonly [Or<AllergyCategory>, string])[] = [['NONE', 'Not stated'], ['MEDICATION', 'Medicine'], ['FOOD', 'Food'], ['ENVIRONMENT', 'Environment'], ['BIOLOGIC', 'Biologic']]
const CRITICALITY: readonly (readonly [Or<AllergyCriticality>, string])[] = [['NONE', 'Not stated'], ['HIGH', 'High'], ['LOW', 'Low'], ['UNABLE_TO_ASSESS', 'Cannot be judged']]
const SEVERITY: readonly (readonly [Or<ReactionSeverity>, string])[] = [['NONE', 'Not stated'], ['MILD', 'Mild'], ['MODERATE', 'Moderate'], ['SEVERE', 'Severe']]
const NONE_KINDS: readonly (readonly [NoneKnownKind, string])[] = [['ANY', 'To anything'], ['DRUG', 'To medicines'], ['FOOD', 'To food'], ['ENVIRONMENT', 'To the environment']]

/** A new allergy. A substance without a code is recorded only when its writer says that this is meant. */
export function AddAllergy({ patientId, onClose }: { patientId: string; onClose: () => void }) {
  const announce = useAnnounce()
  const [substance, setSubstance] = useState<Term>(NO_TERM)
  const [category, setCategory] = useState<Or<AllergyCategory>>('NONE')
  const [criticality, setCriticality] = useState<Or<AllergyCriticality>>('NONE')
  const [reaction, setReaction] = useState<Term>(NO_TERM)
  const [severity, setSeverity] = useState<Or<ReactionSeverity>>('NONE')
  const [note, setNote] = useState('')
  const [uncoded, setUncoded] = useState(false)
  const { send, busy, result } = useAct(RecordAllergy, (data) => data.allergyRecord.outcome, SAVED, (outcome) => {
    const ended = outcome.__typename === 'AllergySaved' && outcome.ended.length > 0
    announce(`${substance.text} is recorded${ended ? '; “no known allergies” is ended' : ''}`)
    onClose()
  })
  const choose = (term: Term) => { setSubstance(term); if (term.category) setCategory(term.category) }
  const input = (): Omit<AllergyRecordInput, 'idempotencyKey'> => ({
    patient: patientId, substance: substance.concept, acceptUncoded: uncoded,
    ...(category !== 'NONE' && { categories: [category] }), ...(criticality !== 'NONE' && { criticality }),
    ...(reaction.text.trim() && { reactions: [{ manifestations: [reaction.concept], ...(severity !== 'NONE' && { severity }) }] }),
    ...(note.trim() && { note }),
  })
  const asksForCode = result?.kind === 'other' && result.outcome.__typename === 'UncodedSubstance'
  return (
    <ActDialog title="Add an allergy" submit="Record" busy={busy} dirty={!!(substance.text || reaction.text || note)} result={result} onClose={onClose} onSubmit={() => { void send(input()) }}
      renderOwn={(outcome) => (outcome.__typename === 'DuplicateAllergy' ? <p>{outcome.existing.map((a) => a.substance?.text).join(', ')} is on record already. Nothing was recorded.</p>
        : outcome.__typename === 'UncodedSubstance' ? <p>This substance has no code, so prescriptions cannot be checked against it. Choose one from the list, or confirm below.</p> : null)}>
      <TermField label="Substance" kind="ALLERGENS" value={substance} onChange={choose} required />
      {(asksForCode || uncoded) && (
        <FormControlLabel control={<Checkbox size="small" checked={uncoded} onChange={(e) => setUncoded(e.target.checked)} />} label="Record it in words: prescriptions will not be checked against it" />
      )}
      <div className={css.row}>
        <Choice label="Kind" value={category} options={CATEGORY} onChange={setCategory} />
        <Choice label="Criticality" value={criticality} options={CRITICALITY} onChange={setCriticality} />
      </div>
      <div className={css.row}>
        <TermField label="Reaction" kind="REACTIONS" value={reaction} onChange={setReaction} />
        <Choice label="Severity" value={severity} options={SEVERITY} onChange={setSeverity} />
      </div>
      <TextField label="Note" value={note} onChange={setNote} rows={2} />
    </ActDialog>
  )
}

/** An allergy that was ruled out. */
export function RefuteAllergyDialog({ id, version, name, onClose }: { id: string; version: string; name: string; onClose: () => void }) {
  const announce = useAnnounce()
  const [reason, setReason] = useState('')
  const { send, busy, result } = useAct(RefuteAllergy, (data) => data.allergyRefute.outcome, SAVED, () => { announce(`${name} is ruled out`); onClose() })
  return (
    <ActDialog title={`Rule out: ${name}`} submit="Rule out" busy={busy} dirty={!!reason} result={result} onClose={onClose}
      onSubmit={() => { void send({ id, expectedVersion: version, reason } satisfies Omit<AllergyRefuteInput, 'idempotencyKey'>) }}>
      <TextField label="What speaks against it" value={reason} onChange={setReason} required rows={2} />
    </ActDialog>
  )
}

/** That nobody knows of an allergy: a statement of who says so, not the absence of entries. */
export function NoneKnownDialog({ patientId, onClose }: { patientId: string; onClose: () => void }) {
  const announce = useAnnounce()
  const [kind, setKind] = useState<NoneKnownKind>('ANY')
  const { send, busy, result } = useAct(NoneKnown, (data) => data.allergyNoneKnown.outcome, SAVED, () => { announce('No known allergies is recorded'); onClose() })
  return (
    <ActDialog title="No known allergies" submit="Record" busy={busy} dirty={false} result={result} onClose={onClose} onSubmit={() => { void send({ patient: patientId, kind }) }}
      renderOwn={(outcome) => (outcome.__typename === 'ActiveAllergiesExist' ? <p>{outcome.existing.map((a) => a.substance?.text).join(', ')} is on record. Rule it out first. Nothing was recorded.</p> : null)}>
      <p>You state that this patient was asked and has no known allergy.</p>
      <Choice label="To what" value={kind} options={NONE_KINDS} onChange={setKind} />
    </ActDialog>
  )
}
