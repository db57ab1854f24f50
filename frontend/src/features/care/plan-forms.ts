import { commonOutcome, given, useAct, type FieldSpec, type Outcome, type Problem, type Values } from '../../components/act/act'
import type { ActForm } from '../../components/act/act-dialog'
import { graphql, read, type FragmentType } from '../../gql'
import type { CarePlanStepStatus, PlanFieldsFragment, PlanStatus } from '../../gql/graphql'
import { withOffset } from '../../lib/date'

/** What the forms of a care plan work on. */
export const PlanFields = graphql(`
  fragment PlanFields on CarePlan {
    id versionId lastUpdated status title description
    addresses { id display node { id ... on Condition { code { text } } } }
    goals { id display node { id ... on Goal { description { text } } } }
    activities { code { text } status description reference { display } }
  }
`)
const CreatePlan = graphql(`
  mutation CreatePlan($input: CarePlanCreateInput!) {
    carePlanCreate(input: $input) { outcome { __typename ... on CarePlanSaved { carePlan { id versionId } } ... on Stale { id currentVersion } ... on NotPermitted { message } ... on Invalid { issues { text expression } } } }
  }
`)
const UpdatePlan = graphql(`
  mutation UpdatePlan($input: CarePlanUpdateInput!) {
    carePlanUpdate(input: $input) {
      outcome {
        __typename ... on CarePlanSaved { carePlan { id versionId } } ... on PlanClosed { status }
        ... on Stale { id currentVersion current { id lastUpdated ... on CarePlan { ...PlanFields } } } ... on NotPermitted { message } ... on Invalid { issues { text expression } }
      }
    }
  }
`)

/** A record that a plan or a goal can name. */
export interface Named { id: string; name: string }
type Activity = PlanFieldsFragment['activities'][number]
export const stepName = (a: Activity): string => a.code?.text ?? a.description ?? a.reference?.display ?? ''
export const isClosed = (p: { status?: PlanStatus | null }): boolean => p.status === 'COMPLETED' || p.status === 'REVOKED' || p.status === 'ENTERED_IN_ERROR'

/** Begins the text of a remark that says what came of a review: the record has remarks, but no reviews. */
const REVIEW = 'Review: '
/** What a remark on a plan says, and whether it is that of a review. */
export const readRemark = (text: string): { review: boolean; text: string } => (text.startsWith(REVIEW) ? { review: true, text: text.slice(REVIEW.length) } : { review: false, text })

/** A text for comparing: what differs in letters of another size or in spaces is the same. */
export const plain = (text: string) => text.trim().replace(/\s+/g, ' ').toLowerCase()
export const refused = (...problems: Problem[]): Outcome => ({ kind: 'refused', problems })

/** Fields that choose up to three records; a further one is there once the one before it is chosen. */
export const several = (name: string, label: string, options: readonly Named[], input: string): FieldSpec[] =>
  (options.length === 0 ? [] : ['', '2', '3'].map((n, i): FieldSpec => ({
    name: `${name}${n}`, label: i === 0 ? label : `${label}, the ${i === 1 ? 'second' : 'third'}`, kind: 'choice', none: 'None', options: options.map((o) => [o.id, o.name] as const), input,
    when: i === 0 ? undefined : (v) => !!v[`${name}${i === 1 ? '' : '2'}`],
  })))
const chosenOf = (v: Values, name: string): string[] => ['', '2', '3'].flatMap((n) => given(v[`${name}${n}`]) ?? [])
/** Whatever of `several` is chosen, and a problem where one is chosen twice. */
export function severalOf(v: Values, name: string, options: readonly Named[]): { ids: string[]; problems: Problem[] } {
  const ids = chosenOf(v, name)
  const twice = ids.findIndex((id, i) => ids.indexOf(id) < i)
  return { ids, problems: twice < 0 ? [] : [{ field: `${name}${twice + 1}`, text: `${options.find((o) => o.id === ids[twice])?.name ?? 'This'} is chosen twice.` }] }
}

