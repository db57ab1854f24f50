import { render, screen } from '@testing-library/react'
import { createMemoryRouter, RouterProvider } from 'react-router'
import { expect, it } from 'vitest'
import { LoginPage } from './login.page'

function show(at: string, config: object = { demo: false, environment: 'Test', demoUsers: [] }) {
  const router = createMemoryRouter([{ path: '/login', loader: () => config, element: <LoginPage />, hydrateFallbackElement: <p>…</p> }], { initialEntries: [at] })
  render(<RouterProvider router={router} />)
}

it('says why the session ended, what comes next, and what kind of installation this is', async () => {
  show('/login?ended=idle&next=%2Fsettings')
  expect(await screen.findByText('Nothing was done for a while, so the session ended. You come back to where you were.')).toBeVisible()
  expect(screen.getByText('Test')).toBeVisible()
})

it.each([
  ['/login?ended=sign-out', 'You are signed out.'],
  ['/login?next=%2Fpatients', 'Sign in to see the page that you asked for.'],
])('of %s says %s', async (at, words) => {
  show(at)
  expect(await screen.findByText(words)).toBeVisible()
})

it('says nothing of what it does not know', async () => {
  show('/login?ended=whatever&next=%2F%2Fevil.example', { demo: true, environment: 'Demo', demoUsers: [] })
  expect(await screen.findByText('DEMO')).toBeVisible()
  expect(screen.queryByRole('status')).toBeNull()
})
