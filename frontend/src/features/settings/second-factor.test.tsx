import { fireEvent, render, screen } from '@testing-library/react'
import { afterEach, expect, it, vi } from 'vitest'
import { SecondFactorPart } from './second-factor'

const answer = (status: number, body: unknown) => new Response(status === 204 ? null : JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json' } })

afterEach(() => vi.unstubAllGlobals())

/** Answers by method and path; what was sent. */
function serve(answers: Record<string, Response[]>) {
  const sent: [string, unknown][] = []
  vi.stubGlobal('fetch', vi.fn((path: string, init: RequestInit) => {
    if (init.body) sent.push([path, JSON.parse(String(init.body))])
    return Promise.resolve(answers[`${init.method ?? 'GET'} ${path}`]?.shift() ?? answer(500, {}))
  }))
  return sent
}

const type = (label: string, value: string) => fireEvent.change(screen.getByLabelText(label), { target: { value } })

it('adds an authenticator and tells the recovery codes once', async () => {
  const sent = serve({
    'GET /auth/second-factor': [answer(200, { enrolled: false, required: false, recoveryCodesLeft: 0 }), answer(200, { enrolled: true, required: false, recoveryCodesLeft: 10 })],
    'POST /auth/second-factor/enrol': [answer(403, { error: 'the password is wrong' }), answer(200, { secret: 'ABCDEFGH', address: 'otpauth://x' })],
    'POST /auth/second-factor/confirm': [answer(200, { recoveryCodes: ['AAAA-BBBB'] })],
  })
  render(<SecondFactorPart />)
  expect(await screen.findByText('Only your password is asked for when you sign in.')).toBeVisible()
  type('Your password', 'p')
  fireEvent.click(screen.getByText('Add an authenticator'))
  expect(await screen.findByText('Not done: the password is wrong.')).toBeVisible()
  fireEvent.click(screen.getByText('Add an authenticator'))
  expect(await screen.findByText('ABCD EFGH')).toBeVisible()
  type('Code of the authenticator', '123456')
  fireEvent.click(screen.getByText('Confirm'))
  expect(await screen.findByText('AAAA-BBBB')).toBeVisible()
  fireEvent.click(screen.getByText('I have kept them'))
  expect(await screen.findByText(/10 recovery codes are left/)).toBeVisible()
  expect(sent.at(-1)).toEqual(['/auth/second-factor/confirm', { code: '123456' }])
})

it('takes it away, but not where the role needs it', async () => {
  const sent = serve({
    'GET /auth/second-factor': [answer(200, { enrolled: true, required: false, recoveryCodesLeft: 9 }), answer(200, { enrolled: false, required: false, recoveryCodesLeft: 0 })],
    'POST /auth/second-factor/remove': [answer(204, null)],
  })
  const { unmount } = render(<SecondFactorPart />)
  await screen.findByText(/9 recovery codes are left/)
  type('Your password', 'p')
  type('Code, to take it away', '123456')
  fireEvent.click(screen.getByText('Take it away'))
  expect(await screen.findByText('Your account has no second factor any more.')).toBeVisible()
  expect(sent).toEqual([['/auth/second-factor/remove', { password: 'p', code: '123456' }]])
  unmount()
  serve({ 'GET /auth/second-factor': [answer(200, { enrolled: true, required: true, recoveryCodesLeft: 9 })] })
  render(<SecondFactorPart />)
  expect(await screen.findByText('Another authenticator')).toBeVisible()
  expect(screen.queryByText('Take it away')).toBeNull()
})

it('says that it was not loaded', async () => {
  serve({})
  render(<SecondFactorPart />)
  expect(await screen.findByRole('button', { name: 'Try again' })).toBeVisible()
})
