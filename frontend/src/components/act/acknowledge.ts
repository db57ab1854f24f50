import { graphql } from '../../gql'
import { dateText, withOffset } from '../../lib/date'
import { commonOutcome, given, useAct, type FieldSpec, type Values } from './act'
import type { ActForm } from './act-dialog'

const AcknowledgeResult = graphql(`
  mutation AcknowledgeResult($input: ResultAcknowledgeInput!) {
    resultAcknowledge(input: $input) {
      outcome {
        __typename
        ... on TaskSaved { task { id status } } ... on AlreadyAcknowledged { task { id lastUpdated } } ... on NotFinal { status }
        ... on Stale { id currentVersion current { id lastUpdated } } ... on NotPermitted { message } ... on Invalid { issues { text expression } }
      }
    }
  }
`)

const spoken = (v: Values) => v.way === 'told' || v.way === 'heard'
/**
 * How a critical result was passed on. One that is told by word of mouth is read back by who hears it.
 * Source: The Joint Commission, NPSG.02.01.01 (2008), today PC.02.01.03.
 */
const PASSED_ON: readonly FieldSpec[] = [
  { name: 'way', label: 'Was it told by word of mouth?', kind: 'choice', required: true, options: [['told', 'Yes, I told somebody'], ['heard', 'Yes, it was told to me'], ['read', 'No, I have read it myself']] },
  { name: 'toldTo', label: 'Told to', required: true, when: (v) => v.way === 'told', help: 'Name and role, as Dr Kim, on call.' },
  { name: 'toldBy', label: 'Told by', required: true, when: (v) => v.way === 'heard', help: 'Name and role, as M. Ito, laboratory.' },
  { name: 'toldAt', label: 'Told at', kind: 'moment', required: true, when: spoken },
  { name: 'readBack', label: 'It was read back, and what was read back was right', kind: 'check', required: true, when: spoken },
]
/** What is remembered of it, in words: the record has no other place for it. */
export function passedOn(v: Values): string {
  if (v.way === 'read') return 'Read by who acknowledges it; not told by word of mouth.'
  if (!spoken(v)) return ''
  const at = v.toldAt ?? ''
  const who = v.way === 'told' ? `to ${v.toldTo?.trim() ?? ''}` : `by ${v.toldBy?.trim() ?? ''} to who acknowledges it`
  return `Told by word of mouth ${who} on ${dateText(at, 'moment')} (UTC${withOffset(at).slice(-6)}); it was read back, and what was read back was right.`
}

/** The form by which a physician says to have seen a result, and what follows from it. */
export function useAcknowledge() {
  const act = useAct()
  return ({ id, versionId }: { id: string; versionId: string }, name: string, critical: boolean): ActForm => ({
    title: `Acknowledge ${name}`, verb: 'Acknowledge', danger: critical, version: versionId, initial: { note: '' },
    fields: [...(critical ? PASSED_ON : []), { name: 'note', label: 'What follows from it', kind: 'area', help: 'It is recorded who acknowledged which version, and when.' }],
    submit: (values, { key, version }) => {
      if (spoken(values) && Date.parse(withOffset(values.toldAt ?? '')) > Date.now()) return Promise.resolve({ kind: 'refused', problems: [{ field: 'toldAt', text: 'Told at: that is still to come.' }] })
      const note = given([critical ? passedOn(values) : '', values.note?.trim()].filter(Boolean).join(' '))
      return act(AcknowledgeResult, { input: { id, expectedVersion: version, note, idempotencyKey: key } }, ({ resultAcknowledge: { outcome } }) =>
        commonOutcome(outcome) ?? (outcome.__typename === 'NotFinal'
          ? { kind: 'refused', problems: [{ text: `The result is ${outcome.status} and may still change. Acknowledge it when it is final.` }] }
          : { kind: 'saved', told: outcome.__typename === 'AlreadyAcknowledged' ? `You had acknowledged ${name} already` : `${name} is acknowledged` }))
    },
  })
}
