import type { CodegenConfig } from '@graphql-codegen/cli'

/** Typed documents from the committed schema. Scalars that keep the text of the record are strings. */
const config: CodegenConfig = {
  schema: '../schema/schema.graphql',
  documents: ['src/**/*.{ts,tsx}', '!src/gql/**'],
  generates: {
    './src/gql/': {
      preset: 'client',
      presetConfig: { fragmentMasking: { unmaskFunctionName: 'read' } },
      config: {
        useTypeImports: true,
        enumsAsTypes: true,
        scalars: { Date: 'string', DateTime: 'string', Decimal: 'string', Instant: 'string', FhirJson: 'unknown' },
      },
    },
  },
}
export default config
