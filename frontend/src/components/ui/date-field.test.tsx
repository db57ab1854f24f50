import { render, screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { useState } from 'react'
import { beforeEach, expect, it, vi } from 'vitest'
import { isDay, type DateKind } from '../../lib/date'
import { DateField } from './date-field'

const given = vi.fn<(value: string) => void>()
beforeEach(() => given.mockClear())

/** `only`: as a view that is always of one day, and takes no other value. */
function Form({ kind, value: first = '', only = false, bad }: { kind: DateKind; value?: string; only?: boolean; bad?: string }) {
  const [value, setValue] = useState(first)
  return (
    <form aria-label="form">
      <label htmlFor="at">When</label>
      <DateField id="at" kind={kind} value={value} bad={bad} describedBy="help" onChange={(to) => { given(to); if (!only || isDay(to)) setValue(to) }} />
      <small id="help">As told.</small>
      <button type="button" onClick={() => setValue('2026-12-24')}>Another day</button>
    </form>
  )
}
const field = () => screen.getByRole('textbox', { name: 'When' })

it('shows a value as dates read', () => {
  render(<Form kind="moment" value="2026-11-30T14:05" />)
  expect(field()).toHaveValue('30-Nov-2026 14:05')
  expect(field()).toHaveAccessibleDescription('As told.')
  expect(field()).toBeValid()
})

it.each<[DateKind, string, string, string]>([
  ['day', '30 nov 2026', '2026-11-30', '30-Nov-2026'], ['day', '2026-11-30', '2026-11-30', '30-Nov-2026'], ['partial', 'nov 2026', '2026-11', 'Nov-2026'], ['partial', '2026', '2026', '2026'],
  ['moment', '30-Nov-2026 1405', '2026-11-30T14:05', '30-Nov-2026 14:05'], ['time', '905', '905', '905'], ['time', '0905', '09:05', '09:05'],
])('of a %s takes “%s” as %s, and shows it as %s when it is left', async (kind, written, value, shown) => {
  render(<Form kind={kind} />)
  await userEvent.type(field(), written)
  expect(field()).toHaveValue(written)
  expect(given).toHaveBeenLastCalledWith(value)
  await userEvent.tab()
  expect(field()).toHaveValue(shown)
})

it('says what is wrong once it is left, and keeps what was written', async () => {
  render(<Form kind="day" />)
  await userEvent.type(field(), '11/12/2026')
  expect(screen.queryByText(/write the month as a word/)).toBeNull()
  await userEvent.tab()
  expect(field()).toHaveValue('11/12/2026')
  expect(field()).toHaveAccessibleDescription('11/12/2026 can be 11-Dec-2026 or 12-Nov-2026: write the month as a word. As told.')
  expect(field()).toHaveAttribute('aria-invalid', 'true')
  expect(screen.getByRole<HTMLFormElement>('form').checkValidity()).toBe(false)
  await userEvent.clear(field())
  await userEvent.type(field(), '12-Nov-2026')
  expect(field()).not.toHaveAttribute('aria-invalid')
  expect(screen.getByRole<HTMLFormElement>('form').checkValidity()).toBe(true)
})

it('says what a form refuses', () => {
  render(<Form kind="day" value="2999-01-01" bad="It lies in the future." />)
  expect(field()).toHaveAccessibleDescription('It lies in the future. As told.')
})

it('steps by a day with the arrows, over the end of a month, and keeps the time', async () => {
  render(<Form kind="moment" value="2026-11-30T14:05" />)
  await userEvent.type(field(), '{ArrowUp}')
  expect(given).toHaveBeenLastCalledWith('2026-12-01T14:05')
  await userEvent.type(field(), '{ArrowDown}{ArrowDown}')
  expect(given).toHaveBeenLastCalledWith('2026-11-29T14:05')
  expect(field()).toHaveValue('29-Nov-2026 14:05')
})

it('does not step what is no whole day', async () => {
  render(<Form kind="partial" value="2026-11" />)
  await userEvent.type(field(), '{ArrowUp}')
  expect(given).not.toHaveBeenCalled()
})

it('opens the calendar of the browser, by pointer or with Alt and an arrow; the time of day is not made up', async () => {
  const showPicker = vi.fn<() => void>()
  HTMLInputElement.prototype.showPicker = showPicker
  const { container } = render(<Form kind="moment" />)
  await userEvent.click(screen.getByRole('button', { name: 'Choose a date' }))
  await userEvent.type(field(), '{Alt>}{ArrowDown}{/Alt}')
  expect(showPicker).toHaveBeenCalledTimes(2)
  const calendar = container.querySelector<HTMLInputElement>('input[type=date]')
  expect(calendar).toHaveAttribute('tabindex', '-1')
  await userEvent.type(calendar as HTMLInputElement, '2026-11-30')
  expect(field()).toHaveValue('30-Nov-2026 ')
  expect(field()).toHaveFocus()
  await userEvent.keyboard('14:05')
  expect(given).toHaveBeenLastCalledWith('2026-11-30T14:05')
})

it('of a view that is always of one day, shows that day again when it was emptied, and another when that comes from outside', async () => {
  render(<Form kind="day" value="2026-11-30" only />)
  await userEvent.clear(field())
  expect(field()).toHaveValue('')
  await userEvent.tab()
  expect(field()).toHaveValue('30-Nov-2026')
  await userEvent.clear(field())
  await userEvent.type(field(), '1 dec')
  await userEvent.click(screen.getByRole('button', { name: 'Another day' }))
  expect(field()).toHaveValue('24-Dec-2026')
})
