import { expect, test } from 'vitest'
import { sources, speaker } from './allergy'

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
