import { screen, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { expect, it } from 'vitest'
import { failing, forbidden, renderPage, type FakeServer } from '../../testing/chart'
import { RolesPage } from './roles.page'

const show = (server: FakeServer) => renderPage(<RolesPage />, '/administration/roles', '/administration/roles', server, 'admin')
const right = (role: string, of: string, ...interactions: string[]) => ({ role, of, interactions })
const roleTable = [
  { resourceType: 'AuditEvent', rights: [right('PHYSICIAN', 'ALL'), right('ADMIN', 'ALL', 'READ', 'SEARCH'), right('PATIENT', 'OWN', 'READ', 'SEARCH')] },
  { resourceType: 'Observation', rights: [right('PHYSICIAN', 'TREATED', 'CREATE', 'READ', 'UPDATE', 'SEARCH'), right('ADMIN', 'ALL'), right('PATIENT', 'OWN', 'READ', 'SEARCH')] },
]
const cells = (type: string) => {
  const row = screen.getByRole('rowheader', { name: type }).closest('tr')
  return row ? within(row).getAllByRole('cell').map((cell) => cell.textContent) : []
}

it('says who may do what, of which records', async () => {
  show({ root: { roleTable } })
  expect(await screen.findByRole('table', { name: 'Roles' })).toBeVisible()
  expect(cells('Observation')).toEqual(['create, read, change, searchwhom they treat', 'nothing', 'read, searchown record'])
  expect(cells('AuditEvent')).toEqual(['nothing', 'read, search', 'read, searchown record'])
})

it('shows one role, and the types it may do something with', async () => {
  show({ root: { roleTable } })
  await userEvent.selectOptions(await screen.findByLabelText('Role'), 'Admin')
  expect(screen.getAllByRole('columnheader').map((head) => head.textContent)).toEqual(['Type', 'Admin'])
  expect(screen.queryByRole('rowheader', { name: 'Observation' })).toBeNull()
  expect(screen.getByRole('status')).toHaveTextContent('One type')
})

it('finds a type', async () => {
  show({ root: { roleTable } })
  await userEvent.type(await screen.findByLabelText('Part of a type'), 'observ')
  expect(screen.queryByRole('rowheader', { name: 'AuditEvent' })).toBeNull()
  await userEvent.type(screen.getByLabelText('Part of a type'), 'x')
  expect(screen.getByText(/No role may do anything/)).toBeVisible()
})

it('waits, and asks again for what did not come', async () => {
  const server: FakeServer = { root: { roleTable: failing } }
  show(server)
  const retry = await screen.findByRole('button', { name: /again/i })
  server.root = { roleTable }
  await userEvent.click(retry)
  expect(await screen.findByRole('rowheader', { name: 'Observation' })).toBeVisible()
  show({ root: 'hang' })
  expect(await screen.findByRole('status', { name: 'Loading roles' })).toBeVisible()
})

it('says that it may not be seen', async () => {
  show({ root: { roleTable: forbidden } })
  expect(await screen.findByText(/You may not see this/)).toBeVisible()
})
