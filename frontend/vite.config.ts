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

/** `cspNonce` leaves a placeholder on every script, style and meta tag that the server replaces on each answer. */
export default defineConfig({
  plugins: [react(), persistedDocuments],
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
