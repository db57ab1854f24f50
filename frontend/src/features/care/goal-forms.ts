import { commonOutcome, given, useAct, type FieldSpec, type Outcome, type Problem } from '../../components/act/act'
import type { ActForm } from '../../components/act/act-dialog'
import { graphql } from '../../gql'
import type { GoalAchievement, GoalFieldsFragment, GoalStatus } from '../../gql/graphql'
import { formatDay, today } from '../../lib/date'
import { formatUnit } from '../../lib/quantity'
import { plain, refused, several, severalOf, type Named } from './plan-forms'

/** What the forms of a goal work on. */
export const GoalFields = graphql(`
  fragment GoalFields on Goal {
    id versionId lastUpdated status achievement { text codings { code } } description { text }
    targets { measure { text codings { system code } } quantity { value unit code comparator } low { value unit code } high { value unit code } due }
  }
`)
const SetGoal = graphql(`
  mutation SetGoal($input: GoalSetInput!) {
    goalSet(input: $input) { outcome { __typename ... on GoalSaved { goal { id versionId } withoutMeasure } ... on Stale { id currentVersion } ... on NotPermitted { message } ... on Invalid { issues { text expression } } } }
  }
`)
const RecordGoalProgress = graphql(`
  mutation RecordGoalProgress($input: GoalProgressRecordInput!) {
    goalProgressRecord(input: $input) { outcome { __typename ... on GoalSaved { goal { id versionId } withoutMeasure } ... on Stale { id currentVersion current { id lastUpdated } } ... on NotPermitted { message } ... on Invalid { issues { text expression } } } }
  }
`)

/** What can be measured: in which unit, by which code, and within what is believed. */
export interface Measurable { key: string; name: string; unit: string; unitCode: string; coding: { system: string; code: string }; least?: number; most?: number }
/** The newest value of a goal's measure, in words. `missed`: it is not what the target asks for. */
export interface Shown { observation: string; text: string; missed: boolean }

const PURSUED: readonly (GoalStatus | null | undefined)[] = ['PROPOSED', 'PLANNED', 'ACCEPTED', 'ACTIVE', 'ON_HOLD']
export const isPursued = (g: { status?: GoalStatus | null }): boolean => PURSUED.includes(g.status)
/** States in which the server takes nothing more about a goal. */
export const isOver = (g: { status?: GoalStatus | null }): boolean => g.status === 'ENTERED_IN_ERROR' || g.status === 'REJECTED' || g.status === 'CANCELLED'

const NOTE: FieldSpec = { name: 'note', label: 'Remark', kind: 'area' }

/** Source: FHIR R4, goal-achievement. */
const ACHIEVEMENTS: readonly (readonly [GoalAchievement, string])[] = [
  ['IN_PROGRESS', 'On the way'], ['IMPROVING', 'Getting there'], ['WORSENING', 'Getting away from it'], ['NO_CHANGE', 'As before'], ['ACHIEVED', 'Reached'], ['SUSTAINING', 'Reached and kept'],
  ['NOT_ACHIEVED', 'Not reached'], ['NO_PROGRESS', 'Nothing has come of it'], ['NOT_ATTAINABLE', 'It cannot be reached'],
]
const STATUSES: readonly (readonly [GoalStatus, string])[] = [['ACTIVE', 'Worked on'], ['ON_HOLD', 'Paused'], ['COMPLETED', 'Over'], ['CANCELLED', 'Given up']]

/** What of a target cannot be. Bounds are decimal texts, empty when not said. */
export function impossible(measure: Measurable, low: string, high: string): Problem[] {
  if (!low && !high) return [{ field: 'low', text: `Say the lowest or the highest value of ${measure.name} that is good.` }]
  const unit = formatUnit(measure.unit)
  const beyond = [['low', low], ['high', high]].flatMap(([field, text]): Problem[] => {
    const value = Number(text)
    return text && ((measure.least !== undefined && value < measure.least) || (measure.most !== undefined && value > measure.most))
      ? [{ field, text: `${text} ${unit}: no ${measure.name} below ${measure.least ?? '–'} or above ${measure.most ?? '–'} ${unit} is believed.` }] : []
  })
  return [...beyond, ...(low && high && Number(low) > Number(high) ? [{ field: 'high', text: `The highest value, ${high}, lies below the lowest, ${low}.` }] : [])]
}

