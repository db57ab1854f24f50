import { expect, it } from 'vitest'
import { measureOf, measuresOf } from './measures'

const coded = (text: string, code: string) => ({ text, codings: [{ system: 'http://loinc.org', code }] })
const mmHg = (value: string) => ({ __typename: 'Quantity', value, unit: 'mmHg', code: 'mm[Hg]' })
const latest = [{
  code: coded('Blood pressure', '85354-9'), series: [],
  components: [{ code: coded('Systolic', '8480-6'), series: [{ at: '2026-11-01', value: '140' }, { at: '2026-11-20', value: '128' }] }],
  observation: { id: 'Observation/bp', effectiveAt: '2026-11-20', value: null, components: [{ code: coded('Systolic', '8480-6'), value: mmHg('128') }, { code: coded('Diastolic', '8462-4'), value: mmHg('76') }] },
}] as unknown as Parameters<typeof measuresOf>[0]

it('finds a part of a result by its own code, with its course and the code of the whole', () => {
  expect(measureOf(measuresOf(latest), coded('Upper pressure', '8480-6'))).toMatchObject({ name: 'Systolic', of: 'http://loinc.org|85354-9', quantity: { value: '128' }, points: [{ value: '140' }, { value: '128' }] })
})

it('takes no code of another system, and none that is not there', () => {
  expect(measureOf(measuresOf(latest), { codings: [{ system: 'urn:other', code: '8480-6' }] })).toBeUndefined()
  expect(measureOf(measuresOf(latest), { codings: [] })).toBeUndefined()
})
