import { useEffect } from 'react'
import { useAnnounce } from './use-announce'

/** Names the page in the browser's tab and to a screen reader. A title never holds who the patient is. */
export function useTitle(title: string): void {
  const announce = useAnnounce()
  useEffect(() => {
    document.title = `${title} · WintEHR`
    announce(title)
  }, [title, announce])
}
