import { render, screen } from '@testing-library/react'
import { expect, it } from 'vitest'
import { AppearanceProvider } from '../../contexts/appearance'
import Help from './help'

it('has its name also over the settings, which name their own keys', () => {
  render(<AppearanceProvider><span id="keys">Single-key shortcuts</span><Help places={[]} inChart={false} onClose={() => undefined} /></AppearanceProvider>)
  expect(screen.getByRole('dialog', { name: 'Keys' })).toBeVisible()
})
