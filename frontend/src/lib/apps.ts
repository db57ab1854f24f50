import { isObject, REQUEST_HEADER } from './auth'
import { ask } from './graphql'

/** An application that a chart can launch. */
export interface LaunchableApp { id: string; name: string }

/** Throws when they cannot be read. */
export async function loadApps(): Promise<LaunchableApp[]> {
  const response = await ask('/smart/apps')
  if (!response.ok) throw new Error(`Applications: status ${response.status}`)
  const body: unknown = await response.json()
  const apps = isObject(body) && Array.isArray(body.apps) ? body.apps : []
  return apps.filter(isObject).map((app) => ({ id: String(app.id), name: String(app.name) }))
}

/** Begins a launch of an application from a patient's chart: the address to open. Throws when the server does not begin it. */
export async function beginLaunch(client: string, patient: string): Promise<string> {
  const response = await ask('/smart/launch', { method: 'POST', headers: { 'Content-Type': 'application/json', ...REQUEST_HEADER }, body: JSON.stringify({ client, patient }) })
  const body: unknown = await response.json().catch(() => null)
  if (!response.ok || !isObject(body) || typeof body.url !== 'string') throw new Error(`Launch: status ${response.status}`)
  return body.url
}
