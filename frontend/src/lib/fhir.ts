import { REQUEST_HEADER } from './auth'
import { ask } from './graphql'

/** The FHIR REST door by this session, reading only. */
export type Json = { readonly [key: string]: unknown }
export interface FhirFailure { status: number; messages: string[] }
export type FhirAnswer = { body: Json } | { failure: FhirFailure }

export const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)
export const items = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isJson) : [])
export const textAt = (value: Json | undefined, name: string): string => { const at = value?.[name]; return typeof at === 'string' ? at : '' }

/** Stands before the text of a number; no FHIR string can hold it. */
const NUMBER = '\u0000'

/** JSON whose numbers keep their text, as strings behind a mark: `7.10` is another result than `7.1`. */
export function parseExact(text: string): unknown {
  return JSON.parse(text.replace(/("(?:[^"\\]|\\.)*")|-?\d[\d.eE+-]*/g, (token: string, quoted?: string) => quoted ?? `"\\u0000${token}"`))
}
/** What [`parseExact`] read, as JSON again. */
export const writeExact = (value: unknown, indent?: number): string => JSON.stringify(value, null, indent).replace(/"\\u0000([^"]*)"/g, '$1')
/** The text of a number that [`parseExact`] read; null for what is none. */
export const numberText = (value: unknown): string | null => (typeof value === 'string' && value.startsWith(NUMBER) ? value.slice(1) : null)
export const numberAt = (value: Json, name: string): number | null => {
  const text = numberText(value[name])
  return text === null ? null : Number(text)
}

/** Reads `path` below the FHIR base, such as `Patient?family=x`. A refusal comes with the words of its OperationOutcome. */
export const fhirRead = (path: string): Promise<FhirAnswer> => answerOf(`/fhir/R4/${path}`, {})

async function answerOf(url: string, { headers, ...init }: RequestInit): Promise<FhirAnswer> {
  let response: Response
  try {
    response = await ask(url, { credentials: 'same-origin', ...init, headers: { Accept: 'application/fhir+json', ...headers } })
  } catch {
    return { failure: { status: 0, messages: ['The server cannot be reached.'] } }
  }
  const body: unknown = await response.text().then(parseExact).catch(() => null)
  if (response.ok && isJson(body)) return { body }
  const messages = isJson(body) ? items(body.issue).map((issue) => textAt(issue, 'diagnostics') || textAt(issue, 'code')).filter(Boolean) : []
  return { failure: { status: response.status, messages: messages.length > 0 ? messages : [`The server answered with status ${response.status}.`] } }
}

export interface SearchParameter { name: string; type: string }
/** `includes` and `revIncludes`: the paths that `_include` and `_revinclude` may follow. */
export interface ServedType { type: string; parameters: SearchParameter[]; includes: string[]; revIncludes: string[] }
const texts = (value: unknown): string[] => (Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [])

/** What a CapabilityStatement says can be searched. */
export function servedTypes(capability: Json): ServedType[] {
  return items(items(capability.rest)[0]?.resource).map((resource) => ({
    type: textAt(resource, 'type'),
    parameters: items(resource.searchParam).map((p) => ({ name: textAt(p, 'name'), type: textAt(p, 'type') })).filter((p) => p.name),
    includes: texts(resource.searchInclude),
    revIncludes: texts(resource.searchRevInclude),
  })).filter((t) => t.type)
}

/** What an OperationOutcome says; `at` is the FHIRPath of what it is about, empty where it does not say. */
export interface FhirIssue { severity: string; code: string; text: string; at: string }
export const issuesOf = (outcome: Json): FhirIssue[] => items(outcome.issue).map((issue) => {
  const details = isJson(issue.details) ? textAt(issue.details, 'text') : ''
  return { severity: textAt(issue, 'severity'), code: textAt(issue, 'code'), text: textAt(issue, 'diagnostics') || details || textAt(issue, 'code'), at: [...texts(issue.expression), ...texts(issue.location)].join(', ') }
})

/** One page of a searchset: what fits, what was included with it, and what the server says about the search. */
export interface FoundPage { body: Json; matches: Json[]; included: Json[]; issues: FhirIssue[]; total: number | null; next: string | null }
export function foundPage(bundle: Json): FoundPage {
  const entries = items(bundle.entry).flatMap((entry) => (isJson(entry.resource) ? [{ mode: isJson(entry.search) ? textAt(entry.search, 'mode') : '', resource: entry.resource }] : []))
  const of = (mode: string) => entries.filter((one) => one.mode === mode).map((one) => one.resource)
  return {
    body: bundle,
    matches: entries.filter((one) => one.mode !== 'include' && one.mode !== 'outcome').map((one) => one.resource),
    included: of('include'),
    issues: of('outcome').flatMap(issuesOf),
    total: numberAt(bundle, 'total'),
    next: linkTo(bundle, 'next'),
  }
}

