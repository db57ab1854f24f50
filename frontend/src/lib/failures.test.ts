import { CombinedError } from 'urql'
import { describe, expect, it, vi } from 'vitest'
import { lastFailure, named, onFailure } from './failures'

const answer = (id: string | null, status = 200): Response => new Response('{}', { status, headers: id ? { 'x-request-id': id } : {} })
const failing = (code: unknown, response: Response): CombinedError =>
  new CombinedError({ graphQLErrors: [{ message: 'internal error', extensions: { code } }], response })

describe('the name of a failed request', () => {
  it('stands behind the words of an error that is the server’s own, and is kept', () => {
    const told = vi.fn()
    const end = onFailure(told)
    for (const code of ['INTERNAL', 'TIMEOUT', 'UNAVAILABLE', undefined]) {
      const error = failing(code, answer(`r-${String(code)}`))
      named(error)
      expect(error.graphQLErrors[0]?.message).toBe(`internal error (request r-${String(code)})`)
      expect(lastFailure()).toBe(`r-${String(code)}`)
    }
    expect(told).toHaveBeenCalledTimes(4)
    end()
  })

  it('is not told of what a person can mend, nor where the answer has none', () => {
    for (const [code, response] of [['INVALID', answer('r-1')], ['NOT_PERMITTED', answer('r-2')], ['INTERNAL', answer(null)]] as const) {
      const error = failing(code, response)
      named(error)
      expect(error.graphQLErrors[0]?.message).toBe('internal error')
    }
    expect(lastFailure()).toBe('r-undefined')
  })

  it('is kept of an answer that is no GraphQL', () => {
    named(new CombinedError({ networkError: new Error('Bad Gateway'), response: answer('r-9', 502) }))
    expect(lastFailure()).toBe('r-9')
  })
})
