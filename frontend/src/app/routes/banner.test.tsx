import { screen, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { beforeEach, describe, expect, it } from 'vitest'
import { SummaryPage } from './summary.page'
import { answering, failing, fullPatient, page, renderPage } from '../../testing/chart'

beforeEach(() => localStorage.clear())
const shown = async (patient: object) => {
  renderPage(<SummaryPage />, '/patients/:id/clinical/summary', '/patients/ada/clinical/summary', { root: answering(patient) })
  return within(await screen.findByRole('region', { name: 'Patient' }))
}
const pregnancy = (more: object = {}) => page({ id: 'Condition/p', fhirId: 'p', versionId: '1', code: { text: 'Pregnant', codings: [{ system: 'http://snomed.info/sct', code: '77386006' }] }, clinicalStatus: 'ACTIVE', onsetAt: '2026-05', category: [], notes: [], ...more })

it('folds its second line away, in this browser for each chart', async () => {
  const banner = await shown(fullPatient)
  const fold = banner.getByRole('button', { name: 'Details' })
  expect(fold).toHaveAttribute('aria-expanded', 'true')
  expect(banner.getByText('6 West, bed 3')).toBeVisible()
  expect(banner.getByText('Eva Lind')).toBeVisible()
  expect(banner.getByText(/555 0101/)).toBeVisible()
  await userEvent.click(fold)
  expect(fold).toHaveAttribute('aria-expanded', 'false')
  expect(banner.queryByText('6 West, bed 3')).not.toBeInTheDocument()
  expect(banner.getByText('Penicillin')).toBeVisible()
  expect(JSON.parse(localStorage.getItem('wintehr.appearance') ?? '{}')).toMatchObject({ details: false })
})

it('names the bed that a moved patient lies in, not the ones that were left', async () => {
  const banner = await shown(fullPatient)
  expect(banner.getByText('Location')).toHaveTextContent(/^Location 6 West, bed 3$/)
})

describe('allergies', () => {
  const [known] = fullPatient.allergies.nodes
  const stated = (code: string) => ({ ...known, id: `AllergyIntolerance/${code}`, recordedAt: '2026-11-02', substance: { text: 'No known drug allergy', codings: [] }, reactions: [], fhir: { code: { coding: [{ system: 'http://snomed.info/sct', code }] }, recorder: { display: 'Dr Lee' } } })
  const says = async (status: string, ...nodes: object[]) => shown({ ...fullPatient, allergies: { ...page(...nodes), status } })

  it('of medicines only are not told to be all', async () => {
    const banner = await says('NONE_KNOWN', stated('409137002'))
    expect(banner.getByText('No known drug allergies (Dr Lee, 02-Nov-2026)')).toBeVisible()
    expect(banner.queryByText(/^No known allergies/)).toBeNull()
  })

  it('stand apart from what is known not to be one', async () => {
    const banner = await says('KNOWN', { ...known }, stated('429625007'))
    expect(banner.getByText('Allergies').parentElement).toHaveTextContent(/^ ?Allergies ?Penicillin – Anaphylaxis$/)
    expect(banner.getByText('No known food allergies (Dr Lee, 02-Nov-2026)')).toBeVisible()
  })

  it('that may kill come first', async () => {
    const banner = await says('KNOWN', { ...known, id: 'AllergyIntolerance/low', criticality: 'LOW', substance: { text: 'Latex', codings: [] } }, { ...known })
    expect(banner.getByText('Allergies').parentElement).toHaveTextContent(/Penicillin – Anaphylaxis.*Latex/)
  })

  it('that are all over leave no empty list of allergies', async () => {
    const banner = await says('KNOWN')
    expect(banner.getByText('Allergies: none recorded as present')).toBeVisible()
  })
})

it('names a pregnancy that is recorded, and says when it could not be read', async () => {
  const banner = await shown({ ...fullPatient, conditions: ({ filter }: { filter?: { code?: string } }) => (filter?.code ? pregnancy() : page()) })
  expect(banner.getByText('Pregnant')).toBeVisible()
  expect(banner.getByText(/since May-2026/)).toBeVisible()
})

it.each([[{ verificationStatus: 'REFUTED' }], [{ verificationStatus: 'ENTERED_IN_ERROR' }]])('names no pregnancy that is %o', async (more) => {
  const banner = await shown({ ...fullPatient, conditions: pregnancy(more) })
  expect(banner.queryByText('Pregnant')).not.toBeInTheDocument()
})

it('says of a pregnancy that could not be read that it is not loaded', async () => {
  const banner = await shown({ ...fullPatient, conditions: failing })
  expect(banner.getByText(/^Pregnancy/)).toHaveTextContent('Pregnancy not loaded')
})
