import { expect, it } from 'vitest'
import { safeNext, signInAt } from './auth'

it.each(['//evil.example', 'https://evil.example/', '/\\evil.example', '\\\\evil.example', 'javascript:alert(1)', '/login', '/auth/logout', '', '/%2F/../login/..//evil.example'])(
  's40 %s is not followed after a sign-in', (next) => {
    const to = safeNext(next, 'https://ehr.example')
    expect(new URL(to, 'https://ehr.example').origin).toBe('https://ehr.example')
    expect(to).not.toContain('//')
  })

it('s40 goes back to where one was', () => {
  expect(safeNext('/patients/p1/clinical/results?asOf=2026-01-01T00:00:00Z#x', 'https://ehr.example')).toBe('/patients/p1/clinical/results?asOf=2026-01-01T00:00:00Z#x')
  expect(safeNext('//evil.example', 'https://ehr.example')).toBe('/')
})

it('comes back from the sign-in to the whole address', () => {
  const at = signInAt({ pathname: '/patients/p1/clinical/results', search: '?asOf=2026-01-01T00:00:00Z', hash: '#x' }, 'idle')
  expect(safeNext(new URL(at, 'https://h').searchParams.get('next'), 'https://h')).toBe('/patients/p1/clinical/results?asOf=2026-01-01T00:00:00Z#x')
  expect(new URL(at, 'https://h').searchParams.get('ended')).toBe('idle')
})
