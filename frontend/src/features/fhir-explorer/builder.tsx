import AddOutlined from '@mui/icons-material/AddOutlined'
import CloseOutlined from '@mui/icons-material/CloseOutlined'
import Button from '@mui/material/Button'
import IconButton from '@mui/material/IconButton'
import NativeSelect from '@mui/material/NativeSelect'
import OutlinedInput from '@mui/material/OutlinedInput'
import { useRef, useState, type FormEvent } from 'react'
import { SavedQueries } from '../../components/saved-queries/saved-queries'
import { CopyButton } from '../../components/ui/copy-button'
import { DateField } from '../../components/ui/date-field'
import type { ServedType } from '../../lib/fhir'
import { asCurl, searchAsGraphql } from './copy'
import css from './explorer.module.css'
import { emptySearch, fits, isCompared, isComplete, isPlainKind, kindOf, lastType, MISSING, nextKey, quantityOf, quantityText, readSearch, referenceOf, referenceText, escaped, sortKeysOf, SUMMARIES, targetsOf, tokenOf, tokenText, TOTALS, unescaped, waysOf, withPlain, writeSearch, type Condition, type Search } from './query'

const HINTS: Record<string, string> = {
  date: 'ge2026-11-28T08:00:00Z, several with commas', number: '3, several with commas', quantity: 'gt5.4|http://unitsofmeasure.org|mg', token: 'system|code, several with commas', reference: 'Patient/id, several with commas',
  string: 'several with commas', uri: 'https://…', composite: 'code$value: the parts with $ between them', 'of-type': 'system|code|value',
}
const SUMMARY_NAMES: Record<string, string> = { true: 'true: main elements', text: 'text: narrative', data: 'data: no narrative', count: 'count: only how many', false: 'false: all of it' }
const TOTAL_NAMES: Record<string, string> = { accurate: 'accurate', estimate: 'estimate', none: 'none' }

interface FieldProps { label: string; value: string; onChange: (value: string) => void; placeholder?: string; numeric?: boolean }
const Field = ({ label, value, onChange, placeholder = '', numeric = false }: FieldProps) => (
  <OutlinedInput value={value} onChange={(e) => onChange(e.target.value)} placeholder={placeholder} inputProps={{ 'aria-label': label, autoComplete: 'off', spellCheck: false, ...(numeric ? { inputMode: 'decimal' } : {}) }} />
)
interface ChoiceProps { label: string; value: string; onChange: (value: string) => void; options: readonly (readonly [string, string])[]; disabled?: boolean }
const Choice = ({ label, value, onChange, options, disabled = false }: ChoiceProps) => (
  <NativeSelect value={value} disabled={disabled} onChange={(e) => onChange(e.target.value)} inputProps={{ 'aria-label': label }}>
    {options.map(([of, name]) => <option key={of} value={of}>{name}</option>)}
  </NativeSelect>
)

