import { redirect, type LoaderFunctionArgs } from 'react-router'
import { loadConfig, loadSession, type Config, type Session } from '../lib/auth'
import { createClient } from '../lib/graphql'

/** What every signed-in route works with. A new sign-in runs this again, so a new person gets an empty cache. */
export const signedInAt = (leave: typeof redirect) => async ({ request }: LoaderFunctionArgs): Promise<SignedIn> => {
  const [config, session] = await Promise.all([loadConfig(), loadSession()])
  const url = new URL(request.url)
  if (!session) throw leave(`/login?next=${encodeURIComponent(url.pathname + url.search)}`)
  return { config, session, client: createClient() }
}

export interface SignedIn { config: Config; session: Session; client: ReturnType<typeof createClient> }