/** How many records of a type somebody sees, or that they may not read it; undefined where the server could not count. */
export type TypeCount = number | 'forbidden' | undefined

/** How many records of each type the asking person sees, by one batch; null when there was no answer. */
export async function fhirCounts(types: readonly string[]): Promise<ReadonlyMap<string, TypeCount> | null> {
  const batch = { resourceType: 'Bundle', type: 'batch', entry: types.map((type) => ({ request: { method: 'GET', url: `${type}?_summary=count` } })) }
  const answer = await answerOf('/fhir/R4', { method: 'POST', headers: { 'Content-Type': 'application/fhir+json', ...REQUEST_HEADER }, body: JSON.stringify(batch) })
  if ('failure' in answer) return null
  // Entries of the answer stand in the order of the questions.
  const entries = items(answer.body.entry)
  if (entries.length !== types.length) return null
  return new Map(types.map((type, i): [string, TypeCount] => {
    const { resource, response } = entries[i] ?? {}
    if (isJson(response) && textAt(response, 'status').startsWith('403')) return [type, 'forbidden']
    return [type, isJson(resource) ? numberAt(resource, 'total') ?? undefined : undefined]
  }))
}

/** A reference in a document: the path of the element that holds it, and what it says. */
export interface FhirReference { path: string; to: string }
export function referencesIn(value: unknown, path = ''): FhirReference[] {
  if (Array.isArray(value)) return value.flatMap((item, i) => referencesIn(item, `${path}[${i}]`))
  if (!isJson(value)) return []
  return Object.entries(value).flatMap(([name, item]) => (name === 'reference' && typeof item === 'string' ? [{ path, to: item }] : referencesIn(item, path ? `${path}.${name}` : name)))
}
/** `Type/id` of a reference that stays on this server; null for others, and for what is contained in the document itself. */
export function placeIn(reference: string, origin: string = window.location.origin): string | null {
  const own = reference.startsWith(`${origin}/fhir/R4/`) ? reference.slice(`${origin}/fhir/R4/`.length) : reference
  return /^([A-Z][A-Za-z]+\/[A-Za-z0-9.-]{1,64})(\/_history\/[^/]+)?$/.exec(own)?.[1] ?? null
}
/** What stands in a leaf of a document, numbers as they were written. */
export const leafText = (value: unknown): string => (typeof value === 'string' ? (value.startsWith(NUMBER) ? value.slice(1) : value) : JSON.stringify(value))

/** What `$validate` says of a resource, by R4 and by a profile where one is named. */
export const fhirValidate = (resource: Json, profile: string): Promise<FhirAnswer> => answerOf(
  `/fhir/R4/${textAt(resource, 'resourceType')}/$validate${profile ? `?profile=${encodeURIComponent(profile)}` : ''}`,
  { method: 'POST', headers: { 'Content-Type': 'application/fhir+json', ...REQUEST_HEADER }, body: writeExact(resource) },
)

/** The path below the base of a link that the server wrote; null when there is none. */
export function linkTo(bundle: Json, relation: string): string | null {
  const url = textAt(items(bundle.link).find((link) => link.relation === relation), 'url')
  const at = url.indexOf('/fhir/R4/')
  return at < 0 ? null : url.slice(at + '/fhir/R4/'.length)
}

/** What differs between two documents, leaf by leaf: the path, what it was and what it is; absent is undefined. */
export function differences(before: unknown, after: unknown, path = ''): { path: string; before: string | undefined; after: string | undefined }[] {
  if (JSON.stringify(before) === JSON.stringify(after)) return []
  const step = (name: string) => (path ? `${path}.${name}` : name)
  if (Array.isArray(before) && Array.isArray(after)) {
    return Array.from({ length: Math.max(before.length, after.length) }, (_, i) => differences(before[i], after[i], `${path}[${i}]`)).flat()
  }
  if (isJson(before) && isJson(after)) return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((name) => differences(before[name], after[name], step(name)))
  return [{ path, before: before === undefined ? undefined : writeExact(before), after: after === undefined ? undefined : writeExact(after) }]
}
