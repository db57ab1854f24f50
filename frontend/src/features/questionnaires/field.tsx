import Button from '@mui/material/Button'
import OutlinedInput from '@mui/material/OutlinedInput'
import { useEffect, useState } from 'react'
import { useClient } from 'urql'
import { graphql } from '../../gql'
import { DateField } from '../../components/ui/date-field'
import { dateText, formatDateTime, localInput, readDate, type DateKind } from '../../lib/date'
import { yesNo } from './comparison'
import type { Item } from './form'
import css from './questionnaires.module.css'

const ChooseCode = graphql(`
  query ChooseCode($url: String!, $search: String!) { valueSet(url: $url, search: $search, first: 20) { nodes { system code display isAbstract } totalCount } }
`)

interface FieldProps { id: string; item: Item; raw: readonly string[]; bad: string | undefined; onChange: (raw: readonly string[]) => void }

const DATES: Readonly<Partial<Record<string, DateKind>>> = { DATE: 'partial', DATE_TIME: 'moment', TIME: 'time' }

/** How many options stand open; more are in a list that opens. */
const OPEN = 8

/** One question with its answers. */
export function Question(props: FieldProps) {
  const { id, item, raw, onChange } = props
  const choice = item.type === 'CHOICE' || item.type === 'OPEN_CHOICE' || item.type === 'BOOLEAN'
  const name = <>{item.prefix && <span className={css.prefix}>{item.prefix}</span>} {item.text ?? item.linkId}{item.required ? '' : <span className={css.optional}> (optional)</span>}</>
  const kind = DATES[item.type ?? '']
  // What cannot be read as a date is told by its field.
  const bad = kind && raw.some((r) => 'wrong' in readDate(r, kind)) ? undefined : props.bad
  const limit = (value: string) => (kind ? dateText(value, kind) : value)
  const limits = [item.minValue && `from ${limit(item.minValue)}`, item.maxValue && `to ${limit(item.maxValue)}`, item.maxLength && `at most ${item.maxLength} characters`].filter(Boolean).join(' ')
  const help = item.type === 'DATE' ? ['For example 2019, May-2019 or 17-May-2019', limits].filter(Boolean).join('; ') : limits
  const notes = (
    <>
      {help && <small id={`${id}-help`}>{help}</small>}
      {bad && <span id={`${id}-bad`} className={css.bad}>{bad}</span>}
    </>
  )
  if (item.cannot || item.readOnly) {
    const shown = raw.map((r) => (r.startsWith('o') && choice ? item.options[Number(r.slice(1))]?.text ?? r : r === 'true' || r === 'false' ? yesNo(r === 'true') : kind ? formatDateTime(r) : r)).join(', ')
    return <div className={css.question} id={id}><p className={css.asked}>{name}</p><p className={css.fixed}>{item.readOnly ? shown || 'Nothing is stated.' : `Not asked here: ${item.cannot ?? ''}.`}</p></div>
  }
  const described = [bad && `${id}-bad`, help && `${id}-help`].filter(Boolean).join(' ') || undefined
  if (choice && !item.valueSet) {
    const open = item.type === 'BOOLEAN' || item.options.length <= OPEN
    if (open || item.repeats) {
      return (
        <fieldset className={css.question} id={id} tabIndex={-1} aria-describedby={described}>
          <legend className={css.asked}>{name}</legend>
          <Options {...props} />
          {notes}
        </fieldset>
      )
    }
    return (
      <div className={css.question}>
        <label className={css.asked} htmlFor={id}>{name}</label>
        <select id={id} value={raw[0] ?? ''} aria-invalid={!!bad || undefined} aria-describedby={described} aria-required={item.required || undefined} onChange={(e) => onChange(e.target.value ? [e.target.value] : [])}>
          <option value="">{item.required ? 'Choose …' : 'Not answered'}</option>
          {item.options.map((o, at) => <option key={at} value={`o${at}`}>{o.text}</option>)}
        </select>
        {notes}
      </div>
    )
  }
  if (item.valueSet) return <Codes {...props} name={name} described={described} notes={notes} url={item.valueSet} />
  const lines = item.repeats && raw.length > 0 ? raw : [raw[0] ?? '']
  const put = (at: number, text: string) => onChange(lines.map((l, i) => (i === at ? text : l)))
  return (
    <div className={css.question}>
      <label className={css.asked} htmlFor={id}>{name}</label>
      {lines.map((line, at) => (
        <div key={at} className={css.line}>
          <Line id={at === 0 ? id : `${id}-${at}`} label={at === 0 ? undefined : `${item.text ?? item.linkId}, answer ${at + 1}`} item={item} value={line} bad={!!bad} described={described} onChange={(text) => put(at, text)} />
          {lines.length > 1 && <Button type="button" variant="text" aria-label={`Remove answer ${at + 1} of ${item.text ?? item.linkId}`} onClick={() => onChange(lines.filter((_, i) => i !== at))}>Remove</Button>}
        </div>
      ))}
      {item.repeats && <div><Button type="button" variant="outlined" disabled={lines.some((l) => l.trim() === '')} onClick={() => onChange([...lines, ''])}>Add an answer</Button></div>}
      {notes}
    </div>
  )
}

