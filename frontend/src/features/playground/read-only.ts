import { getOperationAST, Kind, parse } from 'graphql'

/**
 * The operation that is meant: the only one of a document, whatever `named` says. The editor reads the name a moment after its text changes, so that
 * what is pasted and run at once comes with the name of the text before it. Null where the document tells none.
 */
export function operationOf(query: string, named: string | null | undefined): string | null {
  try {
    const all = parse(query).definitions.filter((one) => one.kind === Kind.OPERATION_DEFINITION)
    return all.length === 1 ? all[0]?.name?.value ?? null : named || null
  } catch {
    return named || null
  }
}

/** Why the page does not send this document, or null. Text that cannot be read is left to the server to refuse. */
export function refusal(query: string, operationName: string | null | undefined, mayChange: boolean): string | null {
  if (mayChange) return null
  let kind: string | undefined
  try {
    kind = getOperationAST(parse(query), operationName)?.operation
  } catch {
    return null
  }
  return kind === 'mutation'
    ? 'Not sent: this page is read-only. Turn on “Allow changes” to send mutations; they change patients’ records.'
    : null
}
