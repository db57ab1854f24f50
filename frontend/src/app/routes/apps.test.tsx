import { screen, waitFor, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { expect, it } from 'vitest'
import { failing, forbidden, renderPage, type FakeServer } from '../../testing/chart'
import { AppsPage } from './apps.page'

const show = (server: FakeServer) => renderPage(<AppsPage />, '/administration/apps', '/administration/apps', server, 'admin')
const app = { id: 'growth', name: 'Growth chart', kind: 'SECRET', jwksUri: null, redirectUris: ['https://app.example/'], launchUrl: null, opensIn: 'TAB', scope: 'patient/*.rs', actsByItself: false, disabled: false }

it('waits', async () => {
  show({ root: 'hang' })
  expect(await screen.findByRole('status', { name: 'Loading applications' })).toBeVisible()
})

it('registers an application and tells its secret once', async () => {
  const sent: unknown[] = []
  show({ root: { apps: [], appRegister: ({ input }: { input: object }) => { sent.push({ ...input }); return { app, secret: 'a-secret-told-once' } } } })
  await userEvent.click(await screen.findByRole('button', { name: 'Register an application' }))
  await userEvent.type(screen.getByLabelText('client_id'), 'growth')
  await userEvent.type(screen.getByLabelText('Name'), 'Growth chart')
  await userEvent.selectOptions(screen.getByLabelText('How it shows who it is'), 'SECRET')
  await userEvent.selectOptions(screen.getByLabelText('Where it is shown'), 'CHART')
  await userEvent.type(screen.getByLabelText('Addresses people are sent back to, one a line'), 'https://app.example/')
  await userEvent.click(screen.getByRole('button', { name: 'Register' }))
  expect(await screen.findByText('a-secret-told-once')).toBeVisible()
  expect(sent[0]).toMatchObject({ id: 'growth', kind: 'SECRET', opensIn: 'CHART', redirectUris: ['https://app.example/'] })
})

it('registers one that publishes its keys, and shows where', async () => {
  const sent: unknown[] = []
  const signs = { ...app, kind: 'SIGNATURE', jwksUri: 'https://app.example/keys' }
  show({ root: { apps: [signs], appRegister: ({ input }: { input: object }) => { sent.push({ ...input }); return { app: signs, secret: null } } } })
  expect(await screen.findByText('https://app.example/keys')).toBeVisible()
  await userEvent.click(screen.getByRole('button', { name: 'Register an application' }))
  await userEvent.type(screen.getByLabelText('client_id'), 'growth')
  await userEvent.type(screen.getByLabelText('Name'), 'Growth chart')
  await userEvent.selectOptions(screen.getByLabelText('How it shows who it is'), 'SIGNATURE')
  await userEvent.type(screen.getByLabelText('Address where its public keys are'), 'https://app.example/keys')
  await userEvent.click(screen.getByRole('button', { name: 'Register' }))
  await waitFor(() => expect(sent).toHaveLength(1))
  expect(sent[0]).toMatchObject({ kind: 'SIGNATURE', jwks: null, jwksUri: 'https://app.example/keys' })
})

it('closes an application, and says why an act was refused', async () => {
  show({ root: { apps: [app], appDisable: failing } })
  await userEvent.click(within(await screen.findByRole('group', { name: 'Acts on Growth chart' })).getByRole('button', { name: 'Close' }))
  expect(await screen.findByRole('alert')).toHaveTextContent('Not done: internal error')
})

it('says that it may not be seen', async () => {
  show({ root: { apps: forbidden } })
  expect(await screen.findByText(/You may not see this/)).toBeVisible()
})
