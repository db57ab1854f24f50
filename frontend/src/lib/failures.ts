import type { CombinedError } from 'urql'

/** What a person can do nothing about: it is found in the server's log and in the audit by the name of its request. */
const OURS = new Set(['INTERNAL', 'TIMEOUT', 'UNAVAILABLE'])

let last: string | null = null
const listeners = new Set<() => void>()

/** The name of the last request that failed on the server's side, since the page was opened; null when none did. */
export const lastFailure = (): string | null => last
/** Tells of the next ones; returns what ends it. */
export function onFailure(listener: () => void): () => void {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

/** Keeps the name of a request whose error is the server's own or has no code, and says it behind the error's words. */
export function named(error: CombinedError): void {
  const response: unknown = error.response
  const id = response instanceof Response ? response.headers.get('x-request-id') : null
  if (!id) return
  const ours = error.graphQLErrors.filter(({ extensions }) => {
    const code: unknown = extensions?.code
    return typeof code !== 'string' || OURS.has(code)
  })
  for (const one of ours) one.message = `${one.message} (request ${id})`
  const failed = ours.length > 0 || (error.graphQLErrors.length === 0 && response instanceof Response && response.status >= 500)
  if (!failed) return
  last = id
  listeners.forEach((listener) => listener())
}
