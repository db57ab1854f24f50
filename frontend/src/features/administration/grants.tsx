import Button from '@mui/material/Button'
import Dialog from '@mui/material/Dialog'
import DialogActions from '@mui/material/DialogActions'
import DialogContent from '@mui/material/DialogContent'
import DialogTitle from '@mui/material/DialogTitle'
import OutlinedInput from '@mui/material/OutlinedInput'
import { useState, type FormEvent } from 'react'
import { useMutation, useQuery, type CombinedError } from 'urql'
import { DateField } from '../../components/ui/date-field'
import { Moment } from '../../components/ui/moment'
import { isForbidden, NotPermitted } from '../../components/ui/part'
import { RecordTable } from '../../components/ui/record-table'
import { Empty, Loading, NotLoaded } from '../../components/ui/states'
import { graphql } from '../../gql'
import type { ChartGrantsQuery } from '../../gql/graphql'
import { useAnnounce } from '../../hooks/use-announce'
import { withOffset } from '../../lib/date'
import css from './administration.module.css'

const Grants = graphql(`query ChartGrants { chartGrants { id login name patientId explanation openedAt expiresAt } }`)
const Give = graphql(`mutation GiveChartGrant($input: ChartGrantGiveInput!) { chartGrantGive(input: $input) { grant { id } } }`)
const End = graphql(`mutation EndChartGrant($id: ID!) { chartGrantEnd(id: $id) { grant { id } } }`)

type Grant = ChartGrantsQuery['chartGrants'][number]
interface Typed { login: string; patient: string; explanation: string; until: string }
const words = (error: CombinedError): string => error.graphQLErrors.map((e) => e.message).join('. ') || 'The server cannot be reached'

/** What is very restricted, or of a sensitivity that is not known: to whom of those who treat it is opened by name, in which chart, until when. */
export function GrantsView() {
  const announce = useAnnounce()
  const [{ data, error, fetching }, again] = useQuery({ query: Grants, requestPolicy: 'network-only' })
  const [, give] = useMutation(Give)
  const [, end] = useMutation(End)
  const [giving, setGiving] = useState(false)
  const [ending, setEnding] = useState<Grant | null>(null)
  const [trouble, setTrouble] = useState('')
  const retry = () => again({ requestPolicy: 'network-only' })
  const save = async (typed: Typed): Promise<string> => {
    const patientId = typed.patient.includes('/') ? typed.patient.trim() : `Patient/${typed.patient.trim()}`
    const answer = await give({ input: { login: typed.login, patientId, explanation: typed.explanation, until: withOffset(typed.until) } })
    if (answer.error) return words(answer.error)
    announce(`Given to ${typed.login.trim()}`)
    setGiving(false)
    retry()
    return ''
  }
  const stop = async (grant: Grant) => {
    setEnding(null)
    const answer = await end({ id: grant.id })
    setTrouble(answer.error ? `Not ended: ${words(answer.error)}.` : '')
    if (!answer.error) announce(`The grant of ${grant.name} has ended`)
    retry()
  }
  if (!data) {
    if (fetching) return <Loading rows={6} label="grants" />
    return isForbidden(error) ? <NotPermitted what="Grants" /> : <NotLoaded what="Grants" onRetry={retry} />
  }
  return (
    <div className={css.list}>
      <p className={css.count}><Button variant="contained" onClick={() => setGiving(true)}>Give a grant</Button></p>
      {trouble && <p role="alert" className={css.refused}>{trouble}</p>}
      {data.chartGrants.length === 0 ? <Empty>No grant is in force.</Empty> : (
        <RecordTable label="Grants" columns={['Who', 'Whose chart', 'Why', 'From', 'Until', 'Acts']}>
          {data.chartGrants.map((grant) => (
            <tr key={grant.id}>
              <th scope="row">{grant.name}<small className={css.sub}>{grant.login}</small></th>
              <td><code>{grant.patientId}</code></td>
              <td>{grant.explanation}</td>
              <td><Moment at={grant.openedAt} /></td>
              <td><Moment at={grant.expiresAt} /></td>
              <td><Button variant="text" onClick={() => setEnding(grant)} aria-label={`End the grant of ${grant.name} to ${grant.patientId}`}>End</Button></td>
            </tr>
          ))}
        </RecordTable>
      )}
      {giving && <GrantForm onSave={save} onClose={() => setGiving(false)} />}
      {ending && (
        <Dialog open onClose={() => setEnding(null)} aria-labelledby="ending" maxWidth="xs" fullWidth>
          <DialogTitle id="ending">End this grant?</DialogTitle>
          <DialogContent><p>{ending.name} sees what is very restricted in {ending.patientId} no more, from now on.</p></DialogContent>
          <DialogActions>
            <Button variant="text" onClick={() => setEnding(null)}>Cancel</Button>
            <Button variant="contained" color="error" onClick={() => { void stop(ending) }}>End the grant</Button>
          </DialogActions>
        </Dialog>
      )}
    </div>
  )
}

function GrantForm({ onSave, onClose }: { onSave: (typed: Typed) => Promise<string>; onClose: () => void }) {
  const [typed, setTyped] = useState<Typed>({ login: '', patient: '', explanation: '', until: '' })
  const [refused, setRefused] = useState('')
  const [busy, setBusy] = useState(false)
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setBusy(true)
    setRefused(await onSave(typed))
    setBusy(false)
  }
  const field = (name: keyof Typed, label: string, more: { multiline?: boolean } = {}) => (
    <div>
      <label htmlFor={`grant-${name}`}>{label}</label>
      <OutlinedInput fullWidth required id={`grant-${name}`} {...more} inputProps={name === 'explanation' ? { maxLength: 1000 } : {}} value={typed[name]} onChange={(e) => setTyped((before) => ({ ...before, [name]: e.target.value }))} />
    </div>
  )
  return (
    <Dialog open onClose={onClose} aria-labelledby="grant-form" maxWidth="xs" fullWidth>
      <form onSubmit={(event) => { void submit(event) }}>
        <DialogTitle id="grant-form">Give a grant</DialogTitle>
        <DialogContent className={css.form}>
          <p>It opens what is very restricted, or of a sensitivity that is not known, in one chart to one person who treats. Both names are recorded.</p>
          {refused && <p role="alert" className={css.refused}>Not given: {refused}</p>}
          {field('login', 'User name of a physician, nurse or pharmacist')}
          {field('patient', 'Id of the patient')}
          {field('explanation', 'Why', { multiline: true })}
          <div>
            <label htmlFor="grant-until">Until, a year at most</label>
            <DateField required id="grant-until" kind="moment" value={typed.until} onChange={(until) => setTyped((before) => ({ ...before, until }))} />
          </div>
        </DialogContent>
        <DialogActions>
          <Button variant="text" onClick={onClose}>Cancel</Button>
          <Button variant="contained" type="submit" disabled={busy}>Give</Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}
