import { useMemo } from 'react'
import { useClient, type Client, type TypedDocumentNode } from 'urql'
import type { CatalogKind } from '../../gql/graphql'
import type { Coding, Find } from './catalog'
import { dateText, readDate, type DateKind } from '../../lib/date'
import { makersOf } from '../../lib/provenance'

/** What stands in a form, by field. A coded idea is its words; `codings` knows their codes. */
export type Values = Readonly<Record<string, string>>

export interface FieldSpec {
  name: string
  label: string
  kind?: 'text' | 'area' | 'choice' | 'day' | 'moment' | 'number' | 'concept' | 'check' | 'file' | 'rows'
  options?: readonly (readonly [value: string, label: string])[]
  required?: boolean
  /** What it means that none of the options is chosen. */
  none?: string
  help?: string
  unit?: string
  suggest?: CatalogKind
  /** Where the records that can be chosen are found; then the field names one of them. */
  find?: Find
  /** That it may be said in words as well, and what each of the two means. */
  orWords?: { chosen: string; words: string }
  /** The field's name in the mutation's input, where it is another one. */
  input?: string
  when?: (values: Values) => boolean
  /** Of a list: what one row of it is. The value of the field is then all rows (`rowsOf`). */
  rows?: RowSpec
}

/** A row of a list in a form. */
export interface RowSpec {
  /** What one is called, as in “Address 2”, and what the button says that adds one. */
  one: string
  add: string
  /** Its fields, by what stands in them. */
  fields: (row: Values) => readonly FieldSpec[]
  /** What stands in a list without rows to be filled in; a row that is added begins as the first of them. */
  start: readonly Values[]
  most: number
  /** A row in a few words. */
  words: (row: Values) => string
}
/** The rows of a list in a form. */
export const rowsOf = (value: string | undefined): Values[] => (value ? (JSON.parse(value) as Values[]) : [])
/** Rows as the value of a field: the same rows are the same value. */
export const rowsValue = (rows: readonly Values[]): string =>
  (rows.length === 0 ? '' : JSON.stringify(rows.map((row) => Object.fromEntries(Object.entries(row).filter(([, text]) => text !== '').sort(([a], [b]) => (a < b ? -1 : 1))))))
/** Whether nothing is written in a row; a choice alone says nothing. */
export const isBlank = (spec: RowSpec, row: Values): boolean => spec.fields(row).every((f) => f.kind === 'choice' || !row[f.name]?.trim())

/** What a form sends besides its values. `base`: the values as they are on record, as far as the form knows. */
export interface Sending { key: string; version: string; base: Values; concept: (field: string) => { text: string; codings?: Coding[] } | undefined; category: (field: string) => string | undefined; chosen: (field: string) => string | undefined }

/** `at`: of a list, which row and what of it: `1.value`. `here`: the same at the field itself, where its name need not be told. */
export interface Problem { field?: string; at?: string; text: string; here?: string }
/** What became of an act, in the words of the forms. `ask`: nothing was written, and it will be when `set` is added to the values. */
export type Outcome =
  | { kind: 'saved'; told: string; id?: string }
  | { kind: 'stale'; version: string; theirs: Values | null; at: string | null; id: string }
  | { kind: 'refused'; problems: Problem[] }
  | { kind: 'ask'; told: string; list?: { text: string; href?: string }[]; field?: FieldSpec; set?: Values }

interface Common {
  __typename: string
  issues?: readonly { text: string; expression: readonly string[] }[]
  message?: string
  id?: string
  currentVersion?: string
  current?: ({ lastUpdated?: string } & object) | null
}

const refused = (text: string): Outcome => ({ kind: 'refused', problems: [{ text }] })

/** The outcomes that every act can have; null for the others. `theirs` reads the fields of a form from the record as it stands now. */
export function commonOutcome<O extends { __typename: string }>(outcome: O, theirs?: (current: NonNullable<Extract<O, { __typename: 'Stale' }> extends { current?: infer C } ? C : never>) => Values): Outcome | null {
  const one = outcome as Common
  switch (one.__typename) {
    case 'Invalid': return { kind: 'refused', problems: (one.issues ?? []).map(({ text, expression }) => { const [, field, row, part] = /^input\.(\w+)(?:\[(\d+)\](?:\.(\w+))?)?/.exec(expression[0] ?? '') ?? []; return { text, field, ...(row && { at: [row, part].filter(Boolean).join('.') }) } }) }
    case 'NotPermitted': return refused(one.message ?? 'This act is not for your role.')
    case 'Stale': return { kind: 'stale', id: one.id ?? '', version: one.currentVersion ?? '', theirs: one.current && theirs ? theirs(one.current as never) : null, at: one.current?.lastUpdated ?? null }
    default: return null
  }
}

