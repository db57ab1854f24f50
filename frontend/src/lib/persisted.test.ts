import { createHash } from 'node:crypto'
import { expect, it } from 'vitest'
import { formatDocument, stringifyDocument } from 'urql'
import * as generated from '../gql/graphql'
import persisted from '../gql/persisted-documents.json'

const operations = Object.entries(generated).filter(([, one]) => one.definitions.some((part) => part.kind === 'OperationDefinition'))

it('names every operation of the pages by the hash of the text that would be sent, and hands that text to the server', () => {
  const texts = operations.map(([name, document]) => {
    const text = stringifyDocument(formatDocument(document))
    const hash = createHash('sha256').update(text).digest('hex')
    expect('__meta__' in document && document.__meta__, name).toEqual({ hash })
    return [`sha256:${hash}`, text]
  })
  expect(texts.length).toBeGreaterThan(20)
  expect(Object.fromEntries(texts)).toEqual(persisted)
})
