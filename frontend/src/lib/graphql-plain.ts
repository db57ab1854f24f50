import { GraphQLError, type ExecutionResult } from 'graphql'
import { REQUEST_HEADER } from './auth'
import { ask } from './graphql'

/** What the playground gets back; `bytes` is the size of the answer's text. */
export interface PlainAnswer { result: ExecutionResult<Record<string, unknown>>; bytes: number }

export const failedWith = (message: string): ExecutionResult<Record<string, unknown>> => ({ errors: [new GraphQLError(message)] })

/** Posts any document by this session and gives the answer as it came. An answer that is no GraphQL becomes an error that says so. */
export async function postGraphql(operation: { query: string; variables?: unknown; operationName?: string | null }): Promise<PlainAnswer> {
  let response: Response
  try {
    response = await ask('/graphql', {
      method: 'POST',
      credentials: 'same-origin',
      headers: { 'Content-Type': 'application/json', Accept: 'application/json', ...REQUEST_HEADER },
      body: JSON.stringify(operation),
    })
  } catch {
    return { result: failedWith('The server cannot be reached.'), bytes: 0 }
  }
  const text = await response.text()
  try {
    const body: unknown = JSON.parse(text)
    if (typeof body !== 'object' || body === null) throw new Error('no object')
    return { result: body as PlainAnswer['result'], bytes: text.length }
  } catch {
    return { result: failedWith(`The server answered with status ${response.status} and no GraphQL.`), bytes: text.length }
  }
}
