import type { Client, ClientOptions, Sink } from 'graphql-ws'
import { expect, it, vi } from 'vitest'
import { createEvents, NOTICES, refusedWaitOf, waitOf } from './events'

/** A socket that does what the test says. */
function setUp() {
  const sinks: Sink<{ data?: unknown; errors?: unknown }>[] = []
  let options: ClientOptions | undefined
  const stop = vi.fn()
  const connect = (given: ClientOptions): Client => {
    options = given
    return { subscribe: (_: unknown, sink: Sink<{ data?: unknown; errors?: unknown }>) => { sinks.push(sink); return stop }, terminate: vi.fn(), dispose: vi.fn(), on: vi.fn(), iterate: vi.fn() } as unknown as Client
  }
  const events = createEvents('ws://test', connect as never)
  const on = () => options?.on ?? {}
  return {
    events, sinks, stop,
    connected: () => on().connected?.({} as never, undefined, false),
    closed: (code: number) => on().closed?.(new CloseEvent('close', { code })),
    told: (event: object) => sinks.at(-1)?.next({ data: { patientChanged: event } }),
  }
}

it('tells when nothing is missed any more, then every change, and begins anew after a loss', () => {
  const { events, sinks, connected, closed, told } = setUp()
  const heard: string[] = []
  events.watch('Patient/p', (event) => heard.push(event))
  expect([events.line(), events.follows('Patient/p')]).toEqual(['trying', false])
  connected()
  told({ __typename: 'Resync', reason: 'STARTED' })
  told({ __typename: 'Changed', id: 'Condition/c' })
  told({ __typename: 'Resync', reason: 'OVERFLOW' })
  expect(heard).toEqual(['started', 'changed', 'changed'])
  expect([events.line(), events.follows('Patient/p')]).toEqual(['open', true])
  closed(1006)
  expect([events.line(), events.follows('Patient/p')]).toEqual(['lost', false])
  connected()
  told({ __typename: 'Resync', reason: 'STARTED' })
  expect(heard.slice(3)).toEqual(['started'])
  expect(sinks).toHaveLength(1)
})

it('keeps following from tab to tab, and stops when nobody comes back', () => {
  vi.useFakeTimers()
  const { events, sinks, stop } = setUp()
  events.watch('Patient/p', () => undefined)()
  vi.advanceTimersByTime(9000)
  const end = events.watch('Patient/p', () => undefined)
  vi.advanceTimersByTime(9000)
  expect([sinks.length, stop.mock.calls.length]).toEqual([1, 0])
  end()
  vi.advanceTimersByTime(11_000)
  expect(stop).toHaveBeenCalledOnce()
  vi.useRealTimers()
})

it('tells by id what has come for who is signed in; when that is refused it says so, asks again, and loses no other line by it', async () => {
  vi.useFakeTimers()
  const { events, sinks, connected } = setUp()
  const heard: unknown[] = []
  events.watch(NOTICES, (event, id) => heard.push([event, id]))
  connected()
  const notice = (notification: object) => sinks.at(-1)?.next({ data: { notification } })
  notice({ __typename: 'Resync', reason: 'STARTED' })
  notice({ __typename: 'Changed', id: 'Task/t' })
  expect(heard).toEqual([['started', undefined], ['changed', 'Task/t']])
  const lines: unknown[] = []
  events.onLine(() => lines.push([events.line(), events.refuses(NOTICES)]))
  sinks.at(-1)?.error(new Error('refused'))
  expect([events.line(), events.refuses(NOTICES), events.follows(NOTICES), sinks.length]).toEqual(['open', true, false, 1])
  await vi.advanceTimersByTimeAsync(refusedWaitOf(0))
  expect(sinks).toHaveLength(2)
  sinks.at(-1)?.error(new Error('refused'))
  await vi.advanceTimersByTimeAsync(refusedWaitOf(0))
  expect(sinks, 'ever more slowly').toHaveLength(2)
  await vi.advanceTimersByTimeAsync(refusedWaitOf(1))
  notice({ __typename: 'Resync', reason: 'STARTED' })
  notice({ __typename: 'Changed', id: 'Task/u' })
  expect([events.refuses(NOTICES), events.follows(NOTICES), sinks.length, heard.length]).toEqual([false, true, 3, 4])
  expect(lines).toEqual([['open', true], ['open', true], ['open', false]])
  vi.useRealTimers()
})

it('a topic of a page that is refused is a lost line until the server tells of it, and what could not be told may be anything', async () => {
  vi.useFakeTimers()
  const { events, sinks, connected, told } = setUp()
  const heard: unknown[] = []
  events.watch('Patient/p', (event, id) => heard.push([event, id]))
  connected()
  sinks.at(-1)?.error(new Error('refused'))
  expect(events.line()).toBe('lost')
  await vi.advanceTimersByTimeAsync(refusedWaitOf(0))
  told({ __typename: 'Resync', reason: 'STARTED' })
  expect([events.line(), events.follows('Patient/p')]).toEqual(['open', true])
  sinks.at(-1)?.next({ data: null, errors: [{ message: 'internal' }] })
  expect(heard).toEqual([['started', undefined], ['changed', undefined]])
  vi.useRealTimers()
})

it('waits little at first and never long', () => {
  expect([0, 1, 2, 3, 4, 5, 100].map(waitOf)).toEqual([250, 500, 1000, 2000, 4000, 5000, 5000])
  expect([0, 1, 4, 100].map(refusedWaitOf)).toEqual([5000, 10_000, 60_000, 60_000])
})
