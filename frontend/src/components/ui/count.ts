/** How many a list has, beside its head: `none`, or how many and in which order. */
export const newestFirst = (total: number): string => (total === 0 ? 'none' : `${total}, newest first`)
