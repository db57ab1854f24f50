import { act, render, screen } from '@testing-library/react'
import { useState } from 'react'
import { expect, it, vi } from 'vitest'
import type { Events, Line, TopicEvent } from '../lib/events'
import { LiveProvider, useHold, useLive, useNotices } from './live'

function fake(line: Line = 'open') {
  let now = line
  let refused = false
  let tell: (event: TopicEvent) => void = () => undefined
  const lines = new Set<() => void>()
  const events: Events = { line: () => now, onLine: (l) => { lines.add(l); return () => lines.delete(l) }, lostSince: () => null, follows: () => false, refuses: () => refused, watch: (_, listener) => { tell = listener; return () => undefined } }
  return { events, refuse: (to: boolean) => act(() => { refused = to; lines.forEach((l) => l()) }), tell: (event: TopicEvent) => act(() => tell(event)), turn: (to: Line) => act(() => { now = to; lines.forEach((l) => l()) }) }
}

const Form = () => { useHold(); return <p>form</p> }
function Page({ read, everyMs }: { read: () => void; everyMs?: number }) {
  const { state, ready } = useLive('Patient/p', read, everyMs)
  const [form, setForm] = useState(false)
  return <>{state} {ready ? 'ready' : 'waiting'}{form && <Form />}<button type="button" onClick={() => setForm(!form)}>toggle</button></>
}

it('reads first when nothing can be missed, once for changes of one moment, and not under an open form', () => {
  vi.useFakeTimers()
  const { events, tell } = fake()
  const read = vi.fn()
  const { container } = render(<LiveProvider events={events}><Page read={read} /></LiveProvider>)
  expect(container).toHaveTextContent('open waiting')
  tell('started')
  expect(container).toHaveTextContent('open ready')
  const wait = () => act(() => vi.advanceTimersByTime(100))
  wait()
  expect(read).not.toHaveBeenCalled()
  tell('changed')
  tell('changed')
  wait()
  expect(read).toHaveBeenCalledOnce()
  const button = screen.getByRole('button')
  act(() => button.click())
  tell('changed')
  wait()
  expect(read).toHaveBeenCalledOnce()
  expect(container).toHaveTextContent('held')
  act(() => button.click())
  wait()
  expect(read).toHaveBeenCalledTimes(2)
  expect(container).toHaveTextContent('open ready')
  vi.useRealTimers()
})

it('reads without the line when it takes too long or is lost, and again when it is back', () => {
  vi.useFakeTimers()
  const { events, tell, turn } = fake('trying')
  const read = vi.fn()
  const { container } = render(<LiveProvider events={events}><Page read={read} /></LiveProvider>)
  expect(container).toHaveTextContent('trying waiting')
  act(() => vi.advanceTimersByTime(450))
  expect(container).toHaveTextContent('trying ready')
  turn('lost')
  expect(container).toHaveTextContent('lost ready')
  turn('open')
  tell('started')
  act(() => vi.advanceTimersByTime(100))
  expect(read).toHaveBeenCalledOnce()
  vi.useRealTimers()
})

it('reads what changes without end no more often than it is asked to, and the last change too', () => {
  vi.useFakeTimers()
  const { events, tell } = fake()
  const read = vi.fn()
  render(<LiveProvider events={events}><Page read={read} everyMs={10_000} /></LiveProvider>)
  tell('started')
  const wait = (ms: number) => act(() => vi.advanceTimersByTime(ms))
  tell('changed')
  wait(100)
  expect(read).toHaveBeenCalledOnce()
  tell('changed')
  tell('changed')
  wait(9_000)
  expect(read).toHaveBeenCalledOnce()
  wait(1_000)
  expect(read).toHaveBeenCalledTimes(2)
  wait(20_000)
  expect(read).toHaveBeenCalledTimes(2)
  vi.useRealTimers()
})

it('counts what has come since the inbox was looked at, each once', () => {
  let tell: (event: TopicEvent, id?: string) => void = () => undefined
  const { events } = fake()
  const watched = { ...events, watch: (_: string, listener: typeof tell) => { tell = listener; return () => { tell = () => undefined } } }
  const News = ({ looking }: { looking: boolean }) => <p>{useNotices(true, looking).count} new</p>
  const draw = (looking: boolean) => <LiveProvider events={watched}><News looking={looking} /></LiveProvider>
  const { container, rerender } = render(draw(false))
  const come = (event: TopicEvent, id?: string) => act(() => tell(event, id))
  come('started')
  come('changed', 'Task/a')
  come('changed', 'Task/a')
  come('changed', 'Task/b')
  come('changed')
  expect(container).toHaveTextContent('2 new')
  rerender(draw(true))
  come('changed', 'Task/c')
  expect(container).toHaveTextContent('0 new')
  rerender(draw(false))
  come('changed', 'Task/d')
  expect(container).toHaveTextContent('1 new')
})

it('says that nothing is told of what comes in, until it is told again', () => {
  const { events, refuse } = fake()
  const News = ({ looking }: { looking: boolean }) => <p>{useNotices(true, looking).refused ? 'not told' : 'told'}</p>
  const draw = (looking: boolean) => <LiveProvider events={events}><News looking={looking} /></LiveProvider>
  const { container, rerender } = render(draw(false))
  expect(container).toHaveTextContent(/^told$/)
  refuse(true)
  expect(container).toHaveTextContent('not told')
  rerender(draw(true))
  expect(container, 'the inbox itself reads').toHaveTextContent(/^told$/)
  rerender(draw(false))
  refuse(false)
  expect(container).toHaveTextContent(/^told$/)
})
