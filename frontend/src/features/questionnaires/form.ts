import type { AnswerValueInput, CodingInput, ItemAnswersInput, QuestionnaireFormQuery, QuestionnairePageFragment } from '../../gql/graphql'
import { DATE_FORMS, dateText, readDate, withOffset } from '../../lib/date'

export type Form = NonNullable<QuestionnaireFormQuery['questionnaire']>
export type Item = NonNullable<Form['items']>[number]
export type Value = Item['options'][number]
export type Answered = QuestionnairePageFragment['nodes'][number]['items'][number]

/** An item with the items within it. */
export interface Node { item: Item; below: readonly Node[] }
/**
 * What stands in the fields of the form, or of one repetition of a group, by `linkId`. A value is text: `true` or `false`; the number or day as it is typed;
 * of a quantity the number, a space and the unit; of a choice `o` and the place of the option, `c` and the code as JSON, or `t` and other words.
 */
export interface Scope { values: Readonly<Record<string, readonly string[]>>; groups: Readonly<Record<string, readonly Repetition[]>> }
export interface Repetition extends Scope { key: string }
/** Scopes from the whole form to the repetition that an item stands in, each with its group. */
export type Path = readonly { group: string | null; key: string; scope: Scope }[]

export const EMPTY: Scope = { values: {}, groups: {} }
export const rootPath = (scope: Scope): Path => [{ group: null, key: '', scope }]
export const within = (path: Path, group: string, one: Repetition): Path => [...path, { group, key: `${keyOf(path, group)}:${one.key}`, scope: one }]
/** By which one occurrence of an item is known on the page. */
export const keyOf = (path: Path, linkId: string): string => `${path[path.length - 1]?.key ?? ''}/${linkId}`
export const repeatingGroup = (item: Item): boolean => item.type === 'GROUP' && item.repeats

export function tree(items: readonly Item[]): readonly Node[] {
  const below = (parent: string | null): readonly Node[] => items.filter((i) => (i.parent ?? null) === parent).map((item) => ({ item, below: below(item.linkId) }))
  return below(null)
}

const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?$/

/** What a field says as the server takes it; null when it says nothing, or nothing that fits its type. */
export function typed(item: Item, raw: string): AnswerValueInput | null {
  const text = raw.trim()
  if (text === '') return null
  const number = text.replace(',', '.')
  switch (item.type) {
    case 'BOOLEAN': return { boolean: text === 'true' }
    case 'INTEGER': return /^-?(0|[1-9]\d*)$/.test(text) && Math.abs(Number(text)) < 2 ** 31 ? { integer: Number(text) } : null
    case 'DECIMAL': return NUMBER.test(number) ? { decimal: number } : null
    case 'DATE': { const read = readDate(text, 'partial'); return 'value' in read ? { date: read.value } : null }
    case 'DATE_TIME': {
      const read = readDate(text, 'moment')
      if ('value' in read) return { dateTime: withOffset(read.value) }
      // As it stands on record: with its zone, or with less than a time.
      return /^\d{4}(-\d\d){0,2}$|^\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:\d\d)$/.test(text) && !Number.isNaN(Date.parse(text)) ? { dateTime: text } : null
    }
    case 'TIME': { const read = readDate(text, 'time'); return 'value' in read ? { time: read.value.length === 5 ? `${read.value}:00` : read.value } : null }
    case 'URL': return { uri: text }
    case 'QUANTITY': {
      const [value = '', ...unit] = number.split(' ')
      return NUMBER.test(value) && unit.join(' ') ? { quantity: { value, unit: unit.join(' ') } } : null
    }
    case 'CHOICE': case 'OPEN_CHOICE': return chosen(item, raw)
    default: return { text }
  }
}

function chosen(item: Item, raw: string): AnswerValueInput | null {
  const rest = raw.slice(1)
  if (raw.startsWith('t')) return rest.trim() ? { text: rest.trim() } : null
  if (raw.startsWith('c')) return { coding: JSON.parse(rest) as CodingInput }
  const option = item.options[Number(rest)]
  return option ? inputOf(option) : null
}

