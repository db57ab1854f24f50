import { useMemo } from 'react'
import type { Client } from 'urql'
import { graphql } from '../../gql'
import type { Priority } from '../../gql/graphql'
import { readPatientSearch } from '../../lib/patient-search'
import { patientName } from '../clinical/person'
import { commonOutcome, given, useAct, type FieldSpec, type Outcome } from './act'
import type { ActForm } from './act-dialog'
import type { Find, Term } from './catalog'
import { findPractitioners, patientLine } from './people'

const SendMessage = graphql(`
  mutation SendMessage($input: MessageSendInput!) {
    messageSend(input: $input) { outcome { __typename ... on MessageSent { sent: message { id } tasks { id } } ... on Stale { id currentVersion } ... on NotPermitted { message } ... on Invalid { issues { text expression } } } }
  }
`)
const ReadMessage = graphql(`
  mutation ReadMessage($input: NotificationReadInput!) {
    notificationRead(input: $input) { outcome { __typename ... on TaskSaved { task { id versionId status } } ... on Stale { id currentVersion } ... on NotPermitted { message } ... on Invalid { issues { text expression } } } }
  }
`)
const FindPatientsToTell = graphql(`
  query FindPatientsToTell($filter: PatientFilter!) { patients(filter: $filter, first: 8) { nodes { id mrn birthDate name { display family given prefix } careTeams(first: 10) { nodes { id name status } } } } }
`)
const FindTeamsToTell = graphql(`
  query FindTeamsToTell($id: ID!) { patient(id: $id) { id careTeams(first: 20) { nodes { id name status } } } }
`)

interface Team { id: string; name?: string | null; status?: string | null }
export interface About { id: string; name: string }
/** A message that waits: its task, and what it says. */
export interface Waiting { task: string; versionId: string; message: string; subject: string; sender: About; others: readonly About[]; patient: string | null }

export const PRIORITIES: readonly (readonly [Priority, string])[] = [['ROUTINE', 'Routine'], ['URGENT', 'Urgent'], ['ASAP', 'As soon as possible'], ['STAT', 'At once']]
const SUBJECT: FieldSpec = { name: 'subject', label: 'Subject', required: true }
const TEXT: FieldSpec = { name: 'text', label: 'Message', kind: 'area', required: true }
const PRIORITY: FieldSpec = { name: 'priority', label: 'Priority', kind: 'choice', options: PRIORITIES, required: true }

const teamTerms = (teams: readonly Team[], of: string): Term[] => teams.filter((t) => t.status === 'ACTIVE').map((t) => ({ id: t.id, codings: [], text: `${t.name ?? 'Care team'}, team of ${of}` }))

/** Looks for people by name, and among the teams of patients by any of their words. */
const finding = (teams: (client: Client) => Promise<readonly Term[]>): Find => async (client, search) => {
  const words = search.toLowerCase().split(/\s+/)
  const [people, found] = await Promise.all([findPractitioners(client, search), teams(client)])
  return [...found.filter((t) => words.every((word) => t.text.toLowerCase().includes(word))), ...people]
}

const TO_HELP = 'Part of a name, then choose one from the list. Of the patient’s teams, a word such as “team”.'
const toFields = (find: Find): FieldSpec[] => [
  { name: 'to', label: 'To', kind: 'concept', find, required: true, help: TO_HELP },
  { name: 'to2', label: 'And to', kind: 'concept', find, when: (v) => !!v.to?.trim() },
  { name: 'to3', label: 'And to (third)', kind: 'concept', find, when: (v) => !!v.to2?.trim() },
]

/** Messages: written to people and teams, answered, and read. Each waits with whom it is for until it is read. */
export function useMessageForms() {
  const act = useAct()
  return useMemo(() => {
    const send = (input: { recipients: string[]; subject: string; text: string; patient?: string; about?: string; inReplyTo?: string; priority: Priority; idempotencyKey: string }) =>
      act(SendMessage, { input }, ({ messageSend: { outcome } }): Outcome => commonOutcome(outcome) ?? { kind: 'saved', told: 'The message is sent' })
    const markRead = (task: string, versionId: string, key: string) =>
      act(ReadMessage, { input: { id: task, expectedVersion: versionId, idempotencyKey: key } }, ({ notificationRead: { outcome } }): Outcome => commonOutcome(outcome) ?? { kind: 'saved', told: 'The message is read' })
    return {
      markRead,
      /** About the patient of a chart, or about one that is chosen, or about nobody. `regarding`: a record of that patient which is passed on, such as a result. */
      write: (about?: About, regarding?: { id: string; subject: string }): ActForm => {
        // The teams of patients that were found while the form is open.
        const seen = new Map<string, readonly Term[]>()
        const findPatients: Find = async (client, search) => {
          const { data } = await client.query(FindPatientsToTell, { filter: readPatientSearch(search).filter }).toPromise()
          return (data?.patients.nodes ?? []).map((p) => {
            const name = patientName(p.name)
            seen.set(p.id, teamTerms(p.careTeams?.nodes ?? [], name))
            return { id: p.id, codings: [], text: patientLine(p) }
          })
        }
        const teams = async (client: Client): Promise<readonly Term[]> => {
          if (!about) return [...seen.values()].flat()
          const { data } = await client.query(FindTeamsToTell, { id: about.id }).toPromise()
          return teamTerms(data?.patient?.careTeams?.nodes ?? [], about.name)
        }
        return {
          title: regarding ? `Forward ${regarding.subject}` : about ? `Write about ${about.name}` : 'Write a message', verb: 'Send', initial: { priority: 'ROUTINE', subject: regarding?.subject ?? '' },
          fields: [
            ...(about ? [] : [{ name: 'patient', label: 'About', kind: 'concept' as const, find: findPatients, help: 'A patient, by name, number or birth date.' }]),
            ...toFields(finding(teams)), SUBJECT, TEXT, PRIORITY,
          ],
          submit: (v, { key, chosen }) => send({
            recipients: ['to', 'to2', 'to3'].flatMap((field) => (given(v[field]) ? chosen(field) ?? [] : [])), subject: v.subject?.trim() ?? '', text: v.text?.trim() ?? '',
            patient: about?.id ?? chosen('patient'), about: regarding?.id, priority: v.priority as Priority, idempotencyKey: key,
          }),
        }
      },
      /** Answers the sender, and the others who got it when that is wanted; what is answered is read. */
      reply: (of: Waiting): ActForm => ({
        title: `Answer ${of.sender.name}`, verb: 'Send', initial: { subject: /^re:/i.test(of.subject) ? of.subject : `Re: ${of.subject}`, priority: 'ROUTINE' },
        fields: [...(of.others.length > 0 ? [{ name: 'all', label: `Also to ${of.others.map((o) => o.name).join(', ')}`, kind: 'check' as const }] : []), TEXT, SUBJECT, PRIORITY],
        submit: async (v, { key }) => {
          const recipients = [of.sender.id, ...(v.all === 'yes' ? of.others.map((o) => o.id) : [])]
          const sent = await send({ recipients, subject: v.subject?.trim() ?? '', text: v.text?.trim() ?? '', patient: of.patient ?? undefined, inReplyTo: of.message, priority: v.priority as Priority, idempotencyKey: key })
          if (sent.kind !== 'saved') return sent
          const done = await markRead(of.task, of.versionId, `${key} read`)
          return { kind: 'saved', told: done.kind === 'saved' ? 'The answer is sent, and the message is read' : 'The answer is sent; the message still waits as unread' }
        },
      }),
    }
  }, [act])
}
