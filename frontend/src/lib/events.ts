/**
 * What happens to a patient's record, or to all records of some types, as the server tells it over one socket. Knows when the line is open and when what was read may be old;
 * reads nothing itself. The server tells nothing of what happened before it says so: who reads after `started` misses nothing.
 */
import { createClient as createSocket, type Client as SocketClient } from 'graphql-ws'
import { formatDocument, stringifyDocument, type TypedDocumentNode } from 'urql'
import { graphql } from '../gql'
import type { NoticeEventsSubscription, PatientEventsSubscription, TypeEventsSubscription } from '../gql/graphql'
import { signInNeeded } from './auth'

const PatientEvents = graphql(`
  subscription PatientEvents($id: ID!) { patientChanged(id: $id) { __typename ... on Changed { id } ... on Resync { reason } } }
`)

const TypeEvents = graphql(`
  subscription TypeEvents($types: [String!]!) { recordChanged(types: $types) { __typename ... on Changed { id } ... on Resync { reason } } }
`)

const NoticeEvents = graphql(`
  subscription NoticeEvents { notification { __typename ... on Changed { id } ... on Resync { reason } } }
`)

/** The text that the server trusts: the one its hash was made of. */
const textOf = <Data, Variables extends object>(document: TypedDocumentNode<Data, Variables>) => stringifyDocument(formatDocument(document))

/** What is followed: a patient by global id, FHIR types, such as `Encounter Location`, or what comes for who is signed in. */
export type Topic = string
export const NOTICES: Topic = 'notices'
const asked = (topic: Topic): { query: string; operationName: string; variables: Record<string, unknown> } =>
  topic === NOTICES ? { query: textOf(NoticeEvents), operationName: 'NoticeEvents', variables: {} }
    : topic.includes('/') ? { query: textOf(PatientEvents), operationName: 'PatientEvents', variables: { id: topic } }
    : { query: textOf(TypeEvents), operationName: 'TypeEvents', variables: { types: topic.split(' ') } }

/** `trying`: not open yet; `lost`: it was open or could not be opened, and is tried again. */
export type Line = 'trying' | 'open' | 'lost'
/** `started`: from now on nothing is missed; `changed`: something of what is followed is another now. */
export type TopicEvent = 'started' | 'changed'
type Listener = (event: TopicEvent, id?: string) => void
export interface Events {
  /** Of what is followed on pages; one of their topics that is refused makes it `lost`. */
  line: () => Line
  onLine: (listener: () => void) => () => void
  /** When it was lost, in ms since 1970; null while it is not. */
  lostSince: () => number | null
  /** Whether the events of that topic are being told now. */
  follows: (topic: Topic) => boolean
  /** Whether the server has refused to tell of that topic; it is asked again. `onLine` tells when that changes. */
  refuses: (topic: Topic) => boolean
  /** The listener is told by id which record has changed; without one something may have been missed. */
  watch: (topic: Topic, listener: Listener) => () => void
}

/** How long a topic is followed after the last who watched: going from tab to tab keeps the line. */
const LINGER_MS = 10_000
/** Waits between tries: quick at first, so that a restarted server is found at once, never longer than five seconds. */
export const waitOf = (tries: number): number => Math.min(5000, 250 * 2 ** Math.min(tries, 5))
const ANSWER_MS = 5000
/** What the server refuses is asked again, at first as after a long loss, then ever more slowly: nobody is left with a line that only seems open. */
export const refusedWaitOf = (refusals: number): number => Math.min(60_000, 5000 * 2 ** Math.min(refusals, 4))
const SESSION_ENDED = 4403

interface Followed { started: boolean; refusals: number; listeners: Set<Listener>; stop: () => void; linger: ReturnType<typeof setTimeout> | undefined }

const pause = (ms: number) => new Promise<void>((done) => { setTimeout(done, ms) })

export function createEvents(url = `${window.location.origin.replace(/^http/, 'ws')}/graphql/ws`, connect: typeof createSocket = createSocket): Events {
  let line: Line = 'trying'
  let ended = false
  let answer: ReturnType<typeof setTimeout> | undefined
  const listeners = new Set<() => void>()
  const followed = new Map<string, Followed>()
  let lostSince: number | null = null
  const tellLine = () => {
    lostSince = lineNow() === 'lost' ? lostSince ?? Date.now() : null
    listeners.forEach((tell) => tell())
  }
  const lineNow = (): Line => (line === 'open' && [...followed].some(([topic, one]) => topic !== NOTICES && one.refusals > 0) ? 'lost' : line)
  const turn = (to: Line) => {
    if (line === to) return
    line = to
    if (to === 'lost') for (const one of followed.values()) one.started = false
    tellLine()
  }
  const socket: SocketClient = connect({
    url,
    lazy: true,
    lazyCloseTimeout: LINGER_MS,
    keepAlive: 10_000,
    connectionAckWaitTimeout: ANSWER_MS,
    retryAttempts: Number.POSITIVE_INFINITY,
    shouldRetry: () => true,
    // A session that ended is not tried again before somebody has signed in.
    retryWait: async (tries) => { if (ended) { await signInNeeded.wait(); ended = false } else await pause(waitOf(tries)) },
    on: {
      connected: () => turn('open'),
      closed: (event) => {
        clearTimeout(answer)
        ended = event instanceof CloseEvent && event.code === SESSION_ENDED
        // Nobody watches any more: the line was closed on purpose.
        turn(followed.size === 0 ? 'trying' : 'lost')
      },
      // A line that no longer answers is dead, whatever the browser thinks of it.
      ping: (received) => { if (!received) answer = setTimeout(() => socket.terminate(), ANSWER_MS) },
      pong: (received) => { if (received) clearTimeout(answer) },
    },
  })

  const follow = (topic: Topic): Followed => {
    const one: Followed = { started: false, refusals: 0, listeners: new Set(), stop: () => undefined, linger: undefined }
    const tell: Listener = (event, id) => one.listeners.forEach((listener) => listener(event, id))
    const begin = () => {
      one.stop = socket.subscribe<PatientEventsSubscription | TypeEventsSubscription | NoticeEventsSubscription>(asked(topic), {
        next: ({ data, errors }) => {
          // What has changed could not be told: it may be anything.
          if (!data) { if (errors) tell('changed'); return }
          const event = 'patientChanged' in data ? data.patientChanged : 'notification' in data ? data.notification : data.recordChanged
          if (event.__typename === 'Changed') { tell('changed', event.id); return }
          const first = !one.started
          one.started = true
          if (one.refusals > 0) { one.refusals = 0; tellLine() }
          tell(first ? 'started' : 'changed')
        },
        error: () => {
          one.started = false
          one.refusals += 1
          tellLine()
          void pause(refusedWaitOf(one.refusals - 1)).then(() => { if (followed.get(topic) === one) begin() })
        },
        complete: () => undefined,
      })
    }
    followed.set(topic, one)
    begin()
    return one
  }

  return {
    line: lineNow,
    lostSince: () => lostSince,
    onLine: (listener) => { listeners.add(listener); return () => listeners.delete(listener) },
    follows: (topic) => followed.get(topic)?.started ?? false,
    refuses: (topic) => (followed.get(topic)?.refusals ?? 0) > 0,
    watch(topic, listener) {
      const one = followed.get(topic) ?? follow(topic)
      clearTimeout(one.linger)
      one.listeners.add(listener)
      return () => {
        one.listeners.delete(listener)
        if (one.listeners.size > 0) return
        one.linger = setTimeout(() => { followed.delete(topic); one.stop(); if (one.refusals > 0) tellLine() }, LINGER_MS)
      }
    },
  }
}
