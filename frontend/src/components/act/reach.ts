import { given, type FieldSpec, type Values } from './act'

/** Where a person is reached, in the forms of everybody who is on record: telephone, e-mail and one address. */
export const REACH: readonly FieldSpec[] = [
  { name: 'phone', label: 'Telephone' },
  { name: 'email', label: 'E-mail' },
  { name: 'line', label: 'Street and number', input: 'address' },
  { name: 'postalCode', label: 'Postal code' },
  { name: 'city', label: 'City' },
  { name: 'state', label: 'State or district' },
  { name: 'country', label: 'Country' },
]

interface Reached {
  telecom: readonly { system?: string | null; value?: string | null }[]
  addresses: readonly { lines: readonly string[]; city?: string | null; state?: string | null; postalCode?: string | null; country?: string | null }[]
}

/** The values of these fields as they are on record: the first of each. */
export function reachOf(p: Reached): Values {
  const at = (system: string) => p.telecom.find((t) => t.system === system)?.value ?? ''
  const home = p.addresses[0]
  return {
    phone: at('phone'), email: at('email'),
    line: home?.lines.join(', ') ?? '', city: home?.city ?? '', state: home?.state ?? '', postalCode: home?.postalCode ?? '', country: home?.country ?? '',
  }
}

/** The address as the acts take it; nothing when no part of it is written. */
export function address(v: Values) {
  const line = given(v.line)
  const all = { lines: line ? [line] : undefined, city: given(v.city), state: given(v.state), postalCode: given(v.postalCode), country: given(v.country) }
  return Object.values(all).some(Boolean) ? all : undefined
}

/** Whether one of these fields is another than before. */
export const differs = (v: Values, before: Values, ...names: string[]) => names.some((n) => (v[n] ?? '').trim() !== (before[n] ?? ''))
