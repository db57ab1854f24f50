import { useEffect, useRef, useState, type RefObject } from 'react'
import { useLocation } from 'react-router'

/** The record that an address leads to: `#Condition/c1`. */
const recordOf = (hash: string): string | null => /^#([A-Za-z]+\/[A-Za-z0-9.-]+)$/.exec(decodeURIComponent(hash))?.[1] ?? null

/**
 * Brings the row of the record that the address names into sight, and marks it. Its row is found by the `data-place` that a row or something in it carries, and may be
 * drawn later, as when more is loaded. `missing`: all that was asked for is here, and the row is not among it.
 */
export function useMarked(settled: boolean): { page: RefObject<HTMLDivElement | null>; missing: boolean } {
  const page = useRef<HTMLDivElement>(null)
  const { hash } = useLocation()
  const record = recordOf(hash)
  const [found, setFound] = useState<string | null>(null)
  useEffect(() => {
    const within = page.current
    if (!within || !record) return undefined
    const mark = () => {
      const place = within.querySelector(`[data-place="${record}"]`)
      const row = place?.closest<HTMLElement>('tr, li') ?? place
      if (!row) return false
      row.setAttribute('data-marked', '')
      setFound(record)
      return row
    }
    const show = (row: Element) => {
      row.scrollIntoView?.({ block: 'center' })
      // Who came by keyboard goes on from the row.
      within.querySelector<HTMLElement>(`button[data-place="${record}"]`)?.focus({ preventScroll: true })
    }
    const now = mark()
    if (now) show(now)
    let shown = !!now
    // What is drawn anew has lost its mark; only the first time it is brought into sight.
    const observer = new MutationObserver(() => {
      if (within.querySelector('[data-marked]')) return
      const row = mark()
      if (row && !shown) { shown = true; show(row) }
    })
    observer.observe(within, { childList: true, subtree: true })
    return () => {
      observer.disconnect()
      for (const row of within.querySelectorAll('[data-marked]')) row.removeAttribute('data-marked')
      setFound(null)
    }
  }, [record])
  return { page, missing: settled && record !== null && found !== record }
}
