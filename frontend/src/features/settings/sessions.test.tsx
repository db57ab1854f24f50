import { fireEvent, render, screen, within } from '@testing-library/react'
import { afterEach, expect, it, vi } from 'vitest'
import { Sessions } from './sessions'

const answer = (status: number, body: unknown) => new Response(status === 204 ? null : JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json' } })
const session = (id: string, device: string, current: boolean) => ({ id, device, createdAt: '2026-11-28T08:00:00Z', lastSeenAt: '2026-11-28T09:00:00Z', current })
const here = session('a', 'Mozilla/5.0 (X11; Linux x86_64) Chrome/130.0', true)
const there = session('b', 'Mozilla/5.0 (Windows NT 10.0) Firefox/132.0', false)

afterEach(() => vi.unstubAllGlobals())

/** Answers by method and path, in order; what was asked. */
function serve(answers: Record<string, Response[]>) {
  const asked: string[] = []
  vi.stubGlobal('fetch', vi.fn((path: string, init: RequestInit) => {
    asked.push(`${init.method ?? 'GET'} ${path}`)
    return Promise.resolve(answers[`${init.method ?? 'GET'} ${path}`]?.shift() ?? answer(500, {}))
  }))
  return asked
}

it('shows where one is signed in, and ends another session but not this one', async () => {
  const asked = serve({ 'GET /auth/sessions': [answer(200, { sessions: [there, here] }), answer(200, { sessions: [here] })], 'DELETE /auth/sessions/b': [answer(204, null)] })
  render(<Sessions />)
  const items = within(await screen.findByRole('list', { name: 'Sessions' })).getAllByRole('listitem')
  expect(items.map((item) => within(item).queryAllByRole('button').length)).toEqual([1, 0])
  expect(items[1]).toHaveTextContent('This one')
  fireEvent.click(screen.getByRole('button', { name: /^End\s*Firefox on Windows, since/ }))
  await vi.waitFor(() => expect(screen.getAllByRole('listitem')).toHaveLength(1))
  expect(screen.queryByRole('button')).toBeNull()
  expect(asked).toEqual(['GET /auth/sessions', 'DELETE /auth/sessions/b', 'GET /auth/sessions'])
})

it('says when one could not be ended', async () => {
  serve({ 'GET /auth/sessions': [answer(200, { sessions: [there, here] }), answer(200, { sessions: [there, here] })], 'DELETE /auth/sessions/b': [answer(503, {})] })
  render(<Sessions />)
  fireEvent.click(await screen.findByRole('button', { name: /^End/ }))
  expect(await screen.findByRole('alert')).toHaveTextContent('The session could not be ended. Try again.')
  expect(screen.getAllByRole('listitem')).toHaveLength(2)
})

it('asks again for what could not be read', async () => {
  serve({ 'GET /auth/sessions': [answer(503, {}), answer(200, { sessions: [here] })] })
  render(<Sessions />)
  fireEvent.click(await screen.findByRole('button', { name: 'Try again' }))
  expect(await screen.findByText('This one')).toBeVisible()
})
