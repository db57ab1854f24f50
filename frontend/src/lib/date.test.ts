import { describe, expect, it } from 'vitest'
import { axisTime, formatDateTime, formatDay, formatPeriod, formatSpan, withOffset } from './date'
import { formatChange, formatDecimal } from './quantity'

describe('dates', () => {
  it.each([
    ['1945-07-14', '14-Jul-1945'], ['2019-05', 'May-2019'], ['2019', '2019'], ['2026-11-25T08:00:00Z', '25-Nov-2026'], ['soon', 'soon'], ['2019-13', '2019'],
  ])('%s is the day %s', (value, text) => expect(formatDay(value)).toBe(text))
  it.each([
    ['2026-11-25T08:05:00Z', '25-Nov-2026 08:05'], ['2026-11-25T08:05:00+02:00', '25-Nov-2026 06:05'], ['2026-11-25', '25-Nov-2026'], ['2026', '2026'],
  ])('%s is the time %s', (value, text) => expect(formatDateTime(value)).toBe(text))
  it('periods say each day once and whether they go on', () => {
    expect(formatPeriod({ start: '2026-11-24T08:00:00Z', end: '2026-11-24T09:00:00Z' })).toBe('24-Nov-2026')
    expect(formatPeriod({ start: '2026-11-20', end: '2026-11-24' })).toBe('20-Nov-2026 – 24-Nov-2026')
    expect(formatPeriod({ start: '2026-11-20' }, true)).toBe('20-Nov-2026 – ongoing')
    expect(formatPeriod({ end: '2026' })).toBe('until 2026')
    expect(formatPeriod(null)).toBe('')
  })
  it('spans say the times of day, and a day once when both ends are of it', () => {
    expect(formatSpan({ start: '2026-11-24T08:00:00Z', end: '2026-11-24T09:00:00Z' })).toBe('24-Nov-2026 08:00 – 09:00')
    expect(formatSpan({ start: '2026-11-20T22:58:00Z', end: '2026-11-24T09:00:00Z' })).toBe('20-Nov-2026 22:58 – 24-Nov-2026 09:00')
    expect(formatSpan({ start: '2026-11-20', end: '2026-11-20' })).toBe('20-Nov-2026')
    expect(formatSpan({ start: '2026-11-20T22:58:00Z' }, true)).toBe('20-Nov-2026 22:58 – ongoing')
    expect(formatSpan(null)).toBe('')
  })
  it('partial dates have a place on an axis', () => {
    expect(axisTime('2019')).toBe(Date.UTC(2019, 0, 1))
    expect(axisTime('2019-05')).toBe(Date.UTC(2019, 4, 1))
  })
})

describe('numbers', () => {
  it.each([['4120', '4,120'], ['0.10', '0.10'], ['-1960.5', '−1,960.5'], ['1e2', '1e2'], ['999', '999']])('%s reads %s', (value, text) =>
    expect(formatDecimal(value)).toBe(text))
  it.each([['0.8', '+0.8'], ['-3', '−3'], ['0', '0'], ['0.00', '0.00']])('a change of %s reads %s', (value, text) =>
    expect(formatChange(value)).toBe(text))
})

it('a moment carries the offset of its own day', () => {
  const moment = withOffset('2026-11-28T08:05')
  expect(moment).toMatch(/^2026-11-28T08:05:00[+-]\d{2}:\d{2}$/)
  expect(new Date(moment).getTime()).toBe(new Date('2026-11-28T08:05').getTime())
})
