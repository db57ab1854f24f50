import { expect, it } from 'vitest'
import { readPatientSearch } from './patient-search'

it.each([
  ['', {}],
  ['halv ing', { name: 'halv ing' }],
  ['4471 0926 03', { identifier: '4471 0926 03,4471092603' }],
  ['4471092603', { identifier: '4471092603,4471 0926 03' }],
  ['A1,b|c', { identifier: 'A1\\,b|c' }],
  ['1945', { birthDate: { low: '1945', high: '1946' } }],
  ['1945-12', { birthDate: { low: '1945-12', high: '1946-01' } }],
  ['1945-02-28', { birthDate: { low: '1945-02-28', high: '1945-03-01' } }],
  ['14-Jul-1945', { birthDate: { low: '1945-07-14', high: '1945-07-15' } }],
  ['14 july 1945', { birthDate: { low: '1945-07-14', high: '1945-07-15' } }],
  ['Dec-1945', { birthDate: { low: '1945-12', high: '1946-01' } }],
  ['11/12/1945', { identifier: '11/12/1945' }],
  ['31-Nov-1945', { identifier: '31-Nov-1945' }],
  ['May', { name: 'May' }],
  ['1945-13', { identifier: '1945-13' }],
])('%s is read as %o', (text, filter) => expect(readPatientSearch(text).filter).toEqual(filter))

it('says the birth date as dates read', () => expect(readPatientSearch('1945-07-14').words).toBe('born 14-Jul-1945'))
