import { expect, test } from 'vitest'
import { dangerousFirst, noneKnown, saysNone, sources, speaker } from './allergy'

const lee = { reference: 'Practitioner/lee', display: 'Dr. Lee' }
const patient = { reference: 'Patient/a' }

test.each([
  [{ recorder: lee }, 'Dr. Lee', ['Dr. Lee']],
  [{ recorder: lee, asserter: lee }, 'Dr. Lee', ['Dr. Lee']],
  [{ recorder: lee, asserter: patient }, 'the patient', ['Dr. Lee', 'said by the patient']],
  [{ asserter: patient }, 'the patient', ['said by the patient']],
  [{ recorder: { reference: 'Practitioner/other' } }, '', []],
  [null, '', []],
])('who says so and who wrote it down: %j', (fhir, says, both) => {
  expect(speaker(fhir)).toBe(says)
  expect(sources(fhir)).toEqual(both)
})

const stated = (code: string, recordedAt?: string) => ({ recordedAt, fhir: { code: { coding: [{ system: 'http://snomed.info/sct', code }] }, recorder: lee } })

test.each([
  [[], 'No known allergies'],
  [[stated('716186003', '2026-11-02')], 'No known allergies (Dr. Lee, 02-Nov-2026)'],
  [[stated('409137002', '2026-11-02')], 'No known drug allergies (Dr. Lee, 02-Nov-2026)'],
  [[stated('1003774007')], 'No known latex allergy (Dr. Lee)'],
  [[stated('409137002'), stated('429625007')], 'No known drug allergies (Dr. Lee); No known food allergies (Dr. Lee)'],
])('what is not known is told as far as it was said: %#', (statements, text) => expect(noneKnown(statements)).toBe(text))

test.each([[stated('716186003').fhir, true], [stated('409137002').fhir, true], [stated('91936005').fhir, false], [null, false]])('it is a statement that there is none: %#', (fhir, is) => expect(saysNone(fhir)).toBe(is))

test('has what may kill before what nobody has judged, and that before the rest, else as on record', () => {
  const of = (id: string, criticality: 'HIGH' | 'LOW' | 'UNABLE_TO_ASSESS' | null) => ({ id, criticality })
  expect(dangerousFirst([of('contrast', 'LOW'), of('latex', null), of('sulfonamides', 'LOW'), of('penicillin', 'HIGH'), of('nuts', 'UNABLE_TO_ASSESS')]).map((a) => a.id)).toEqual(['penicillin', 'latex', 'nuts', 'contrast', 'sulfonamides'])
})
