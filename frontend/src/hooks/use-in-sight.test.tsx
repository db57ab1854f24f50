import { render, screen } from '@testing-library/react'
import { afterEach, expect, it, vi } from 'vitest'
import { useInSight } from './use-in-sight'

afterEach(() => vi.restoreAllMocks())

const ROWS = ['a', 'b', 'c', 'd', 'e']
function List({ open }: { open: string | null }) {
  const list = useInSight(open)
  return <div ref={list} data-testid="list"><table><tbody>{ROWS.map((row) => <tr key={row}><td><button type="button" aria-current={open === row || undefined}>{row}</button></td></tr>)}</tbody></table></div>
}

it('a column brings the row of what was opened from it into sight, and does not move for one that is', () => {
  // Two rows of 40 px are seen at once.
  vi.spyOn(Element.prototype, 'getBoundingClientRect').mockImplementation(function (this: Element) {
    const list = screen.getByTestId('list')
    const place = ROWS.indexOf(this.textContent ?? '')
    const [top, height] = this === list ? [0, 80] : [place * 40 - list.scrollTop, 40]
    return { top, bottom: top + height } as DOMRect
  })
  const { rerender } = render(<List open={null} />)
  const at = (open: string) => { rerender(<List open={open} />); return screen.getByTestId('list').scrollTop }
  expect([at('b'), at('d'), at('c'), at('a')]).toEqual([0, 80, 80, 0])
})
