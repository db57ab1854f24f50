import { createContext, use, type ReactNode } from 'react'
import type { Config, Session } from '../lib/auth'

interface SessionValue { session: Session; config: Config }
const SessionContext = createContext<SessionValue | null>(null)

export function SessionProvider({ value, children }: { value: SessionValue; children: ReactNode }) {
  return <SessionContext value={value}>{children}</SessionContext>
}

/** Who is signed in and what kind of installation this is. */
export function useSession(): SessionValue {
  const value = use(SessionContext)
  if (!value) throw new Error('useSession needs SessionProvider')
  return value
}
