import type { AnswerKind } from '../../gql/graphql'
import { formatDateTime } from '../../lib/date'
import { isJson, items, numberText, textAt, writeExact, type Json } from '../../lib/fhir'

/** Two responses to one questionnaire, or two versions of one, item by item. It knows words, not what they mean. */
export interface Said { parent?: number | null; linkId?: string | null; text?: string | null; values: readonly { text: string }[] }
/** One item of either side. `before` and `after` are null where that side has no answer to it; `asked`: in which other words the earlier side has the question. */
export interface Pair { key: string; depth: number; text: string; asked: string | null; group: boolean; before: string | null; after: string | null; differs: boolean }

export const yesNo = (value: boolean): string => (value ? 'Yes' : 'No')

/** An answer in words: days and times as everywhere on these pages, all else as the server words it. */
export const answerWords = (value: { kind: AnswerKind; text: string; boolean?: boolean | null }): string =>
  (value.kind === 'BOOLEAN' && typeof value.boolean === 'boolean' ? yesNo(value.boolean) : value.kind === 'DATE' || value.kind === 'DATE_TIME' ? formatDateTime(value.text) : value.text)

/** As [`answerWords`], of a value as it is stored under that name. */
function wordsOf(name: string, value: unknown): string {
  if (typeof value === 'boolean') return yesNo(value)
  if (typeof value === 'string') return name.startsWith('valueDate') ? formatDateTime(value) : numberText(value) ?? value
  if (!isJson(value)) return writeExact(value)
  const number = numberText(value.value)
  return number !== null ? [number, textAt(value, 'unit') || textAt(value, 'code')].filter(Boolean).join(' ') : textAt(value, 'display') || textAt(value, 'code') || writeExact(value)
}

/** The items of a version of a response as it was stored, its numbers with their text, in the order in which the server tells those of the newest. */
export function itemsOf(response: Json): Said[] {
  const all: Said[] = []
  const visit = (of: readonly Json[], parent: number | null) => {
    for (const item of of) {
      const answers = items(item.answer)
      const here = all.length
      all.push({ parent, linkId: textAt(item, 'linkId') || null, text: textAt(item, 'text') || null, values: answers.flatMap((answer) => { const name = Object.keys(answer).find((k) => /^value[A-Z]/.test(k)); return name ? [{ text: wordsOf(name, answer[name]) }] : [] }) })
      visit(items(item.item), here)
      for (const answer of answers) visit(items(answer.item), here)
    }
  }
  visit(items(response.item), null)
  return all
}

interface Placed { key: string; parent: string; depth: number; text: string; group: boolean; answer: string | null }
/** Each item with a key that it has in every response to the form: the items it stands in, its own id, and which of several of one id it is. */
function placed(said: readonly Said[]): Placed[] {
  const counts = new Map<string, number>()
  const all: Placed[] = []
  said.forEach((item, at) => {
    const within = item.parent === null || item.parent === undefined ? undefined : all[item.parent]
    const path = `${within?.key ?? ''}/${item.linkId ?? item.text ?? ''}`
    const count = counts.get(path) ?? 0
    counts.set(path, count + 1)
    all.push({ key: `${path}#${count}`, parent: within?.key ?? '', depth: within ? within.depth + 1 : 0, text: item.text ?? item.linkId ?? 'Item', group: item.values.length === 0 && said.some((one) => one.parent === at), answer: item.values.length > 0 ? item.values.map((v) => v.text).join(', ') : null })
  })
  return all
}

/** Which of several groups of one id a key is of, as the form says it; nothing of one that stands alone. */
function nth(key: string, has: (key: string) => boolean): string {
  const [, path, count] = /^(.*)#(\d+)$/.exec(key) ?? []
  return has(`${path}#1`) ? `: ${Number(count) + 1}` : ''
}

/** Every item that either side has, in the order of the later one; what only the earlier one has stands after what it followed there. */
export function pairs(before: readonly Said[], after: readonly Said[]): Pair[] {
  const [old, young] = [placed(before), placed(after)]
  const order = [...young]
  old.forEach((item, at) => {
    if (order.some((one) => one.key === item.key)) return
    const previous = old[at - 1]
    const place = previous ? order.findIndex((one) => one.key === previous.key) : -1
    order.splice(place + 1, 0, item)
  })
  return order.map(({ key, depth }) => {
    const [one, other] = [old.find((item) => item.key === key), young.find((item) => item.key === key)]
    const group = (one ?? other)?.group === true && (other ?? one)?.group === true
    const text = `${other?.text ?? one?.text ?? ''}${group ? nth(key, (of) => order.some((item) => item.key === of)) : ''}`
    const [from, to] = [one?.answer ?? null, other?.answer ?? null]
    return { key, depth, text, asked: one && other && one.text !== other.text ? one.text : null, group, before: from, after: to, differs: from?.trim() !== to?.trim() }
  })
}