/** The forms of what is to be reached. */
export function useGoalForms(patient: string, pursued: readonly GoalFieldsFragment[], problems: readonly Named[], measurable: readonly Measurable[]) {
  const act = useAct()
  const set = (): ActForm => ({
    title: 'Set a goal', verb: 'Set', initial: { startDate: today() },
    fields: [
      { name: 'description', label: 'The goal', required: true, help: 'Such as “Walks to the shop without stopping”.' },
      { name: 'measure', label: 'What is measured', kind: 'choice', none: 'Nothing: it is judged in words', options: measurable.map((m) => [m.key, `${m.name} (${formatUnit(m.unit)})`] as const), input: 'target' },
      { name: 'low', label: 'Lowest value that is good', kind: 'number', when: (v) => !!v.measure },
      { name: 'high', label: 'Highest value that is good', kind: 'number', when: (v) => !!v.measure },
      { name: 'due', label: 'By when', kind: 'day', when: (v) => !!v.measure },
      { name: 'startDate', label: 'Worked on from', kind: 'day' },
      ...several('problem', 'Problem it answers', problems, 'addresses'), NOTE,
    ],
    submit: async (v, { key }) => {
      const measure = measurable.find((m) => m.key === v.measure)
      const [low, high, due, start] = measure ? [v.low?.trim() ?? '', v.high?.trim() ?? '', given(v.due), given(v.startDate)] : ['', '', undefined, given(v.startDate)]
      const answers = severalOf(v, 'problem', problems)
      const twin = pursued.find((g) => plain(g.description?.text ?? '') === plain(v.description ?? ''))
      const wrong: Problem[] = [
        ...(twin ? [{ field: 'description', text: `This goal is pursued already: ${twin.description?.text ?? ''}. Record its progress instead.` }] : []),
        ...(measure ? impossible(measure, low, high) : []),
        ...(due && start && due < start.slice(0, due.length) ? [{ field: 'due', text: `By when: ${formatDay(due)} lies before the work begins.` }] : []),
        ...answers.problems,
      ]
      if (wrong.length > 0) return refused(...wrong)
      const target = measure && { measure: { text: measure.name, codings: [{ ...measure.coding, display: measure.name }] }, low: low || undefined, high: high || undefined, unit: measure.unitCode, due }
      return act(SetGoal, { input: { patient, description: { text: v.description?.trim() ?? '' }, target, startDate: start, addresses: answers.ids, note: given(v.note), idempotencyKey: key } }, ({ goalSet: { outcome } }): Outcome =>
        commonOutcome(outcome) ?? { kind: 'saved', told: outcome.__typename === 'GoalSaved' && outcome.withoutMeasure ? 'The goal is set. It has no measure: only people can say when it is reached' : 'The goal is set' })
    },
  })
  const progress = (g: GoalFieldsFragment, shown: readonly Shown[]): ActForm => ({
    title: `Progress: ${g.description?.text ?? 'goal'}`, verb: 'Record', version: g.versionId, initial: {},
    fields: [
      { name: 'achievement', label: 'How far it is reached', kind: 'choice', required: true, options: ACHIEVEMENTS },
      { name: 'status', label: 'Where it stands', kind: 'choice', none: 'As it is', options: STATUSES.filter(([code]) => code !== g.status) },
      ...(shown.length > 0 ? [{ name: 'observation', label: 'What shows it', kind: 'choice', none: 'No measurement', options: shown.map((s) => [s.observation, s.text] as const) } satisfies FieldSpec] : []),
      NOTE,
    ],
    submit: async (v, { key, version }) => {
      const reached = v.achievement === 'ACHIEVED' || v.achievement === 'SUSTAINING'
      const missed = shown.filter((s) => s.missed)
      if (reached && missed.length > 0 && v.sure !== 'yes') return { kind: 'ask', told: `The newest value is not what the target asks for: ${missed.map((s) => s.text).join('; ')}.`, set: { sure: 'yes' } }
      return act(RecordGoalProgress, { input: { id: g.id, expectedVersion: version, achievement: v.achievement as GoalAchievement, status: given(v.status) as GoalStatus | undefined, observation: given(v.observation), note: given(v.note), idempotencyKey: key } }, ({ goalProgressRecord: { outcome } }): Outcome =>
        commonOutcome(outcome) ?? { kind: 'saved', told: 'The progress is recorded' })
    },
  })
  return { set, progress }
}
