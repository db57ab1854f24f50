import { useEffect, useRef } from 'react'

const typing = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (/^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) || target.isContentEditable)

/** Keys without a modifier: one character, or `g` and a letter. Not while typing, not in a dialog, and not when they are turned off. */
export function useHotkeys(keys: ReadonlyMap<string, () => void>, on: boolean): void {
  const before = useRef<{ key: string; at: number } | null>(null)
  useEffect(() => {
    if (!on) return undefined
    const press = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || typing(event.target) || document.querySelector('[role="dialog"]')) return
      const prefix = before.current && Date.now() - before.current.at < 1500 ? `${before.current.key} ` : ''
      before.current = prefix === '' && event.key === 'g' ? { key: 'g', at: Date.now() } : null
      const act = keys.get(prefix + event.key)
      if (!act) return
      event.preventDefault()
      act()
    }
    document.addEventListener('keydown', press)
    return () => document.removeEventListener('keydown', press)
  }, [keys, on])
}
