import { useMemo } from 'react'
import { useClient, type Client } from 'urql'
import { commonOutcome, given, useAct, type FieldSpec, type Outcome } from '../../components/act/act'
import type { ActForm } from '../../components/act/act-dialog'
import { graphql } from '../../gql'
import type { DischargeDisposition, EncounterClass } from '../../gql/graphql'
import { isJson, items, textAt } from '../../lib/fhir'

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

const CLASSES: readonly (readonly [EncounterClass, string])[] = [['AMBULATORY', 'Visit'], ['EMERGENCY', 'Emergency'], ['OBSERVATION', 'Observation'], ['HOME', 'At home'], ['VIRTUAL', 'Telephone or video']]
const WHERE_TO: readonly (readonly [DischargeDisposition, string])[] = [
  ['HOME', 'Home'], ['AGAINST_ADVICE', 'Home against advice'], ['OTHER_FACILITY', 'Another institution'], ['HOSPICE', 'Hospice'], ['LONG_TERM_CARE', 'Long-term care'], ['REHABILITATION', 'Rehabilitation'],
  ['SKILLED_NURSING', 'Skilled nursing facility'], ['PSYCHIATRIC', 'Psychiatric hospital'], ['EXPIRED', 'Died'], ['OTHER', 'Elsewhere'],
]
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
/** The forms by which a visit begins and ends, and a stay begins, moves and ends. */
export function useEncounterForms(patient: string) {
  const act = useAct()
  const client = useClient()
  return useMemo(() => {
    const start = (form: Pick<ActForm, 'title' | 'verb' | 'fields'>, stay: boolean): ActForm => ({
      ...form, initial: {},
      submit: (v, { key, concept }) => act(StartEncounter, { input: { patient, class: stay ? 'INPATIENT' : (v.class as EncounterClass), location: given(v.location), reason: concept('reason'), idempotencyKey: key } }, ({ encounterStart: { outcome } }) => commonOutcome(outcome)
        ?? (outcome.__typename === 'OpenEncounterExists' ? refused('One of this kind is open already. End it before another begins.')
          : outcome.__typename === 'BedOccupied' ? refused(outcome.message, 'location')
          : { kind: 'saved', told: stay ? 'The patient is admitted' : 'The visit has begun' })),
    })
    return {
      visit: (): ActForm => start({ title: 'Begin a visit', verb: 'Begin', fields: [{ name: 'class', label: 'Kind', kind: 'choice', required: true, options: CLASSES }, REASON] }, false),
      admit: async (): Promise<ActForm> => start({ title: 'Admit to a bed', verb: 'Admit', fields: [bedField(await beds(client)), REASON] }, true),
      transfer: async (of: Of): Promise<ActForm> => ({
        title: 'Transfer to another bed', verb: 'Transfer', version: of.versionId, initial: {}, fields: [bedField(await beds(client)), { name: 'reason', label: 'Reason' }],
        submit: (v, { key, version }) => act(TransferEncounter, { input: { id: of.id, expectedVersion: version, location: v.location ?? '', reason: given(v.reason), idempotencyKey: key } }, ({ encounterTransfer: { outcome } }) => commonOutcome(outcome)
          ?? (outcome.__typename === 'BedOccupied' ? refused(outcome.message, 'location') : { kind: 'saved', told: 'The patient is transferred' })),
      }),
      finish: (of: Of): ActForm => ({
        title: 'End the visit', verb: 'End', version: of.versionId, initial: {}, fields: [],
        submit: (_, { key, version }) => act(FinishEncounter, { input: { id: of.id, expectedVersion: version, idempotencyKey: key } }, ({ encounterFinish: { outcome } }) => commonOutcome(outcome) ?? { kind: 'saved', told: 'The visit is ended' }),
      }),
      discharge: (of: Of): ActForm => ({
        title: 'Discharge', verb: 'Discharge', version: of.versionId, initial: {}, fields: [{ name: 'disposition', label: 'Where to', kind: 'choice', required: true, options: WHERE_TO }],
        submit: (v, { key, version }) => act(DischargeEncounter, { input: { id: of.id, expectedVersion: version, disposition: v.disposition as DischargeDisposition, overrideReason: given(v.overrideReason), idempotencyKey: key } }, ({ encounterDischarge: { outcome } }) => commonOutcome(outcome)
          ?? (outcome.__typename === 'RunningInfusion' ? { kind: 'ask', told: `An infusion runs (${outcome.administrations.length}). Stop it, or say why the patient is discharged all the same.`, field: { name: 'overrideReason', label: 'Why all the same', required: true } }
            : { kind: 'saved', told: outcome.__typename === 'EncounterDischarged' && outcome.activePrescriptions.length > 0 ? `The patient is discharged. Still in force: ${outcome.activePrescriptions.map((m) => m.medication?.text ?? 'a prescription').join(', ')}` : 'The patient is discharged' })),
      }),
    }
  }, [act, client, patient])
}
