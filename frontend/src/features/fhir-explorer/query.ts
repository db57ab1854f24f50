/**
 * A FHIR search as fields and as the text that is sent, each read back from the other. What the fields cannot show is kept as it is written.
 * Sources: FHIR R4 search (prefixes, modifiers, escapes, chains); the parameters, include paths and their types are the server's own.
 */
import type { ServedType } from '../../lib/fhir'

export const UCUM = 'http://unitsofmeasure.org'
export const PREFIXES: readonly (readonly [string, string])[] = [
  ['', 'equals'], ['ne', 'not equal'], ['gt', 'greater, later'], ['lt', 'less, earlier'], ['ge', 'at least, from'], ['le', 'at most, until'], ['sa', 'starts after'], ['eb', 'ends before'], ['ap', 'about'],
]
const MODIFIERS: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  string: [['', 'begins with'], ['exact', 'is exactly'], ['contains', 'contains']],
  token: [['', 'is'], ['not', 'is not'], ['text', 'has the words'], ['in', 'in the value set'], ['not-in', 'not in the value set'], ['above', 'above in its hierarchy'], ['below', 'below in its hierarchy'], ['of-type', 'identifier of a type']],
  reference: [['', 'refers to'], ['identifier', 'by an identifier'], ['above', 'above in its hierarchy'], ['below', 'below in its hierarchy']],
  uri: [['', 'is'], ['above', 'is above'], ['below', 'is below']],
}
export const MISSING = 'missing'
export const SUMMARIES = ['true', 'text', 'data', 'count', 'false'] as const
export const TOTALS = ['accurate', 'estimate', 'none'] as const

/** Whether values of a kind are compared, so that a prefix stands before them. */
export const isCompared = (kind: string): boolean => ['date', 'number', 'quantity'].includes(kind)
/** What can be asked of a kind: by prefixes or modifiers, and whether there is a value at all. */
export const waysOf = (kind: string): readonly (readonly [string, string])[] => [
  ...(isCompared(kind) ? PREFIXES : MODIFIERS[kind] ?? [['', 'is']]), ...(kind === 'special' ? [] : [[MISSING, 'is missing or not'] as const]),
]

/** One step of a chain: the reference and the type that it refers to. */
export interface Hop { parameter: string; type: string }
/** `value` is the text of FHIR, with its escapes, without the prefix. `plain`: it is written as such, not in fields; the prefix is then part of it. */
export interface Condition { key: number; hops: readonly Hop[]; parameter: string; modifier: string; prefix: string; value: string; plain: boolean }
export interface Inclusion { key: number; reverse: boolean; path: string; iterate: boolean }
export interface SortKey { key: number; parameter: string; descending: boolean }
/** A parameter that the fields do not show; it is sent as it is. */
export interface Other { name: string; value: string }
export interface Search {
  type: string
  conditions: readonly Condition[]
  inclusions: readonly Inclusion[]
  sort: readonly SortKey[]
  count: string
  total: string
  summary: string
  elements: string
  others: readonly Other[]
}

export const emptySearch = (type: string): Search => ({ type, conditions: [], inclusions: [], sort: [], count: '20', total: 'accurate', summary: '', elements: '', others: [] })
export const nextKey = (of: readonly { key: number }[]): number => Math.max(0, ...of.map((one) => one.key)) + 1

const parametersOf = (types: readonly ServedType[], type: string) => types.find((one) => one.type === type)?.parameters ?? []
export const kindOf = (types: readonly ServedType[], type: string, parameter: string): string => parametersOf(types, type).find((p) => p.name === parameter)?.type ?? ''
/** The type whose parameter a condition is about, behind its chain. */
export const lastType = (type: string, { hops }: Pick<Condition, 'hops'>): string => hops.at(-1)?.type ?? type
/** What a reference may refer to: the types that say that they are included by it in reverse. */
export const targetsOf = (types: readonly ServedType[], type: string, parameter: string): string[] => types.filter((one) => one.revIncludes.includes(`${type}:${parameter}`)).map((one) => one.type)

/** Cuts at a separator that no backslash stands before. */
export function splitAt(text: string, separator: string): string[] {
  const parts = ['']
  for (const token of text.match(/\\[\s\S]|[\s\S]/g) ?? []) {
    if (token === separator) parts.push('')
    else parts[parts.length - 1] += token
  }
  return parts
}
export const escaped = (text: string): string => text.replace(/[\\,|$]/g, '\\$&')
export const unescaped = (text: string): string => text.replace(/\\([\\,|$])/g, '$1')

export interface TokenValue { system: string; code: string }
export function tokenOf(value: string): TokenValue {
  const [first = '', second] = splitAt(value, '|').map(unescaped)
  return second === undefined ? { system: '', code: first } : { system: first, code: second }
}
export const tokenText = ({ system, code }: TokenValue): string => (system ? `${escaped(system)}|${escaped(code)}` : escaped(code))

