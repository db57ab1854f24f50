import { useLayoutEffect, useRef, type RefObject } from 'react'

/** A column that scrolls by itself beside what was opened from it: whenever something else is open, its row is brought into sight. */
export function useInSight(open: string | null): RefObject<HTMLDivElement | null> {
  const column = useRef<HTMLDivElement>(null)
  useLayoutEffect(() => {
    const list = column.current
    const row = open === null ? null : list?.querySelector('[aria-current]')?.closest('tr')
    if (!list || !row) return
    const [within, at] = [list.getBoundingClientRect(), row.getBoundingClientRect()]
    if (at.bottom > within.bottom) list.scrollTop += at.bottom - within.bottom
    else if (at.top < within.top) list.scrollTop -= within.top - at.top
  }, [open])
  return column
}
