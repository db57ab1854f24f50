import { redirect, type LoaderFunctionArgs } from 'react-router'
import { loadConfig, loadSession, type Config, type Session } from '../lib/auth'

/** What every signed-in route works with. A new sign-in runs this again, so a new person gets a client of their own. */
export const signedInAt = (leave: typeof redirect) => async ({ request }: LoaderFunctionArgs): Promise<SignedIn> => {
  const [config, session] = await Promise.all([loadConfig(), loadSession()])
  const url = new URL(request.url)
  if (!session) throw leave(`/login?next=${encodeURIComponent(url.pathname + url.search)}`)
  return { config, session }
}

export interface SignedIn { config: Config; session: Session }
