import { cacheExchange, Client, fetchExchange } from 'urql'
import { retryExchange } from '@urql/exchange-retry'
import { REQUEST_HEADER, signInNeeded } from './auth'

/** Asks again after a new sign-in when the session has ended, so that open work is kept. */
export async function ask(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  for (;;) {
    const response = await fetch(input, init)
    if (response.status !== 401) return response
    await signInNeeded.wait()
  }
}

/** One client per signed-in person: a new person starts with an empty cache. */
export function createClient(): Client {
  return new Client({
    url: '/graphql',
    preferGetMethod: false,
    fetch: ask,
    fetchOptions: { credentials: 'same-origin', headers: REQUEST_HEADER },
    exchanges: [
      cacheExchange,
      retryExchange({
        maxNumberAttempts: 3,
        retryIf: (error, operation) => operation.kind === 'query' && (!!error.networkError || error.response?.status === 503),
      }),
      fetchExchange,
    ],
  })
}
