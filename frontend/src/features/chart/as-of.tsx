import HistoryOutlined from '@mui/icons-material/HistoryOutlined'
import Button from '@mui/material/Button'
import Dialog from '@mui/material/Dialog'
import DialogActions from '@mui/material/DialogActions'
import DialogContent from '@mui/material/DialogContent'
import DialogTitle from '@mui/material/DialogTitle'
import { useId, useMemo, useState, type FormEvent, type ReactNode } from 'react'
import { useSearchParams } from 'react-router'
import { useQuery } from 'urql'
import { words } from '../../components/clinical/status'
import { DateField } from '../../components/ui/date-field'
import { Dates } from '../../components/ui/dates'
import { LiveNote } from '../../components/ui/live-note'
import { isForbidden, NotPermitted } from '../../components/ui/part'
import { Empty, Loading, NotLoaded } from '../../components/ui/states'
import { useAppearance } from '../../contexts/appearance'
import type { LiveState } from '../../contexts/live'
import { useOpenChart } from '../../contexts/patient'
import { graphql } from '../../gql'
import type { LastWritesQuery } from '../../gql/graphql'
import { useAnnounce } from '../../hooks/use-announce'
import { useHotkeys } from '../../hooks/use-hotkeys'
import { DATE_FORMS, formatInstant, localInput, notPast, readDate } from '../../lib/date'
import css from './as-of.module.css'

/** Everything ever written about the patient, the newest first: the instants at which the chart changed. */
const LastWrites = graphql(`
  query LastWrites($id: ID!) {
    patient(id: $id) { id changes(since: "1970-01-01T00:00:00Z", first: 60) { nodes { id versionId action at by title } pageInfo { hasNextPage } } }
  }
`)

/** The instant of the address, for links and for going elsewhere. */
export const AS_OF = 'asOf'

/** Which instant the chart is shown as of, and the way to another or back to now. */
export function AsOf({ asOf, live, print, children }: { asOf: string | null; live: LiveState; print: ReactNode; children?: ReactNode }) {
  const [, setQuery] = useSearchParams()
  const { shortcuts } = useAppearance()
  const [open, setOpen] = useState(false)
  const go = (at: string | null) => {
    setOpen(false)
    setQuery((before) => {
      const next = new URLSearchParams(before)
      if (at) next.set(AS_OF, at)
      else next.delete(AS_OF)
      return next
    })
  }
  useHotkeys(useMemo(() => new Map([['o', () => setOpen(true)]]), []), shortcuts)
  return (
    <div className={asOf ? css.past : css.strip} role="group" aria-label="As of">
      {asOf ? (
        <>
          <HistoryOutlined sx={{ fontSize: 20 }} aria-hidden />
          <strong>Chart as it was on {formatInstant(asOf)}</strong>
          <span className={css.grow}>Read only: the past cannot be written to. What came later is not shown.</span>
          {print}
          <Button variant="outlined" onClick={() => setOpen(true)}>Another instant</Button>
          <Button variant="contained" onClick={() => go(null)}>Back to now</Button>
        </>
      ) : (
        <>
          <span className={css.label}>As of</span>
          <strong className={css.now}>Now</strong>
          <Button variant="outlined" startIcon={<HistoryOutlined sx={{ fontSize: 18 }} />} onClick={() => setOpen(true)} aria-keyshortcuts="o">The chart as it stood</Button>
          <LiveNote of={live} />
          {print}
          {children}
        </>
      )}
      {open && <Choose asOf={asOf} onChoose={go} onClose={() => setOpen(false)} />}
    </div>
  )
}

const focused = (input: HTMLInputElement | null) => input?.focus()

