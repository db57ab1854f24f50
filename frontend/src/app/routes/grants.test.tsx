import { screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { expect, it } from 'vitest'
import { failing, forbidden, fullPatient, page, renderPage, type FakeServer } from '../../testing/chart'
import { GrantsPage } from './grants.page'

const show = (server: FakeServer, ...roles: string[]) => renderPage(<GrantsPage />, '/administration/grants', '/administration/grants', server, 'admin', ...roles)
const one = { id: '7', login: 'lee', name: 'Dr Lee', patientId: 'Patient/p1', explanation: 'The family doctor', openedAt: '2026-11-28T08:00:00Z', expiresAt: '2026-12-28T08:00:00Z' }

it('waits', async () => {
  show({ root: 'hang' })
  expect(await screen.findByRole('status', { name: 'Loading grants' })).toBeVisible()
})

it('gives a grant by the keyboard, with the time as an instant', async () => {
  const sent: Record<string, string>[] = []
  show({ root: { chartGrants: [], chartGrantGive: ({ input }: { input: Record<string, string> }) => { sent.push({ ...input }); return { grant: one } } } })
  expect(await screen.findByText('No grant is in force.')).toBeVisible()
  screen.getByRole('button', { name: 'Give a grant' }).focus()
  await userEvent.keyboard('{Enter}')
  await userEvent.type(screen.getByLabelText('User name of a physician, nurse or pharmacist'), 'lee')
  expect(screen.getByLabelText('Id of the patient')).toHaveAccessibleDescription(/^Not the MRN/)
  await userEvent.type(screen.getByLabelText('Id of the patient'), 'p1')
  await userEvent.type(screen.getByLabelText('Why'), 'The family doctor')
  await userEvent.type(screen.getByLabelText('Until, a year at most'), '2026-12-28T08:00')
  await userEvent.click(screen.getByRole('button', { name: 'Give' }))
  expect(sent).toHaveLength(1)
  expect(sent[0]).toMatchObject({ login: 'lee', patientId: 'Patient/p1', explanation: 'The family doctor' })
  expect(sent[0]?.until).toMatch(/^2026-12-28T08:00(:00)?([+-]\d\d:\d\d|Z)$/)
})

it('finds the patient by name for an administrator who sees patients, and takes nobody who was not chosen', async () => {
  const sent: Record<string, string>[] = []
  show({ root: { chartGrants: [], patients: page(fullPatient), chartGrantGive: ({ input }: { input: Record<string, string> }) => { sent.push({ ...input }); return { grant: one } } } }, 'physician')
  await userEvent.click(await screen.findByRole('button', { name: 'Give a grant' }))
  await userEvent.type(screen.getByLabelText('User name of a physician, nurse or pharmacist'), 'lee')
  await userEvent.type(screen.getByLabelText('Why'), 'GP')
  await userEvent.type(screen.getByLabelText('Until, a year at most'), '2026-12-28T08:00')
  await userEvent.type(screen.getByLabelText('Patient'), 'lind')
  await userEvent.click(screen.getByRole('button', { name: 'Give' }))
  expect(await screen.findAllByText('Patient: choose one from the list.')).not.toHaveLength(0)
  expect(sent).toEqual([])
  await userEvent.click(screen.getByLabelText('Patient'))
  await userEvent.keyboard('{ArrowDown}')
  await userEvent.click(await screen.findByRole('option', { name: 'LIND, Ada (Mrs), born 14-Jul-1945, MRN 4471' }))
  await userEvent.click(screen.getByRole('button', { name: 'Give' }))
  expect(sent).toMatchObject([{ login: 'lee', patientId: 'Patient/ada' }])
})

it('takes the id of a chart that no search shows', async () => {
  const sent: Record<string, string>[] = []
  show({ root: { chartGrants: [], patients: page(), chartGrantGive: ({ input }: { input: Record<string, string> }) => { sent.push({ ...input }); return { grant: one } } } }, 'physician')
  await userEvent.click(await screen.findByRole('button', { name: 'Give a grant' }))
  await userEvent.type(screen.getByLabelText('User name of a physician, nurse or pharmacist'), 'lee')
  await userEvent.type(screen.getByLabelText('Patient'), 'Patient/p1')
  await userEvent.click(await screen.findByRole('option', { name: 'Patient/p1' }))
  await userEvent.type(screen.getByLabelText('Why'), 'GP')
  await userEvent.type(screen.getByLabelText('Until, a year at most'), '2026-12-28T08:00')
  await userEvent.click(screen.getByRole('button', { name: 'Give' }))
  expect(sent).toMatchObject([{ patientId: 'Patient/p1' }])
})

it('says why a grant was refused, and keeps what was typed', async () => {
  show({ root: { chartGrants: [], chartGrantGive: failing } })
  await userEvent.click(await screen.findByRole('button', { name: 'Give a grant' }))
  await userEvent.type(screen.getByLabelText('User name of a physician, nurse or pharmacist'), 'lee')
  await userEvent.type(screen.getByLabelText('Id of the patient'), 'p1')
  await userEvent.type(screen.getByLabelText('Why'), 'x')
  await userEvent.type(screen.getByLabelText('Until, a year at most'), '2026-12-28T08:00')
  await userEvent.click(screen.getByRole('button', { name: 'Give' }))
  expect(await screen.findByRole('alert')).toHaveTextContent('Nothing was recorded.internal error.')
  expect(screen.getByLabelText('User name of a physician, nurse or pharmacist')).toHaveValue('lee')
})

it('ends a grant once that was confirmed', async () => {
  const ended: string[] = []
  show({ root: { chartGrants: [one], chartGrantEnd: ({ id }: { id: string }) => { ended.push(id); return { grant: one } } } })
  await userEvent.click(await screen.findByRole('button', { name: 'End the grant of Dr Lee to Patient/p1' }))
  await userEvent.click(screen.getByRole('button', { name: 'Cancel' }))
  expect(ended).toEqual([])
  await userEvent.click(await screen.findByRole('button', { name: 'End the grant of Dr Lee to Patient/p1' }))
  await userEvent.click(screen.getByRole('button', { name: 'End the grant' }))
  expect(ended).toEqual(['7'])
})

it('says that it was not loaded, and that it may not be seen', async () => {
  show({ root: { chartGrants: failing } })
  expect(await screen.findByRole('button', { name: 'Try again' })).toBeVisible()
  show({ root: { chartGrants: forbidden } })
  expect(await screen.findByText(/You may not see this/)).toBeVisible()
})
