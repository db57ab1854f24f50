import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

/** Where the server listens during `npm run dev`. */
const API = process.env.WINTEHR_API ?? 'http://localhost:8080'

/** `cspNonce` leaves a placeholder on every script, style and meta tag that the server replaces on each answer. */
export default defineConfig({
  plugins: [react()],
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
