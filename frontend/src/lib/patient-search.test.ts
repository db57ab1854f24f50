import { expect, it } from 'vitest'
import { readPatientSearch } from './patient-search'

it.each([
  ['', {}],
  ['halv ing', { name: 'halv ing' }],
  ['4471 0926', { identifier: '44710926' }],
  ['1945', { birthDate: { low: '1945', high: '1946' } }],
  ['1945-12', { birthDate: { low: '1945-12', high: '1946-01' } }],
  ['1945-02-28', { birthDate: { low: '1945-02-28', high: '1945-03-01' } }],
  ['1945-13', { identifier: '1945-13' }],
])('%s is read as %o', (text, filter) => expect(readPatientSearch(text).filter).toEqual(filter))
