import { commonOutcome, given, useAct, type FieldSpec, type Outcome, type Values } from '../../components/act/act'
import type { ActForm } from '../../components/act/act-dialog'
import { graphql } from '../../gql'
import { formatDateTime, readDate, withOffset } from '../../lib/date'

const RecordDeath = graphql(`
  mutation RecordDeath($input: PatientRecordDeathInput!) {
    patientRecordDeath(input: $input) {
      outcome {
        __typename ... on DeathRecorded { patient { id versionId deceased { deceased at } } endedOrders { id } cancelledAppointments { id } }
        ... on Stale { id currentVersion current { id lastUpdated } } ... on NotPermitted { message permission } ... on Invalid { issues { text expression } }
      }
    }
  }
`)
const CorrectDeath = graphql(`
  mutation CorrectDeath($input: PatientCorrectDeathInput!) {
    patientCorrectDeath(input: $input) {
      outcome {
        __typename ... on PatientSaved { patient { id versionId deceased { deceased at } } }
        ... on Stale { id currentVersion current { id lastUpdated } } ... on NotPermitted { message } ... on Invalid { issues { text expression } }
      }
    }
  }
`)

export interface Of { id: string; versionId: string; deceased: { deceased: boolean; at: string | null } | null }

const wholeDay = (v: Values) => /^\d{4}-\d{2}-\d{2}$/.test(v.at ?? '')
const CONSEQUENCES = 'The death ends every order of the patient: what is active or on hold is stopped, drafts are cancelled. Appointments to come are called off, and their times are free again. Notes that are begun stay open to be completed. A later correction brings no order and no appointment back.'
const TIME: FieldSpec = { name: 'time', label: 'At what time', help: 'As 14:05.', input: 'at', when: wholeDay }

/** The time of death as far as it is known; undefined when it is not known at all. */
function timeOf(v: Values): { at: string | undefined } | { wrong: Outcome } {
  const day = given(v.at)
  const time = wholeDay(v) ? given(v.time) : undefined
  if (!day || !time) return { at: day }
  const read = readDate(time, 'time')
  return 'wrong' in read ? { wrong: { kind: 'refused', problems: [{ field: 'time', text: `At what time: ${read.wrong}` }] } } : { at: withOffset(`${day}T${read.value}`) }
}
const counted = (n: number, one: string, many: string) => (n === 1 ? `one ${one}` : `${n === 0 ? 'no' : n} ${many}`)

/** The forms of a death: recorded with what it ends, and corrected. */
export function useDeathForms() {
  const act = useAct()
  const record = (of: Of): ActForm => ({
    title: 'Record the death', verb: 'Record the death', danger: true, version: of.versionId, initial: {},
    fields: [
      { name: 'at', label: 'When', kind: 'day', help: 'As precisely as it is known: a year, a month or a day. Nothing, when it is not known.' }, TIME,
      { name: 'source', label: 'How it is known', kind: 'area', help: 'Who saw it or told it. It stays on record with the act.' },
    ],
    submit: async (v, { key, version }) => {
      const time = timeOf(v)
      if ('wrong' in time) return time.wrong
      if (v.confirmed !== 'yes') return { kind: 'ask', told: CONSEQUENCES, set: { confirmed: 'yes' } }
      return act(RecordDeath, { input: { id: of.id, expectedVersion: version, at: time.at, source: given(v.source), idempotencyKey: key } }, ({ patientRecordDeath: { outcome } }): Outcome => {
        if (outcome.__typename === 'DeathRecorded') return { kind: 'saved', told: `The death is recorded: ${counted(outcome.endedOrders.length, 'order', 'orders')} ended, ${counted(outcome.cancelledAppointments.length, 'appointment', 'appointments')} called off` }
        // Who may change the patient may not always end what the death ends.
        if (outcome.__typename === 'NotPermitted' && !outcome.permission.endsWith(' Patient')) return { kind: 'refused', problems: [{ text: 'There are orders or appointments that the death would end, and your role may not end them. Ask a physician to record it.' }] }
        return commonOutcome(outcome) ?? { kind: 'saved', told: 'The death is recorded' }
      })
    },
  })
  const correct = (of: Of): ActForm => ({
    title: 'Correct what is said of the death', verb: 'Correct', danger: true, version: of.versionId, initial: {},
    fields: [
      { name: 'what', label: 'What is right', kind: 'choice', required: true, options: [['TIME', 'It was at another time'], ['ALIVE', 'The person lives']], help: `On record: ${of.deceased?.at ? formatDateTime(of.deceased.at) : 'a death without a date'}. Orders and appointments that it ended stay ended: look at what is wanted again.` },
      { name: 'at', label: 'When it was', kind: 'day', required: true, when: (v) => v.what === 'TIME' }, { ...TIME, when: (v) => v.what === 'TIME' && wholeDay(v) },
      { name: 'reason', label: 'Why it is corrected', kind: 'area', required: true },
    ],
    submit: async (v, { key, version }) => {
      const time = v.what === 'TIME' ? timeOf(v) : { at: undefined }
      if ('wrong' in time) return time.wrong
      return act(CorrectDeath, { input: { id: of.id, expectedVersion: version, at: time.at, alive: v.what === 'ALIVE', reason: v.reason?.trim() ?? '', idempotencyKey: key } }, ({ patientCorrectDeath: { outcome } }) =>
        commonOutcome(outcome) ?? { kind: 'saved', told: v.what === 'ALIVE' ? 'The person lives: no death is on record' : 'The time of death is corrected' })
    },
  })
  return { record, correct }
}
