import { act, render, screen } from '@testing-library/react'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { SessionProvider } from '../../contexts/session'
import { signInNeeded } from '../../lib/auth'
import { SessionGuard } from './session-guard'

const MINUTE = 60_000
const asked: string[] = []
let answer: () => Response

const session = (minutes: number) => new Response(
  JSON.stringify({ user: 'okafor', name: 'Dr. Okafor', roles: ['physician'], expiresAt: new Date(Date.now() + minutes * MINUTE).toISOString() }),
  { headers: { date: new Date().toUTCString() } },
)

beforeEach(() => {
  vi.useFakeTimers({ now: new Date('2026-11-28T08:00:00Z') })
  asked.length = 0
  answer = () => session(15)
  vi.stubGlobal('fetch', async (path: string) => { asked.push(path); return answer() })
})
afterEach(() => {
  signInNeeded.done()
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

const show = () => render(
  <SessionProvider value={{ session: { user: 'okafor', name: 'Dr. Okafor', roles: ['physician'], fhirUser: null, remainingMs: 15 * MINUTE }, config: { demo: false, environment: 'Live', demoUsers: [] } }}>
    <label>Note <textarea defaultValue="unsaved words" /></label>
    <SessionGuard />
  </SessionProvider>,
)
const wait = (ms: number) => act(() => vi.advanceTimersByTimeAsync(ms))
const press = () => act(async () => { document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'a', bubbles: true })) })

it('warns a minute before the end and goes on after any key', async () => {
  show()
  await wait(13.9 * MINUTE)
  expect(screen.queryByText('Are you still there?')).toBeNull()
  await wait(0.2 * MINUTE)
  expect(screen.getByRole('dialog', { name: 'Are you still there?' })).toHaveTextContent(/ends in 5\d seconds/)
  await press()
  await wait(500)
  expect(asked).toEqual(['/auth/session'])
  expect(screen.queryByText('Are you still there?')).toBeNull()
  await wait(13 * MINUTE)
  expect(screen.queryByText('Are you still there?')).toBeNull()
})

it('tells the server of work that sends nothing, at most once a minute', async () => {
  show()
  await press()
  expect(asked).toEqual([])
  await wait(2 * MINUTE)
  await press()
  await press()
  expect(asked).toEqual(['/auth/session'])
  await wait(13 * MINUTE)
  expect(screen.queryByText('Are you still there?')).toBeNull()
})

const over = (ended: string | null) => new Response(JSON.stringify({ error: 'not signed in', ended }), { status: 401 })

it('asks to sign in again in place when nobody answers, and keeps what was written', async () => {
  show()
  answer = () => over('idle')
  await wait(15 * MINUTE)
  expect(screen.getByRole('dialog', { name: 'Your session has ended' })).toBeInTheDocument()
  expect(screen.getByText(/Nothing was done for a while, so the session ended/)).toBeInTheDocument()
  expect(screen.getByRole('link', { name: /Sign in as somebody else/ })).toHaveAttribute('href', '/login?ended=idle&next=%2F')
  expect(screen.getByLabelText('User name')).toHaveValue('okafor')
  expect(screen.getByDisplayValue('unsaved words')).toBeInTheDocument()
})

it.each([
  ['administrator', /An administrator ended the session/],
  ['password', /Your password was changed on another device/],
  ['elsewhere', /ended from another device or browser/],
  [null, /^Your session has endedSign in again to go on/],
])('believes the server that the session is gone, and says why: %s', async (ended, words) => {
  show()
  await wait(2 * MINUTE)
  answer = () => over(ended)
  await press()
  await wait(0)
  expect(screen.getByRole('dialog', { name: 'Your session has ended' })).toHaveTextContent(words)
})

it('goes on at its end where the server says that it does', async () => {
  show()
  answer = () => session(10)
  await wait(15 * MINUTE)
  expect(asked).toEqual(['/auth/session'])
  expect(screen.queryByRole('dialog')).toBeNull()
})

it('hides the page at its end where the server says nothing', async () => {
  show()
  answer = () => { throw new TypeError('Failed to fetch') }
  await wait(15 * MINUTE)
  expect(screen.getByRole('dialog', { name: 'Your session has ended' })).toHaveTextContent(/^Your session has endedSign in again to go on/)
})
