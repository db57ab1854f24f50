/** A question of the playground as it is kept: its document, with its variables in a comment at the end, so that it stays a document. */
import { Kind, parse } from 'graphql'

const MARK = '# variables: '

export interface Question { query: string; variables: string }
/** Variables that are no JSON are kept as they are written, on one line. */
export function writeQuestion({ query, variables }: Question): string {
  const kept = variables.trim()
  if (kept === '' || kept === '{}') return query
  let line = kept.replaceAll(/\s*\n\s*/g, ' ')
  try {
    line = JSON.stringify(JSON.parse(kept))
  } catch {
    // Half written; the writer goes on with it.
  }
  return `${query.trimEnd()}\n${MARK}${line}\n`
}

export function readQuestion(text: string): Question {
  const lines = text.trimEnd().split('\n')
  const last = lines.at(-1) ?? ''
  if (!last.startsWith(MARK)) return { query: text, variables: '' }
  const variables = last.slice(MARK.length)
  const query = `${lines.slice(0, -1).join('\n')}\n`
  try {
    return { query, variables: JSON.stringify(JSON.parse(variables), null, 2) }
  } catch {
    return { query, variables }
  }
}

/** The name of the first operation of a document; empty where it has none, or cannot be read. */
export function nameIn(query: string): string {
  try {
    const operation = parse(query).definitions.find((one) => one.kind === Kind.OPERATION_DEFINITION)
    return operation?.name?.value ?? ''
  } catch {
    return ''
  }
}