/** The fields of a search by the types of its parameters, and the request they make, which may be written too. */
export function Builder({ search, types, onChange, onSearch, busy, explores }: { search: Search; types: readonly ServedType[]; onChange: (search: Search) => void; onSearch: (search: Search) => void; busy: boolean; explores: boolean }) {
  const request = writeSearch(search, types)
  /** The request while it is written by hand, and what is wrong with it. */
  const [draft, setDraft] = useState<string | null>(null)
  const [wrong, setWrong] = useState('')
  const graphql = searchAsGraphql(search, types)
  const to = (change: Partial<Search>) => { setDraft(null); setWrong(''); onChange({ ...search, ...change }) }
  const parameters = types.find((one) => one.type === search.type)?.parameters ?? []
  const known = types.find((one) => one.type === search.type)
  /** Whether there is anything to start anew from, and where one is afterwards. */
  const begun = draft !== null || JSON.stringify(search) !== JSON.stringify({ ...search, ...emptySearch(search.type) })
  const first = useRef<HTMLButtonElement>(null)
  const left = search.conditions.filter((c) => !isComplete(c, kindOf(types, lastType(search.type, c), c.parameter))).length

  /** What is written by hand as fields; null when it cannot be sent. */
  const taken = (): Search | null => {
    if (draft === null) return search
    const read = readSearch(draft, types)
    if ('wrong' in read) { setWrong(read.wrong); return null }
    setDraft(null)
    setWrong('')
    onChange(read)
    return read
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const ready = taken()
    if (ready) onSearch(ready)
  }
  const addCondition = () => {
    const parameter = parameters.find((p) => !p.name.startsWith('_'))?.name ?? parameters[0]?.name ?? ''
    const kind = kindOf(types, search.type, parameter)
    to({ conditions: [...search.conditions, { key: nextKey(search.conditions), hops: [], parameter, modifier: '', prefix: '', value: '', plain: isPlainKind(kind, '') }] })
  }
  const open = (text: string) => {
    const read = readSearch(text, types)
    if ('wrong' in read) { setDraft(text); setWrong(read.wrong); return }
    setDraft(null)
    setWrong('')
    onChange(read)
  }
  return (
    <>
      <form className={css.form} onSubmit={submit}>
        <h2>{search.type}</h2>
        {search.conditions.map((condition, i) => (
          <ConditionRow
            key={condition.key} at={i + 1} type={search.type} types={types} of={condition}
            onChange={(next) => to({ conditions: search.conditions.map((one) => (one.key === next.key ? next : one)) })}
            onRemove={() => to({ conditions: search.conditions.filter((one) => one.key !== condition.key) })}
          />
        ))}
        {search.inclusions.map((one, i) => (
          <div key={one.key} className={css.criterion}>
            <Choice
              label={`Path ${i + 1}`} value={one.path} onChange={(path) => to({ inclusions: search.inclusions.map((x) => (x.key === one.key ? { ...x, path } : x)) })}
              options={[['', one.reverse ? 'Choose what refers to it' : 'Choose what it refers to'], ...((one.reverse ? known?.revIncludes : known?.includes) ?? []).map((path): [string, string] => [path, path === '*' ? '* (all)' : path])]}
            />
            <span className={css.of}>{one.reverse ? 'refers to a match (_revinclude)' : 'what a match refers to (_include)'}</span>
            <label className={css.plain}><input type="checkbox" checked={one.iterate} onChange={(e) => to({ inclusions: search.inclusions.map((x) => (x.key === one.key ? { ...x, iterate: e.target.checked } : x)) })} /> again for what is included</label>
            <Remove name={one.path || 'include'} onClick={() => to({ inclusions: search.inclusions.filter((x) => x.key !== one.key) })} />
          </div>
        ))}
        {search.sort.map((one, i) => (
          <div key={one.key} className={css.criterion}>
            <Choice label={`Sort key ${i + 1}`} value={one.parameter} onChange={(parameter) => to({ sort: search.sort.map((x) => (x.key === one.key ? { ...x, parameter } : x)) })} options={[['', 'Choose what to sort by'], ...sortKeysOf(types, search.type).map((p): [string, string] => [p.name, `${p.name} (${p.type})`])]} />
            <Choice label={`Direction ${i + 1}`} value={one.descending ? '-' : ''} onChange={(v) => to({ sort: search.sort.map((x) => (x.key === one.key ? { ...x, descending: v === '-' } : x)) })} options={[['', 'lowest first'], ['-', 'highest first']]} />
            <Remove name={`sort key ${i + 1}`} onClick={() => to({ sort: search.sort.filter((x) => x.key !== one.key) })} />
          </div>
        ))}
        <div className={css.acts}>
          <Button variant="outlined" startIcon={<AddOutlined />} ref={first} disabled={parameters.length === 0} onClick={addCondition}>Add a condition</Button>
          <Button variant="outlined" startIcon={<AddOutlined />} disabled={!known?.includes.length} onClick={() => to({ inclusions: [...search.inclusions, { key: nextKey(search.inclusions), reverse: false, path: '', iterate: false }] })}>Include</Button>
          <Button variant="outlined" startIcon={<AddOutlined />} disabled={!known?.revIncludes.length} onClick={() => to({ inclusions: [...search.inclusions, { key: nextKey(search.inclusions), reverse: true, path: '', iterate: false }] })}>Include what refers here</Button>
          <Button variant="outlined" startIcon={<AddOutlined />} disabled={parameters.length === 0} onClick={() => to({ sort: [...search.sort, { key: nextKey(search.sort), parameter: '', descending: false }] })}>Sort</Button>
        </div>
        <div className={css.result}>
          <span className={css.named}><span aria-hidden>Per page</span> <OutlinedInput value={search.count} onChange={(e) => to({ count: e.target.value.replace(/\D/g, '') })} inputProps={{ 'aria-label': 'Per page', inputMode: 'numeric', size: 5 }} /></span>
          <span className={css.named}><span aria-hidden>Total</span> <Choice label="Total" value={search.total} onChange={(total) => to({ total })} options={[['', 'as the server does'], ...TOTALS.map((one): [string, string] => [one, TOTAL_NAMES[one] ?? one])]} /></span>
          <span className={css.named}><span aria-hidden>Summary</span> <Choice label="Summary" value={search.summary} onChange={(summary) => to({ summary })} options={[['', 'not asked for'], ...SUMMARIES.map((one): [string, string] => [one, SUMMARY_NAMES[one] ?? one])]} /></span>
          <span className={css.named}><span aria-hidden>Elements</span> <Field label="Elements" value={search.elements} onChange={(elements) => to({ elements: elements.replaceAll(' ', '') })} placeholder="code,status" /></span>
        </div>
        {search.others.length > 0 && (
          <div className={css.others} role="note">
            <span>The fields cannot show this; it is sent as it is written:</span>
            <ul>{search.others.map((one, i) => <li key={`${one.name} ${i}`}><code>{`${one.name}=${one.value}`}</code><Remove name={one.name} onClick={() => to({ others: search.others.filter((x) => x !== one) })} /></li>)}</ul>
          </div>
        )}
        <div className={css.request}>
          <label htmlFor="request">Request <span className="visually-hidden">below the FHIR base, written or read</span> <code>GET /fhir/R4/</code></label>
          <OutlinedInput
            id="request" multiline maxRows={6} fullWidth value={draft ?? request} error={!!wrong} onChange={(e) => { setDraft(e.target.value.replaceAll('\n', '')); setWrong('') }}
            onKeyDown={(e) => { if (e.key === 'Enter') { e.preventDefault(); e.currentTarget.closest('form')?.requestSubmit() } if (e.key === 'Escape' && draft !== null) { e.stopPropagation(); setDraft(null); setWrong('') } }}
            inputProps={{ spellCheck: false, autoComplete: 'off', 'aria-invalid': !!wrong || undefined, 'aria-describedby': 'request-told' }}
          />
          <p id="request-told" className={wrong ? css.wrong : undefined} role={wrong ? 'alert' : undefined}>
            {wrong || (draft !== null ? 'Written by hand. The fields are filled from it when it is taken or sent.' : left > 0 ? `${left === 1 ? 'One condition is incomplete and is' : `${left} conditions are incomplete and are`} left out.` : '')}
          </p>
        </div>
        <div className={css.acts}>
          <Button variant="contained" type="submit" disabled={busy}>Search</Button>
          {draft !== null && <Button variant="outlined" onClick={taken}>Take into the fields</Button>}
          {begun && <Button variant="text" onClick={() => { to(emptySearch(search.type)); first.current?.focus() }}>Start anew</Button>}
        </div>
        {draft === null && (
          <div className={css.acts}>
            <CopyButton name="Copy as curl" text={asCurl(request, window.location.origin)} />
            {explores && <CopyButton name="Copy as GraphQL" text={graphql.text} note={graphql.left.length > 0 ? `Not part of it: ${graphql.left.join(', ')}.` : ''} />}
          </div>
        )}
      </form>
      <SavedQueries kind="FHIR" what="searches" text={draft === null ? request : null} why="Take the request into the fields first." onOpen={open} />
    </>
  )
}

