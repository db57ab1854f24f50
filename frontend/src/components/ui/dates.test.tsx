import { render } from '@testing-library/react'
import { expect, it } from 'vitest'
import { Dates } from './dates'

it('keeps each date on one line, and the words as they are', () => {
  const { container } = render(<Dates of="ABBOTT, Eduardo, born 21-Apr-1970 (56y), seen 01-Mar-2022" />)
  expect(container).toHaveTextContent(/^ABBOTT, Eduardo, born 21-Apr-1970 \(56y\), seen 01-Mar-2022$/)
  expect([...container.querySelectorAll('.whole')].map((one) => one.textContent)).toEqual(['21-Apr-1970', '01-Mar-2022'])
})

it('keeps the dash with the end of a time', () => {
  const { container } = render(<Dates of="28-Apr-2026 – ongoing, 01-May-2026 – 03-May-2026" />)
  expect([...container.querySelectorAll('.whole')].map((one) => one.textContent)).toEqual(['28-Apr-2026', '– ongoing', '01-May-2026', '– 03-May-2026'])
})