/** The steps that are written one in each line, and a problem where one is there already. */
export function stepsOf(text: string | undefined, before: readonly string[] = []): { steps: { description: string }[]; problems: Problem[] } {
  const lines = (text ?? '').split('\n').map((line) => line.trim()).filter(Boolean)
  const known = new Set(before.map(plain))
  const seen = new Set<string>()
  const problems = lines.flatMap((line): Problem[] => {
    const key = plain(line)
    if (known.has(key)) return [{ field: 'steps', text: `“${line}” is a step of this plan already.` }]
    if (seen.has(key)) return [{ field: 'steps', text: `“${line}” stands there twice.` }]
    seen.add(key)
    return []
  })
  return { steps: lines.map((description) => ({ description })), problems }
}

const TITLE: FieldSpec = { name: 'name', label: 'Title', required: true, input: 'title' }
const ABOUT: FieldSpec = { name: 'description', label: 'What it is about', kind: 'area' }
const STATUSES: readonly (readonly [PlanStatus, string])[] = [['ACTIVE', 'In force'], ['ON_HOLD', 'Paused'], ['COMPLETED', 'Done: this closes the plan'], ['REVOKED', 'Ended early: this closes the plan']]
/** Source: FHIR R4, care-plan-activity-status; what is unknown or a mistake is no step that somebody takes. */
const STEP_STATUSES: readonly (readonly [CarePlanStepStatus, string])[] = [
  ['NOT_STARTED', 'Not started'], ['SCHEDULED', 'Scheduled'], ['IN_PROGRESS', 'In progress'], ['ON_HOLD', 'On hold'], ['COMPLETED', 'Completed'], ['CANCELLED', 'Cancelled'], ['STOPPED', 'Stopped'],
]
/** A step that is written in the plan itself; one that is a request stands where the request stands. */
export const isOwnStep = (a: Activity): boolean => !!a.code || !!a.description || !!a.status
const stepValues = (p: PlanFieldsFragment): Values => Object.fromEntries(p.activities.map((a, i) => [`step${i}`, (a.status ?? '').replaceAll('-', '_').toUpperCase()] as const))
const valuesOf = (p: PlanFieldsFragment): Values => ({ name: p.title ?? '', description: p.description ?? '', status: p.status ?? '' })

