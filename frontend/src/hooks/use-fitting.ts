import { useCallback, useState } from 'react'

/** Widths in rem: what stands before the columns, in a narrow window too, and one of them. `unmeasured`: how many where nothing can be measured; `most`: the most that are drawn. */
export interface Columns { before: number; beforeNarrow: number; each: number; unmeasured: number; most: number }

/** How many columns fit beside each other into `width` pixels, whole; at least two, the table scrolls then. */
export function fitting({ before, beforeNarrow, each, unmeasured, most }: Columns, width: number, rem: number): number {
  if (width <= 0) return unmeasured
  return Math.max(2, Math.min(most, Math.floor((width / rem - (width < 900 ? beforeNarrow : before)) / each)))
}

/** How many columns fit into the element that `hold` is given to, also after the window has changed. `columns` is one object for good. */
export function useFitting(columns: Columns): { count: number; hold: (element: HTMLElement | null) => (() => void) | undefined } {
  const [count, setCount] = useState(columns.unmeasured)
  const hold = useCallback((element: HTMLElement | null) => {
    if (!element || typeof ResizeObserver === 'undefined') return undefined
    const measure = () => setCount(fitting(columns, element.clientWidth, Number.parseFloat(getComputedStyle(document.documentElement).fontSize) || 16))
    measure()
    const watch = new ResizeObserver(measure)
    watch.observe(element)
    return () => watch.disconnect()
  }, [columns])
  return { count, hold }
}
