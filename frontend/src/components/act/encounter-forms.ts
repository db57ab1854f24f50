import { useMemo } from 'react'
import { useClient, type Client } from 'urql'
import { commonOutcome, given, useAct, type FieldSpec, type Outcome } from './act'
import type { ActForm } from './act-dialog'
import { graphql } from '../../gql'
import type { DischargeDisposition, EncounterClass, EncounterStatus } from '../../gql/graphql'
import { withOffset } from '../../lib/date'
import { isJson, items, textAt } from '../../lib/fhir'
import type { ActItem } from './acts'
import { useMistake } from './mistake'
import { findLiving, findPractitioners } from './people'

const Beds = graphql(`
  query Beds($after: String) { search(type: "Location", query: "status=active", first: 100, after: $after) { nodes { id fhir } pageInfo { hasNextPage endCursor } } }
`)
const StartEncounter = graphql(`
  mutation StartEncounter($input: EncounterStartInput!) {
    encounterStart(input: $input) { outcome { __typename ... on EncounterSaved { encounter { id versionId } } ... on OpenEncounterExists { existing { id class { code } period { start } } } ... on BedOccupied { message } ... on Stale { id currentVersion current { id lastUpdated } } ... on NotPermitted { message } ... on Invalid { issues { text expression } } } }
  }
`)
const TransferEncounter = graphql(`
  mutation TransferEncounter($input: EncounterTransferInput!) {
    encounterTransfer(input: $input) { outcome { __typename ... on EncounterSaved { encounter { id versionId } } ... on BedOccupied { message } ... on Stale { id currentVersion current { id lastUpdated } } ... on NotPermitted { message } ... on Invalid { issues { text expression } } } }
  }
`)
const FinishEncounter = graphql(`
  mutation FinishEncounter($input: EncounterFinishInput!) {
    encounterFinish(input: $input) { outcome { __typename ... on EncounterSaved { encounter { id versionId } } ... on Stale { id currentVersion current { id lastUpdated } } ... on NotPermitted { message } ... on Invalid { issues { text expression } } } }
  }
`)
const DischargeEncounter = graphql(`
  mutation DischargeEncounter($input: EncounterDischargeInput!) {
    encounterDischarge(input: $input) { outcome { __typename ... on EncounterDischarged { encounter { id versionId } activePrescriptions { id medication { text } } } ... on RunningInfusion { administrations { id } } ... on Stale { id currentVersion current { id lastUpdated } } ... on NotPermitted { message } ... on Invalid { issues { text expression } } } }
  }
`)
const CancelEncounter = graphql(`
  mutation CancelEncounter($input: EncounterCancelInput!) {
    encounterCancel(input: $input) { outcome { __typename ... on EncounterSaved { encounter { id versionId } } ... on HasActivity { records { id __typename } } ... on Stale { id currentVersion current { id lastUpdated } } ... on NotPermitted { message } ... on Invalid { issues { text expression } } } }
  }
`)

const CLASSES: readonly (readonly [EncounterClass, string])[] = [['AMBULATORY', 'Visit'], ['EMERGENCY', 'Emergency'], ['OBSERVATION', 'Observation'], ['HOME', 'At home'], ['VIRTUAL', 'Telephone or video']]
const WHERE_TO: readonly (readonly [DischargeDisposition, string])[] = [
  ['HOME', 'Home'], ['AGAINST_ADVICE', 'Home against advice'], ['OTHER_FACILITY', 'Another institution'], ['HOSPICE', 'Hospice'], ['LONG_TERM_CARE', 'Long-term care'], ['REHABILITATION', 'Rehabilitation'],
  ['SKILLED_NURSING', 'Skilled nursing facility'], ['PSYCHIATRIC', 'Psychiatric hospital'], ['EXPIRED', 'Died'], ['OTHER', 'Elsewhere'],
]
const TYPE: FieldSpec = { name: 'type', label: 'Type of visit', kind: 'concept', help: 'In words, such as “Follow-up”.' }
const ATTENDING: FieldSpec = { name: 'attending', label: 'Attending', kind: 'concept', find: findPractitioners, help: 'Left empty: you. Part of a name, then choose one from the list.' }
const at = (name: string, label: string): FieldSpec => ({ name, label, kind: 'moment', help: 'Left empty: now. For example 17-May-2019 14:05.' })
const moment = (value: string | undefined): string | undefined => { const text = given(value); return text && withOffset(text) }
const PATIENT: FieldSpec = { name: 'patient', label: 'Patient', kind: 'concept', find: findLiving, required: true, help: 'By name, number or birth date, then choose one from the list.' }
const REASON: FieldSpec = { name: 'reason', label: 'Reason', kind: 'concept', suggest: 'CONDITIONS' }