const Remove = ({ name, onClick }: { name: string; onClick: () => void }) => <IconButton aria-label={`Remove ${name}`} onClick={onClick}><CloseOutlined fontSize="small" /></IconButton>

/** Where a chain goes on, as the choice of a list has it. */
const ITSELF = ''

function ConditionRow({ of, at, type, types, onChange, onRemove }: { of: Condition; at: number; type: string; types: readonly ServedType[]; onChange: (next: Condition) => void; onRemove: () => void }) {
  const own = lastType(type, of)
  const kind = kindOf(types, own, of.parameter)
  const targets = kind === 'reference' ? targetsOf(types, own, of.parameter) : []
  const noFields = isPlainKind(kind, of.modifier)
  const inFields = withPlain(of, kind, false)
  const parametersOf = (name: string) => (types.find((one) => one.type === name)?.parameters ?? []).map((p): [string, string] => [p.name, `${p.name} (${p.type})`])
  const first = (name: string) => (types.find((one) => one.type === name)?.parameters ?? []).find((p) => !p.name.startsWith('_'))?.name ?? '_id'
  /** A parameter that was changed begins anew: a value of one kind is none of another. */
  const choose = (hops: Condition['hops'], parameter: string): void => {
    const at = hops.at(-1)?.type ?? type
    onChange({ ...of, hops, parameter, modifier: '', prefix: '', value: '', plain: isPlainKind(kindOf(types, at, parameter), '') })
  }
  const way = (name: string) => {
    if (isCompared(kind) && name !== MISSING) { onChange({ ...of, modifier: '', prefix: of.plain ? '' : name, value: of.modifier === MISSING ? '' : of.value }); return }
    const kept = name === MISSING ? 'false' : of.modifier === MISSING || !fits(kind, name, of.value) ? '' : of.value
    onChange({ ...of, modifier: name, prefix: '', value: kept, plain: isPlainKind(kind, name) })
  }
  const set = (value: string) => onChange({ ...of, value })
  return (
    <div className={css.criterion} role="group" aria-label={`Condition ${at}`}>
      {/* What a chain begins with stands before what it comes to. */}
      {[...of.hops, null].map((hop, i) => {
        const hops = of.hops.slice(0, i)
        const here = hops.at(-1)?.type ?? type
        const name = hop?.parameter ?? of.parameter
        const there = kindOf(types, here, name) === 'reference' ? targetsOf(types, here, name) : []
        return (
          <span key={i} className={css.step}>
            <Choice label={i === 0 ? `Parameter ${at}` : `Parameter ${at} of ${here}`} value={name} onChange={(parameter) => choose(hops, parameter)} options={parametersOf(here)} />
            {there.length > 0 && of.hops.length < 5 && (
              <Choice
                label={`Chain ${at} from ${name}`} value={hop?.type ?? ITSELF} options={[[ITSELF, 'itself'], ...there.map((one): [string, string] => [one, `the ${one} whose …`])]}
                onChange={(target) => (target === ITSELF ? choose(hops, name) : choose([...hops, { parameter: name, type: target }], first(target)))}
              />
            )}
          </span>
        )
      })}
      <Choice label={`How ${at}`} value={of.modifier === MISSING ? MISSING : isCompared(kind) ? of.prefix : of.modifier} onChange={way} options={of.plain && isCompared(kind) ? [['', 'as written'], [MISSING, `:${MISSING} is missing or not`]] : waysOf(kind).map(([name, words]): [string, string] => [name, name ? `${isCompared(kind) && name !== MISSING ? name : `:${name}`} ${words}` : words])} />
      <span className={css.value}>
        {of.modifier === MISSING ? <Choice label={`Value ${at}`} value={of.value} onChange={set} options={[['true', 'missing'], ['false', 'there']]} />
          : of.plain ? <Field label={`Value ${at}`} value={of.value} onChange={set} placeholder={HINTS[of.modifier] ?? HINTS[kind] ?? ''} />
          : kind === 'date' ? <DateField id={`condition-${of.key}`} kind="partial" label={`Value ${at}`} value={of.value} onChange={set} />
          : kind === 'number' ? <Field label={`Value ${at}`} value={of.value} onChange={set} numeric />
          : kind === 'quantity' ? <QuantityFields at={at} value={of.value} onChange={set} />
          : kind === 'token' && ['in', 'not-in', 'text'].includes(of.modifier) ? <Field label={`Value ${at}`} value={unescaped(of.value)} onChange={(v) => set(escaped(v))} placeholder={of.modifier === 'text' ? 'words' : 'https://… of a value set'} />
          : kind === 'token' || of.modifier === 'identifier' ? <TokenFields at={at} value={of.value} onChange={set} />
          : kind === 'reference' && of.modifier === '' ? <ReferenceFields at={at} value={of.value} targets={targets} onChange={set} />
          : <Field label={`Value ${at}`} value={unescaped(of.value)} onChange={(v) => set(escaped(v))} placeholder={kind === 'uri' ? 'https://…' : ''} />}
      </span>
      <span className={css.ends}>
        {of.modifier !== MISSING && !noFields && (
          <label className={css.plain}>
            <input type="checkbox" checked={of.plain} disabled={of.plain && !inFields} onChange={(e) => { const next = withPlain(of, kind, e.target.checked); if (next) onChange(next) }} /> as text
            {of.plain && !inFields && <span className="visually-hidden">, the fields cannot show it</span>}
          </label>
        )}
        <Remove name={of.parameter} onClick={onRemove} />
      </span>
    </div>
  )
}

