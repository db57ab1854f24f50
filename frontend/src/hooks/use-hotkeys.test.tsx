import { fireEvent, render, screen } from '@testing-library/react'
import { expect, it, vi } from 'vitest'
import { useHotkeys } from './use-hotkeys'

function Page({ keys, on }: { keys: Map<string, () => void>; on: boolean }) {
  useHotkeys(keys, on)
  return <label>Note <input /></label>
}

it('acts on single keys and on g with a letter, and not while typing or with a modifier', () => {
  const [slash, results] = [vi.fn(), vi.fn()]
  const keys = new Map([['/', slash], ['g r', results]])
  const { rerender } = render(<Page keys={keys} on />)
  const press = (key: string, more = {}) => fireEvent.keyDown(document.body, { key, ...more })
  press('/')
  press('g')
  press('r')
  press('r')
  press('/', { ctrlKey: true })
  fireEvent.keyDown(screen.getByLabelText('Note'), { key: '/' })
  expect([slash.mock.calls.length, results.mock.calls.length]).toEqual([1, 1])
  rerender(<Page keys={keys} on={false} />)
  press('/')
  expect(slash).toHaveBeenCalledTimes(1)
})
