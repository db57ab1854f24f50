import { placeOfSign } from '../../components/clinical/vital-signs'

/** A sheet of measurements: one row per kind and unit, one column per moment, newest first. Knows nothing of how it is drawn. */
export interface Measured<O> { id: string; code: string; title: string; unit: string; at: string; of: O }
export interface SheetRow<O> { key: string; code: string; title: string; unit: string; at: ReadonlyMap<string, readonly Measured<O>[]> }

/** Two units of one code are two rows, never one. */
export function sheet<O>(all: readonly Measured<O>[]): { rows: SheetRow<O>[]; times: string[] } {
  const rows = new Map<string, { code: string; title: string; unit: string; at: Map<string, Measured<O>[]> }>()
  for (const one of all) {
    const key = `${one.code || one.title}|${one.unit}`
    const row = rows.get(key) ?? { code: one.code, title: one.title, unit: one.unit, at: new Map<string, Measured<O>[]>() }
    rows.set(key, row)
    row.at.set(one.at, [...(row.at.get(one.at) ?? []), one])
  }
  return {
    rows: [...rows].map(([key, row]) => ({ key, ...row })).sort((a, b) => placeOfSign(a.code) - placeOfSign(b.code) || a.title.localeCompare(b.title)),
    times: [...new Set(all.map((one) => one.at))].sort((a, b) => (a === b ? 0 : a < b ? 1 : -1)),
  }
}
