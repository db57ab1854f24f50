import Autocomplete from '@mui/material/Autocomplete'
import OutlinedInput from '@mui/material/OutlinedInput'
import TextField from '@mui/material/TextField'
import { useEffect, useMemo, useState } from 'react'
import { useClient } from 'urql'
import { Drug } from '../clinical/drug'
import { DateField } from '../ui/date-field'
import { dateKind, fileValue, LARGEST_FILE_BYTES, type FieldSpec } from './act'
import { terms, type Find, type Term } from './catalog'
import css from './act.module.css'

/** The most letters of a choice that are read in half of the form. */
const HALF = 28

interface FieldProps { id: string; spec: FieldSpec; value: string; bad: string | undefined; onChange: (value: string) => void; onSeen: (seen: readonly Term[]) => void; coded: string }

/** One field with its label, its unit, what to write, and what is wrong. */
export function Field({ id, spec, value, bad, onChange, onSeen, coded }: FieldProps) {
  const date = dateKind(spec)
  const described = [bad && !date && `${id}-bad`, (spec.help || date || spec.suggest || spec.find) && `${id}-help`].filter(Boolean).join(' ') || undefined
  const input = { id, 'aria-describedby': described, 'aria-invalid': !!bad || undefined, 'aria-required': spec.required || undefined }
  const help = spec.help ?? (date === 'partial' ? 'For example 2019, May-2019 or 17-May-2019.' : date ? 'For example 17-May-2019 14:05.' : '')
  const options = spec.options ?? []
  if (spec.kind === 'check') {
    return (
      <div className={css.field}>
        <label className={css.check}><input type="checkbox" {...input} checked={value === 'yes'} onChange={(e) => onChange(e.target.checked ? 'yes' : '')} /> {spec.label}</label>
        {help && <small id={`${id}-help`}>{help}</small>}
      </div>
    )
  }
  const wide = spec.kind === 'area' || spec.kind === 'concept' || spec.kind === 'file' || (spec.kind === 'choice' && options.some(([, words]) => words.length > HALF))
  return (
    <div className={wide ? `${css.field ?? ''} ${css.wide ?? ''}` : css.field}>
      <label htmlFor={id}>{spec.label}{spec.required ? '' : ' (optional)'}</label>
      {spec.kind === 'choice' ? (
        <select {...input} value={value} onChange={(e) => onChange(e.target.value)}>
          {/* Nothing is chosen for the writer. */}
          {(!spec.required || value === '') && <option value="">{spec.required ? 'Choose …' : spec.none ?? 'Not stated'}</option>}
          {options.map(([code, words]) => <option key={code} value={code}>{words}</option>)}
        </select>
      ) : spec.kind === 'concept' && (spec.find ?? spec.suggest) ? (
        <ConceptField {...input} spec={spec} value={value} onChange={onChange} onSeen={onSeen} bad={!!bad} />
      ) : spec.kind === 'file' ? (
        <input type="file" {...input} onChange={(e) => { const file = e.target.files?.[0]; if (file) void bytes(file).then((url) => onChange(fileValue(file.name, url))); else onChange('') }} />
      ) : date ? (
        <DateField id={id} kind={date} value={value} onChange={onChange} bad={bad} required={spec.required} describedBy={described} />
      ) : (
        <OutlinedInput
          inputProps={{ ...input, inputMode: spec.kind === 'number' ? 'decimal' : undefined }} multiline={spec.kind === 'area'} minRows={spec.kind === 'area' ? 2 : undefined}
          value={value} error={!!bad} endAdornment={spec.unit && <span>{spec.unit}</span>} onChange={(e) => onChange(e.target.value)}
        />
      )}
      {spec.find ? <small id={`${id}-help`}>{value.trim() === '' ? (help || 'Type, then choose one from the list.') : coded ? spec.orWords?.chosen ?? 'Chosen.' : spec.orWords?.words ?? 'Not chosen yet: choose one from the list.'}</small>
        : spec.suggest ? <small id={`${id}-help`}>{value.trim() === '' ? (help || 'Type, then choose a term from the list, or write it in words.') : coded ? `Coded: ${coded}` : 'Not coded: these are words only.'}</small>
        : help && <small id={`${id}-help`}>{help}</small>}
      {bad && !date && <span id={`${id}-bad`} className={css.bad}>{bad}</span>}
    </div>
  )
}

/** The bytes as a data URL; nothing of a file that is too large. */
const bytes = (file: File): Promise<string> => (file.size > LARGEST_FILE_BYTES ? Promise.resolve('') : new Promise((done) => {
  const reader = new FileReader()
  reader.addEventListener('load', () => done(typeof reader.result === 'string' ? reader.result : ''))
  reader.addEventListener('error', () => done(''))
  reader.readAsDataURL(file)
}))

interface ConceptProps { id: string; spec: Pick<FieldSpec, 'find' | 'suggest'>; value: string; onChange: (value: string, chosen?: true) => void; onSeen: (seen: readonly Term[]) => void; bad: boolean; 'aria-describedby'?: string; 'aria-invalid'?: true; 'aria-required'?: true }

/** Words, with the terms or records that fit them below. Nothing is chosen for the writer; `chosen` tells what was picked or sent off from what is being typed. */
export function ConceptField({ spec: { find, suggest }, value, onChange, onSeen, bad, ...input }: ConceptProps) {
  const [options, setOptions] = useState<readonly Term[]>([])
  const look: Find = useMemo(() => find ?? ((client, words) => (suggest ? terms(client, suggest, words) : Promise.resolve([]))), [find, suggest])
  const text = value.trim()
  const client = useClient()
  useEffect(() => {
    if (text.length < 2) return undefined
    let current = true
    const timer = setTimeout(() => {
      void look(client, text).then((found) => { if (current) { setOptions(found); onSeen(found) } })
    }, 200)
    return () => { current = false; clearTimeout(timer) }
  }, [client, look, text, onSeen])
  return (
    <Autocomplete
      freeSolo id={input.id} inputValue={value} options={text.length < 2 ? [] : options.map((o) => o.text)} filterOptions={(all) => all} value={null}
      onInputChange={(_, words, why) => { if (why !== 'reset') onChange(words) }} onChange={(_, words) => { if (words) onChange(words, true) }}
      renderOption={({ key, ...props }, option) => <li key={key} {...props}><Drug of={option} /></li>}
      renderInput={(params) => <TextField {...params} error={bad} slotProps={{ ...params.slotProps, htmlInput: { ...params.slotProps.htmlInput, ...input } }} />}
    />
  )
}
