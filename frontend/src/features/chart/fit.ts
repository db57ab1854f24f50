/** How much of a row of tabs stands in the bar; the rest is in its menu. */

/** What each tab takes: `right` is the right edge of it in a bar without end, `width` its own width; in px, in the order of the bar. */
export interface Measured { right: number; width: number }

/**
 * How many tabs, counted from the first, stand in a bar of `available` px. When not all do, room is kept for the button of the menu, which is
 * as wide as the widest of what it may be called by: `more`, or a tab that stands in the menu and is open, with `mark` px for its arrow.
 */
export function fitting(tabs: readonly Measured[], more: number, mark: number, available: number): number {
  const last = tabs.at(-1)
  if (!last || last.right <= available) return tabs.length
  let widest = more
  for (let count = tabs.length - 1; count > 0; count -= 1) {
    widest = Math.max(widest, tabs[count]?.width ?? 0)
    if ((tabs[count - 1]?.right ?? 0) + widest + mark <= available) return count
  }
  return 0
}
