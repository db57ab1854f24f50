import { useCallback, useSyncExternalStore } from 'react'

/** Whether the window fits a media query now. Where a window has none, it does not. */
export function useMedia(query: string): boolean {
  const follow = useCallback((tell: () => void) => {
    if (typeof matchMedia !== 'function') return () => undefined
    const list = matchMedia(query)
    list.addEventListener('change', tell)
    return () => list.removeEventListener('change', tell)
  }, [query])
  return useSyncExternalStore(follow, () => typeof matchMedia === 'function' && matchMedia(query).matches)
}