type Bed = readonly [id: string, name: string]
/** Source: FHIR R4, location-physical-type. There is no search parameter for it. */
const isBed = (fhir: unknown): boolean => isJson(fhir) && isJson(fhir.physicalType) && items(fhir.physicalType.coding).some((c) => textAt(c, 'code') === 'bd')
/** Every bed in use as a place, by its name; null when they could not be read. Whether one is free is decided by the server when it is taken. */
async function beds(client: Client): Promise<Bed[] | null> {
  const found: Bed[] = []
  for (let after: string | null = null; ;) {
    const page: Awaited<ReturnType<ReturnType<typeof client.query<{ search: { nodes: readonly { id: string; fhir: unknown }[]; pageInfo: { hasNextPage: boolean; endCursor: string | null } } }>>['toPromise']>> = await client.query(Beds, { after }, { requestPolicy: 'network-only' }).toPromise()
    if (!page.data) return null
    found.push(...page.data.search.nodes.filter(({ fhir }) => isBed(fhir)).map(({ id, fhir }) => [id, (isJson(fhir) && textAt(fhir, 'name')) || id] as const))
    after = page.data.search.pageInfo.hasNextPage ? page.data.search.pageInfo.endCursor : null
    if (!after) return found.sort((a, b) => a[1].localeCompare(b[1], 'en', { numeric: true }))
  }
}
const bedField = (found: Bed[] | null): FieldSpec => ({ name: 'location', label: 'Bed', kind: 'choice', required: true, options: found ?? [], help: found ? 'A bed that is taken is refused.' : 'The beds could not be loaded. Close this and try again.' })
const refused = (text: string, field?: string): Outcome => ({ kind: 'refused', problems: [{ text, field }] })

interface Of { id: string; versionId: string }
/** The forms by which a visit begins and ends, and a stay begins, moves and ends: of one patient, or of one who is chosen in the form. `who`: whose it is, where no chart is open that says so. */
export function useEncounterForms(patient?: string) {
  const act = useAct()
  const client = useClient()
  return useMemo(() => {
    const start = (title: string, verb: string, fields: readonly FieldSpec[], fixed?: { location: string }): ActForm => ({
      title, verb, initial: {}, fields: [...(patient ? [] : [PATIENT]), ...fields, REASON, ATTENDING, at('startedAt', 'Since')],
      submit: (v, { key, concept, chosen }) => act(StartEncounter, { input: {
        patient: patient ?? chosen('patient') ?? '', class: verb === 'Admit' ? 'INPATIENT' : (v.class as EncounterClass), location: fixed?.location ?? given(v.location), type: concept('type'), reason: concept('reason'),
        attending: chosen('attending'), startedAt: moment(v.startedAt), idempotencyKey: key,
      } }, ({ encounterStart: { outcome } }) => commonOutcome(outcome)
        ?? (outcome.__typename === 'OpenEncounterExists' ? refused('One of this kind is open already. End it before another begins.')
          : outcome.__typename === 'BedOccupied' ? refused(outcome.message, 'location')
          : { kind: 'saved', told: verb === 'Admit' ? 'The patient is admitted' : 'The visit has begun' })),
    })
    const of = (who?: string) => (who ? ` of ${who}` : '')
    return {
      visit: (): ActForm => start('Begin a visit', 'Begin', [{ name: 'class', label: 'Kind', kind: 'choice', required: true, options: CLASSES }, TYPE]),
      admit: async (): Promise<ActForm> => start('Admit to a bed', 'Admit', [bedField(await beds(client)), TYPE]),
      /** Into a bed that is chosen already. */
      admitTo: (bed: { id: string; name: string }): ActForm => start(`Admit to ${bed.name}`, 'Admit', [TYPE], { location: bed.id }),
      transfer: async (stay: Of, who?: string): Promise<ActForm> => ({
        title: `Transfer${of(who)} to another bed`, verb: 'Transfer', version: stay.versionId, initial: {}, fields: [bedField(await beds(client)), { name: 'reason', label: 'Reason' }, at('at', 'When')],
        submit: (v, { key, version }) => act(TransferEncounter, { input: { id: stay.id, expectedVersion: version, location: v.location ?? '', reason: given(v.reason), at: moment(v.at), idempotencyKey: key } }, ({ encounterTransfer: { outcome } }) => commonOutcome(outcome)
          ?? (outcome.__typename === 'BedOccupied' ? refused(outcome.message, 'location') : { kind: 'saved', told: 'The patient is transferred' })),
      }),
      finish: (visit: Of, who?: string): ActForm => ({
        title: `End the visit${of(who)}`, verb: 'End', version: visit.versionId, initial: {}, fields: [at('endedAt', 'Ended')],
        submit: (v, { key, version }) => act(FinishEncounter, { input: { id: visit.id, expectedVersion: version, endedAt: moment(v.endedAt), idempotencyKey: key } }, ({ encounterFinish: { outcome } }) => commonOutcome(outcome) ?? { kind: 'saved', told: 'The visit is ended' }),
      }),
      discharge: (stay: Of, who?: string): ActForm => ({
        title: `Discharge${of(who)}`, verb: 'Discharge', version: stay.versionId, initial: {}, fields: [{ name: 'disposition', label: 'Where to', kind: 'choice', required: true, options: WHERE_TO }, at('endedAt', 'When')],
        submit: (v, { key, version }) => act(DischargeEncounter, { input: { id: stay.id, expectedVersion: version, disposition: v.disposition as DischargeDisposition, endedAt: moment(v.endedAt), overrideReason: given(v.overrideReason), idempotencyKey: key } }, ({ encounterDischarge: { outcome } }) => commonOutcome(outcome)
          ?? (outcome.__typename === 'RunningInfusion' ? { kind: 'ask', told: `An infusion runs (${outcome.administrations.length}). Stop it, or say why the patient is discharged all the same.`, field: { name: 'overrideReason', label: 'Why all the same', required: true } }
            : { kind: 'saved', told: outcome.__typename === 'EncounterDischarged' && outcome.activePrescriptions.length > 0 ? `The patient is discharged. Still in force: ${outcome.activePrescriptions.map((m) => m.medication?.text ?? 'a prescription').join(', ')}` : 'The patient is discharged' })),
      }),
      cancel: (visit: Of, who?: string): ActForm => ({
        title: `Cancel the visit${of(who)}`, verb: 'Cancel the visit', away: 'Keep the visit', danger: true, version: visit.versionId, initial: {}, fields: [{ name: 'reason', label: 'Why it does not take place', kind: 'area', required: true, help: 'It stays in the chart as cancelled. One in which something is recorded took place, and is not cancelled.' }],
        submit: (v, { key, version }) => act(CancelEncounter, { input: { id: visit.id, expectedVersion: version, reason: v.reason?.trim() ?? '', idempotencyKey: key } }, ({ encounterCancel: { outcome } }) => commonOutcome(outcome)
          ?? (outcome.__typename === 'HasActivity' ? refused('Something is recorded in it, so it took place. End it instead, or mark it as entered in error.') : { kind: 'saved', told: 'The visit is cancelled' })),
      }),
    }
  }, [act, client, patient])
}

