import type { Columns } from '../../hooks/use-fitting'

/** Widths of vitals.module.css: the name and the unit of a row, and one moment. */
export const MOMENTS: Columns = { before: 15, beforeNarrow: 11.75, each: 9.75, unmeasured: 8, most: 12 }
/** The same where a row has its course beside it, in a narrow window none. */
export const WITH_COURSE: Columns = { ...MOMENTS, before: 15 + 6.5 }
/** How wide a column is that is written. */
const WRITTEN = 13.25
const writing = (of: Columns): Columns => ({ ...of, before: of.before + WRITTEN, beforeNarrow: of.beforeNarrow + WRITTEN })
/** The same with a column that is written before the moments. */
export const MOMENTS_WRITING = writing(MOMENTS)
export const WITH_COURSE_WRITING = writing(WITH_COURSE)
