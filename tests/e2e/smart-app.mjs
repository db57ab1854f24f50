// A small SMART application to try launches with: it reads the patient it was launched for, some results, and says who is signed in.
// As a program it serves on port 9000 of loopback for the server on port 8080, as the README registers it; the tests give it ports of their own.
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

const library = readFileSync(createRequire(import.meta.url).resolve('fhirclient/build/fhir-client.js'))

/** What it asks for beside a launch. */
export const SCOPE = 'openid fhirUser patient/*.rs'

const page = (body, script) => `<!doctype html><html lang="en"><meta charset="utf-8"><title>Growth chart</title><main>${body}</main><script src="/fhir-client.js"></script><script>${script}</script></html>`

/** Its pages: where a launch begins, in a tab and within the chart, where it begins alone, and where people are sent back to. */
const pages = (app, server) => ({
  '/launch.html': page('<p>Starting</p>', `FHIR.oauth2.authorize({ clientId: 'growth', scope: 'launch ${SCOPE}', redirectUri: '${app}/', pkceMode: 'required' })`),
  '/framed.html': page('<p>Starting</p>', `FHIR.oauth2.authorize({ clientId: 'inside', scope: 'launch ${SCOPE}', redirectUri: '${app}/', pkceMode: 'required', completeInTarget: true })`),
  '/alone.html': page('<p>Starting</p>', `FHIR.oauth2.authorize({ iss: '${server}/fhir/R4', clientId: 'growth', scope: 'launch/patient ${SCOPE}', redirectUri: '${app}/', pkceMode: 'required' })`),
  '/': page('<h1>Growth chart</h1><pre id="told"></pre>', `
    const tell = (text) => { document.getElementById('told').textContent = text }
    FHIR.oauth2.ready().then(async (client) => {
      const patient = await client.patient.read()
      const results = await client.patient.request('Observation?_count=3')
      const other = await client.request('Patient?_count=50')
      tell(JSON.stringify({ patient: patient.id, results: results.entry?.length ?? 0, seen: other.entry.map((e) => e.resource.id), user: client.user.fhirUser, scope: client.state.tokenResponse.scope }, null, 2))
    }).catch((error) => tell('failed: ' + error))`),
})

/** Serves it on a port of loopback (0 for a free one), for the record server at an address. */
export async function serve(port, server) {
  let app
  const listener = createServer((request, response) => {
    const { pathname } = new URL(request.url, app)
    const body = pathname === '/fhir-client.js' ? library : pages(app, server)[pathname]
    const type = pathname === '/fhir-client.js' ? 'text/javascript' : 'text/html; charset=utf-8'
    response.writeHead(body ? 200 : 404, { 'Content-Type': type, 'Cache-Control': 'no-store' }).end(body)
  })
  await new Promise((listening, failed) => listener.once('error', failed).listen(port, '127.0.0.1', listening))
  app = `http://127.0.0.1:${listener.address().port}`
  return { app, close: () => listener.close() }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { app } = await serve(9000, process.argv[2] ?? 'http://127.0.0.1:8080')
  console.log(`Growth chart at ${app}/alone.html; from a chart it is launched at ${app}/launch.html`)
}
