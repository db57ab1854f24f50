import { render, screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { expect, it, vi } from 'vitest'
import { Boundary } from './boundary'

it('keeps a broken part to itself and draws it again when asked', async () => {
  const quiet = vi.spyOn(console, 'error').mockImplementation(() => undefined)
  const state = { broken: true }
  const Part = () => { if (state.broken) throw new Error('broken'); return <p>drawn</p> }
  render(<><Boundary what="Problems"><Part /></Boundary><p>the rest</p></>)
  expect(screen.getByRole('alert')).toHaveTextContent('Problems: cannot be shown.')
  expect(screen.getByText('the rest')).toBeVisible()
  state.broken = false
  await userEvent.click(screen.getByRole('button', { name: 'Try again' }))
  expect(screen.getByText('drawn')).toBeVisible()
  quiet.mockRestore()
})
