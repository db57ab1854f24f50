import { placeOfTest } from '../../components/clinical/laboratory'
import type { ObservationRowFragment } from '../../gql/graphql'

/** A result with what it is of. `key` tells tests apart, unit included: two units are two rows, never one. */
export interface Result { row: ObservationRowFragment; key: string; code: string | null; title: string; unit: string; versionId: string }
export interface TestRow { key: string; code: string | null; title: string; unit: string; panel: string; latest: Result; all: readonly Result[]; at: ReadonlyMap<string, readonly Result[]> }
/** Where a result stands: the report it came in, and its place there. */
export interface Reported { panel: string; place: number }
export interface PanelCount { name: string; count: number }

export const OTHER = 'Other results'

/** Rows per test, each with the panel it was last reported in, in the order of that report; others as laboratories print them. `results` come newest first. */
export function testRows(results: readonly Result[], reported: ReadonlyMap<string, Reported>): TestRow[] {
  const rows = new Map<string, { all: Result[]; first: Result; reported: Reported | undefined; at: Map<string, Result[]> }>()
  for (const result of results) {
    const row = rows.get(result.key) ?? { all: [], first: result, reported: undefined, at: new Map<string, Result[]>() }
    rows.set(result.key, row)
    row.all.push(result)
    row.reported ??= reported.get(result.row.id)
    const time = result.row.effectiveAt ?? ''
    row.at.set(time, [...(row.at.get(time) ?? []), result])
  }
  return [...rows]
    .sort(([, a], [, b]) => (a.reported?.place ?? rows.size) - (b.reported?.place ?? rows.size) || placeOfTest(a.first.code) - placeOfTest(b.first.code))
    .map(([key, { all, first, reported: last, at }]) => ({ key, code: first.code, title: first.title, unit: first.unit, panel: last?.panel ?? OTHER, latest: first, all, at }))
}

export const panels = (rows: readonly TestRow[]): PanelCount[] => {
  const counts = new Map<string, number>()
  rows.forEach((row) => counts.set(row.panel, (counts.get(row.panel) ?? 0) + 1))
  return [...counts].map(([name, count]) => ({ name, count })).sort((a, b) => (a.name === OTHER ? 1 : b.name === OTHER ? -1 : a.name.localeCompare(b.name)))
}

/** The times at which any of these tests was taken, newest first; a result without a time has the last column. */
export const times = (rows: readonly TestRow[]): string[] =>
  [...new Set(rows.flatMap((row) => [...row.at.keys()]))].sort((a, b) => (a === b ? 0 : a < b ? 1 : -1))

/** What of these times is drawn: one that may be loaded in part only is not, unless there is no other. `unsure` is that time, null when all is loaded. */
export function drawn(all: readonly string[], unsure: string | null): readonly string[] {
  const sure = all.filter((time) => time !== unsure)
  return sure.length > 0 ? sure : all
}
