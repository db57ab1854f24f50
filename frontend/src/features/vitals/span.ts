import { dayAfter, isDay } from '../../lib/date'

/** The stretch of time that a flowsheet shows. It knows days of this browser, not what stands in them. */
export type Span = 'day' | 'days' | 'week' | 'month' | 'year' | 'all'
export const SPANS: readonly (readonly [Span, string])[] = [['day', 'Day'], ['days', '3 days'], ['week', 'Week'], ['month', '30 days'], ['year', 'Year'], ['all', 'All']]
const DAYS: Readonly<Record<Exclude<Span, 'all'>, number>> = { day: 1, days: 3, week: 7, month: 30, year: 365 }

export const spanOf = (text: string | null): Span => SPANS.find(([span]) => span === text)?.[0] ?? 'week'
/** A day as `2019-05-17`, or the other day when the text is none. */
export const dayOf = (text: string | null, other: string): string => (text && isDay(text) ? text : other)

export interface Stretch { span: Span; first: string | null; last: string }
/** The days `[first, last]` of a span that ends with that day; all that is on record has no first. */
export const stretchOf = (span: Span, last: string): Stretch => ({ span, last, first: span === 'all' ? null : dayAfter(last, 1 - DAYS[span]) })
/** The stretch before or after, of the same length. */
export const beside = ({ span, last }: Stretch, step: -1 | 1): string => (span === 'all' ? last : dayAfter(last, step * DAYS[span]))
