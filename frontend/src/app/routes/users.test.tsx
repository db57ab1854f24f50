import { screen, waitFor, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { expect, it } from 'vitest'
import { failing, forbidden, page, renderPage, type FakeServer } from '../../testing/chart'
import { UsersPage } from './users.page'

const show = (server: FakeServer) => renderPage(<UsersPage />, '/administration/users', '/administration/users', server, 'admin')
const user = {
  login: 'lee', name: 'Dr Lee', roles: ['PHYSICIAN'], fhirUser: 'Practitioner/lee', demo: false, disabled: false, mustChangePassword: false, createdAt: '2026-01-01T00:00:00Z',
  lastSeenAt: '2026-11-28T08:00:00Z', openSessions: 2,
}

it('waits', async () => {
  show({ root: 'hang' })
  expect(await screen.findByRole('status', { name: 'Loading users' })).toBeVisible()
})

it('says who may sign in, and closes an account when it was asked', async () => {
  const asked: unknown[] = []
  show({ root: { users: page(user), userUpdate: (args: { input: object }) => { asked.push({ ...args.input }); return { user, password: null } } } })
  expect(await screen.findByRole('cell', { name: /2 sessions open/ })).toBeVisible()
  expect(screen.getByRole('rowheader', { name: 'lee (you)' })).toBeVisible()
  const opener = within(screen.getByRole('group', { name: 'Acts on lee' })).getByRole('button', { name: 'Close account' })
  await userEvent.click(opener)
  const dialog = await screen.findByRole('dialog', { name: 'Close the account lee?' })
  expect(dialog).toHaveAccessibleDescription(/you are signed out.*what the account has open \(2 sessions\) ends.*can be opened again/)
  expect(within(dialog).getByRole('button', { name: 'Keep it open' })).toHaveFocus()
  await userEvent.keyboard('{Enter}')
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
  expect(opener).toHaveFocus()
  expect(asked).toEqual([])
  await userEvent.keyboard('{Enter}')
  await screen.findByRole('dialog')
  await userEvent.tab()
  await userEvent.keyboard('{Enter}')
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
  expect(asked).toEqual([{ login: 'lee', disabled: true }])
  expect(opener).toHaveFocus()
})

it('an account that cannot be closed stays in question, with the reason', async () => {
  show({ root: { users: page(user), userUpdate: failing } })
  await userEvent.click(await screen.findByRole('button', { name: 'Close account' }))
  await userEvent.click(screen.getByRole('button', { name: 'Close the account' }))
  expect(await within(screen.getByRole('dialog')).findByRole('alert')).toHaveTextContent('Not closed: internal error')
})

it('says by name who an account is in the record, and by kind and id where the name may not be seen', async () => {
  const name = (display: string) => ({ display, given: [], prefix: [], suffix: [] })
  show({ root: { users: page({ ...user, name: 'A. Lee', personName: name('Dr. Ann Lee') }, { ...user, login: 'kim', name: 'Dr. Kim', fhirUser: 'Practitioner/kim', personName: name('Dr. Kim') }, { ...user, login: 'ada', name: 'Ada', fhirUser: 'Patient/ada', personName: null }) } })
  expect(await screen.findByRole('cell', { name: /^A. Lee\s*Practitioner Dr. Ann Lee$/ })).toBeVisible()
  expect(screen.getByRole('cell', { name: /^Dr. Kim\s*Practitioner$/ })).toBeVisible()
  expect(screen.getByRole('cell', { name: /^Ada\s*Patient ada$/ })).toBeVisible()
})

it('makes an account and tells its password once', async () => {
  show({ root: { users: page(), userCreate: () => ({ user, password: 'made-up-and-long-enough' }) } })
  await userEvent.click(await screen.findByRole('button', { name: 'New account' }))
  await userEvent.type(screen.getByLabelText('User name'), 'lee')
  await userEvent.type(screen.getByLabelText('Name'), 'Dr Lee')
  expect(screen.getByRole('button', { name: 'Make the account' })).toHaveAccessibleDescription('Choose at least one role.')
  await userEvent.click(screen.getByRole('checkbox', { name: 'Physician' }))
  await userEvent.click(screen.getByRole('button', { name: 'Make the account' }))
  expect(await screen.findByText('made-up-and-long-enough')).toBeVisible()
})

it('finds accounts', async () => {
  const asked: unknown[] = []
  show({ root: { users: (args: object) => { asked.push({ ...args }); return page() } } })
  await userEvent.type(await screen.findByLabelText('Part of a user name or name'), ' lee ')
  await userEvent.click(screen.getByRole('button', { name: 'Show' }))
  expect(await screen.findByText('No account fits.')).toBeVisible()
  expect(asked.at(-1)).toEqual({ search: 'lee', first: 100, after: null })
  // The same again: somebody may have come meanwhile.
  const before = asked.length
  await userEvent.click(screen.getByRole('button', { name: 'Show' }))
  await waitFor(() => expect(asked).toHaveLength(before + 1))
  expect(asked.at(-1)).toEqual({ search: 'lee', first: 100, after: null })
})

it.each([
  ['Reset password', 'Reset the password', 'userResetPassword', { user, password: 'made-up-and-long-enough' }, /present password is good no longer.*2 sessions/, 'Not reset'],
  ['Remove second factor', 'Remove the second factor', 'userRemoveSecondFactor', { user }, /authenticator and the recovery codes of Dr Lee.*2 sessions/, 'Not removed'],
  ['Log out', 'Log out', 'userLogOut', { user }, /On every device.*2 sessions/, 'Not logged out'],
])('%s asks first, and says why it was refused', async (opener, go, field, answer, does, not) => {
  let asked = 0
  const server: FakeServer = { root: { users: page(user), [field]: () => { asked += 1; if (asked === 1) throw new Error('no'); return answer } } }
  show(server)
  await userEvent.click(await screen.findByRole('button', { name: opener }))
  const dialog = await screen.findByRole('dialog')
  expect(dialog).toHaveAccessibleDescription(does)
  expect(asked).toBe(0)
  await userEvent.click(within(dialog).getByRole('button', { name: go }))
  expect(await within(dialog).findByRole('alert')).toHaveTextContent(not)
  await userEvent.click(within(dialog).getByRole('button', { name: go }))
  await waitFor(() => expect(screen.queryByRole('dialog', { name: /lee\?$|out\?$/ })).toBeNull())
  expect(asked).toBe(2)
  if (field === 'userResetPassword') expect(await screen.findByText('made-up-and-long-enough')).toBeVisible()
})

it('says that it may not be seen', async () => {
  show({ root: { users: forbidden } })
  expect(await screen.findByText(/You may not see this/)).toBeVisible()
})