function TokenFields({ at, value, onChange }: { at: number; value: string; onChange: (value: string) => void }) {
  const { system, code } = tokenOf(value)
  return (
    <>
      <Field label={`System ${at}`} value={system} onChange={(to) => onChange(tokenText({ system: to, code }))} placeholder="any system" />
      <Field label={`Value ${at}`} value={code} onChange={(to) => onChange(tokenText({ system, code: to }))} placeholder="code" />
    </>
  )
}

function QuantityFields({ at, value, onChange }: { at: number; value: string; onChange: (value: string) => void }) {
  const { number, unit, coded } = quantityOf(value)
  return (
    <>
      <Field label={`Value ${at}`} value={number} onChange={(to) => onChange(quantityText({ number: to, unit, coded }))} placeholder="number" numeric />
      <Field label={`Unit ${at}`} value={unit} onChange={(to) => onChange(quantityText({ number, unit: to, coded }))} placeholder="any unit" />
      <Choice label={`Unit ${at} is`} value={coded ? 'ucum' : 'text'} onChange={(to) => onChange(quantityText({ number, unit, coded: to === 'ucum' }))} options={[['ucum', 'UCUM code'], ['text', 'as recorded']]} disabled={!unit} />
    </>
  )
}

function ReferenceFields({ at, value, targets, onChange }: { at: number; value: string; targets: readonly string[]; onChange: (value: string) => void }) {
  const { type, id } = referenceOf(value)
  const options = [...new Set([...targets, ...(type ? [type] : [])])]
  return (
    <>
      <Choice label={`Type ${at}`} value={type} onChange={(to) => onChange(referenceText({ type: to, id }))} options={[['', 'any type, or an address'], ...options.map((one): [string, string] => [one, one])]} />
      <Field label={`Value ${at}`} value={id} onChange={(to) => onChange(referenceText({ type, id: to }))} placeholder="id" />
    </>
  )
}
