import CalendarTodayOutlined from '@mui/icons-material/CalendarTodayOutlined'
import IconButton from '@mui/material/IconButton'
import OutlinedInput from '@mui/material/OutlinedInput'
import { useEffect, useRef, useState, type KeyboardEvent, type Ref } from 'react'
import { dateText, dateValue, dayAfter, isDay, readDate, type DateKind } from '../../lib/date'
import css from './date-field.module.css'

interface Props {
  id: string
  kind: DateKind
  /** `2026-11-30`, `2026-11`, `2026`, `2026-11-30T14:05`, `14:05`, or empty. */
  value: string
  /** Such a value again; what cannot be read comes as it is written, for the form to refuse. */
  onChange: (value: string) => void
  /** What else is wrong with it; `true` where that stands elsewhere. */
  bad?: string | boolean | undefined
  required?: boolean | undefined
  describedBy?: string | undefined
  /** Its name, where no label is on the page. */
  label?: string | undefined
  inputRef?: Ref<HTMLInputElement>
}

const SIZES: Readonly<Record<DateKind, number>> = { day: 11, partial: 11, moment: 19, time: 8 }
const PLACEHOLDERS: Readonly<Partial<Record<DateKind, string>>> = { day: 'dd-mmm-yyyy', moment: 'dd-mmm-yyyy hh:mm', time: 'hh:mm' }

/**
 * A date as it reads on the page, `30-Nov-2026`, whatever the browser's country: written in any form that `readDate` takes, stepped by a day with
 * the arrows up and down, or chosen in the browser's calendar. What was written is put into that form, or refused in words, when the field is left.
 */
export function DateField({ id, kind, value, onChange, bad, required, describedBy, label, inputRef }: Props) {
  // What is being written, and the values that stood and were given meanwhile; when another comes from outside, the writing is over.
  const [draft, setDraft] = useState<{ text: string; of: readonly string[] } | null>(null)
  const [left, setLeft] = useState(true)
  if (draft && !draft.of.includes(value)) setDraft(null)
  const text = draft ? draft.text : dateText(value, kind)
  const read = readDate(text, kind)
  const unread = 'wrong' in read ? read.wrong : ''
  const told = (left && unread) || (typeof bad === 'string' && bad)
  const wrong = !!told || !!bad

  const field = useRef<HTMLInputElement>(null)
  const calendar = useRef<HTMLInputElement>(null)
  // A form that the browser checks is not sent with it.
  useEffect(() => { field.current?.setCustomValidity(unread) }, [field, unread])

  const write = (next: string) => {
    const to = dateValue(next, kind)
    setLeft(false)
    setDraft({ text: next, of: [...(draft?.of ?? []), value, to] })
    if (to !== value) onChange(to)
  }
  const leave = (to?: Element | null) => {
    // What is told would move a button from under the pointer that presses it, and the press would be lost.
    if (unread && to?.matches(':active')) return
    setLeft(true)
    // Emptied where there is always a day, it shows that day again.
    if (!unread) setDraft(null)
  }
  const [day, time] = 'value' in read ? [read.value.slice(0, 10), read.value.slice(10)] : ['', '']
  // The time of day is the writer's to say.
  const put = (to: string) => write(kind === 'moment' && !time ? `${dateText(to, 'day')} ` : dateText(`${to}${time}`, kind))
  const choose = () => calendar.current?.showPicker()
  const keys = (event: KeyboardEvent) => {
    const step = { ArrowUp: 1, ArrowDown: -1 }[event.key]
    if (event.key === 'Enter') leave()
    if (!step || kind === 'time' || event.ctrlKey || event.metaKey || event.shiftKey) return
    if (event.altKey) { event.preventDefault(); choose(); return }
    if (!isDay(day)) return
    event.preventDefault()
    put(dayAfter(day, step))
  }
  return (
    <span className={css.date}>
      <OutlinedInput
        value={text} error={wrong} onChange={(e) => write(e.target.value)} onBlur={(e) => leave(e.relatedTarget)} onKeyDown={keys} inputRef={inputRef}
        inputProps={{
          ref: field, id, size: SIZES[kind], placeholder: PLACEHOLDERS[kind], autoComplete: 'off', spellCheck: false, required, 'aria-label': label,
          'aria-invalid': wrong || undefined, 'aria-describedby': [told && `${id}-wrong`, describedBy].filter(Boolean).join(' ') || undefined,
        }}
        endAdornment={kind === 'time' ? undefined : (
          // The keyboard writes the day, or opens the calendar from the field with Alt and an arrow.
          <span className={css.choose}>
            <input ref={calendar} type="date" className={css.calendar} tabIndex={-1} aria-hidden value={isDay(day) ? day : ''} onChange={(e) => { if (e.target.value) { put(e.target.value); field.current?.focus() } }} />
            <IconButton tabIndex={-1} aria-label="Choose a date" title="Choose a date" onClick={choose}><CalendarTodayOutlined sx={{ fontSize: 18 }} /></IconButton>
          </span>
        )}
      />
      {told && <span id={`${id}-wrong`} className={css.bad}>{told}</span>}
    </span>
  )
}
