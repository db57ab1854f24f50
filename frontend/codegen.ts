import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import type { CodegenConfig } from '@graphql-codegen/cli'
import { formatDocument, stringifyDocument } from 'urql'
import { parse, print, type DocumentNode } from 'graphql'

/** By `sha256:…`, the text of each operation exactly as the client would send it. The build puts it beside the pages; the server trusts what it holds. */
const persisted: Record<string, string> = {}
process.once('exit', () => {
  const sorted = Object.fromEntries(Object.entries(persisted).sort(([a], [b]) => (a < b ? -1 : 1)))
  writeFileSync('src/gql/persisted-documents.json', `${JSON.stringify(sorted, null, 2)}\n`)
})

function persist(document: DocumentNode): { hash: string } {
  // A copy: urql writes its own key into what it is given.
  const text = stringifyDocument(formatDocument(parse(print(document), { noLocation: true })))
  const hash = createHash('sha256').update(text).digest('hex')
  persisted[`sha256:${hash}`] = text
  return { hash }
}

/** Typed documents from the committed schema. Scalars that keep the text of the record are strings. */
const config: CodegenConfig = {
  schema: '../schema/schema.graphql',
  documents: ['src/**/*.{ts,tsx}', '!src/gql/**'],
  generates: {
    './src/gql/': {
      preset: 'client',
      presetConfig: { fragmentMasking: { unmaskFunctionName: 'read' }, onExecutableDocumentNode: persist },
      config: {
        useTypeImports: true,
        enumsAsTypes: true,
        scalars: { Date: 'string', DateTime: 'string', Decimal: 'string', Instant: 'string', FhirJson: 'unknown' },
      },
    },
  },
}
export default config
