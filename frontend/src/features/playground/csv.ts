/**
 * A GraphQL result as rows. Which list gives the rows is chosen; what stands around it is repeated in each row.
 * Source of the text form: RFC 4180; cells that a spreadsheet would run as a formula are disarmed (OWASP, CSV injection).
 */

type Json = { readonly [key: string]: unknown }
const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

/** A list of objects in a result: where it is, and how many items it has in all. */
export interface RowSource { path: string; count: number }
export interface Rows { columns: string[]; rows: string[][] }

/** Every list of objects in `data`, outermost first. Lists inside lists are counted together: `patients.nodes.trend.points`. */
export function rowSources(data: unknown): RowSource[] {
  const counts = new Map<string, number>()
  const level: { value: unknown; path: string }[] = [{ value: data, path: '' }]
  for (let here = level.splice(0); here.length > 0; here = level.splice(0)) {
    for (const { value, path } of here) {
      if (Array.isArray(value)) {
        if (value.some(isObject)) counts.set(path, (counts.get(path) ?? 0) + value.length)
        value.forEach((item) => level.push({ value: item, path }))
      } else if (isObject(value)) {
        Object.entries(value).forEach(([name, item]) => level.push({ value: item, path: path ? `${path}.${name}` : name }))
      }
    }
  }
  return [...counts].map(([path, count]) => ({ path, count })).sort((a, b) => a.path.split('.').length - b.path.split('.').length)
}

const text = (value: unknown): string =>
  value === null || value === undefined ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value)

/** Columns `name.family`, `name.given.0` … of one value. A list becomes numbered columns, an empty one none. */
function flatten(value: unknown, prefix: string, into: Map<string, string>): void {
  const join = (name: string | number) => (prefix ? `${prefix}.${name}` : String(name))
  if (Array.isArray(value)) value.forEach((item, i) => flatten(item, join(i), into))
  else if (isObject(value)) Object.entries(value).forEach(([name, item]) => flatten(item, join(name), into))
  else into.set(prefix, text(value))
}

/**
 * The rows of the list at `path` (empty: the whole result is one row). An item of an outer list lends its own columns to each of its
 * rows, without its other lists; an outer item whose list is empty has one row with its own columns only.
 */
export function rowsOf(data: unknown, path: string): Rows {
  const found: Map<string, string>[] = []
  const walk = (value: unknown, rest: string[], done: string[], outer: Map<string, string>): void => {
    if (Array.isArray(value)) {
      if (rest.length === 0) {
        if (value.length === 0) found.push(outer)
        value.forEach((item) => {
          const row = new Map(outer)
          flatten(item, done.join('.'), row)
          found.push(row)
        })
        return
      }
      if (value.length === 0) found.push(outer)
      value.forEach((item) => {
        const lent = new Map(outer)
        lend(item, done.join('.'), lent)
        walk(item, rest, done, lent)
      })
      return
    }
    const [name, ...next] = rest
    if (name === undefined) return
    if (isObject(value)) walk(value[name], next, [...done, name], outer)
    else found.push(outer)
  }
  if (path === '') {
    const row = new Map<string, string>()
    flatten(data, '', row)
    found.push(row)
  } else walk(data, path.split('.'), [], new Map())
  const names = [...new Set(found.flatMap((row) => [...row.keys()]))]
  const shared = sharedPrefix(names)
  return {
    columns: names.map((name) => name.slice(shared)),
    rows: found.filter((row) => row.size > 0).map((row) => names.map((name) => row.get(name) ?? '')),
  }
}

/** How many characters the whole steps have that all names begin with; each name keeps its last step. */
function sharedPrefix(names: readonly string[]): number {
  const [first = [], ...others] = names.map((name) => name.split('.').slice(0, -1))
  let steps = 0
  while (steps < first.length && others.every((other) => other[steps] === first[steps])) steps += 1
  return first.slice(0, steps).reduce((sum, step) => sum + step.length + 1, 0)
}

/** The scalars of an outer item, through objects but not into lists. */
function lend(value: unknown, prefix: string, into: Map<string, string>): void {
  if (!isObject(value)) return
  for (const [name, item] of Object.entries(value)) {
    if (Array.isArray(item) || name === 'pageInfo') continue
    if (isObject(item)) lend(item, `${prefix}.${name}`, into)
    else into.set(`${prefix}.${name}`, text(item))
  }
}

/** A cell. What begins like a formula gets an apostrophe, unless it is a number. */
function cell(value: string): string {
  const armed = /^[=+\-@\t\r\n]/.test(value) && !/^[+-]?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(value)
  const safe = armed ? `'${value}` : value
  return /[",\r\n]/.test(safe) || safe !== safe.trim() ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** CSV with a head row and CR LF after every row; the byte order mark tells spreadsheets that it is UTF-8. */
export function toCsv({ columns, rows }: Rows): string {
  return `\uFEFF${[columns, ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('')}`
}

/** Connections of which the result holds only one page: their paths. */
export function openEnds(data: unknown, path = ''): string[] {
  if (Array.isArray(data)) return [...new Set(data.flatMap((item) => openEnds(item, path)))]
  if (!isObject(data)) return []
  const here = isObject(data.pageInfo) && data.pageInfo.hasNextPage === true ? [path] : []
  return [...new Set([...here, ...Object.entries(data).flatMap(([name, item]) => openEnds(item, path ? `${path}.${name}` : name))])]
}
