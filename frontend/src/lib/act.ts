/**
 * What became of an act, in the words of the page. Every outcome is a union; its members that mean the same for all acts are read here.
 */
import type { CombinedError } from 'urql'

export interface Told { expression: readonly string[]; text: string }
/** Any outcome of an act: the members it may have beside its own. */
export interface Outcome {
  __typename?: string
  issues?: readonly Told[]
  message?: string
  permission?: string
  currentVersion?: string
}

/**
 * `done`: recorded. `invalid`: what is wrong and where. `stale`: somebody changed it meanwhile. `forbidden`: not for this role.
 * `other`: a refusal of this act's own, which its form words. `unsaid`: no answer came, so nobody knows; the same key may be sent again.
 */
export type Result<O> =
  | { kind: 'done'; outcome: O }
  | { kind: 'other'; outcome: O }
  | { kind: 'invalid'; issues: readonly Told[] }
  | { kind: 'stale'; currentVersion: string }
  | { kind: 'forbidden' }
  | { kind: 'unsaid' }
  | { kind: 'failed'; message: string }

/** Reads an answer. `done` names the members that mean success. */
export function readOutcome<O extends Outcome>(outcome: O | null | undefined, error: CombinedError | undefined, done: readonly string[]): Result<O> {
  if (outcome) {
    const name = outcome.__typename ?? ''
    if (done.includes(name)) return { kind: 'done', outcome }
    if (name === 'Invalid') return { kind: 'invalid', issues: outcome.issues ?? [] }
    if (name === 'Stale') return { kind: 'stale', currentVersion: outcome.currentVersion ?? '' }
    if (name === 'NotPermitted') return { kind: 'forbidden' }
    return { kind: 'other', outcome }
  }
  if (error?.networkError) return { kind: 'unsaid' }
  const first = error?.graphQLErrors[0]
  if (first?.extensions.code === 'IDEMPOTENCY_KEY_REUSED') {
    return { kind: 'failed', message: 'This was recorded already, as it was first sent. Close the form and look before you change it.' }
  }
  return { kind: 'failed', message: first?.message ?? 'The server gave no answer that can be read.' }
}

/** The name of the form's field that an issue is about: `input.code.text` is about `code`. Empty when it is about none. */
export const fieldOf = (issue: Told): string => /^input\.([A-Za-z]+)/.exec(issue.expression[0] ?? '')?.[1] ?? ''
