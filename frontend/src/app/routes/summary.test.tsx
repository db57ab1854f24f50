import { screen } from '@testing-library/react'
import { afterEach, expect, it, vi } from 'vitest'
import { answering, fullPatient, renderPage, type FakeServer } from '../../testing/chart'
import { SummaryPage } from './summary.page'

const show = (server: FakeServer) => renderPage(<SummaryPage />, '/patients/:id/clinical/x', '/patients/ada/clinical/x', server)
/** The window fits every query, or none. */
const fits = (matches: boolean) => vi.stubGlobal('matchMedia', () => ({ matches, addEventListener: () => undefined, removeEventListener: () => undefined }))
afterEach(() => vi.unstubAllGlobals())

it.each([
  [true, ['Problems', 'Allergies', 'Vitals', 'Latest results', 'Medications', 'Encounters']],
  [false, ['Problems', 'Allergies', 'Encounters', 'Care team', 'Vitals', 'Latest results']],
])('in one column (%s) the signs are read before the visits', async (narrow, first) => {
  fits(narrow)
  show({ root: answering(fullPatient) })
  await screen.findByRole('region', { name: 'Vitals' })
  const regions = screen.getAllByRole('region').map((region) => region.getAttribute('aria-label') ?? document.getElementById(region.getAttribute('aria-labelledby') ?? '')?.textContent ?? '')
  const known = regions.flatMap((name) => first.find((one) => name.startsWith(one)) ?? [])
  expect(known.slice(0, first.length)).toEqual(first)
})
