import { act, render, screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { useMemo } from 'react'
import { describe, expect, it } from 'vitest'
import { Pages } from '../components/ui/record-table'
import { LiveProvider, useHold } from '../contexts/live'
import type { Events } from '../lib/events'
import { moves } from './use-settled'

describe('how many rows of a list move', () => {
  it.each<[string, string, boolean, number]>([
    ['abc', 'abc', false, 0], ['abc', 'abcd', false, 0], ['', 'abc', false, 0], ['abc', 'xabc', false, 1], ['abc', 'xyabc', false, 2], ['abc', 'bc', false, 1], ['abc', 'xab', true, 1], ['abc', 'xab', false, 2],
    ['abc', 'bac', false, 2], ['abc', 'ab', true, 1], ['abc', '', false, 3],
  ])('from %s to %s', (before, after, cut, count) => expect(moves([...before], [...after], cut)).toBe(count))
})

const events: Events = { line: () => 'open', onLine: () => () => undefined, lostSince: () => null, follows: () => true, refuses: () => false, watch: () => () => undefined }
const page = (ids: string, said = '') => ({ nodes: [...ids].map((id) => ({ id, said })), pageInfo: { hasNextPage: false }, totalCount: ids.length })
const Form = () => { useHold(); return null }
function List({ ids, said = '', writing = false }: { ids: string; said?: string; writing?: boolean }) {
  const first = useMemo(() => page(ids, said), [ids, said])
  return (
    <LiveProvider events={events}>
      {writing && <Form />}
      <button type="button">elsewhere</button>
      <Pages first={first} more={() => Promise.resolve(null)} what="rows" still>{(nodes) => <ul>{nodes.map((n) => <li key={n.id}><button type="button">{n.id}{n.said}</button></li>)}</ul>}</Pages>
    </LiveProvider>
  )
}
const rows = () => screen.getAllByRole('listitem').map((row) => row.textContent).join(' ')

it('keeps a list in its place while somebody is in it, and shows what has come when asked', async () => {
  const { rerender } = render(<List ids="bc" />)
  rerender(<List ids="abc" />)
  expect(rows(), 'nobody is in it').toBe('a b c')
  act(() => screen.getByRole('button', { name: 'b' }).focus())
  rerender(<List ids="abc" said="!" />)
  expect(rows(), 'changed in place').toBe('a! b! c!')
  rerender(<List ids="yxabc" said="!" />)
  expect(rows()).toBe('a! b! c!')
  expect(screen.getByRole('status')).toHaveTextContent('2 new or changed')
  await userEvent.click(screen.getByRole('button', { name: 'Show rows as they are now' }))
  expect(rows()).toBe('y! x! a! b! c!')
  expect(screen.queryByRole('status')).not.toBeInTheDocument()
})

it('shows at once what somebody did themselves, and what has come after they left', () => {
  const { rerender } = render(<List ids="bc" />)
  act(() => screen.getByRole('button', { name: 'b' }).focus())
  rerender(<List ids="bc" writing />)
  rerender(<List ids="bc" />)
  rerender(<List ids="c" />)
  expect(rows(), 'the row was done with').toBe('c')
  act(() => screen.getByRole('button', { name: 'elsewhere' }).focus())
  rerender(<List ids="dc" />)
  expect(rows()).toBe('d c')
})