/** Classes in which the patient has a bed. Source: HL7 v3 ActEncounterCode. */
const STAYS = ['IMP', 'ACUTE', 'NONAC']
export const isStay = (of: { class?: { code?: string | null } | null }): boolean => STAYS.includes(of.class?.code ?? '')
const OPEN: readonly (EncounterStatus | null | undefined)[] = ['ARRIVED', 'TRIAGED', 'IN_PROGRESS', 'ONLEAVE']
/** Whether the patient is there, or soon back. */
export const isOpen = (of: { status?: EncounterStatus | null }): boolean => OPEN.includes(of.status)
const CANCELLABLE: readonly (EncounterStatus | null | undefined)[] = ['PLANNED', 'ARRIVED', 'TRIAGED', 'IN_PROGRESS']

interface Actable extends Of { status?: EncounterStatus | null; class?: { code?: string | null } | null }
/** What can be done with an encounter as it stands; `open` opens a form that had to be read first. What a stay of another kind than inpatient is ended by is the end of a visit. */
export function useEncounterActs(open: (form: ActForm) => void, patient?: string): (e: Actable, name: string, who?: string) => ActItem[] {
  const forms = useEncounterForms(patient)
  const mistake = useMistake()
  return (e, name, who) => [
    ...(isOpen(e) && isStay(e) ? [{ name: 'Transfer', run: () => void forms.transfer(e, who).then(open) }] : []),
    ...(isOpen(e) ? [e.class?.code === 'IMP' ? { name: 'Discharge', form: () => forms.discharge(e, who) } : { name: 'End the visit', form: () => forms.finish(e, who) }] : []),
    ...(CANCELLABLE.includes(e.status) ? [{ name: 'Cancel the visit', form: () => forms.cancel(e, who) }] : []),
    ...(e.status === 'ENTERED_IN_ERROR' ? [] : [{ name: 'Entered in error', form: () => mistake(e, who ? `${name}, ${who}` : name) }]),
  ]
}
