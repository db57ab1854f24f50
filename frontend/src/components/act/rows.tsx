import Button from '@mui/material/Button'
import { useEffect, useId, useRef, useState } from 'react'
import { useAnnounce } from '../../hooks/use-announce'
import { isBlank, rowsOf, rowsValue, type Problem, type RowSpec, type Values } from './act'
import css from './act.module.css'
import { Field } from './field'

/** A row with what it is known by while it moves. `fresh`: it was added here, and says nothing until something is written in it. */
interface Row { key: string; row: Values; fresh: boolean }

const made = (row: Values, fresh: boolean): Row => ({ key: crypto.randomUUID(), row, fresh })

/** The number of a row that is sent, and the field of it that a problem is about. */
function partOf(spec: RowSpec, rows: readonly Values[], p: Problem): { row: number; field: string | undefined } | null {
  if (p.at === undefined) return null
  const [row = '', part] = p.at.split('.')
  return { row: Number(row), field: part && spec.fields(rows[Number(row)] ?? {}).find((f) => f.name === part || f.input === part)?.name }
}
const placeOf = (id: string, row: number | string, field?: string) => [id, row, field].filter((part) => part !== undefined).join('-')
/** The element that a problem of a list is about: a field of a row, a row, or the list. */
export function placeOfProblem(id: string, spec: RowSpec, rows: readonly Values[], p: Problem): string {
  const part = partOf(spec, rows, p)
  return part ? placeOf(id, part.row, part.field) : id
}

/** A list in a form: rows of fields that can be added, removed and, by a button, put in another order. */
export function Rows({ id, label, help, spec, value, problems, onChange }: { id: string; label: string; help?: string; spec: RowSpec; value: string; problems: readonly Problem[]; onChange: (value: string) => void }) {
  const announce = useAnnounce()
  const name = useId()
  const [rows, setRows] = useState<readonly Row[]>(() => { const all = rowsOf(value); return all.length > 0 ? all.map((row) => made(row, false)) : spec.start.map((row) => made(row, true)) })
  const [begun] = useState(value)
  const list = useRef<HTMLFieldSetElement>(null)
  /** Where the focus goes when the rows are drawn anew: what was pressed may have moved or be gone. */
  const focus = useRef<readonly string[]>([])
  useEffect(() => {
    for (const one of focus.current) {
      const found = list.current?.querySelector<HTMLElement>(one)
      if (found) { found.focus(); break }
    }
    focus.current = []
  })

  const sent = rows.filter(({ row, fresh }) => !fresh || !isBlank(spec, row))
  const set = (all: readonly Row[], ...then: string[]) => {
    focus.current = then
    setRows(all)
    onChange(rowsValue(all.filter(({ row, fresh }) => !fresh || !isBlank(spec, row)).map(({ row }) => row)))
  }
  const first = (row: Row | undefined) => (row ? [`[data-row="${row.key}"] :is(input, select, textarea)`] : [])
  const add = () => { const row = made(spec.start[0] ?? {}, true); set([...rows, row], ...first(row)) }
  const remove = (at: number) => {
    announce(`${spec.one} ${at + 1} is taken out of the list`)
    set(rows.filter((_, i) => i !== at), ...first(rows[at + 1] ?? rows[at - 1]), '[data-do=add]')
  }
  const up = (at: number) => {
    const [before, row] = [rows[at - 1], rows[at]]
    if (!before || !row) return
    announce(`${spec.one} ${at + 1} is now ${spec.one.toLowerCase()} ${at}`)
    set(rows.map((one, i) => (i === at - 1 ? row : i === at ? before : one)), `[data-row="${row.key}"] [data-do=up]`, ...first(row))
  }
  const full = rows.length >= spec.most
  const own = problems.filter((p) => p.at === undefined)
  return (
    <fieldset className={css.rows} id={id} ref={list} aria-describedby={[help && `${name}-help`, own.length > 0 && `${name}-bad`].filter(Boolean).join(' ') || undefined}>
      <legend>{label}</legend>
      {help && <small id={`${name}-help`}>{help}</small>}
      {own.length > 0 && <span id={`${name}-bad`} className={css.bad}>{own.map((p) => p.text).join(' ')}</span>}
      {rows.length === 0 && <small>None.{begun && ' What is on record goes when this is saved.'}</small>}
      {rows.map((one, at) => {
        const row = sent.indexOf(one)
        const place = row < 0 ? `new${one.key}` : row
        const found = row < 0 ? [] : problems.flatMap((p) => { const part = partOf(spec, sent.map((s) => s.row), p); return part?.row === row ? [{ ...part, text: p.text }] : [] })
        const wrong = found.filter((p) => !p.field)
        const fields = spec.fields(one.row)
        const blank = one.fresh && isBlank(spec, one.row)
        const what = [`${spec.one.toLowerCase()} ${at + 1}`, ...(blank ? [] : [spec.words(one.row)])].join(', ')
        return (
          <fieldset key={one.key} className={fields.length === 3 ? `${css.row ?? ''} ${css.short ?? ''}` : css.row} id={placeOf(id, place)} data-row={one.key} aria-describedby={wrong.length > 0 ? `${placeOf(id, place)}-bad` : undefined}>
            <legend>{spec.one} {at + 1}</legend>
            {wrong.length > 0 && <span id={`${placeOf(id, place)}-bad`} className={css.bad}>{wrong.map((p) => p.text).join(' ')}</span>}
            {fields.map((f) => (
              <Field
                key={f.name} id={placeOf(id, place, f.name)} spec={blank ? { ...f, required: f.kind === 'choice' && f.required } : f} value={one.row[f.name] ?? ''} bad={found.find((p) => p.field === f.name)?.text} coded="" onSeen={ignore}
                onChange={(text) => set(rows.map((r) => (r.key === one.key ? { ...r, row: { ...r.row, [f.name]: text } } : r)))}
              />
            ))}
            <span className={css.rowActs}>
              {at > 0 && <Button type="button" variant="text" data-do="up" aria-label={`Move up ${what}`} onClick={() => up(at)}>Move up</Button>}
              <Button type="button" variant="text" aria-label={`Remove ${what}`} onClick={() => remove(at)}>Remove</Button>
            </span>
          </fieldset>
        )
      })}
      <span><Button type="button" variant="outlined" data-do="add" disabled={full} onClick={add}>{spec.add}</Button>{full && <small> There are {spec.most}, and no more are taken.</small>}</span>
    </fieldset>
  )
}

const ignore = () => undefined
