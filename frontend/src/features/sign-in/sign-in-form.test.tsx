import { fireEvent, render, screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { afterEach, expect, it, vi } from 'vitest'
import { SignInForm } from './sign-in-form'

const answer = (status: number, body: unknown) => new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json' } })

const type = (field: HTMLElement, value: string) => fireEvent.change(field, { target: { value } })

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

it('asks for a new password where the one at hand is good for one sign-in', async () => {
  const sent: unknown[] = []
  vi.stubGlobal('fetch', vi.fn((_: string, init: RequestInit) => {
    const good = answer(200, { user: 'kim', name: 'Kim', roles: ['nurse'], expiresAt: '2026-01-01T00:00:00Z' })
    if (init.method !== 'POST') return Promise.resolve(good)
    const body = JSON.parse(String(init.body)) as { newPassword?: string }
    sent.push(body)
    if (body.newPassword === undefined) return Promise.resolve(answer(403, { error: 'the password has to be changed', passwordChange: true }))
    if (body.newPassword === 'password1234') return Promise.resolve(answer(422, { error: 'the password is easily guessed', passwordChange: true }))
    return Promise.resolve(good)
  }))
  const done = vi.fn()
  render(<SignInForm demoUsers={[]} onSignedIn={done} />)
  type(screen.getByLabelText('User name'), 'kim')
  type(screen.getByLabelText('Password'), 'handed over')
  const press = () => fireEvent.click(screen.getByText('Sign in'))
  press()
  const fresh = await screen.findByLabelText('New password, at least 12 characters')
  const again = screen.getByLabelText('New password again')
  type(fresh, 'password1234')
  press()
  type(again, 'password1235')
  press()
  expect(await screen.findByText(/typed in two ways/)).toBeVisible()
  type(again, 'password1234')
  press()
  expect(await screen.findByText('Not accepted: the password is easily guessed.')).toBeVisible()
  for (const field of [fresh, again]) {
    type(field, 'a suitcase of rain')
  }
  press()
  await vi.waitFor(() => expect(done).toHaveBeenCalled())
  expect(sent).toEqual([
    { user: 'kim', password: 'handed over' },
    { user: 'kim', password: 'handed over', newPassword: 'password1234' },
    { user: 'kim', password: 'handed over', newPassword: 'a suitcase of rain' },
  ])
}, 20_000)

/** A server that answers by path; what it was sent. */
function serve(answers: Record<string, Response[]>) {
  const sent: [string, unknown][] = []
  vi.stubGlobal('fetch', vi.fn((path: string, init: RequestInit) => {
    if (init.method !== 'POST') return Promise.resolve(answer(200, { user: 'lee', name: 'Lee', roles: ['admin'], expiresAt: '2026-01-01T00:00:00Z' }))
    sent.push([path, JSON.parse(String(init.body))])
    return Promise.resolve(answers[path]?.shift() ?? answer(500, {}))
  }))
  return sent
}

async function signInAs(user: string) {
  await userEvent.type(screen.getByLabelText('User name'), user)
  await userEvent.type(screen.getByLabelText('Password'), 'p')
  await userEvent.click(screen.getByRole('button', { name: 'Sign in' }))
}

it('asks for a code where the account has a second factor', async () => {
  const sent = serve({
    '/auth/login': [answer(200, { secondFactor: true, enrol: false })],
    '/auth/second-factor': [answer(401, { error: 'the code is wrong' }), answer(200, {})],
  })
  const done = vi.fn()
  render(<SignInForm demoUsers={[]} onSignedIn={done} />)
  await signInAs('lee')
  await userEvent.type(await screen.findByLabelText('Code'), '1')
  const press = () => userEvent.click(screen.getByRole('button', { name: 'Sign in' }))
  await press()
  expect(await screen.findByText('Not signed in: the code is wrong.')).toBeVisible()
  expect(done).not.toHaveBeenCalled()
  await press()
  await vi.waitFor(() => expect(done).toHaveBeenCalled())
  expect(sent.map(([path]) => path)).toEqual(['/auth/login', '/auth/second-factor', '/auth/second-factor'])
}, 20_000)

it('has an authenticator added where the role needs one', async () => {
  const sent = serve({
    '/auth/login': [answer(200, { secondFactor: true, enrol: true })],
    '/auth/second-factor/enrol': [answer(200, { secret: 'ABCDEFGH', address: 'otpauth://totp/WintEHR:lee?secret=ABCDEFGH' })],
    '/auth/second-factor/confirm': [answer(422, { error: 'the code is not that of this authenticator' }), answer(200, { recoveryCodes: ['AAAA-BBBB', 'CCCC-DDDD'] })],
  })
  const done = vi.fn()
  render(<SignInForm demoUsers={[]} onSignedIn={done} />)
  await signInAs('lee')
  expect(await screen.findByText('ABCD EFGH')).toBeVisible()
  await userEvent.type(screen.getByLabelText('Code of the authenticator'), '123456')
  await userEvent.click(screen.getByRole('button', { name: 'Confirm' }))
  expect(await screen.findByText(/not that of this authenticator/)).toBeVisible()
  await userEvent.click(await screen.findByRole('button', { name: 'Confirm' }))
  expect(await screen.findByText('CCCC-DDDD')).toBeVisible()
  expect(done).not.toHaveBeenCalled()
  await userEvent.click(screen.getByRole('button', { name: 'I have kept them' }))
  expect(done).toHaveBeenCalled()
  expect(sent.at(-1)).toEqual(['/auth/second-factor/confirm', { code: '123456' }])
}, 20_000)
