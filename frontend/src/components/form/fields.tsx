import OutlinedInput from '@mui/material/OutlinedInput'
import { useId, type ReactNode } from 'react'
import css from './form.module.css'

/** A label, its control and what is to be said of it. The control is given its ids. */
export function Field({ label, hint, wrong, children }: { label: string; hint?: ReactNode; wrong?: string; children: (ids: { id: string; 'aria-describedby': string }) => ReactNode }) {
  const id = useId()
  return (
    <div className={css.field}>
      <label htmlFor={id}>{label}</label>
      {children({ id, 'aria-describedby': `${id}-hint` })}
      <span id={`${id}-hint`} className={wrong ? css.wrong : css.hint}>{wrong ?? hint}</span>
    </div>
  )
}

interface TextProps { label: string; value: string; onChange: (value: string) => void; hint?: ReactNode; wrong?: string; required?: boolean; rows?: number; type?: string; pattern?: string; placeholder?: string }

export function TextField({ label, value, onChange, hint, wrong, required, rows, type, pattern, placeholder }: TextProps) {
  return (
    <Field label={label} hint={hint} wrong={wrong}>
      {(ids) => (
        <OutlinedInput id={ids.id} fullWidth size="small" multiline={!!rows} minRows={rows} type={type} required={required} value={value} placeholder={placeholder} error={!!wrong} onChange={(e) => onChange(e.target.value)}
          inputProps={{ 'aria-describedby': ids['aria-describedby'], ...(pattern ? { pattern } : {}) }} />
      )}
    </Field>
  )
}

/** A date as precisely as it is known: a year, a month, or a day. */
export function PartialDate(props: Omit<TextProps, 'pattern' | 'placeholder' | 'rows' | 'type'>) {
  return <TextField {...props} hint={props.hint ?? 'Year, year-month or day: 2019, 2019-05, 2019-05-17'} placeholder="2019-05" pattern="\d{4}(-\d{2}(-\d{2})?)?" />
}

export function Choice<V extends string>({ label, value, options, onChange, hint }: { label: string; value: V; options: readonly (readonly [V, string])[]; onChange: (value: V) => void; hint?: ReactNode }) {
  return (
    <Field label={label} hint={hint}>
      {(ids) => (
        <select {...ids} className={css.select} value={value} onChange={(e) => { const found = options.find(([v]) => v === e.target.value); if (found) onChange(found[0]) }}>
          {options.map(([v, words]) => <option key={v} value={v}>{words}</option>)}
        </select>
      )}
    </Field>
  )
}
