import { cacheExchange, Client, fetchExchange, makeOperation, mapExchange, type Operation } from 'urql'
import { retryExchange } from '@urql/exchange-retry'
import { REQUEST_HEADER, signInNeeded } from './auth'
import { named as nameFailure } from './failures'

/** Asks again after a new sign-in when the session has ended, so that open work is kept. */
export async function ask(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  for (;;) {
    const response = await fetch(input, init)
    if (response.status !== 401) return response
    await signInNeeded.wait()
  }
}

/** The hash under which the server knows an operation of these pages, put there by the code generator. */
const hashOf = (document: object): string | undefined => {
  const meta = '__meta__' in document ? document.__meta__ : undefined
  return typeof meta === 'object' && meta !== null && 'hash' in meta && typeof meta.hash === 'string' ? meta.hash : undefined
}

/** Names the document instead of sending it. `npm run dev` sends it alone: its server may have been built with other pages. */
function named(operation: Operation): Operation {
  const sha256Hash = import.meta.env.DEV ? undefined : hashOf(operation.query)
  if (!sha256Hash) return operation
  return makeOperation(operation.kind, { ...operation, extensions: { ...operation.extensions, persistedQuery: { version: 1, sha256Hash } } })
}

/** One client per signed-in person and open chart: it keeps what it was answered until it is dropped. */
export function createClient(): Client {
  return new Client({
    url: '/graphql',
    preferGetMethod: false,
    fetch: ask,
    fetchOptions: { credentials: 'same-origin', headers: REQUEST_HEADER },
    exchanges: [
      mapExchange({ onOperation: named, onError: nameFailure }),
      cacheExchange,
      retryExchange({
        maxNumberAttempts: 3,
        retryIf: (error, operation) => operation.kind === 'query' && (!!error.networkError || error.response?.status === 503),
      }),
      fetchExchange,
    ],
  })
}
