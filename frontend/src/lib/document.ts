import { gql, type TypedDocumentNode } from 'urql'

/** An operation by its text, with the hash under which the server knows it. The build puts it where a module asks for a document. */
export const document = (text: string, hash: string): TypedDocumentNode => Object.assign(gql(text), { __meta__: { hash } })