function Choose({ asOf, onChoose, onClose }: { asOf: string | null; onChoose: (at: string) => void; onClose: () => void }) {
  const id = useId()
  const chart = useOpenChart()
  const announce = useAnnounce()
  const [text, setText] = useState(() => localInput(asOf ?? new Date().toISOString()))
  const [wrong, setWrong] = useState<string | null>(null)
  const send = (event: FormEvent) => {
    event.preventDefault()
    const read = readDate(text, 'moment')
    const at = 'value' in read && read.value ? new Date(read.value).toISOString() : null
    const told = at ? notPast(at) : 'wrong' in read ? read.wrong : DATE_FORMS.moment
    if (told) { setWrong(told); announce(told) } else if (at) onChoose(at)
  }
  return (
    <Dialog open onClose={onClose} aria-labelledby={`${id}-title`} fullWidth maxWidth="sm">
      <DialogTitle id={`${id}-title`}>The chart as it stood</DialogTitle>
      {chart && <p className={css.who}><Dates of={chart.line} /></p>}
      <form onSubmit={send} noValidate>
        <DialogContent>
          <div className={css.field}>
            <label htmlFor={`${id}-at`}>Day and time</label>
            <DateField inputRef={focused} id={`${id}-at`} kind="moment" value={text} bad={wrong ?? undefined} describedBy={`${id}-help`} onChange={(at) => { setText(at); setWrong(null) }} />
            <small id={`${id}-help`}>What had been written until then, deleted and corrected entries included. It is the time of writing that counts, not the time of the event.</small>
          </div>
          <h3 className={css.head}>As it stood after each of the last writes</h3>
          {chart && <Writes patient={`Patient/${chart.id}`} onChoose={onChoose} />}
        </DialogContent>
        <DialogActions>
          <Button variant="text" onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="contained">Show the chart as it was</Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}

type Change = NonNullable<NonNullable<LastWritesQuery['patient']>['changes']>['nodes'][number]
const ACTIONS = { CREATED: 'recorded', UPDATED: 'changed', DELETED: 'deleted' } as const

/** Writes of one instant are one step of the chart. Who wrote what is itself only told by its Provenance, which is no step. */
export function steps(changes: readonly Change[]): { at: string; by: string | null; what: string[] }[] {
  const found: { at: string; by: string | null; what: string[] }[] = []
  for (const c of changes) {
    const [type = ''] = c.id.split('/')
    if (type === 'Provenance') continue
    const last = found.at(-1)
    const kind = words(type.replace(/(?<=[a-z])(?=[A-Z])/g, ' '))
    const what = `${kind}${c.title ? ` “${c.title}”` : ''} ${ACTIONS[c.action]}`
    if (last && last.at === c.at) last.what.push(what)
    else found.push({ at: c.at, by: c.by ?? null, what: [what] })
  }
  return found
}

function Writes({ patient, onChoose }: { patient: string; onChoose: (at: string) => void }) {
  const [{ data, fetching, error }, again] = useQuery({ query: LastWrites, variables: { id: patient }, requestPolicy: 'network-only' })
  const list = data?.patient?.changes
  if (!list) {
    return fetching ? <Loading rows={4} label="last writes" />
      : isForbidden(error) ? <NotPermitted what="Writes" /> : <NotLoaded what="Last writes" onRetry={() => again({ requestPolicy: 'network-only' })} />
  }
  const all = steps(list.nodes)
  if (all.length === 0) return <Empty>Nothing is written that you may see.</Empty>
  return (
    <>
      <ol className={css.writes}>
        {all.map((s) => (
          <li key={s.at}>
            <button type="button" onClick={() => onChoose(s.at)}>
              <strong>{formatInstant(s.at)}</strong>
              <span>{s.what.slice(0, 3).join('; ')}{s.what.length > 3 && ` and ${s.what.length - 3} more`}</span>
              <small>{s.by ? `by ${s.by}` : 'by whom is not recorded'}</small>
            </button>
          </li>
        ))}
      </ol>
      {list.pageInfo.hasNextPage && <p className={css.more}>Earlier writes are not listed; name their instant above.</p>}
    </>
  )
}
