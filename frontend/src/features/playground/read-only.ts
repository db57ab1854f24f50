import { getOperationAST, parse } from 'graphql'

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
