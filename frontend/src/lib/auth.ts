/**
 * The session doors `/auth/*`: plain JSON over a same-origin cookie.
 * Knows how to ask and how to read the answers; keeps nothing but who waits for a new sign-in.
 */

export interface DemoUser { user: string; name: string; role: string; password: string }
/** What the server says before anyone signs in. `demoUsers` is empty outside demo mode. */
export interface Config { demo: boolean; environment: string; demoUsers: DemoUser[] }
/** Who is signed in. `remainingMs` is how long the session lasts without work, by the server's clock; null when it does not say. */
export interface Session { user: string; name: string; roles: string[]; remainingMs: number | null }

/** `refused`: wrong name or password (one answer for every cause); `limited`: too many tries; `unreachable`: no answer; `failed`: the server's fault. */
export type SignInFailure = 'refused' | 'limited' | 'second-factor' | 'unreachable' | 'failed'
export class SignInError extends Error {
  constructor(readonly cause: SignInFailure) {
    super(cause)
  }
}

/** Carried by every request that is not a plain GET; the server refuses cookies without it. */
export const REQUEST_HEADER = { 'X-WintEHR-Request': '1' }

type Json = { readonly [key: string]: unknown }
const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)
const text = (value: unknown): string => (typeof value === 'string' ? value : '')
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])

/** `now` is when the server wrote the answer. */
export function readSession(body: unknown, now: number): Session {
  if (!isObject(body) || !text(body.user)) throw new Error('The session answer names no user')
  return {
    user: text(body.user),
    name: text(body.name) || text(body.user),
    roles: list(body.roles).map(text).filter(Boolean),
    remainingMs: remaining(text(body.expiresAt), now),
  }
}

function remaining(end: string, now: number): number | null {
  const ms = Date.parse(end) - now
  return Number.isNaN(ms) ? null : Math.max(0, ms)
}

export function readConfig(body: unknown): Config {
  const from = isObject(body) ? body : {}
  return {
    demo: from.demo === true,
    environment: text(from.environment),
    demoUsers: list(from.demoUsers).filter(isObject).map((u) => ({
      user: text(u.user), name: text(u.name), role: text(u.role), password: text(u.password),
    })).filter((u) => u.user),
  }
}

async function ask(path: string, init?: RequestInit): Promise<Response> {
  return fetch(path, { credentials: 'same-origin', ...init, headers: { Accept: 'application/json', ...init?.headers } })
}

let config: Promise<Config> | undefined
/** The server's configuration, asked once per page load; a failure is asked again. */
export function loadConfig(): Promise<Config> {
  config ??= ask('/auth/config').then(async (response) => {
    if (!response.ok) throw new Error(`Configuration: status ${response.status}`)
    return readConfig(await response.json())
  }).catch((error: unknown) => {
    config = undefined
    throw error
  })
  return config
}

/** Null when nobody is signed in. Throws when the server cannot be reached or fails. */
export async function loadSession(): Promise<Session | null> {
  const response = await ask('/auth/session')
  if (response.status === 401) return null
  if (!response.ok) throw new Error(`Session: status ${response.status}`)
  const now = Date.parse(response.headers.get('date') ?? '')
  return readSession(await response.json(), Number.isNaN(now) ? Date.now() : now)
}

/** Signs in and answers who it is. Throws [`SignInError`]. */
export async function signIn(user: string, password: string): Promise<Session> {
  let response: Response
  try {
    response = await ask('/auth/login', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...REQUEST_HEADER },
      body: JSON.stringify({ user, password }),
    })
  } catch {
    throw new SignInError('unreachable')
  }
  if (response.status === 429) throw new SignInError('limited')
  if (response.status >= 400 && response.status < 500) throw new SignInError('refused')
  if (!response.ok) throw new SignInError('failed')
  const body: unknown = response.status === 204 ? null : await response.json().catch(() => null)
  if (isObject(body) && body.secondFactor === true) throw new SignInError('second-factor')
  const session = await loadSession().catch(() => null)
  if (!session) throw new SignInError('failed')
  return session
}

export async function signOut(): Promise<void> {
  await ask('/auth/logout', { method: 'POST', headers: REQUEST_HEADER })
}

/** The words for a refused sign-in. */
export function signInMessage(cause: SignInFailure): string {
  switch (cause) {
    case 'refused': return 'User name or password is not right. Check both and try again.'
    case 'limited': return 'Too many attempts. Wait a few minutes, then try again.'
    case 'second-factor': return 'This account needs a second factor, which this page cannot ask for yet.'
    case 'unreachable': return 'The server cannot be reached. Check the network, then try again.'
    case 'failed': return 'The server could not sign you in. Try again; if it goes on, call the service desk.'
  }
}

/** A path inside this app to return to after signing in, else the first page. Refuses other hosts, other schemes and the sign-in page itself. */
export function safeNext(next: string | null, origin: string = window.location.origin): string {
  const home = '/'
  if (!next || !next.startsWith('/') || next.includes('\\')) return home
  let url: URL
  try {
    url = new URL(next, origin)
  } catch {
    return home
  }
  if (url.origin !== origin || url.pathname.startsWith('//') || url.pathname === '/login' || url.pathname.startsWith('/auth/')) return home
  return url.pathname + url.search + url.hash
}

type Listener = () => void
let waiting: { promise: Promise<void>; resolve: () => void } | null = null
const listeners = new Set<Listener>()

/** Whether work waits for someone to sign in again. */
export const signInNeeded = {
  /** Resolves when someone has signed in again; opens the dialog. */
  wait(): Promise<void> {
    if (!waiting) {
      let resolve: () => void = () => undefined
      const promise = new Promise<void>((done) => { resolve = done })
      waiting = { promise, resolve }
      listeners.forEach((tell) => tell())
    }
    return waiting.promise
  },
  done(): void {
    waiting?.resolve()
    waiting = null
    listeners.forEach((tell) => tell())
  },
  subscribe(listener: Listener): () => void {
    listeners.add(listener)
    return () => listeners.delete(listener)
  },
  get: (): boolean => waiting !== null,
}
