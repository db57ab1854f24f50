import { render, screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { expect, it } from 'vitest'
import { Pages, RecordTable, type Connection } from './record-table'

type Page = Connection<{ id: string }>
const page = (ids: string, next: boolean, totalCount: number | null = 3): Page => ({ nodes: [...ids].map((id) => ({ id })), pageInfo: { hasNextPage: next, endCursor: next ? ids : null }, totalCount })
const list = (first: Page, tables = 1) => (
  <Pages first={first} more={() => Promise.resolve(page('c', false))} what="rows">
    {(nodes) => (tables === 1 ? <RecordTable label="Rows" columns={['Id']}>{nodes.map((n) => <tr key={n.id}><td>{n.id}</td></tr>)}</RecordTable>
      : nodes.map((n) => <RecordTable key={n.id} label={n.id} columns={['Id']}><tr><td>{n.id}</td></tr></RecordTable>))}
  </Pages>
)

it('says how many rows there are while not all are here', async () => {
  render(list(page('ab', true)))
  expect(screen.getByRole('table')).toHaveAttribute('aria-rowcount', '4')
  await userEvent.click(screen.getByRole('button', { name: 'Load more' }))
  expect(await screen.findByText('c')).toBeVisible()
  expect(screen.getByRole('table')).not.toHaveAttribute('aria-rowcount')
})

it('says that nobody knows how many there are, and nothing of one of several tables', () => {
  const { unmount } = render(list(page('ab', true, null)))
  expect(screen.getByRole('table')).toHaveAttribute('aria-rowcount', '-1')
  unmount()
  render(list(page('ab', true), 2))
  for (const table of screen.getAllByRole('table')) expect(table).not.toHaveAttribute('aria-rowcount')
})

it('keeps the further pages when it is read again with the same rows, and not with others', async () => {
  const { rerender } = render(list(page('ab', true)))
  await userEvent.click(screen.getByRole('button', { name: 'Load more' }))
  await screen.findByText('c')
  rerender(list(page('ab', true)))
  expect(screen.getByText('c')).toBeVisible()
  rerender(list(page('xa', true)))
  expect(screen.queryByText('c')).not.toBeInTheDocument()
  expect(screen.getByText('x')).toBeVisible()
})