/** `coded`: the unit is a code of UCUM, not the words of the record. */
export interface QuantityValue { number: string; unit: string; coded: boolean }
export function quantityOf(value: string): QuantityValue {
  const [number = '', system = '', unit = ''] = splitAt(value, '|').map(unescaped)
  return { number, unit, coded: system === UCUM || unit === '' }
}
export const quantityText = ({ number, unit, coded }: QuantityValue): string => (unit ? `${escaped(number)}|${coded ? UCUM : ''}|${escaped(unit)}` : escaped(number))

export interface ReferenceValue { type: string; id: string }
export function referenceOf(value: string): ReferenceValue {
  const [, type, id] = /^([A-Z][A-Za-z]+)\/(.*)$/.exec(unescaped(value)) ?? []
  return type === undefined || id === undefined ? { type: '', id: unescaped(value) } : { type, id }
}
export const referenceText = ({ type, id }: ReferenceValue): string => (id === '' && type === '' ? '' : type ? `${type}/${escaped(id)}` : escaped(id))

/** Whether the fields of a kind show this value and write it again as it is. */
export function fits(kind: string, modifier: string, value: string): boolean {
  if (modifier === MISSING) return value === 'true' || value === 'false'
  if (splitAt(value, ',').length > 1) return false
  if (kind === 'date') return /^\d{4}(-\d\d(-\d\d)?)?$/.test(value)
  if (kind === 'number') return /^[-+]?\d*\.?\d+([eE][-+]?\d+)?$/.test(value)
  if (kind === 'quantity') return quantityText(quantityOf(value)) === value
  if (modifier === 'of-type') return false
  if (['in', 'not-in', 'text'].includes(modifier) || kind === 'string' || kind === 'uri') return escaped(unescaped(value)) === value
  if (kind === 'token' || modifier === 'identifier') return tokenText(tokenOf(value)) === value
  if (kind === 'reference') return referenceText(referenceOf(value)) === value
  return false
}
/** Kinds for which there are no fields: their value is the text of FHIR always. */
export const isPlainKind = (kind: string, modifier: string): boolean => modifier !== MISSING && (['composite', 'special', ''].includes(kind) || modifier === 'of-type')

/** Whether a condition says enough to be sent. */
export const isComplete = (condition: Condition, kind: string): boolean =>
  condition.parameter !== '' && (kind === 'quantity' && !condition.plain && condition.modifier === '' ? quantityOf(condition.value).number !== ''
    : kind === 'reference' && !condition.plain && condition.modifier === '' ? referenceOf(condition.value).id !== ''
    : condition.value !== '')

const nameOf = ({ hops, parameter, modifier }: Condition): string => [...hops.map((hop) => `${hop.parameter}:${hop.type}`), modifier ? `${parameter}:${modifier}` : parameter].join('.')

/** The pairs that are sent, in the order of the fields. */
export function pairsOf(search: Search, types: readonly ServedType[]): Other[] {
  const single = (name: string, value: string) => (value ? [{ name, value }] : [])
  return [
    ...search.conditions.filter((c) => isComplete(c, kindOf(types, lastType(search.type, c), c.parameter))).map((c) => ({ name: nameOf(c), value: `${c.prefix}${c.value}` })),
    ...search.others,
    ...search.inclusions.filter((one) => one.path).map((one) => ({ name: `_${one.reverse ? 'rev' : ''}include${one.iterate ? ':iterate' : ''}`, value: one.path })),
    ...single('_sort', search.sort.filter((one) => one.parameter).map((one) => `${one.descending ? '-' : ''}${one.parameter}`).join(',')),
    ...single('_elements', search.elements),
    ...single('_summary', search.summary),
    ...single('_count', search.count),
    ...single('_total', search.total),
  ]
}

/** Percent-encoded no more than RFC 3986 asks for in a query, so that people can read it. */
export const encoded = (text: string): string => encodeURIComponent(text).replace(/%(3A|2F|3F|40|24|2C|3B)/g, (one) => decodeURIComponent(one))
export const writeQuery = (pairs: readonly Other[]): string => pairs.map(({ name, value }) => `${encoded(name)}=${encoded(value)}`).join('&')
/** The request below the FHIR base. */
export const writeSearch = (search: Search, types: readonly ServedType[]): string => { const query = writeQuery(pairsOf(search, types)); return query ? `${search.type}?${query}` : search.type }

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return null
  }
}

const INCLUDE = /^_(rev)?include(:iterate|:recurse)?$/

