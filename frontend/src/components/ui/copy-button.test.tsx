import { render, screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { expect, it, vi } from 'vitest'
import { AnnounceProvider } from '../../hooks/use-announce'
import { CopyButton } from './copy-button'

const show = (text: string) => <AnnounceProvider><CopyButton name="Copy as curl" text={text} note="Without x." /></AnnounceProvider>

it('copies, says so, and no longer once the text is another', async () => {
  const user = userEvent.setup()
  const { rerender } = render(show('curl a'))
  await user.click(screen.getByRole('button', { name: 'Copy as curl' }))
  expect(await navigator.clipboard.readText()).toBe('curl a')
  expect(screen.getByText('Copied. Without x.')).toBeVisible()
  expect(screen.getByRole('status')).toHaveTextContent('Copy as curl: copied. Without x.')
  rerender(show('curl b'))
  expect(screen.queryByText('Copied. Without x.')).toBeNull()
})

it('gives the text to be taken by hand where a page may not copy', async () => {
  const user = userEvent.setup()
  vi.spyOn(navigator.clipboard, 'writeText').mockRejectedValue(new Error('no'))
  render(show('curl a'))
  await user.click(screen.getByRole('button', { name: 'Copy as curl' }))
  expect(screen.getByRole('textbox', { name: /may not write to the clipboard/ })).toHaveValue('curl a')
})
