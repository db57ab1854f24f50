import { describe, expect, it, vi } from 'vitest'
import { axisTime, dateText, dateValue, dayAfter, formatDateTime, formatDay, formatPeriod, formatSpan, isDay, isRecent, readDate, withOffset, type DateKind } from './date'
import { formatChange, formatDecimal } from './quantity'

describe('dates', () => {
  it.each([
    ['1945-07-14', '14-Jul-1945'], ['2019-05', 'May-2019'], ['2019', '2019'], ['2026-11-25T08:00:00Z', '25-Nov-2026'], ['soon', 'soon'], ['2019-13', '2019'],
  ])('%s is the day %s', (value, text) => expect(formatDay(value)).toBe(text))
  it.each([
    ['2026-11-25T08:05:00Z', '25-Nov-2026 08:05'], ['2026-11-25T08:05:00+00:00', '25-Nov-2026 08:05'], ['2026-11-25T08:05', '25-Nov-2026 08:05'], ['2026-11-25', '25-Nov-2026'], ['2026', '2026'],
  ])('%s is the time %s', (value, text) => expect(formatDateTime(value)).toBe(text))
  it.each([
    ['2026-11-25T08:05:00+02:00', '25-Nov-2026 06:05 (08:05 UTC+02:00)'], ['2026-11-25T20:05:00-08:00', '26-Nov-2026 04:05 (25-Nov-2026 20:05 UTC-08:00)'], ['2026-11-25T08:05:00.5+05:30', '25-Nov-2026 02:35 (08:05 UTC+05:30)'],
  ])('%s, written under another offset than the one here, names it: %s', (value, text) => expect(formatDateTime(value)).toBe(text))
  it('names no offset that was the one here at that time of year', () => {
    const offset = vi.spyOn(Date.prototype, 'getTimezoneOffset').mockReturnValue(-120)
    expect(formatDateTime('2026-07-25T08:05:00+02:00')).not.toContain('UTC')
    expect(formatDateTime('2026-11-25T08:05:00+01:00')).toContain('UTC+01:00')
    offset.mockRestore()
  })
  it.each(['2026', '2026-11', '2026-11-25'])('the part %s of a date has neither time nor zone', (value) => expect(formatDateTime(value)).not.toMatch(/:|UTC/))
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
    expect(formatSpan({ start: '2026-11-24T08:00:00+02:00', end: '2026-11-24T09:00:00+02:00' })).toBe('24-Nov-2026 06:00 (08:00 UTC+02:00) – 07:00 (09:00 UTC+02:00)')
    expect(formatSpan(null)).toBe('')
  })
  it('partial dates have a place on an axis', () => {
    expect(axisTime('2019')).toBe(Date.UTC(2019, 0, 1))
    expect(axisTime('2019-05')).toBe(Date.UTC(2019, 4, 1))
  })
})

