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
  ['lind 14-Jul-1945', { name: 'lind', birthDate: { low: '1945-07-14', high: '1945-07-15' } }],
  ['14 july 1945 ada lind', { name: 'ada lind', birthDate: { low: '1945-07-14', high: '1945-07-15' } }],
  ['lind 1945', { name: 'lind', birthDate: { low: '1945', high: '1946' } }],
  ['lind 4471', { identifier: 'lind 4471,lind4471' }],
  ['+1 555 0101', { phone: '+1 555 0101' }],
  ['(555) 0101', { phone: '(555) 0101' }],
])('%s is read as %o', (text, filter) => expect(readPatientSearch(text).filter).toEqual(filter))

it('says the birth date as dates read', () => expect(readPatientSearch('1945-07-14').words).toBe('born 14-Jul-1945'))

it.each([
  ['Meyer', { soundsLike: 'Meyer' }, 'name parts sound like “Meyer”'],
  ['steven meyer', { soundsLike: 'steven meyer' }, 'name parts sound like “steven”, “meyer”'],
  ['Meyer 1945', { soundsLike: 'Meyer', birthDate: { low: '1945', high: '1946' } }, 'name parts sound like “Meyer”, born 1945'],
  ['555 0101', { phone: '555 0101' }, 'telephone number is “555 0101”'],
  ['Иванов', undefined, undefined],
  ['M', undefined, undefined],
  ['A1', undefined, undefined],
  ['1234', undefined, undefined],
  ['1945', undefined, undefined],
])('%s is also read as %o', (text, filter, words) => {
  const { also } = readPatientSearch(text)
  expect([also?.filter, also?.words]).toEqual([filter, words])
})
