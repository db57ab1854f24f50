import { useCallback, useState } from 'react'

/** The inner size in pixels of the element that `hold` is given to, also after the window has changed; `unmeasured` where nothing can be measured. */
export function useSize(unmeasured: { width: number; height: number }) {
  const [size, setSize] = useState(unmeasured)
  const hold = useCallback((element: HTMLElement | null) => {
    if (!element || typeof ResizeObserver === 'undefined') return undefined
    const measure = () => {
      const { clientWidth: width, clientHeight: height } = element
      if (width > 0 && height > 0) setSize((before) => (before.width === width && before.height === height ? before : { width, height }))
    }
    measure()
    const watch = new ResizeObserver(measure)
    watch.observe(element)
    return () => watch.disconnect()
  }, [])
  return { ...size, hold }
}
