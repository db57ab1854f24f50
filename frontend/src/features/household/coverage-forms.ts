import { commonOutcome, given, useAct, type FieldSpec, type Outcome, type Values } from '../../components/act/act'
import type { ActForm } from '../../components/act/act-dialog'
import { findHouses } from '../../components/act/people'
import { graphql, read, type FragmentType } from '../../gql'
import type { CoverageFieldsFragment, SubscriberRelationship } from '../../gql/graphql'
import { today } from '../../lib/date'

/** What the form of a coverage works on. */
export const CoverageFields = graphql(`
  fragment CoverageFields on Coverage {
    id versionId lastUpdated status subscriberId order period { start end }
    type { text codings { system code display } } payors { id display } relationship { text codings { system code } }
  }
`)
const RecordCoverage = graphql(`
  mutation RecordCoverage($input: CoverageRecordInput!) {
    coverageRecord(input: $input) {
      outcome {
        __typename ... on CoverageSaved { coverage { id versionId } } ... on OverlapsPrimary { existing { id payors { display } period { start end } } }
        ... on Stale { id currentVersion } ... on NotPermitted { message } ... on Invalid { issues { text expression } }
      }
    }
  }
`)
const UpdateCoverage = graphql(`
  mutation UpdateCoverage($input: CoverageUpdateInput!) {
    coverageUpdate(input: $input) {
      outcome {
        __typename ... on CoverageSaved { coverage { id versionId } } ... on OverlapsPrimary { existing { id payors { display } period { start end } } }
        ... on Stale { id currentVersion current { id lastUpdated ... on Coverage { ...CoverageFields } } } ... on NotPermitted { message } ... on Invalid { issues { text expression } }
      }
    }
  }
`)
const EndCoverage = graphql(`
  mutation EndCoverage($input: CoverageEndInput!) {
    coverageEnd(input: $input) { outcome { __typename ... on CoverageSaved { coverage { id versionId } } ... on Stale { id currentVersion current { id lastUpdated } } ... on NotPermitted { message } ... on Invalid { issues { text expression } } } }
  }
`)

const HOLDER = 'http://terminology.hl7.org/CodeSystem/subscriber-relationship'
/** What the patient is to who holds the insurance, with the code that FHIR has for it. */
const HOLDS: readonly (readonly [SubscriberRelationship, string, string])[] = [
  ['OWN', 'The holder', 'self'], ['CHILD', 'A child of the holder', 'child'], ['PARENT', 'A parent of the holder', 'parent'], ['SPOUSE', 'Married to the holder', 'spouse'], ['COMMON', 'Living with the holder', 'common'],
  ['OTHER', 'Something else to the holder', 'other'],
]
export function holds(concept: CoverageFieldsFragment['relationship']): string {
  const code = concept?.codings.find((c) => c.system === HOLDER)?.code
  return HOLDS.find(([, , c]) => c === code)?.[1] ?? concept?.text ?? ''
}
/** Which of several pays when: in the words of billing, and beyond them by number. */
export const orderText = (order: number): string => ['Primary', 'Secondary', 'Tertiary'][order - 1] ?? `Number ${order} to pay`
const FIELDS: readonly FieldSpec[] = [
  { name: 'payor', label: 'Who pays', kind: 'concept', required: true, find: findHouses },
  { name: 'type', label: 'Kind of coverage', help: 'In words, as on the card.' },
  { name: 'subscriberId', label: 'Member number' },
  { name: 'relationship', label: 'The patient is', kind: 'choice', required: true, options: HOLDS.map(([value, label]) => [value, label] as const) },
  { name: 'order', label: 'Order of payment', kind: 'number', required: true, help: '1 for primary, 2 for secondary. Only one is primary at a time.' },
  { name: 'startsAt', label: 'From', kind: 'day', required: true },
  { name: 'endsAt', label: 'Until', kind: 'day' },
]
const valuesOf = (c: CoverageFieldsFragment): Values => ({
  payor: c.payors[0]?.display ?? '', type: c.type?.text ?? '', subscriberId: c.subscriberId ?? '', relationship: HOLDS.find(([, , code]) => c.relationship?.codings.some((x) => x.system === HOLDER && x.code === code))?.[0] ?? '',
  order: c.order ? String(c.order) : '', startsAt: c.period?.start?.slice(0, 10) ?? '', endsAt: c.period?.end?.slice(0, 10) ?? '',
})
const payorOf = (c: { payors: readonly { display: string | null }[] }): string => c.payors.flatMap((p) => p.display ?? []).join(', ') || 'the coverage'
const overlap = (existing: readonly { payors: readonly { display: string | null }[] }[]): Outcome => ({
  kind: 'refused', problems: [{ field: 'order', text: `At some time of that span ${existing.map(payorOf).join(', ')} would be primary too. Give it another order of payment, or end the other one before.` }],
})