function Options({ id, item, raw, bad, onChange }: FieldProps) {
  const options = item.type === 'BOOLEAN' ? [['true', 'Yes'], ['false', 'No']] as const : item.options.map((o, at) => [`o${at}`, o.text] as const)
  const other = raw.find((r) => r.startsWith('t') && item.type === 'OPEN_CHOICE')
  const many = item.repeats && item.type !== 'BOOLEAN'
  const pick = (value: string, on: boolean) => onChange(many ? (on ? [...raw, value] : raw.filter((r) => r !== value)) : on ? [value] : [])
  const shared = { name: id, 'aria-invalid': !!bad || undefined }
  return (
    <div className={options.length > 3 || many ? css.options : css.inline}>
      {options.map(([value, words]) => (
        <label key={value}><input type={many ? 'checkbox' : 'radio'} {...shared} checked={raw.includes(value)} onChange={(e) => pick(value, e.target.checked)} /> {words}</label>
      ))}
      {item.type === 'OPEN_CHOICE' && (
        <div className={css.line}>
          <label><input type={many ? 'checkbox' : 'radio'} {...shared} checked={other !== undefined} onChange={(e) => (e.target.checked ? onChange(many ? [...raw, 't'] : ['t']) : onChange(raw.filter((r) => r !== other)))} /> Something else</label>
          {other !== undefined && <OutlinedInput value={other.slice(1)} inputProps={{ 'aria-label': `${item.text ?? item.linkId}: something else` }} onChange={(e) => onChange(raw.map((r) => (r === other ? `t${e.target.value}` : r)))} />}
        </div>
      )}
      {!item.required && !many && raw.length > 0 && <Button type="button" variant="text" aria-label={`Take the answer back: ${item.text ?? item.linkId}`} onClick={() => onChange([])}>Take the answer back</Button>}
    </div>
  )
}

