import { expect, it } from 'vitest'
import { keys, sharing } from './same'

it('finds what shares a code, and never what shares words', () => {
  const [a, b, c, d] = [{ text: 'ceftriaxone', codings: [{ system: 'rx', code: '2193' }] }, { text: 'Rocephin', codings: [{ system: 'rx', code: '2193' }, { system: 'rx', code: '9' }] }, { text: 'ceftriaxone', codings: [] }, { text: 'other', codings: [{ system: 'other', code: '2193' }] }]
  const found = sharing([a, b, c, d], keys)
  expect([a, b, c, d].map((one) => found.get(one))).toEqual([[b], [a], [], []])
  expect(keys({ codings: [{ code: '1' }, { system: 'rx' }] })).toEqual([])
})
