/** A sheet of measurements: one row per kind and unit, one column per moment, newest first. Knows nothing of how it is drawn. */
export interface Measured<O> { id: string; code: string; title: string; unit: string; at: string; of: O }
export interface SheetRow<O> { key: string; code: string; title: string; unit: string; at: ReadonlyMap<string, readonly Measured<O>[]> }

/** LOINC codes in the order of a vital signs sheet; what is not among them follows. */
export const ORDER: readonly string[] = ['85354-9', '8867-4', '9279-1', '8310-5', '2708-6', '59408-5', '29463-7', '8302-2', '39156-5']

/** Two units of one code are two rows, never one. */
export function sheet<O>(all: readonly Measured<O>[]): { rows: SheetRow<O>[]; times: string[] } {
  const rows = new Map<string, { code: string; title: string; unit: string; at: Map<string, Measured<O>[]> }>()
  for (const one of all) {
    const key = `${one.code || one.title}|${one.unit}`
    const row = rows.get(key) ?? { code: one.code, title: one.title, unit: one.unit, at: new Map<string, Measured<O>[]>() }
    rows.set(key, row)
    row.at.set(one.at, [...(row.at.get(one.at) ?? []), one])
  }
  const place = (code: string) => { const at = ORDER.indexOf(code); return at < 0 ? ORDER.length : at }
  return {
    rows: [...rows].map(([key, row]) => ({ key, ...row })).sort((a, b) => place(a.code) - place(b.code) || a.title.localeCompare(b.title)),
    times: [...new Set(all.map((one) => one.at))].sort((a, b) => (a === b ? 0 : a < b ? 1 : -1)),
  }
}
