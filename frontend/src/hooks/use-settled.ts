import { useLayoutEffect, useRef, useState, type RefObject } from 'react'
import { useLiveLists } from '../contexts/live'

/** How much of a list is another than before: rows that are new, gone (not of a page, which is cut off) or in another place. 0 when no row that is there moves. */
export function moves(before: readonly string[], after: readonly string[], cut: boolean): number {
  const [was, is] = [new Set(before), new Set(after)]
  // What follows the last row moves none.
  if (before.every((id, i) => after[i] === id)) return 0
  const stayed = before.filter((id) => is.has(id)), stays = after.filter((id) => was.has(id))
  const fresh = after.length - stays.length, gone = cut ? 0 : before.length - stayed.length
  return Math.max(1, fresh + gone || stayed.filter((id, i) => stays[i] !== id).length)
}

/** Whether somebody points into it, is in it by the keyboard, or has scrolled to a place of it. */
function isUsed(list: HTMLElement): boolean {
  if (list.matches(':hover') || list.contains(document.activeElement)) return true
  for (let at: HTMLElement | null = list; at; at = at.parentElement) if (at.scrollTop > 0) return true
  return false
}

/**
 * What is shown of a list that is read anew by itself: it does not move under the pointer. News wait until they are asked for by `show`, or come in while nobody is in it or has just acted.
 * `ids`: its rows in order; `cut`: whether it is a page of more; `hold` is put on what stands around the rows.
 */
export function useSettled<T>(latest: T, ids: (of: T) => readonly string[], cut: boolean, still: boolean): { shown: T; news: number; show: () => void; hold: RefObject<HTMLDivElement | null> } {
  const { on, acted } = useLiveLists()
  const settles = still && on
  const hold = useRef<HTMLDivElement>(null)
  const [shown, setShown] = useState(latest)
  const news = settles && shown !== latest ? moves(ids(shown), ids(latest), cut) : 0
  const waits = useRef(acted)
  useLayoutEffect(() => { waits.current = acted }, [acted])
  useLayoutEffect(() => {
    if (shown === latest) return
    if (news === 0 || waits.current() || !hold.current || !isUsed(hold.current)) setShown(latest)
  }, [latest, shown, news])
  return { shown: settles ? shown : latest, news: settles ? news : 0, show: () => setShown(latest), hold }
}
