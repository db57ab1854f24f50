import { screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { expect, it } from 'vitest'
import { exportPath, filterOf } from '../../features/administration/audit'
import { failing, forbidden, page, renderPage, type FakeServer } from '../../testing/chart'
import { AuditPage } from './audit.page'

const show = (server: FakeServer, role = 'admin') => renderPage(<AuditPage />, '/administration/audit', '/administration/audit', server, role)
const event = {
  id: 'AuditEvent/7-1', at: '2026-11-28T08:00:05Z', user: 'lee', userName: 'Dr Lee', roles: ['physician'], kind: 'READ', interaction: 'read', outcome: 'DONE', patient: 'Patient/ada',
  resources: ['Observation/k'], queries: [], operation: null, requestId: 'r',
}

it('waits', async () => {
  show({ root: 'hang' })
  expect(await screen.findByRole('status', { name: 'Loading events' })).toBeVisible()
})

it('says who touched what, and offers the same as files', async () => {
  show({ root: { auditEvents: page(event) } })
  expect(await screen.findByRole('cell', { name: /Dr Lee/ })).toHaveTextContent('lee · physician')
  expect(screen.getByText('Observation/k')).toBeVisible()
  expect(screen.getByText(/^\d\d:\d\d:05$/)).toBeVisible()
  expect(screen.getByRole('link', { name: 'CSV' })).toHaveAttribute('href', '/audit/export?format=csv')
})

it('counts events with their thousands apart, and says live changes in words', async () => {
  show({ root: { auditEvents: { ...page({ ...event, kind: null, interaction: 'subscription' }), totalCount: 52_263 } } })
  expect(await screen.findByRole('cell', { name: /^Live changes\s*subscription$/ })).toBeVisible()
  expect(screen.getAllByText('52,263 events')[0]).toBeVisible()
})

it('names patients when somebody who may see them asks for it, by FAMILY and given name, the id second', async () => {
  const named = { ...event, patientName: { display: 'Mrs Ada Lind', family: 'Lind', given: ['Ada'], prefix: ['Mrs'], suffix: [] } }
  show({ root: { auditEvents: page(named, { ...event, id: 'AuditEvent/8-1', patient: 'Patient/ben', patientName: null }) } }, 'physician')
  expect(await screen.findByText('ada')).toBeVisible()
  expect(screen.queryByText(/LIND/)).toBeNull()
  await userEvent.click(screen.getByRole('checkbox', { name: /^Patients by name/ }))
  expect(await screen.findByRole('cell', { name: /^LIND, Ada \(Mrs\)\s*ada$/ })).toBeVisible()
  expect(screen.getByRole('cell', { name: 'ben' })).toBeVisible()
})

it('offers no names of patients to who may not see them', async () => {
  show({ root: { auditEvents: page(event) } })
  expect(await screen.findByRole('cell', { name: 'ada' })).toBeVisible()
  expect(screen.queryByRole('checkbox')).toBeNull()
})

it('asks what was typed', async () => {
  const asked: unknown[] = []
  show({ root: { auditEvents: (args: { filter: object }) => { asked.push({ ...args.filter }); return page() } } })
  await userEvent.type(await screen.findByLabelText('Patient id'), 'ada')
  await userEvent.type(screen.getByLabelText('User name'), ' lee ')
  await userEvent.selectOptions(screen.getByLabelText('Event'), 'READ')
  await userEvent.click(screen.getByRole('button', { name: 'Show' }))
  expect(await screen.findByText('No event fits.')).toBeVisible()
  expect(asked.at(-1)).toEqual({ patient: 'Patient/ada', user: 'lee', kinds: ['READ'] })
})

it('includes the last day', () => {
  const filter = filterOf({ patient: '', user: '', kind: '', outcome: 'REFUSED', from: '2026-11-01', to: '2026-11-01' })
  expect(Date.parse(String(filter.until)) - Date.parse(String(filter.since))).toBe(86_400_000)
  expect(exportPath(filter, 'ndjson')).toContain('outcome=REFUSED')
})

it('says that it was not loaded, and tries again', async () => {
  const server: FakeServer = { root: { auditEvents: failing } }
  show(server)
  const retry = await screen.findByRole('button', { name: 'Try again' })
  server.root = { auditEvents: page(event) }
  await userEvent.click(retry)
  expect(await screen.findByText('One event')).toBeVisible()
})

it('says that it may not be seen', async () => {
  show({ root: { auditEvents: forbidden } })
  expect(await screen.findByText(/You may not see this/)).toBeVisible()
})
