import { redirect, type LoaderFunctionArgs } from 'react-router'
import { isOver, loadConfig, loadSession, signInAt, type Config, type Session } from '../lib/auth'

/** What every signed-in route works with. A new sign-in runs this again, so a new person gets a client of their own. */
export const signedInAt = (leave: typeof redirect) => async ({ request }: LoaderFunctionArgs): Promise<SignedIn> => {
  const [config, session] = await Promise.all([loadConfig(), loadSession()])
  const url = new URL(request.url)
  // What a router asks for has no end after the hash; the address of the page has it.
  const hash = window.location.pathname === url.pathname ? window.location.hash : ''
  if (isOver(session)) throw leave(signInAt({ pathname: url.pathname, search: url.search, hash }, session.ended))
  return { config, session }
}

export interface SignedIn { config: Config; session: Session }