async function send<D, V extends object>(client: Client, document: TypedDocumentNode<D, V>, variables: V, read: (data: D) => Outcome): Promise<Outcome> {
  const { data, error } = await client.mutation(document, variables).toPromise()
  if (data) return read(data)
  if (error?.networkError) return refused('The server cannot be reached. What you wrote is kept; try again. A repeated try is recorded once.')
  const codes = error?.graphQLErrors.map((e) => e.extensions?.code) ?? []
  if (codes.includes('IDEMPOTENCY_KEY_REUSED')) return refused('An earlier try was recorded after all, as it stood then. Close this and look at the record before you write it again.')
  if (codes.includes('NOT_PERMITTED')) return refused('This act is not for your role.')
  return refused(error?.graphQLErrors[0]?.message ?? 'The server could not do it. What you wrote is kept; try again.')
}

/** Does acts: sends a mutation and reads its outcome. Never optimistic. */
export function useAct() {
  const client = useClient()
  return useMemo(() => <D, V extends object>(document: TypedDocumentNode<D, V>, variables: V, read: (data: D) => Outcome) => send(client, document, variables, read), [client])
}

/** Who made the version that is there now. */
export async function whoChanged(id: string, version: string): Promise<string> {
  return (await makersOf(id)).get(version)?.who ?? ''
}

/** Fields that one may leave out: an empty one is not sent. */
export const given = (text: string | undefined): string | undefined => text?.trim() || undefined

/** What a server takes with an act: 700 KiB. */
export const LARGEST_FILE_BYTES = 700 * 1024
/** A chosen file as a form keeps it: its name, and its bytes as a data URL, which a file that is too large has not. */
export const fileValue = (name: string, url: string): string => `${name}\n${url}`
/** The file of a form; null when none is chosen, or it is too large. */
export function fileOf(value: string | undefined): { title: string; contentType: string; data: string } | null {
  const [, title, contentType, data] = /^(.*)\ndata:([^;,]*)[^,]*,(.+)$/.exec(value ?? '') ?? []
  return title && data ? { title, contentType: contentType || 'application/octet-stream', data } : null
}

/** Of a day that is asked for, a part may be all that is known. */
export const dateKind = ({ kind }: FieldSpec): DateKind | null => (kind === 'day' ? 'partial' : kind === 'moment' ? 'moment' : null)
const lower = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1)
/** What is wrong with the values before anything is sent. A list that stands as it was at the beginning is not sent, and is not looked at. */
export function check(fields: readonly FieldSpec[], values: Values, base: Values = {}): Problem[] {
  return fields.filter((f) => !f.when || f.when(values)).flatMap((f): Problem[] => {
    const text = (values[f.name] ?? '').trim()
    if (!text) return f.required ? [{ field: f.name, text: `${f.label}: say it, it cannot be left out.` }] : []
    const kind = dateKind(f)
    const read = kind && readDate(text, kind)
    if (read && 'wrong' in read) return [{ field: f.name, text: `${f.label}: ${lower(read.wrong)}` }]
    if (f.rows) {
      const { rows: spec } = f
      return text === base[f.name] ? [] : rowsOf(text).flatMap((row, i) => check(spec.fields(row), row).map((p) => ({ field: f.name, at: `${i}.${p.field ?? ''}`, text: `${spec.one} ${i + 1}, ${lower(p.text)}` })))
    }
    if (f.kind === 'file' && !fileOf(text)) return [{ field: f.name, text: `${f.label}: it is empty, or larger than ${LARGEST_FILE_BYTES / 1024} KiB.` }]
    if (f.kind === 'number' && !/^\d+(\.\d+)?$/.test(text)) return [{ field: f.name, text: `${f.label}: write a number, such as 36.8.` }]
    return []
  })
}

/** A value as it is read. */
export function saying(f: FieldSpec): (value: string) => string {
  const kind = dateKind(f)
  if (kind) return (value) => dateText(value, kind)
  if (f.rows) { const { words } = f.rows; return (value) => rowsOf(value).map(words).join('; ') }
  return (value) => f.options?.find(([code]) => code === value)?.[1] ?? value
}
export interface Difference { name: string; label: string; say: (value: string) => string; base: string; mine: string; theirs: string }
/** The fields in which the record as it stands now differs from the form: a three-way comparison with what the form began with. */
export function compare(fields: readonly FieldSpec[], base: Values, mine: Values, theirs: Values): Difference[] {
  return fields.filter((f) => f.name in theirs).flatMap((f) => {
    const [b, m, t] = [base, mine, theirs].map((v) => (v[f.name] ?? '').trim()) as [string, string, string]
    return m === t ? [] : [{ name: f.name, label: f.label, say: saying(f), base: b, mine: m, theirs: t }]
  })
}
/** Whose word stands when only one side changed a field; null when both did. */
export const settled = ({ base, mine, theirs }: Difference): 'mine' | 'theirs' | null => (base === mine ? 'theirs' : base === theirs ? 'mine' : null)