function Line({ id, label, item, value, bad, described, onChange }: { id: string; label: string | undefined; item: Item; value: string; bad: boolean; described: string | undefined; onChange: (text: string) => void }) {
  const input = { id, 'aria-label': label, 'aria-invalid': bad || undefined, 'aria-describedby': described, 'aria-required': item.required || undefined }
  if (item.type === 'TEXT') return <textarea {...input} value={value} onChange={(e) => onChange(e.target.value)} />
  if (item.type === 'QUANTITY') {
    const [number = '', ...rest] = value.split(' ')
    const unit = rest.join(' ') || (item.units.length === 1 ? item.units[0]?.code ?? '' : '')
    const named = `Unit of ${item.text ?? item.linkId}`
    const put = (n: string, u: string) => onChange(n.trim() || item.units.length === 0 ? `${n.trim()} ${u}`.trimEnd() : '')
    return (
      <>
        <OutlinedInput value={number} error={bad} inputProps={{ ...input, inputMode: 'decimal' }} onChange={(e) => put(e.target.value.replaceAll(' ', ''), unit || (item.units[0]?.code ?? ''))} />
        {item.units.length > 1 ? <select aria-label={named} value={unit || (item.units[0]?.code ?? '')} onChange={(e) => put(number, e.target.value)}>{item.units.map((u) => <option key={u.code} value={u.code ?? ''}>{u.display ?? u.code}</option>)}</select>
          : item.units.length === 1 ? <span>{item.units[0]?.display ?? unit}</span>
          : <OutlinedInput value={unit} placeholder="UCUM unit" inputProps={{ 'aria-label': named }} onChange={(e) => put(number, e.target.value)} />}
      </>
    )
  }
  const kind = DATES[item.type ?? '']
  // A moment on record has its zone.
  if (kind) return <DateField id={id} kind={kind} value={kind === 'moment' && /T.*(Z|[+-]\d\d:\d\d)$/.test(value) ? localInput(value) : value} label={label} bad={bad} required={item.required} describedBy={described} onChange={onChange} />
  return <OutlinedInput value={value} error={bad} inputProps={{ ...input, inputMode: item.type === 'INTEGER' ? 'numeric' : item.type === 'DECIMAL' ? 'decimal' : undefined }} onChange={(e) => onChange(e.target.value)} />
}

/** A choice among more options than can be listed: found by words. */
function Codes({ id, item, raw, bad, onChange, name, described, notes, url }: FieldProps & { name: React.ReactNode; described: string | undefined; notes: React.ReactNode; url: string }) {
  const client = useClient()
  const [search, setSearch] = useState('')
  const [found, setFound] = useState<{ told: string; codes: readonly { system?: string | null; code: string; display?: string | null }[] }>({ told: '', codes: [] })
  useEffect(() => {
    if (search.trim().length < 2) return undefined
    let current = true
    const timer = setTimeout(() => {
      void client.query(ChooseCode, { url, search }).toPromise().then(({ data }) => {
        if (!current) return
        const codes = data?.valueSet.nodes.filter((n) => !n.isAbstract) ?? []
        setFound({ told: !data ? 'The options could not be loaded.' : codes.length === 0 ? 'Nothing of that name.' : `${codes.length} of ${data.valueSet.totalCount}`, codes })
      })
    }, 250)
    return () => { current = false; clearTimeout(timer) }
  }, [client, url, search])
  const shown = (r: string) => { if (r.startsWith('o')) return item.options[Number(r.slice(1))]?.text ?? r; if (r.startsWith('t')) return r.slice(1); const c = JSON.parse(r.slice(1)) as { code: string; display?: string }; return c.display ?? c.code }
  const take = (one: string) => { onChange(item.repeats ? [...raw.filter((r) => r !== one), one] : [one]); setSearch('') }
  return (
    <div className={css.question}>
      <label className={css.asked} htmlFor={id}>{name}</label>
      {raw.map((r) => <div key={r} className={css.line}><strong>{shown(r)}</strong><Button type="button" variant="text" aria-label={`Remove ${shown(r)}`} onClick={() => onChange(raw.filter((x) => x !== r))}>Remove</Button></div>)}
      <OutlinedInput value={search} placeholder="Type two letters" error={!!bad} inputProps={{ id, 'aria-invalid': !!bad || undefined, 'aria-describedby': described }} onChange={(e) => setSearch(e.target.value)} />
      {search.trim().length > 1 && (
        <div className={css.found} role="group" aria-label={`Options for ${item.text ?? item.linkId}`}>
          <small role="status">{found.told}</small>
          {found.codes.map((c) => <Button key={`${c.system ?? ''}|${c.code}`} type="button" variant="text" onClick={() => take(`c${JSON.stringify({ system: c.system ?? '', code: c.code, display: c.display ?? undefined })}`)}>{c.display ?? c.code}</Button>)}
          {item.type === 'OPEN_CHOICE' && <Button type="button" variant="text" onClick={() => take(`t${search.trim()}`)}>In these words: {search.trim()}</Button>}
        </div>
      )}
      {notes}
    </div>
  )
}
