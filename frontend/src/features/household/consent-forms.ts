import { commonOutcome, given, useAct, type FieldSpec, type Outcome } from '../../components/act/act'
import type { ActForm } from '../../components/act/act-dialog'
import type { Find } from '../../components/act/catalog'
import { findRecipients } from '../../components/act/people'
import { graphql } from '../../gql'
import type { ConsentDecision, ConsentRecordInput, ConsentRecordMutation, ConsentScope } from '../../gql/graphql'
import { formatDateTime, today } from '../../lib/date'

const RecordConsent = graphql(`
  mutation ConsentRecord($input: ConsentRecordInput!) {
    consentRecord(input: $input) { outcome { __typename ... on ConsentSaved { consent { id versionId } } ... on Stale { id currentVersion } ... on NotPermitted { message } ... on Invalid { issues { text expression } } } }
  }
`)
const WithdrawConsent = graphql(`
  mutation WithdrawConsent($input: ConsentWithdrawInput!) {
    consentWithdraw(input: $input) {
      outcome { __typename ... on ConsentSaved { consent { id versionId } } ... on ConsentClosed { status } ... on Stale { id currentVersion current { id lastUpdated } } ... on NotPermitted { message } ... on Invalid { issues { text expression } } }
    }
  }
`)

const LOINC = 'http://loinc.org'
const CATEGORIES = 'http://terminology.hl7.org/CodeSystem/consentcategorycodes'
/** Kinds of consent. Source: FHIR R4, value set consent-category. */
const KINDS: readonly (readonly [code: string, text: string, system: string])[] = [
  ['59284-0', 'Patient consent', LOINC], ['64292-6', 'Release of information consent', LOINC], ['57016-8', 'Privacy policy acknowledgment', LOINC], ['research', 'Research information access', CATEGORIES],
  ['acd', 'Advance directive', CATEGORIES], ['dnr', 'Do not resuscitate', CATEGORIES], ['hcd', 'Health care directive', CATEGORIES],
]
const SCOPES: readonly (readonly [ConsentScope, string])[] = [['PRIVACY', 'Who sees and uses the record'], ['TREATMENT', 'A treatment'], ['RESEARCH', 'Research'], ['ADVANCE_DIRECTIVE', 'What is to be done when the patient cannot say it']]
const kind = (code: string | undefined) => { const [value, text, system] = KINDS.find(([c]) => c === code) ?? []; return value && text && system ? { text, codings: [{ system, code: value, display: text }] } : {} }

const Papers = graphql(`
  query Papers($id: ID!) { patient(id: $id) { id documents(first: 100, filter: { status: [CURRENT] }) { nodes { id type { text } description date attachments { title } } } } }
`)
/** The newest 100 documents of the chart, by words of their kind, their title or what they are about. */
const papersOf = (patient: string): Find => async (client, search) => {
  const { data } = await client.query(Papers, { id: patient }).toPromise()
  const named = (data?.patient?.documents?.nodes ?? []).map((d) => ({
    id: d.id, codings: [], text: [d.description ?? d.type?.text ?? 'Document of a kind not recorded', d.attachments[0]?.title, d.date ? formatDateTime(d.date) : 'date not recorded'].filter(Boolean).join(', '),
  }))
  return named.filter((d) => d.text.toLowerCase().includes(search.toLowerCase()))
}
/** How many can be named in the form. */
const RECIPIENTS = 6
const recipientFields: readonly FieldSpec[] = Array.from({ length: RECIPIENTS }, (_, i) => ({
  name: `recipient${i}`, label: i === 0 ? 'Only about this clinician or house' : 'And this one', kind: 'concept', find: findRecipients, input: 'recipients', when: i === 0 ? undefined : (v) => !!given(v[`recipient${i - 1}`]),
}))

/** Somebody who is something to the patient now. */
export interface Relative { id: string; name: string }
export interface Given { id: string; versionId: string; name: string }