/** A value that the server told, as the server takes it. */
function inputOf(value: Value): AnswerValueInput | null {
  switch (value.kind) {
    case 'BOOLEAN': return { boolean: value.boolean === true }
    case 'INTEGER': return { integer: Number(value.number) }
    case 'DECIMAL': return { decimal: value.number ?? '' }
    case 'CODING': return { coding: { system: value.coding?.system ?? '', code: value.coding?.code ?? '', display: value.coding?.display ?? undefined } }
    case 'QUANTITY': return { quantity: { value: value.quantity?.value ?? '', unit: value.quantity?.code ?? value.quantity?.unit ?? '' } }
    case 'DATE': return { date: value.text }
    case 'DATE_TIME': return { dateTime: value.text }
    case 'TIME': return { time: value.text }
    case 'URI': return { uri: value.text }
    case 'TEXT': return { text: value.text }
    default: return null
  }
}

const sameCode = (a: { system?: string | null; code?: string | null } | null | undefined, b: { system?: string | null; code?: string | null } | null | undefined) => a?.code === b?.code && (a?.system ?? '') === (b?.system ?? '')

/** A value that the server told, as it stands in a field. */
export function rawOf(item: Item, value: Value): string {
  if (item.type === 'CHOICE' || item.type === 'OPEN_CHOICE') {
    const at = item.options.findIndex((o) => o.kind === value.kind && (value.kind === 'CODING' ? sameCode(o.coding, value.coding) : o.text === value.text))
    if (at >= 0) return `o${at}`
    return value.coding ? `c${JSON.stringify({ system: value.coding.system ?? '', code: value.coding.code ?? '', display: value.coding.display ?? undefined })}` : `t${value.text}`
  }
  if (value.kind === 'BOOLEAN') return String(value.boolean === true)
  if (value.kind === 'QUANTITY') return `${value.quantity?.value ?? ''} ${value.quantity?.code ?? value.quantity?.unit ?? ''}`
  if (value.kind === 'TIME') return value.text.slice(0, 5)
  return value.text
}

let made = 0
export const newRepetition = (nodes: readonly Node[]): Repetition => { made += 1; return { key: String(made), ...begin(nodes) } }

/** The form as it is given out: initial answers, and one repetition of each group of which there has to be one. */
export function begin(nodes: readonly Node[]): Scope {
  const values: Record<string, readonly string[]> = {}
  const groups: Record<string, readonly Repetition[]> = {}
  const fill = (all: readonly Node[]) => {
    for (const { item, below } of all) {
      if (repeatingGroup(item)) { groups[item.linkId] = item.required ? [newRepetition(below)] : []; continue }
      if (item.initial.length > 0) values[item.linkId] = item.initial.map((v) => rawOf(item, v))
      fill(below)
    }
  }
  fill(nodes)
  return { values, groups }
}

/** What stands in the fields when an earlier response is gone on with. */
export function reopen(nodes: readonly Node[], answered: readonly Answered[]): Scope {
  const below = (parent: number | null) => answered.flatMap((a, at) => ((a.parent ?? null) === parent ? [{ ...a, at }] : []))
  const read = (all: readonly Node[], parents: readonly (number | null)[]): Scope => {
    const values: Record<string, readonly string[]> = {}
    const groups: Record<string, readonly Repetition[]> = {}
    const fill = (within: readonly Node[], from: readonly (number | null)[]) => {
      for (const { item, below: children } of within) {
        const mine = from.flatMap((parent) => below(parent)).filter((a) => a.linkId === item.linkId)
        if (repeatingGroup(item)) {
          groups[item.linkId] = mine.map((one) => { made += 1; return { key: String(made), ...read(children, [one.at]) } })
          continue
        }
        const given = mine.flatMap((a) => a.values.map((v) => rawOf(item, v)))
        if (given.length > 0) values[item.linkId] = given
        else if (item.readOnly) values[item.linkId] = item.initial.map((v) => rawOf(item, v))
        fill(children, mine.map((a) => a.at))
      }
    }
    fill(all, parents)
    return { values, groups }
  }
  return read(nodes, [null])
}

interface Place { order: number; group: string | null; item: Item }
export interface Index { nodes: readonly Node[]; places: ReadonlyMap<string, Place> }
export function index(items: readonly Item[]): Index {
  const places = new Map<string, Place>()
  const nodes = tree(items)
  const visit = (all: readonly Node[], group: string | null) => {
    for (const { item, below } of all) {
      places.set(item.linkId, { order: places.size, group, item })
      visit(below, repeatingGroup(item) ? item.linkId : group)
    }
  }
  visit(nodes, null)
  return { nodes, places }
}