/** The forms of what is planned. `open`: plans that are not closed; `problems` and `goals` are what a plan can answer. */
export function usePlanForms(patient: string, open: readonly PlanFieldsFragment[], problems: readonly Named[], goals: readonly Named[]) {
  const act = useAct()
  const doubled = (title: string | undefined, but?: string): Problem[] => {
    const other = open.find((p) => p.id !== but && plain(p.title ?? '') === plain(title ?? ''))
    return other ? [{ field: 'name', text: `There is an open plan of this title already: ${other.title ?? ''}. Change that one, or choose another title.` }] : []
  }
  const update = (p: PlanFieldsFragment, version: string, key: string, input: object, told: string, theirs: (now: PlanFieldsFragment) => Values): Promise<Outcome> =>
    act(UpdatePlan, { input: { id: p.id, expectedVersion: version, idempotencyKey: key, ...input } }, ({ carePlanUpdate: { outcome } }) =>
      commonOutcome(outcome, (now) => theirs(read(PlanFields, now as FragmentType<typeof PlanFields>)))
        ?? (outcome.__typename === 'PlanClosed' ? refused({ text: `The plan is closed: ${outcome.status}. Make a new one.` }) : { kind: 'saved', told }))

  const create = (): ActForm => ({
    title: 'Make a care plan', verb: 'Make', initial: {},
    fields: [
      TITLE, ABOUT, ...several('problem', 'Problem it answers', problems, 'addresses'), ...several('goal', 'Goal of the plan', goals, 'goals'),
      { name: 'steps', label: 'Steps', kind: 'area', help: 'What is to be done, one step in each line.' }, { name: 'startsAt', label: 'In force from', kind: 'moment', help: 'Now, when it is not said.' },
    ],
    submit: async (v, { key }) => {
      const [answers, reaches, { steps, problems: wrong }] = [severalOf(v, 'problem', problems), severalOf(v, 'goal', goals), stepsOf(v.steps)]
      const all = [...doubled(v.name), ...answers.problems, ...reaches.problems, ...wrong]
      if (all.length > 0) return refused(...all)
      const startsAt = given(v.startsAt)
      return act(CreatePlan, { input: { patient, title: v.name?.trim() ?? '', description: given(v.description), addresses: answers.ids, goals: reaches.ids, steps, startsAt: startsAt && withOffset(startsAt), idempotencyKey: key } }, ({ carePlanCreate: { outcome } }) =>
        commonOutcome(outcome) ?? { kind: 'saved', told: `The plan is made: ${v.name?.trim() ?? ''}` })
    },
  })
  const change = (p: PlanFieldsFragment): ActForm => {
    const without = (all: readonly Named[], had: readonly { id?: string | null }[]) => all.filter((o) => !had.some((one) => one.id === o.id))
    const [further, reach] = [without(problems, p.addresses), without(goals, p.goals)]
    const before = valuesOf(p)
    const changed = (v: Values, name: string) => (v[name]?.trim() === before[name] ? undefined : given(v[name]))
    return {
      title: `Change: ${p.title ?? 'care plan'}`, verb: 'Save', version: p.versionId, initial: before,
      fields: [
        TITLE, ABOUT, { name: 'status', label: 'Where it stands', kind: 'choice', required: true, options: p.status === 'DRAFT' ? [['DRAFT', 'Being written'], ...STATUSES] : STATUSES },
        { name: 'steps', label: 'Further steps', kind: 'area', help: 'One step in each line.', input: 'addSteps' },
        ...several('problem', 'Further problem it answers', further, 'addAddresses'), ...several('goal', 'Further goal', reach, 'addGoals'),
        { name: 'note', label: 'Remark', kind: 'area' },
      ],
      submit: async (v, { key, version }) => {
        const [answers, reaches, { steps, problems: wrong }] = [severalOf(v, 'problem', further), severalOf(v, 'goal', reach), stepsOf(v.steps, p.activities.map(stepName))]
        const title = changed(v, 'name')
        const all = [...(title ? doubled(title, p.id) : []), ...answers.problems, ...reaches.problems, ...wrong]
        if (all.length > 0) return refused(...all)
        const input = { title, description: changed(v, 'description'), status: changed(v, 'status') as PlanStatus | undefined, addSteps: steps, addAddresses: answers.ids, addGoals: reaches.ids, note: given(v.note) }
        if (Object.values(input).every((one) => one === undefined || (Array.isArray(one) && one.length === 0))) return refused({ text: before.description && !given(v.description) ? 'What the plan is about cannot be emptied; write what holds now.' : 'Nothing is changed yet.' })
        return update(p, version, key, input, 'The plan is saved', valuesOf)
      },
    }
  }
  const review = (p: PlanFieldsFragment): ActForm => ({
    title: `Review: ${p.title ?? 'care plan'}`, verb: 'Record the review', version: p.versionId, initial: {},
    fields: [{ name: 'note', label: 'What came of the review', kind: 'area', required: true, help: 'It stands with the plan, with your name and the time.' }],
    submit: (v, { key, version }) => update(p, version, key, { note: `${REVIEW}${v.note?.trim() ?? ''}` }, 'The review is recorded', () => ({})),
  })
  const steps = (p: PlanFieldsFragment): ActForm => {
    const before = stepValues(p)
    const own = p.activities.flatMap((a, index) => (isOwnStep(a) ? [{ index, field: `step${index}`, name: stepName(a) || `Step ${index + 1}` }] : []))
    return {
      title: `Steps: ${p.title ?? 'care plan'}`, verb: 'Save', version: p.versionId, initial: before,
      fields: [
        ...own.map(({ field, name }): FieldSpec => ({ name: field, label: name, kind: 'choice', required: true, options: STEP_STATUSES, input: 'steps' })),
        { name: 'note', label: 'Remark', kind: 'area' },
      ],
      submit: async (v, { key, version }) => {
        const changed = own.flatMap(({ index, field }) => (v[field] && v[field] !== before[field] ? [{ index, status: v[field] as CarePlanStepStatus }] : []))
        if (changed.length === 0) return refused({ text: 'No step stands elsewhere than before.' })
        return update(p, version, key, { steps: changed, note: given(v.note) }, 'The steps are saved', stepValues)
      },
    }
  }
  return { create, change, review, steps }
}
