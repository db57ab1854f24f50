import { screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { beforeEach, expect, it, vi } from 'vitest'
import { emptyPatient, failing, forbidden, page, renderPage, type FakeServer } from '../../testing/chart'
import { PatientsPage } from './patients.page'

// jsdom lays nothing out: without a height the virtual list has no rows.
beforeEach(() => {
  vi.spyOn(Element.prototype, 'clientHeight', 'get').mockReturnValue(600)
  vi.spyOn(Element.prototype, 'clientWidth', 'get').mockReturnValue(1000)
  Element.prototype.scrollTo = () => undefined
})

const show = (server: FakeServer) => renderPage(<PatientsPage />, '/patients', '/patients', server)

it('waits', async () => {
  show({ root: 'hang' })
  expect(await screen.findByRole('status', { name: 'Loading patients' })).toBeVisible()
})

it('says how the search was read when nobody is found', async () => {
  show({ root: { patients: page() } })
  expect(await screen.findByText('No patient is found: all patients.')).toBeVisible()
})

it('says that it was not loaded, and tries again', async () => {
  const server: FakeServer = { root: { patients: failing } }
  show(server)
  const retry = await screen.findByRole('button', { name: 'Try again' })
  server.root = { patients: page(emptyPatient) }
  await userEvent.click(retry)
  expect(await screen.findByText('1 of 1 loaded')).toBeVisible()
})

it('says that it may not be seen', async () => {
  show({ root: { patients: forbidden } })
  expect(await screen.findByText(/You may not see this/)).toBeVisible()
  expect(screen.queryByRole('button', { name: 'Try again' })).toBeNull()
})

it('shows who is on record, and in its place what may not be seen', async () => {
  show({ root: { patients: page({ ...emptyPatient, encounters: forbidden }) } })
  expect(await screen.findByText('LIND, Ada (Mrs)')).toBeVisible()
  expect(screen.getByText('14-Jul-1945', { exact: false })).toBeVisible()
  expect(screen.getByText('You may not see this')).toBeVisible()
})