/** The answers to a question that count for an item: of its own repetition, else the last ones before it, else the first ones after it. */
function nearest(form: Index, question: string, order: number, path: Path): AnswerValueInput[] {
  const place = form.places.get(question)
  if (!place) return []
  const read = (scope: Scope) => (scope.values[question] ?? []).flatMap((raw) => typed(place.item, raw) ?? [])
  for (const { group, scope } of path.toReversed()) if (group === place.group) return read(scope)
  const inner = (scope: Scope): Scope[] => Object.values(scope.groups).flat().flatMap((one) => [...((one.values[question] ?? []).some((raw) => raw.trim() !== '') ? [one] : []), ...inner(one)])
  for (const { scope } of path.toReversed()) {
    const found = inner(scope)
    const one = place.order < order ? found[found.length - 1] : found[0]
    if (one) return read(one)
  }
  return []
}

const KINDS: Record<string, keyof AnswerValueInput> = { BOOLEAN: 'boolean', INTEGER: 'integer', DECIMAL: 'decimal', TEXT: 'text', DATE: 'date', DATE_TIME: 'dateTime', TIME: 'time', URI: 'uri', CODING: 'coding', QUANTITY: 'quantity' }
/** Less than, equal to or more than; null when the two do not compare. */
function order(given: AnswerValueInput, wanted: Value): number | null {
  if (!(KINDS[wanted.kind] as string in given)) return null
  const sign = (a: number, b: number) => (Number.isNaN(a) || Number.isNaN(b) ? null : Math.sign(a - b))
  const text = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)
  if (given.boolean !== undefined && given.boolean !== null) return given.boolean === wanted.boolean ? 0 : given.boolean ? 1 : -1
  if (given.coding) return sameCode(given.coding, wanted.coding) ? 0 : null
  if (given.quantity) return given.quantity.unit === (wanted.quantity?.code ?? wanted.quantity?.unit) ? sign(Number(given.quantity.value), Number(wanted.quantity?.value)) : null
  if (given.integer !== undefined && given.integer !== null) return sign(given.integer, Number(wanted.number))
  if (given.decimal) return sign(Number(given.decimal), Number(wanted.number))
  const own = given.text ?? given.date ?? given.dateTime ?? given.time ?? given.uri ?? ''
  return given.text === undefined && own.length !== wanted.text.length ? null : text(own, wanted.text)
}

/** Whether an item is asked, as the server decides it. */
export function enabled(form: Index, item: Item, path: Path): boolean {
  const at = form.places.get(item.linkId)?.order ?? 0
  const met = item.enableWhen.map(({ question, operator, answer }) => {
    const values = nearest(form, question, at, path)
    if (operator === 'exists') return answer?.boolean === values.length > 0
    if (!answer) return false
    const orders = values.map((v) => order(v, answer))
    switch (operator) {
      case '=': return orders.includes(0)
      case '!=': return values.length > 0 && !orders.includes(0)
      case '>': return orders.includes(1)
      case '<': return orders.includes(-1)
      case '>=': return orders.some((o) => o === 0 || o === 1)
      case '<=': return orders.some((o) => o === 0 || o === -1)
      default: return false
    }
  })
  return item.enableAny && met.length > 0 ? met.some(Boolean) : met.every(Boolean)
}

/** What the fields say, as the server takes it, and which occurrence stands at which place of it. */
export interface Sent { answers: ItemAnswersInput[]; places: Map<string, string> }
export function sent(form: Index, root: Scope): Sent {
  const places = new Map<string, string>()
  const list = (nodes: readonly Node[], path: Path, into: ItemAnswersInput[], place: string) => {
    for (const { item, below } of nodes) {
      if (!enabled(form, item, path)) continue
      const scope = path[path.length - 1]?.scope ?? EMPTY
      if (repeatingGroup(item)) {
        for (const one of scope.groups[item.linkId] ?? []) {
          const items: ItemAnswersInput[] = []
          const here = `${place}[${into.length}]`
          const inner = within(path, item.linkId, one)
          places.set(here, keyOf(path, item.linkId))
          places.set(`${here}.items`, inner[inner.length - 1]?.key ?? '')
          const entry = { linkId: item.linkId, values: [], items }
          into.push(entry)
          list(below, inner, items, `${here}.items`)
        }
        continue
      }
      const values = (scope.values[item.linkId] ?? []).flatMap((raw) => typed(item, raw) ?? [])
      if (values.length > 0 && !item.readOnly) {
        places.set(`${place}[${into.length}]`, keyOf(path, item.linkId))
        into.push({ linkId: item.linkId, values })
      }
      list(below, path, into, place)
    }
  }
  const answers: ItemAnswersInput[] = []
  list(form.nodes, rootPath(root), answers, 'answers')
  return { answers, places }
}