const FROM: FieldSpec = { name: 'startsAt', label: 'Holds from', kind: 'day' }
const UNTIL: FieldSpec = { name: 'endsAt', label: 'Until', kind: 'day', help: 'Left out, it holds until it is taken back.' }
const byWhom = (relatives: readonly Relative[]): FieldSpec => ({ name: 'saidBy', label: 'Said by', kind: 'choice', help: 'The patient, when nobody else is named.', options: relatives.map((r) => [r.id, r.name] as const) })

/** The forms of what a patient agrees to, refuses and takes back. */
export function useConsentForms(patient: string, relatives: readonly Relative[], papers: boolean) {
  const act = useAct()
  const said = (input: ConsentRecordInput, told: string): Promise<Outcome> => act(RecordConsent, { input }, ({ consentRecord: { outcome } }: ConsentRecordMutation) => commonOutcome(outcome) ?? { kind: 'saved', told })
  const record = (): ActForm => ({
    title: 'Record a consent', verb: 'Record', initial: { startsAt: today() },
    fields: [
      { name: 'scope', label: 'What it is about', kind: 'choice', required: true, options: SCOPES },
      { name: 'decision', label: 'The patient', kind: 'choice', required: true, options: [['PERMIT', 'Agrees'], ['DENY', 'Refuses']], help: 'What is refused about who sees the record is hidden at once from the staff it names, or from all who treat and analyse when it names nobody; an emergency opens it.' },
      { name: 'category', label: 'Kind of consent', kind: 'choice', required: true, options: KINDS.map(([code, text]) => [code, text] as const) },
      byWhom(relatives), FROM, UNTIL,
      ...recipientFields,
      ...(papers ? [{ name: 'document', label: 'The signed paper', kind: 'concept', find: papersOf(patient), help: 'One of the newest 100 documents of this chart: type a word of its kind or title.' } as const] : []),
    ],
    submit: (v, { key, chosen }) => said({
      patient, scope: v.scope as ConsentScope, category: kind(v.category), decision: v.decision as ConsentDecision, saidBy: given(v.saidBy), startsAt: given(v.startsAt), endsAt: given(v.endsAt),
      recipients: recipientFields.flatMap((f) => (!f.when || f.when(v) ? chosen(f.name) ?? [] : [])), document: chosen('document'), idempotencyKey: key,
    }, v.decision === 'DENY' ? 'The refusal is recorded' : 'The consent is recorded'),
  })
  const proxy = (): ActForm => ({
    title: 'Let a related person see the record', verb: 'Record', initial: { decision: 'PERMIT', startsAt: today() },
    fields: [
      { name: 'person', label: 'Who', kind: 'choice', required: true, input: 'recipients', options: relatives.map((r) => [r.id, r.name] as const) },
      { name: 'decision', label: 'May see the whole record', kind: 'choice', required: true, options: [['PERMIT', 'Yes: as the patient sees it, to read'], ['DENY', 'No: not while this holds, whatever else is on record']] },
      byWhom(relatives), FROM, UNTIL,
    ],
    submit: (v, { key }) => said({
      patient, scope: 'PRIVACY', category: kind('64292-6'), decision: v.decision as ConsentDecision, saidBy: given(v.saidBy), startsAt: given(v.startsAt), endsAt: given(v.endsAt), recipients: [v.person ?? ''], idempotencyKey: key,
    }, `${relatives.find((r) => r.id === v.person)?.name ?? 'The person'} ${v.decision === 'DENY' ? 'may not see the record' : 'may see the record'}`),
  })
  const withdraw = (c: Given): ActForm => ({
    title: `Take back: ${c.name}`, verb: 'Take back', danger: true, version: c.versionId, initial: {},
    fields: [{ name: 'reason', label: 'Why', kind: 'area', required: true, help: 'The consent stays on record with this reason. It holds no more from now on.' }],
    submit: (v, { key, version }) => act(WithdrawConsent, { input: { id: c.id, expectedVersion: version, reason: v.reason?.trim() ?? '', idempotencyKey: key } }, ({ consentWithdraw: { outcome } }) =>
      commonOutcome(outcome) ?? (outcome.__typename === 'ConsentClosed' ? { kind: 'refused', problems: [{ text: `It is not in force any more: ${outcome.status}.` }] } : { kind: 'saved', told: `${c.name} is taken back` })),
  })
  return { record, proxy, withdraw }
}
