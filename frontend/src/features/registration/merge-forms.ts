import { commonOutcome, useAct, type FieldSpec, type Outcome } from '../../components/act/act'
import type { ActForm } from '../../components/act/act-dialog'
import { genderText } from '../../components/clinical/person'
import { graphql } from '../../gql'

const ProposeMerge = graphql(`
  mutation ProposeMerge($input: PatientMergeProposeInput!) {
    patientMergePropose(input: $input) { outcome { __typename ... on PatientMergeProposed { task { id versionId } } ... on Stale { id currentVersion current { id lastUpdated } } ... on NotPermitted { message } ... on Invalid { issues { text expression } } } }
  }
`)
const Merge = graphql(`
  mutation MergePatients($input: PatientMergeInput!) {
    patientMerge(input: $input) {
      outcome {
        __typename ... on PatientsMerged { survivor { id versionId } duplicate { id versionId } task { id versionId status } }
        ... on SecondPersonRequired { message } ... on BothInpatient { message } ... on DifferentGenderReview { staying: survivor going: duplicate }
        ... on Stale { id currentVersion current { id lastUpdated } } ... on NotPermitted { message } ... on Invalid { issues { text expression } }
      }
    }
  }
`)
const ProposeUnmerge = graphql(`
  mutation ProposeUnmerge($input: PatientUnmergeProposeInput!) {
    patientUnmergePropose(input: $input) { outcome { __typename ... on PatientMergeProposed { task { id versionId } } ... on Stale { id currentVersion current { id lastUpdated } } ... on NotPermitted { message } ... on Invalid { issues { text expression } } } }
  }
`)
const Unmerge = graphql(`
  mutation UnmergePatients($input: PatientUnmergeInput!) {
    patientUnmerge(input: $input) {
      outcome {
        __typename ... on PatientsUnmerged { survivor { id versionId } duplicate { id versionId } } ... on SecondPersonRequired { message }
        ... on Stale { id currentVersion current { id lastUpdated } } ... on NotPermitted { message } ... on Invalid { issues { text expression } }
      }
    }
  }
`)
const CallOff = graphql(`
  mutation CallOffMerge($input: TaskCancelInput!) {
    taskCancel(input: $input) { outcome { __typename ... on TaskSaved { task { id versionId status } } ... on Stale { id currentVersion current { id lastUpdated } } ... on NotPermitted { message } ... on Invalid { issues { text expression } } } }
  }
`)

/** One of the two records, at the version that was seen. */
export interface Side { id: string; versionId: string; line: string }
export interface Proposal { id: string; versionId: string }

const refused = (text: string): Outcome => ({ kind: 'refused', problems: [{ text }] })
const SECOND = 'You proposed it yourself. A second person has to carry it out.'
const PROPOSED: Outcome = { kind: 'saved', told: 'Proposed. It waits in the inbox for a second person' }
const seen = (what: string): FieldSpec => ({ name: 'seen', label: what, kind: 'check', required: true })
const reason = (label: string, help: string): FieldSpec => ({ name: 'reason', label, kind: 'area', required: true, help })
/** Why the same act on a changed record is no longer the one that was compared. */
const changed = (outcome: { __typename: string }): Outcome | null =>
  (outcome.__typename === 'Stale' ? refused('Somebody changed one of the records, or the proposal, after you had opened it. Close this, and compare them again.') : null)