/** The next order of payment that no coverage in force has. */
export function nextOrder(coverages: readonly Pick<CoverageFieldsFragment, 'status' | 'order' | 'period'>[]): number {
  const taken = new Set(coverages.flatMap((c) => (c.status === 'ACTIVE' && !(c.period?.end && c.period.end.slice(0, 10) < today()) ? c.order ?? [] : [])))
  let order = 1
  while (taken.has(order)) order += 1
  return order
}

/** The forms of who pays. */
export function useCoverageForms(patient: string) {
  const act = useAct()
  const record = (order: number): ActForm => ({
    title: 'Record a coverage', verb: 'Record', fields: FIELDS, initial: { relationship: 'OWN', order: String(order), startsAt: today() },
    submit: (v, { key, chosen }) => act(RecordCoverage, {
      input: {
        patient, payor: chosen('payor') ?? '', type: given(v.type) ? { text: given(v.type) } : undefined, subscriberId: given(v.subscriberId), relationship: v.relationship as SubscriberRelationship, startsAt: given(v.startsAt),
        endsAt: given(v.endsAt), order: Number(v.order), idempotencyKey: key,
      },
    }, ({ coverageRecord: { outcome } }) => commonOutcome(outcome) ?? (outcome.__typename === 'OverlapsPrimary' ? overlap(outcome.existing) : { kind: 'saved', told: `Coverage by ${v.payor ?? 'the payor'} is recorded` })),
  })
  const update = (c: CoverageFieldsFragment): ActForm => {
    const before = valuesOf(c)
    const payor = c.payors[0]
    const changed = (v: Values, name: string) => (v[name]?.trim() === before[name] ? undefined : given(v[name]))
    return {
      title: `Change the coverage by ${payorOf(c)}`, verb: 'Save', initial: before, version: c.versionId,
      // What is on record cannot be emptied by this act; several payors are not made one.
      fields: FIELDS.filter((f) => f.name !== 'payor' || c.payors.length <= 1).map((f) => ({ ...f, required: !!before[f.name] })),
      terms: payor?.id && payor.display ? [{ text: payor.display, codings: [], id: payor.id }] : [],
      submit: (v, { key, version, chosen }) => act(UpdateCoverage, {
        input: {
          id: c.id, expectedVersion: version, payor: changed(v, 'payor') ? chosen('payor') : undefined, type: changed(v, 'type') ? { text: changed(v, 'type') } : undefined, subscriberId: changed(v, 'subscriberId'),
          relationship: changed(v, 'relationship') as SubscriberRelationship | undefined, startsAt: changed(v, 'startsAt'), endsAt: changed(v, 'endsAt'), order: changed(v, 'order') ? Number(v.order) : undefined, idempotencyKey: key,
        },
      }, ({ coverageUpdate: { outcome } }) => commonOutcome(outcome, (now) => valuesOf(read(CoverageFields, now as FragmentType<typeof CoverageFields>)))
        ?? (outcome.__typename === 'OverlapsPrimary' ? overlap(outcome.existing) : { kind: 'saved', told: `Coverage by ${payorOf(c)} is saved` })),
    }
  }
  const end = (c: CoverageFieldsFragment): ActForm => ({
    title: `End the coverage by ${payorOf(c)}`, verb: 'End the coverage', danger: true, version: c.versionId, initial: { endedAt: today() },
    fields: [{ name: 'endedAt', label: 'It ends on', kind: 'day', required: true }],
    submit: (v, { key, version }) => act(EndCoverage, { input: { id: c.id, expectedVersion: version, endedAt: given(v.endedAt), idempotencyKey: key } }, ({ coverageEnd: { outcome } }) =>
      commonOutcome(outcome) ?? { kind: 'saved', told: `Coverage by ${payorOf(c)} has its end` }),
  })
  return { record, update, end }
}
