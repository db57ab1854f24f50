import type { Columns } from '../../hooks/use-fitting'

/** Widths of vitals.module.css: the name and the unit of a row, and one moment. */
export const MOMENTS: Columns = { before: 15, beforeNarrow: 11.75, each: 9.75, unmeasured: 8, most: 12 }
