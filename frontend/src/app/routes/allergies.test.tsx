import { screen } from '@testing-library/react'
import { expect, it } from 'vitest'
import { answering, fullPatient, page, renderPage, type FakeServer } from '../../testing/chart'
import { AllergiesPage } from './allergies.page'

const at = (server: FakeServer) => renderPage(<AllergiesPage />, '/patients/:id/clinical/allergies', '/patients/ada/clinical/allergies', server)
const penicillin = fullPatient.allergies.nodes[0]
const coded = (text: string, code: string) => ({ text, codings: [{ system: 'http://snomed.info/sct', code }] })
const record = (id: string, more: object) => ({ ...penicillin, id: `AllergyIntolerance/${id}`, reactions: [], ...more })
const known = (...nodes: object[]) => answering({ ...fullPatient, allergies: { ...page(...nodes), status: 'KNOWN' } })

it('tells of a reaction what was seen, how bad, when, to what, and in words', async () => {
  const reactions = [
    { manifestations: [coded('urticaria', '126485001'), coded('wheezing', '56018004')], severity: 'MODERATE', onset: '2019-05', substance: coded('Amoxicillin', '27658006'), description: 'an hour after the second tablet' },
    { manifestations: [], description: 'felt faint' },
  ]
  at({ root: known(record('a', { reactions })) })
  const row = await screen.findByRole('row', { name: /^Penicillin/ })
  expect(row).toHaveTextContent(/^PenicillinUrticaria, WheezingModerate · showed May-2019 · to Amoxicillinan hour after the second tabletfelt faint/)
})

it.each([
  ['an allergy that is there', [record('a', {})], null],
  ['one that is resolved', [record('a', { clinicalStatus: 'RESOLVED' })], 'No known allergies'],
  ['a mistake', [record('a', { clinicalStatus: null, verificationStatus: 'ENTERED_IN_ERROR' })], 'No known allergies'],
  ['a statement', [record('a', { substance: coded('No known allergy', '716186003') })], 'State it anew'],
])('of %s on record, that there is none is offered or not', async (_, nodes, offered) => {
  at({ root: known(...nodes) })
  await screen.findByRole('button', { name: 'Record an allergy' })
  for (const name of ['No known allergies', 'State it anew']) expect(screen.queryAllByRole('button', { name })).toHaveLength(name === offered ? 1 : 0)
})

it('a statement about medicines is not read as one about all', async () => {
  at({ root: answering({ ...fullPatient, allergies: { ...page(record('a', { substance: coded('No known drug allergy', '409137002'), recordedAt: '2026-11-02', fhir: { recorder: { display: 'Dr Lee' } } })), status: 'NONE_KNOWN' } }) })
  expect(await screen.findByText('No known drug allergy (Dr Lee, 02-Nov-2026)')).toBeVisible()
  expect(screen.queryByRole('region', { name: 'No known allergies' })).toBeNull()
})

it('that no latex allergy is known is a statement too, and no allergy', async () => {
  at({ root: known(record('a', { substance: coded('No known latex allergy', '1003774007'), recordedAt: '2026-11-02', fhir: { recorder: { display: 'Dr Lee' } } })) })
  expect(await screen.findByText('No known latex allergy (Dr Lee, 02-Nov-2026)')).toBeVisible()
  expect(screen.getByRole('button', { name: 'State it anew' })).toBeVisible()
})
