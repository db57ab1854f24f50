import { render, screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { afterEach, expect, it, vi } from 'vitest'
import { SignInForm } from './sign-in-form'

const answer = (status: number, body: unknown) => new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json' } })

afterEach(() => vi.unstubAllGlobals())

it('says what is wrong and keeps what was typed', async () => {
  vi.stubGlobal('fetch', vi.fn(() => Promise.resolve(answer(401, { error: 'no' }))))
  const done = vi.fn()
  render(<SignInForm demoUsers={[]} onSignedIn={done} />)
  await userEvent.type(screen.getByLabelText('User name'), 'lee')
  await userEvent.type(screen.getByLabelText('Password'), 'wrong')
  await userEvent.click(screen.getByRole('button', { name: 'Sign in' }))
  expect(await screen.findByText(/User name or password is not right/)).toBeVisible()
  expect(screen.getByLabelText('User name')).toHaveValue('lee')
  expect(done).not.toHaveBeenCalled()
})

it('signs in with a chosen demo log-in and sends our header', async () => {
  const calls: RequestInit[] = []
  vi.stubGlobal('fetch', vi.fn((_: string, init: RequestInit) => {
    calls.push(init)
    return Promise.resolve(answer(200, { user: 'nurse', name: 'N', roles: ['nurse'], expiresAt: '2026-01-01T00:00:00Z' }))
  }))
  const done = vi.fn()
  render(<SignInForm demoUsers={[{ user: 'nurse', name: 'RN Silva', role: 'nurse', password: 'demo-nurse' }]} onSignedIn={done} />)
  await userEvent.click(screen.getByRole('button', { name: /RN Silva/ }))
  await userEvent.click(screen.getByRole('button', { name: 'Sign in' }))
  await vi.waitFor(() => expect(done).toHaveBeenCalled())
  expect(calls[0]?.headers).toMatchObject({ 'X-WintEHR-Request': '1' })
  expect(JSON.parse(String(calls[0]?.body))).toEqual({ user: 'nurse', password: 'demo-nurse' })
})