it('counts days over the ends of months and years', () => {
  expect(dayAfter('2026-02-28', 1)).toBe('2026-03-01')
  expect(dayAfter('2027-01-01', -1)).toBe('2026-12-31')
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

describe('dates as people write them', () => {
  it.each<[string, DateKind, string]>([
    ['', 'day', ''], ['30-Nov-2026', 'day', '2026-11-30'], ['30 nov 2026', 'day', '2026-11-30'], ['30nov2026', 'day', '2026-11-30'], [' 3. November 2026 ', 'day', '2026-11-03'], ['2026-11-30', 'day', '2026-11-30'],
    ['2026/11/30', 'day', '2026-11-30'], ['Nov 30, 2026', 'day', '2026-11-30'], ['30th Sept 2026', 'day', '2026-09-30'], ['30.11.2026', 'day', '2026-11-30'], ['11/30/2026', 'day', '2026-11-30'], ['11/11/2026', 'day', '2026-11-11'],
    ['29-Feb-2024', 'day', '2024-02-29'], ['29-Feb-2000', 'day', '2000-02-29'],
    ['2026', 'partial', '2026'], ['Nov-2026', 'partial', '2026-11'], ['november 2026', 'partial', '2026-11'], ['2026-11', 'partial', '2026-11'], ['14-Jul-1945', 'partial', '1945-07-14'],
    ['30-Nov-2026 14:05', 'moment', '2026-11-30T14:05'], ['30 nov 2026 1405', 'moment', '2026-11-30T14:05'], ['30-Nov-2026, 9:05', 'moment', '2026-11-30T09:05'], ['2026-11-30T14:05', 'moment', '2026-11-30T14:05'],
    ['2026-11-30 14:05:09', 'moment', '2026-11-30T14:05:09'], ['2026-11-30 140509', 'moment', '2026-11-30T14:05:09'],
    ['14:05', 'time', '14:05'], ['0905', 'time', '09:05'], ['9:05', 'time', '09:05'], ['14:05:30', 'time', '14:05:30'],
  ])('“%s” as a %s is “%s”', (text, kind, value) => expect(readDate(text, kind)).toEqual({ value }))
  it.each<[string, DateKind, RegExp]>([
    ['tomorrow', 'day', /^Write a day/], ['soon', 'partial', /^Write a year/], ['Nov-2026', 'day', /^Write a day/], ['2026', 'moment', /^Write a day and a time/], ['Smarch 2026', 'partial', /^Write a year/],
    ['31-Nov-2026', 'day', /^There is no 31-Nov-2026\.$/], ['2026-02-29', 'partial', /^There is no 29-Feb-2026\.$/], ['29-Feb-1900', 'day', /^There is no/], ['0-Nov-2026', 'day', /^There is no 00-Nov/], ['2026-13', 'partial', /^Write a year/], ['13/13/2026', 'day', /^Write a day/],
    ['11/12/2026', 'day', /^11\/12\/2026 can be 11-Dec-2026 or 12-Nov-2026: write the month as a word\.$/], ['1.2.2026 10:00', 'moment', /^1\.2\.2026 can be 01-Feb-2026 or 02-Jan-2026/],
    ['30-Nov-26', 'day', /four digits/], ['30/11/26', 'day', /four digits/], ['30-Nov-202', 'day', /four digits/], ['2026-11-3', 'day', /^Write a day/], ['2026-11-3', 'partial', /^Write a year/], ['30-Nov-2026 14:05', 'day', /^Write a day/], ['1 Nov 30 2026', 'day', /^Write a day/],
    ['30-Nov-2026', 'moment', /^Write the time too, such as 30-Nov-2026 14:05\.$/], ['30-Nov-2026 24:00', 'moment', /^Write the time as/], ['30-Nov-2026 2 pm', 'moment', /^Write the time as/], ['30-Nov-2026 12345', 'moment', /^Write the time as/],
    ['24:00', 'time', /from 00:00 to 23:59/], ['noon', 'time', /^Write a time/],
  ])('“%s” as a %s is refused: %s', (text, kind, told) => {
    expect(readDate(text, kind)).toEqual({ wrong: expect.stringMatching(told) })
    expect(dateValue(text, kind)).toBe(text)
  })
  it.each<[string, DateKind, string]>([
    ['', 'day', ''], ['2026-11-30', 'day', '30-Nov-2026'], ['2026-11', 'partial', 'Nov-2026'], ['2026', 'partial', '2026'], ['2026-11-30T14:05', 'moment', '30-Nov-2026 14:05'], ['2026-11-30T14:05:09', 'moment', '30-Nov-2026 14:05:09'],
    ['14:05', 'time', '14:05'], ['2019-13', 'partial', '2019-13'], ['tomorrow', 'day', 'tomorrow'],
  ])('the value %s of a %s reads “%s”', (value, kind, text) => expect(dateText(value, kind)).toBe(text))
  it.each([['2026-11-30', true], ['2026-11', false], ['30-Nov-2026', false], ['2026-11-31', false], ['', false]])('%s is a whole day: %s', (value, is) => expect(isDay(value)).toBe(is))
})

it('the time of day matters within two days', () => {
  const now = Date.parse('2026-11-30T12:00:00Z')
  expect(['2026-11-29T00:00:00Z', '2026-11-28T11:00:00Z', '2026-11-30'].map((at) => isRecent(at, now))).toEqual([true, false, false])
})
