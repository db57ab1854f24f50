import { render, screen, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { afterEach, expect, it, vi } from 'vitest'
import { SystemHealth } from './health'

afterEach(() => vi.unstubAllGlobals())

it('says what the server says of itself, and when; and asks again', async () => {
  let ready = () => Promise.resolve(new Response('unavailable', { status: 503 }))
  vi.stubGlobal('fetch', (path: string) => (path === '/health/ready' ? ready() : Promise.resolve(new Response('ok'))))
  render(<SystemHealth />)
  const list = await screen.findByRole('list', { name: 'System health' })
  expect(within(list).getByText('Server: ok')).toBeVisible()
  expect(within(list).getByText('Ready for work: unavailable')).toBeVisible()
  expect(within(list).getByText(/It does not say which/)).toBeVisible()
  expect(screen.getByText(/^Checked at/)).toHaveTextContent(/Checked at \d\d-\w{3}-\d{4} \d\d:\d\d:\d\d/)
  ready = () => Promise.reject(new TypeError('no connection'))
  await userEvent.click(screen.getByRole('button', { name: 'Check again' }))
  expect(await screen.findByText('Ready for work: no answer')).toBeVisible()
})
