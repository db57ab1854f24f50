/**
 * The session doors `/auth/*`: plain JSON over a same-origin cookie.
 * Knows how to ask and how to read the answers; keeps nothing but who waits for a new sign-in.
 */

export interface DemoUser { user: string; name: string; role: string; password: string }
/** What the server says before anyone signs in. `demoUsers` is empty outside demo mode. */
export interface Config { demo: boolean; environment: string; demoUsers: DemoUser[] }
/** Who is signed in. `fhirUser` is who that is of the record, null for nobody; `remainingMs` is how long the session lasts without work, by the server's clock; null when it does not say. */
export interface Session { user: string; name: string; roles: string[]; fhirUser: string | null; remainingMs: number | null }

/** `refused`: wrong name or password (one answer for every cause); `limited`: too many tries; `password-change`: a new password has to be
 * brought; `password-refused`: it is not good enough; `second-factor`: a code is asked for; `enrol`: an authenticator has to be added first; `unreachable`: no answer; `failed`: the server's fault. */
export type SignInFailure = 'refused' | 'password-change' | 'password-refused' | 'limited' | 'second-factor' | 'enrol' | 'unreachable' | 'failed'
export class SignInError extends Error {
  /** `detail`: the server's words about a new password. */
  constructor(readonly cause: SignInFailure, readonly detail = '') {
    super(cause)
  }
}

/** Carried by every request that is not a plain GET; the server refuses cookies without it. */
export const REQUEST_HEADER = { 'X-WintEHR-Request': '1' }

type Json = { readonly [key: string]: unknown }
export const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)
const text = (value: unknown): string => (typeof value === 'string' ? value : '')
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])

/** `now` is when the server wrote the answer. */
export function readSession(body: unknown, now: number): Session {
  if (!isObject(body) || !text(body.user)) throw new Error('The session answer names no user')
  return {
    user: text(body.user),
    name: text(body.name) || text(body.user),
    roles: list(body.roles).map(text).filter(Boolean),
    fhirUser: text(body.fhirUser) || null,
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

/** A session that is over, and why, where the server knows. */
export interface Over { ended: Ended | null }
export const isOver = (session: Session | Over): session is Over => 'ended' in session

/** Throws when the server cannot be reached or fails. To ask keeps no session alive. */
export const loadSession = (signal?: AbortSignal): Promise<Session | Over> => readOwn(ask('/auth/session', { signal }))

/** As `loadSession`, and tells the server that someone is at work: the session goes on. */
export const keepSession = (): Promise<Session | Over> => readOwn(ask('/auth/session', { method: 'POST', headers: REQUEST_HEADER }))

async function readOwn(asked: Promise<Response>): Promise<Session | Over> {
  const response = await asked
  if (response.status === 401) {
    const body: unknown = await response.json().catch(() => null)
    return { ended: (isObject(body) && readEnded(text(body.ended))) || null }
  }
  if (!response.ok) throw new Error(`Session: status ${response.status}`)
  const now = Date.parse(response.headers.get('date') ?? '')
  return readSession(await response.json(), Number.isNaN(now) ? Date.now() : now)
}

/** Signs in and answers who it is; with a new password where it has to be changed. Throws [`SignInError`]. */
export async function signIn(user: string, password: string, newPassword?: string): Promise<Session> {
  let response: Response
  try {
    response = await ask('/auth/login', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...REQUEST_HEADER },
      body: JSON.stringify({ user, password, newPassword }),
    })
  } catch {
    throw new SignInError('unreachable')
  }
  if (response.status === 429) throw new SignInError('limited')
  if (response.status === 403 || response.status === 422) {
    const refusal: unknown = await response.json().catch(() => null)
    if (isObject(refusal) && refusal.passwordChange === true) throw new SignInError(newPassword === undefined ? 'password-change' : 'password-refused', text(refusal.error))
  }
  if (response.status >= 400 && response.status < 500) throw new SignInError('refused')
  if (!response.ok) throw new SignInError('failed')
  const body: unknown = response.status === 204 ? null : await response.json().catch(() => null)
  if (isObject(body) && body.secondFactor === true) throw new SignInError(body.enrol === true ? 'enrol' : 'second-factor')
  const session = await loadSession().catch(() => null)
  if (!session || isOver(session)) throw new SignInError('failed')
  return session
}

export async function signOut(): Promise<void> {
  await ask('/auth/logout', { method: 'POST', headers: REQUEST_HEADER })
}

/** The key of an authenticator that is being added. `address` is what authenticator apps open. */
export interface Authenticator { secret: string; address: string }
/** Whether one has an authenticator, and has to have one. */
export interface SecondFactor { enrolled: boolean; required: boolean; recoveryCodesLeft: number }

const post = (path: string, body: object): Promise<Response> => ask(path, { method: 'POST', headers: { 'Content-Type': 'application/json', ...REQUEST_HEADER }, body: JSON.stringify(body) })

async function words(response: Response): Promise<string> {
  const body: unknown = await response.json().catch(() => null)
  return (isObject(body) && text(body.error)) || 'the server could not do it'
}

