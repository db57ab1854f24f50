import { createContext, use, useCallback, useState, type ReactNode } from 'react'

const AnnounceContext = createContext<(message: string) => void>(() => undefined)

/** One polite live region for the page. Saying the same words twice is heard twice. */
export function AnnounceProvider({ children }: { children: ReactNode }) {
  const [said, setSaid] = useState({ text: '', count: 0 })
  const announce = useCallback((text: string) => setSaid((before) => ({ text, count: before.count + 1 })), [])
  return (
    <AnnounceContext value={announce}>
      {children}
      <div role="status" aria-live="polite" className="visually-hidden">
        <span key={said.count}>{said.text}</span>
      </div>
    </AnnounceContext>
  )
}

export const useAnnounce = () => use(AnnounceContext)