/** The occurrence that an issue of the server is about; undefined when it is about none. */
export function occurrence({ places }: Sent, expression: string, text: string): string | undefined {
  const place = expression.replace(/^input\./, '').replace(/\.values.*$/, '')
  const exact = places.get(place)
  if (exact?.includes('/') && !place.endsWith('.items')) return exact
  const linkId = text.slice(0, text.indexOf(': '))
  return linkId ? `${place.endsWith('.items') ? exact ?? '' : ''}/${linkId}` : undefined
}

const outOf = (item: Item, value: AnswerValueInput): string | null => {
  const number = value.integer ?? value.decimal ?? value.quantity?.value
  const day = value.date ?? value.dateTime ?? value.time
  const less = (limit: string, sign: 1 | -1) => (number !== undefined && number !== null ? sign * (Number(number) - Number(limit)) < 0 : !!day && day.length === limit.length && (sign === 1 ? day < limit : day > limit))
  const limit = (text: string) => (item.type === 'DATE' ? dateText(text, 'partial') : text)
  if (item.minValue && less(item.minValue, 1)) return `Not less than ${limit(item.minValue)}.`
  if (item.maxValue && less(item.maxValue, -1)) return `Not more than ${limit(item.maxValue)}.`
  if (item.maxLength && value.text && value.text.length > item.maxLength) return `Not more than ${item.maxLength} characters.`
  return null
}

const SHAPES: Partial<Record<NonNullable<Item['type']>, string>> = {
  INTEGER: 'Write a whole number, such as 3.', DECIMAL: 'Write a number, such as 1.5.', DATE: DATE_FORMS.partial,
  DATE_TIME: DATE_FORMS.moment, TIME: DATE_FORMS.time, QUANTITY: 'Write a number and its unit.',
}

/** What is wrong with one field as it stands; what is missing counts only when the form is to be finished. */
export function wrong(item: Item, raw: readonly string[], finish: boolean): string | null {
  const written = raw.filter((r) => r.trim() !== '' && r !== 't')
  if (finish && item.required && !item.readOnly && written.length === 0) return 'This has to be answered.'
  if (finish && item.minOccurs && written.length > 0 && written.length < item.minOccurs) return `Answer it ${item.minOccurs} times at least.`
  if (item.maxOccurs && written.length > item.maxOccurs) return `Not more than ${item.maxOccurs} answers.`
  for (const one of written) {
    const value = typed(item, one)
    if (!value) return (item.type && SHAPES[item.type]) || 'This is no answer to it.'
    const out = outOf(item, value)
    if (out) return out
  }
  return null
}

/** All that is wrong, by occurrence, in the order of the form. */
export function problems(form: Index, root: Scope, finish: boolean): Map<string, { label: string; text: string }> {
  const found = new Map<string, { label: string; text: string }>()
  const visit = (nodes: readonly Node[], path: Path) => {
    for (const { item, below } of nodes) {
      if (!enabled(form, item, path)) continue
      const scope = path[path.length - 1]?.scope ?? EMPTY
      const label = item.text ?? item.linkId
      if (repeatingGroup(item)) {
        const all = scope.groups[item.linkId] ?? []
        if (finish && item.required && all.length === 0) found.set(keyOf(path, item.linkId), { label, text: 'This has to be answered.' })
        for (const one of all) visit(below, within(path, item.linkId, one))
        continue
      }
      if (item.type !== 'GROUP' && item.type !== 'DISPLAY' && !item.hidden) {
        const text = wrong(item, scope.values[item.linkId] ?? [], finish)
        if (text) found.set(keyOf(path, item.linkId), { label, text })
      }
      visit(below, path)
    }
  }
  visit(form.nodes, rootPath(root))
  return found
}

/** The form with one scope of it changed. */
export function changed(root: Scope, path: Path, by: (scope: Scope) => Scope): Scope {
  const step = (scope: Scope, at: number): Scope => {
    const next = path[at + 1]
    if (!next?.group) return by(scope)
    const group = next.group
    return { ...scope, groups: { ...scope.groups, [group]: (scope.groups[group] ?? []).map((one) => (next.key.endsWith(`:${one.key}`) ? { ...step(one, at + 1), key: one.key } : one)) } }
  }
  return step(root, 0)
}
