import type { Config, Session } from './auth'

/** What the pages offer to whom. Only an offer: the server decides every request for itself. */
export const mayExplore = (session: Session, config: Config): boolean =>
  config.demo || session.roles.some((role) => role === 'analyst' || role === 'admin')
