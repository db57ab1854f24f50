import { render, screen } from '@testing-library/react'
import { expect, it } from 'vitest'
import { Drug } from './drug'

it('shows tall letters and is read as it is stored', () => {
  render(<button type="button"><Drug of="hydroxyzine 25 mg" /></button>)
  expect(screen.getByText('hydrOXYzine 25 mg')).toHaveAttribute('aria-hidden', 'true')
  expect(screen.getByRole('button', { name: 'hydroxyzine 25 mg' })).toBeInTheDocument()
})

it('leaves other names alone', () => {
  const { container } = render(<Drug of="lisinopril 10 mg" />)
  expect(container.innerHTML).toBe('lisinopril 10 mg')
})