/** The code after the password; null when the sign-in is done, else why not. */
export async function finishSignIn(code: string): Promise<string | null> {
  const response = await post('/auth/second-factor', { code })
  return response.ok ? null : words(response)
}

/** A new authenticator, or why there is none. */
export async function beginSecondFactor(password = ''): Promise<Authenticator | string> {
  const response = await post('/auth/second-factor/enrol', { password })
  if (!response.ok) return words(response)
  const body: unknown = await response.json()
  return isObject(body) ? { secret: text(body.secret), address: text(body.address) } : 'the server could not do it'
}

/** The recovery codes of the authenticator that works, or why it does not. */
export async function confirmSecondFactor(code: string): Promise<readonly string[] | string> {
  const response = await post('/auth/second-factor/confirm', { code })
  if (!response.ok) return words(response)
  const body: unknown = await response.json()
  return (isObject(body) ? list(body.recoveryCodes) : []).map(text)
}

/** Null when it was taken away, else why not. */
export async function removeSecondFactor(password: string, code: string): Promise<string | null> {
  const response = await post('/auth/second-factor/remove', { password, code })
  return response.ok ? null : words(response)
}

/** Throws when it cannot be read. */
export async function loadSecondFactor(): Promise<SecondFactor> {
  const response = await ask('/auth/second-factor')
  if (!response.ok) throw new Error(`Second factor: status ${response.status}`)
  const body: unknown = await response.json()
  if (!isObject(body)) throw new Error('Second factor: no object')
  return { enrolled: body.enrolled === true, required: body.required === true, recoveryCodesLeft: typeof body.recoveryCodesLeft === 'number' ? body.recoveryCodesLeft : 0 }
}

/** A session of one's own that is open. */
export interface OwnSession { id: string; device: string; createdAt: string; lastSeenAt: string; current: boolean }

/** Throws when they cannot be read. */
export async function loadSessions(): Promise<OwnSession[]> {
  const response = await ask('/auth/sessions')
  if (!response.ok) throw new Error(`Sessions: status ${response.status}`)
  const body: unknown = await response.json()
  return (isObject(body) ? list(body.sessions) : []).filter(isObject).map((s) => ({
    id: text(s.id), device: text(s.device), createdAt: text(s.createdAt), lastSeenAt: text(s.lastSeenAt), current: s.current === true,
  }))
}

/** Whether it was ended, or had ended already. */
export async function endSession(id: string): Promise<boolean> {
  const response = await ask(`/auth/sessions/${encodeURIComponent(id)}`, { method: 'DELETE', headers: REQUEST_HEADER })
  return response.ok || response.status === 404
}

/** Changes one's own password; null when it was done, else why not. */
export async function changePassword(password: string, newPassword: string): Promise<string | null> {
  const response = await ask('/auth/password', {
    method: 'POST', headers: { 'Content-Type': 'application/json', ...REQUEST_HEADER }, body: JSON.stringify({ password, newPassword }),
  })
  if (response.ok) return null
  const body: unknown = await response.json().catch(() => null)
  return (isObject(body) && text(body.error)) || 'the server could not change it'
}

/** The words for a refused sign-in. */
export function signInMessage(cause: SignInFailure): string {
  switch (cause) {
    case 'refused': return 'User name or password is not right. Check both and try again.'
    case 'password-change': return 'This password was good for one sign-in. Choose a new one.'
    case 'password-refused': return 'The new password was refused.'
    case 'limited': return 'Too many attempts. Wait a few minutes, then try again.'
    case 'second-factor': return 'Type the code of your authenticator, or a recovery code.'
    case 'enrol': return 'Your role has to have a second factor. Add an authenticator to go on.'
    case 'unreachable': return 'The server cannot be reached. Check the network, then try again.'
    case 'failed': return 'The server could not sign you in. Try again; if it goes on, call the service desk.'
  }
}

/** Why a session is over, as the server tells it. */
export type Ended = 'idle' | 'longest' | 'sign-out' | 'elsewhere' | 'password' | 'administrator'
const ENDED_WORDS: Record<Ended, string> = {
  idle: 'Nothing was done for a while, so the session ended.',
  longest: 'The session reached the longest time that one lasts.',
  'sign-out': 'You are signed out.',
  elsewhere: 'The session was ended from another device or browser, where you are signed in too. If that was not you, change your password.',
  password: 'Your password was changed on another device or browser, which ends the other sessions. If that was not you, tell an administrator at once.',
  administrator: 'An administrator ended the session, or changed or closed the account.',
}
export const endedMessage = (why: Ended): string => ENDED_WORDS[why]
export const readEnded = (text: string | null): Ended | null => (text !== null && Object.hasOwn(ENDED_WORDS, text) ? text as Ended : null)

/** The sign-in page, from where one comes back to this address, its end included. */
export const signInAt = ({ pathname, search, hash }: Pick<Location, 'pathname' | 'search' | 'hash'>, why: Ended | null): string =>
  `/login?${why ? `ended=${why}&` : ''}next=${encodeURIComponent(pathname + search + hash)}`

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
