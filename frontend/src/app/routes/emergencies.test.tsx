import { screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { expect, it } from 'vitest'
import { failing, forbidden, page, renderPage, type FakeServer } from '../../testing/chart'
import { EmergenciesPage } from './emergencies.page'

const show = (server: FakeServer) => renderPage(<EmergenciesPage />, '/administration/emergencies', '/administration/emergencies', server, 'admin')
const one = { id: '1', login: 'lee', name: 'Dr Lee', patientId: 'Patient/p1', reason: 'EMERGENCY_TREATMENT', explanation: 'Unconscious', openedAt: '2026-11-28T08:00:00Z', expiresAt: '2026-11-28T09:00:00Z', endedAt: null, review: null }

it('waits', async () => {
  show({ root: 'hang' })
  expect(await screen.findByRole('status', { name: 'Loading emergency accesses' })).toBeVisible()
})

it('shows what waits, and sends what is said of it', async () => {
  const said: unknown[] = []
  show({ root: { breakGlassReviews: page(one), breakGlassReview: ({ input }: { input: object }) => { said.push({ ...input }); return { grant: one } } } })
  await userEvent.click(await screen.findByRole('button', { name: /^Review of Dr Lee/ }))
  await userEvent.type(screen.getByLabelText('Note'), 'Nobody knew of one')
  await userEvent.click(screen.getByRole('button', { name: 'Not justified' }))
  expect(said).toEqual([{ id: '1', justified: false, note: 'Nobody knew of one' }])
})

it('says why a review was refused', async () => {
  show({ root: { breakGlassReviews: page(one), breakGlassReview: failing } })
  await userEvent.click(await screen.findByRole('button', { name: /^Review of Dr Lee/ }))
  await userEvent.click(screen.getByRole('button', { name: 'Justified' }))
  expect(await screen.findByRole('alert')).toHaveTextContent('internal error')
})

it('says that nothing waits, and that it may not be seen', async () => {
  show({ root: { breakGlassReviews: page() } })
  expect(await screen.findByText('No emergency access waits for a review.')).toBeVisible()
  show({ root: { breakGlassReviews: forbidden } })
  expect(await screen.findByText(/You may not see this/)).toBeVisible()
})
