import { expect, it } from 'vitest'
import { snapshot } from './chart-data'

const one = (name: string, code: string) => ({ code: { text: name, codings: [{ system: 'http://loinc.org', code }] }, observation: { id: name, effectiveAt: '2026-11-22', interpretation: null, value: { __typename: 'IntegerValue', integer: 1 }, components: [], referenceRanges: [] } })
const chart = {
  vitals: [one('Weight', '29463-7'), one('Blood pressure', '85354-9')],
  labs: [one('Platelets', '777-3'), one('Potassium', '2823-3'), one('Sodium', '2951-2')],
} as unknown as Parameters<typeof snapshot>[0]

it.each([['vitals', ['Blood pressure', 'Weight']], ['labs', ['Sodium', 'Potassium', 'Platelets']]] as const)('%s stand in the order of their sheet', (kind, names) => {
  expect(snapshot(chart, kind, '2026-11-22')?.sources).toEqual(names)
})

it.each([['LOW', '94 % (low) ('], ['CRITICAL_HIGH', '94 % (critically high) ('], [null, '94 % (']])('says in words how a value stands: %s', (interpretation, text) => {
  const [first] = chart.labs ?? []
  const labs = [{ ...first, observation: { id: 'o', effectiveAt: '2026-11-22', interpretation, value: { __typename: 'Quantity', value: '94', unit: '%' }, components: [], referenceRanges: [] } }] as unknown as typeof chart.labs
  expect(snapshot({ ...chart, labs }, 'labs', '2026-11-22')?.text).toContain(`: ${text}`)
})

const allergy = (id: string, text: string, code?: string) => ({ id, substance: { text }, clinicalStatus: 'ACTIVE', verificationStatus: 'CONFIRMED', recordedAt: '2026-11-02', reactions: [], fhir: { code: { coding: code ? [{ code }] : [] }, recorder: { display: 'Dr Lee' } } })
it.each([
  ['of medicines only', 'NONE_KNOWN', [allergy('d', 'No known drug allergy', '409137002')], ['- No known drug allergies (Dr Lee, 02-Nov-2026)']],
  ['behind what there is', 'KNOWN', [allergy('f', 'No known food allergy', '429625007'), allergy('p', 'Penicillin')], ['- Penicillin', '- No known food allergies (Dr Lee, 02-Nov-2026)']],
  ['of which nobody asked', 'NOT_ASKED', [], ['Not recorded']],
])('that no allergy is known is told as it was said: %s', (_, status, nodes, text) => {
  const found = snapshot({ ...chart, allergies: { status, nodes, pageInfo: { hasNextPage: false } } } as unknown as typeof chart, 'allergies', '2026-11-22')
  expect(found?.text.split('\n').slice(1)).toEqual(text)
})
