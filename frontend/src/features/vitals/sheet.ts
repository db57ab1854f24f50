import { placeOfSign } from '../../components/clinical/vital-signs'

/** A sheet of measurements: one row per kind and unit, one column per moment, newest first. Knows nothing of how it is drawn. */
export interface Measured<O> { id: string; code: string; title: string; unit: string; at: string; of: O }
export interface SheetRow<O> { key: string; code: string; title: string; unit: string; at: ReadonlyMap<string, readonly Measured<O>[]> }

type Placed = Pick<SheetRow<unknown>, 'code' | 'title'>
const byPlace = (a: Placed, b: Placed) => placeOfSign(a.code) - placeOfSign(b.code) || a.title.localeCompare(b.title)
/** What makes two measurements one row: their code, or their name where they have none, and their unit. */
export const rowKey = (code: string, title: string, unit: string): string => `${code || title}|${unit}`

/** Two units of one code are two rows, never one. */
export function sheet<O>(all: readonly Measured<O>[]): { rows: SheetRow<O>[]; times: string[] } {
  const rows = new Map<string, { code: string; title: string; unit: string; at: Map<string, Measured<O>[]> }>()
  for (const one of all) {
    const key = rowKey(one.code, one.title, one.unit)
    const row = rows.get(key) ?? { code: one.code, title: one.title, unit: one.unit, at: new Map<string, Measured<O>[]>() }
    rows.set(key, row)
    row.at.set(one.at, [...(row.at.get(one.at) ?? []), one])
  }
  return {
    rows: [...rows].map(([key, row]) => ({ key, ...row })).sort(byPlace),
    times: [...new Set(all.map((one) => one.at))].sort((a, b) => (a === b ? 0 : a < b ? 1 : -1)),
  }
}

/** The rows with one for each that is wanted too, empty where nothing of it is recorded. */
export function withRows<O>(rows: readonly SheetRow<O>[], wanted: readonly Pick<SheetRow<O>, 'code' | 'title' | 'unit'>[]): readonly SheetRow<O>[] {
  const there = new Set(rows.map((row) => row.key))
  const lacking = wanted.map((row) => ({ ...row, key: rowKey(row.code, row.title, row.unit), at: new Map<string, readonly Measured<O>[]>() })).filter(({ key }) => !there.has(key))
  return lacking.length === 0 ? rows : [...rows, ...lacking].sort(byPlace)
}
