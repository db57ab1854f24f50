import { commonOutcome, given, useAct, type FieldSpec, type Outcome } from '../../components/act/act'
import type { ActForm } from '../../components/act/act-dialog'
import { findPractitioners } from '../../components/act/people'
import { graphql, read, type FragmentType } from '../../gql'
import type { TeamFieldsFragment } from '../../gql/graphql'

/** What the form of a team works on. */
export const TeamFields = graphql(`
  fragment TeamFields on CareTeam { id versionId lastUpdated status name period { start end } members { member { id display reference } roles { text } period { start end } } }
`)
const CreateTeam = graphql(`
  mutation CreateTeam($input: CareTeamCreateInput!) {
    careTeamCreate(input: $input) { outcome { __typename ... on CareTeamSaved { careTeam { id versionId } } ... on Stale { id currentVersion } ... on NotPermitted { message } ... on Invalid { issues { text expression } } } }
  }
`)
const UpdateTeam = graphql(`
  mutation UpdateTeam($input: CareTeamUpdateInput!) {
    careTeamUpdate(input: $input) {
      outcome {
        __typename ... on CareTeamSaved { careTeam { id versionId } } ... on TeamClosed { status }
        ... on Stale { id currentVersion current { id lastUpdated ... on CareTeam { ...TeamFields } } } ... on NotPermitted { message } ... on Invalid { issues { text expression } }
      }
    }
  }
`)

export type Member = TeamFieldsFragment['members'][number]
/** Somebody who is something to the patient and can be in the team. */
export interface Relative { id: string; name: string }

/** Who joins: somebody of the house, or of the patient's side. */
const joining = (relatives: readonly Relative[]): FieldSpec[] => [
  { name: 'side', label: 'Who joins', kind: 'choice', required: true, options: [['staff', 'Somebody of the staff'], ...(relatives.length > 0 ? [['family', 'Somebody of the patient’s side'] as const] : [])], input: 'members' },
  { name: 'member', label: 'Name', kind: 'concept', required: true, find: findPractitioners, when: (v) => v.side === 'staff' },
  { name: 'relative', label: 'Person', kind: 'choice', required: true, options: relatives.map((r) => [r.id, r.name] as const), when: (v) => v.side === 'family' },
  { name: 'role', label: 'What they do in the team', help: 'Such as lead, dietitian, carer.' },
]
const NOTE: FieldSpec = { name: 'note', label: 'Remark', kind: 'area' }
const role = (text: string | undefined) => { const one = given(text); return one ? { text: one } : undefined }

/** The forms of who cares for the patient together. */
export function useTeamForms(patient: string, relatives: readonly Relative[]) {
  const act = useAct()
  const change = (t: TeamFieldsFragment, version: string, key: string, input: object, told: string, theirs?: (now: TeamFieldsFragment) => Record<string, string>): Promise<Outcome> =>
    act(UpdateTeam, { input: { id: t.id, expectedVersion: version, idempotencyKey: key, ...input } }, ({ careTeamUpdate: { outcome } }) =>
      commonOutcome(outcome, theirs && ((now) => theirs(read(TeamFields, now as FragmentType<typeof TeamFields>))))
        ?? (outcome.__typename === 'TeamClosed' ? { kind: 'refused', problems: [{ text: `The team has ended: ${outcome.status}.` }] } : { kind: 'saved', told }))
  const nameOf = (t: TeamFieldsFragment) => t.name ?? 'the care team'
  const create = (): ActForm => ({
    title: 'Make a care team', verb: 'Make', fields: [{ name: 'name', label: 'Name of the team', required: true }, ...joining(relatives), NOTE], initial: { side: 'staff' },
    submit: (v, { key, chosen }) => act(CreateTeam, { input: { patient, name: v.name?.trim() ?? '', members: [{ member: (v.side === 'family' ? v.relative : chosen('member')) ?? '', role: role(v.role) }], note: given(v.note), idempotencyKey: key } }, ({ careTeamCreate: { outcome } }) =>
      commonOutcome(outcome) ?? { kind: 'saved', told: `${v.name ?? 'The team'} is made. Further members can join it.` }),
  })
  const join = (t: TeamFieldsFragment): ActForm => ({
    title: `Somebody joins ${nameOf(t)}`, verb: 'Join', version: t.versionId, fields: joining(relatives), initial: { side: 'staff' },
    submit: (v, { key, version, chosen }) => change(t, version, key, { addMembers: [{ member: (v.side === 'family' ? v.relative : chosen('member')) ?? '', role: role(v.role) }] }, 'The member has joined', () => ({})),
  })
  const rename = (t: TeamFieldsFragment): ActForm => ({
    title: `Change ${nameOf(t)}`, verb: 'Save', version: t.versionId, fields: [{ name: 'name', label: 'Name of the team', required: true }, { ...NOTE, label: 'A further remark' }], initial: { name: t.name ?? '' },
    submit: (v, { key, version }) => change(t, version, key, { name: v.name?.trim() === t.name ? undefined : given(v.name), note: given(v.note) }, `${v.name ?? 'The team'} is saved`, (now) => ({ name: now.name ?? '' })),
  })
  const leave = (t: TeamFieldsFragment, m: Member): ActForm => ({
    title: `${m.member?.display ?? 'The member'} leaves ${nameOf(t)}`, verb: 'Leave', danger: true, version: t.versionId, initial: {},
    fields: [{ name: 'note', label: 'Remark', kind: 'area', help: 'The member stays on record with today as the end.' }],
    submit: (v, { key, version }) => change(t, version, key, { endMembers: [m.member?.id ?? m.member?.reference ?? ''], note: given(v.note) }, `${m.member?.display ?? 'The member'} has left`, () => ({})),
  })
  const end = (t: TeamFieldsFragment): ActForm => ({
    title: `End ${nameOf(t)}`, verb: 'End the team', danger: true, version: t.versionId, initial: {},
    fields: [{ name: 'note', label: 'Remark', kind: 'area', help: 'Everybody in it leaves it. The team stays on record.' }],
    submit: (v, { key, version }) => change(t, version, key, { end: true, note: given(v.note) }, `${nameOf(t)} has ended`, () => ({})),
  })
  return { create, join, rename, leave, end }
}
