import { readFileSync } from 'node:fs'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'

/** Where the server listens during `npm run dev`. */
const API = process.env.WINTEHR_API ?? 'http://localhost:8080'

/** The operations of these very pages go with them: the server runs them by their hash. */
const persistedDocuments: Plugin = {
  name: 'persisted-documents',
  apply: 'build',
  generateBundle() {
    this.emitFile({ type: 'asset', fileName: 'persisted-documents.json', source: readFileSync('src/gql/persisted-documents.json', 'utf8') })
  },
}

/**
 * In what is built an operation is its text with its hash, in the module that asks it, and a fragment is nothing: it is for the types. The generated
 * tables of all documents, which every page would have to load, are in none of them.
 */
const documentsInPlace = (): Plugin => {
  const texts = new Map<string, { hash: string; text: string }>()
  return {
    name: 'documents-in-place',
    apply: 'build',
    enforce: 'pre',
    buildStart() {
      const all = JSON.parse(readFileSync('src/gql/persisted-documents.json', 'utf8')) as Record<string, string>
      for (const [id, text] of Object.entries(all)) {
        const name = /^\s*(?:query|mutation|subscription)\s+(\w+)/m.exec(text)?.[1]
        if (name) texts.set(name, { hash: id.replace(/^sha256:/, ''), text })
      }
    },
    transform(code, id) {
      if (!id.includes('/src/') || id.includes('/src/gql/') || !code.includes('graphql(`')) return null
      const placed = code.replace(/\bgraphql\(`\s*(query|mutation|subscription|fragment)\s+(\w+)[^`]*`\)/g, (_, kind: string, name: string) => {
        if (kind === 'fragment') return '({})'
        const known = texts.get(name)
        if (!known) this.error(`${id}: ${name} is not among the generated documents; run npm run codegen`)
        return `$document(${JSON.stringify(known.text)}, '${known.hash}')`
      })
      if (placed.includes('graphql(`')) this.error(`${id}: a document that is not written as one operation or fragment`)
      return { code: `import { document as $document } from '${import.meta.dirname}/src/lib/document'\n${placed}`, map: null }
    },
  }
}

/** `cspNonce` leaves a placeholder on every script, style and meta tag that the server replaces on each answer. */
export default defineConfig({
  plugins: [documentsInPlace(), react(), persistedDocuments],
  worker: { format: 'es' },
  html: { cspNonce: '__CSP_NONCE__' },
  build: {
    target: 'es2022',
    manifest: true,
    sourcemap: false,
    chunkSizeWarningLimit: 5000,
    // The playground is a document of its own, so that its editor weighs nothing in the chart.
    rolldownOptions: { input: ['index.html', 'playground.html'] },
  },
  server: {
    proxy: {
      '/graphql': { target: API, ws: true },
      '^/(fhir|dicomweb|auth|audit|oauth2|cds-services|\\.well-known)(/|$)': API,
    },
  },
})