/** The forms that make one of two records, and two of one again; each is proposed by one person and done by another. */
export function useMergeForms() {
  const act = useAct()
  const propose = (here: Side, other: Side): ActForm => ({
    title: 'Propose that two records are one person', verb: 'Propose', initial: {},
    fields: [
      { name: 'survivor', label: 'The record that stays in use', kind: 'choice', required: true, options: [[here.id, `${here.line} (this chart)`], [other.id, other.line]] },
      reason('How it is known that they are one person', 'The second person decides by it. It stays on record.'),
    ],
    submit: (v, { key }) => {
      const survivor = v.survivor ?? ''
      return act(ProposeMerge, { input: { survivor, duplicate: survivor === here.id ? other.id : here.id, reason: v.reason?.trim() ?? '', idempotencyKey: key } }, ({ patientMergePropose: { outcome } }) => changed(outcome) ?? commonOutcome(outcome) ?? PROPOSED)
    },
  })
  const merge = (task: Proposal, survivor: Side, duplicate: Side): ActForm => ({
    title: 'Make one record of the two', verb: 'Merge', danger: true, initial: {},
    fields: [{
      ...seen('I have compared the two records: they are one person'),
      help: `${survivor.line}, stays in use; its chart shows what was recorded under both. ${duplicate.line}, keeps what was recorded under it, says where it went, and takes no new entries. Two people can undo it.`,
    }],
    submit: (v, { key }) => act(Merge, {
      input: { task: task.id, expectedVersion: task.versionId, survivorVersion: survivor.versionId, duplicateVersion: duplicate.versionId, confirmDifferentGender: v.confirmDifferentGender?.trim() || undefined, idempotencyKey: key },
    }, ({ patientMerge: { outcome } }): Outcome => {
      switch (outcome.__typename) {
        case 'PatientsMerged': return { kind: 'saved', told: 'The two records are one' }
        case 'SecondPersonRequired': return refused(SECOND)
        case 'BothInpatient': return refused('Both are on a ward now, so they are two persons; or one of the stays is a mistake and has to be ended first.')
        case 'DifferentGenderReview': return {
          kind: 'ask', told: `The records disagree on the gender: ${genderText(outcome.staying)} on the one that stays, ${genderText(outcome.going)} on the other. Nothing was merged.`,
          field: { name: 'confirmDifferentGender', label: 'Why they are one person all the same', kind: 'area', required: true },
        }
        default: return changed(outcome) ?? commonOutcome(outcome) ?? refused('The server answered what this page does not know. Look at the records before you try again.')
      }
    }),
  })
  const proposeUnmerge = (done: string, survivor: string, duplicate: string): ActForm => ({
    title: 'Propose that they are two persons after all', verb: 'Propose', initial: {},
    fields: [reason('How it is known that they are two persons', `${duplicate} would be used again, apart from ${survivor}. A second person has to carry it out.`)],
    submit: (v, { key }) => act(ProposeUnmerge, { input: { merge: done, reason: v.reason?.trim() ?? '', idempotencyKey: key } }, ({ patientUnmergePropose: { outcome } }) => changed(outcome) ?? commonOutcome(outcome) ?? PROPOSED),
  })
  const unmerge = (task: Proposal, survivor: Side, duplicate: Side): ActForm => ({
    title: 'Make two records of the one again', verb: 'Part them', danger: true, initial: {},
    fields: [{
      ...seen('I have compared the two records: they are two persons'),
      help: 'Each is as it was before the merge; where one was changed since, that stays. What was recorded since the merge stays with the record it was recorded under: look through it afterwards.',
    }],
    submit: (_, { key }) => act(Unmerge, {
      input: { task: task.id, expectedVersion: task.versionId, survivorVersion: survivor.versionId, duplicateVersion: duplicate.versionId, idempotencyKey: key },
    }, ({ patientUnmerge: { outcome } }): Outcome => (outcome.__typename === 'PatientsUnmerged' ? { kind: 'saved', told: 'They are two records again' }
      : outcome.__typename === 'SecondPersonRequired' ? refused(SECOND)
      : changed(outcome) ?? commonOutcome(outcome) ?? refused('The server answered what this page does not know. Look at the records before you try again.'))),
  })
  /** `own`: by who proposed it. */
  const callOff = (task: Proposal, own: boolean): ActForm => ({
    title: own ? 'Take the proposal back' : 'Decline the proposal', verb: own ? 'Take back' : 'Decline', danger: true, initial: {},
    fields: [reason('Why', 'Nothing is changed on the two records. The proposal stays on record with this reason.')],
    submit: (v, { key }) => act(CallOff, { input: { id: task.id, expectedVersion: task.versionId, reason: v.reason?.trim() ?? '', idempotencyKey: key } }, ({ taskCancel: { outcome } }) =>
      changed(outcome) ?? commonOutcome(outcome) ?? { kind: 'saved', told: own ? 'The proposal is taken back' : 'The proposal is declined' }),
  })
  return { propose, merge, proposeUnmerge, unmerge, callOff }
}