/** Reads a condition into the fields; null when they cannot show it. */
function readCondition(type: string, name: string, value: string, types: readonly ServedType[], key: number): Condition | null {
  if (name.startsWith('_has:')) return null
  const steps = name.split('.')
  const last = steps.pop() ?? ''
  const hops: Hop[] = []
  let at = type
  for (const step of steps) {
    const [parameter = '', narrowed, ...rest] = step.split(':')
    const targets = targetsOf(types, at, parameter)
    // A chain without a type is shown where only one can be meant.
    const target = narrowed ?? (targets.length === 1 ? targets[0] : undefined)
    if (rest.length > 0 || target === undefined || !targets.includes(target)) return null
    hops.push({ parameter, type: target })
    at = target
  }
  const [parameter = '', modifier = '', ...rest] = last.split(':')
  const kind = kindOf(types, at, parameter)
  if (kind === '' || rest.length > 0) return null
  const made = (of: Partial<Condition>): Condition => ({ key, hops, parameter, modifier: '', prefix: '', value, plain: false, ...of })
  if (kind === 'reference' && targetsOf(types, at, parameter).includes(modifier)) {
    return /^[A-Za-z0-9.-]+$/.test(value) ? made({ value: `${modifier}/${value}` }) : null
  }
  if (modifier !== '' && !(modifier === MISSING || (!isCompared(kind) && waysOf(kind).some(([one]) => one === modifier)))) return null
  const [, prefix = '', compared = ''] = isCompared(kind) && modifier === '' ? /^(eq|ne|gt|lt|ge|le|sa|eb|ap)?(.*)$/s.exec(value) ?? [] : ['', '', value]
  if (modifier === MISSING && !fits(kind, modifier, value)) return null
  return fits(kind, modifier, compared) ? made({ modifier, prefix: prefix === 'eq' ? '' : prefix, value: compared }) : made({ modifier, plain: true })
}

/** Takes a condition between fields and text; null when the fields cannot show what is written. */
export function withPlain(condition: Condition, kind: string, plain: boolean): Condition | null {
  if (plain) return { ...condition, prefix: '', value: `${condition.prefix}${condition.value}`, plain }
  const [, prefix = '', value = ''] = isCompared(kind) && condition.modifier === '' ? /^(eq|ne|gt|lt|ge|le|sa|eb|ap)?(.*)$/s.exec(condition.value) ?? [] : ['', '', condition.value]
  return value === '' || fits(kind, condition.modifier, value) ? { ...condition, prefix: prefix === 'eq' ? '' : prefix, value, plain } : null
}

/** Reads a request below the FHIR base into the fields. What they cannot show stands in `others`; `wrong` says why there is no search in it at all. */
export function readSearch(text: string, types: readonly ServedType[]): Search | { wrong: string } {
  const written = text.trim().replace(/^(GET\s+)?(https?:\/\/[^/\s]+)?\/?(fhir\/R4\/)?/, '')
  const [path = '', ...rest] = written.split('?')
  if (!types.some((one) => one.type === path)) return { wrong: `“${path}” is no type that is searched here. A search is written as Patient?family=ab.` }
  const search: { -readonly [K in keyof Search]: Search[K] } = { ...emptySearch(path), count: '', total: '' }
  const conditions: Condition[] = []
  const inclusions: Inclusion[] = []
  const others: Other[] = []
  const seen = new Set<string>()
  for (const pair of rest.join('?').split('&').filter(Boolean)) {
    const cut = pair.indexOf('=')
    const [name, value] = [cut < 0 ? pair : pair.slice(0, cut), cut < 0 ? '' : pair.slice(cut + 1)].map(decoded)
    if (name === null || name === undefined || value === null || value === undefined) return { wrong: `“${pair}” is not percent-encoded text.` }
    const include = INCLUDE.exec(name)
    const known = types.find((one) => one.type === path)
    const once = !seen.has(name)
    seen.add(name)
    if (include && (include[1] ? known?.revIncludes : known?.includes)?.includes(value)) inclusions.push({ key: inclusions.length + 1, reverse: !!include[1], path: value, iterate: !!include[2] })
    else if (name === '_sort' && once && value.split(',').every((key) => isSortable(types, path, key.replace(/^-/, '')))) search.sort = value.split(',').map((key, i) => ({ key: i + 1, parameter: key.replace(/^-/, ''), descending: key.startsWith('-') }))
    else if (name === '_count' && once && /^\d+$/.test(value)) search.count = value
    else if (name === '_total' && once && TOTALS.some((one) => one === value)) search.total = value
    else if (name === '_summary' && once && SUMMARIES.some((one) => one === value)) search.summary = value
    else if (name === '_elements' && once && value !== '') search.elements = value
    else {
      const condition = include || value === '' ? null : readCondition(path, name, value, types, conditions.length + 1)
      if (condition) conditions.push(condition)
      else others.push({ name, value })
    }
  }
  return { ...search, conditions, inclusions, others }
}

export const sortKeysOf = (types: readonly ServedType[], type: string) => parametersOf(types, type).filter((p) => !['composite', 'special'].includes(p.type))
const isSortable = (types: readonly ServedType[], type: string, parameter: string): boolean => sortKeysOf(types, type).some((p) => p.name === parameter)
