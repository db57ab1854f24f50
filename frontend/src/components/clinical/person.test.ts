import { expect, it } from 'vitest'
import { ageText, genderText, patientName } from './person'

it('names a patient by family, given and title', () => {
  const name = { family: 'Halvorsen', given: ['Ingrid', 'A'], prefix: ['Mrs.'], display: 'x' }
  expect(patientName(name)).toBe('HALVORSEN, Ingrid A (Mrs)')
  expect(patientName({ ...name, given: [], prefix: [] })).toBe('HALVORSEN')
  expect(patientName({ ...name, family: null })).toBe('x')
  expect(patientName(null)).toBe('Name not recorded')
})

it('words gender and age', () => {
  expect(genderText('FEMALE')).toBe('Female')
  expect(genderText(null)).toBe('Not recorded')
  expect(ageText({ value: 81, unit: 'YEARS' })).toBe('81y')
  expect(ageText(null)).toBe('')
})
