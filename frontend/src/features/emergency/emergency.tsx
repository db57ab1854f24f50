import GppMaybeOutlined from '@mui/icons-material/GppMaybeOutlined'
import Button from '@mui/material/Button'
import Dialog from '@mui/material/Dialog'
import DialogActions from '@mui/material/DialogActions'
import DialogContent from '@mui/material/DialogContent'
import DialogTitle from '@mui/material/DialogTitle'
import NativeSelect from '@mui/material/NativeSelect'
import OutlinedInput from '@mui/material/OutlinedInput'
import { useEffect, useId, useState, type FormEvent } from 'react'
import { useMutation } from 'urql'
import { graphql, read, type FragmentType } from '../../gql'
import type { EmergencyReason } from '../../gql/graphql'
import { useSession } from '../../contexts/session'
import { useAnnounce } from '../../hooks/use-announce'
import { may } from '../../lib/permissions'
import css from './emergency.module.css'

/** What is open to the reader in an emergency, part of every screen of a chart. */
export const EmergencyFragment = graphql(`fragment Emergency on Query { breakGlassOpened { id patientId expiresAt } }`)
const Open = graphql(`mutation OpenInEmergency($input: BreakGlassOpenInput!) { breakGlassOpen(input: $input) { grant { id patientId expiresAt } } }`)
const Close = graphql(`mutation CloseEmergency($patientId: ID!) { breakGlassClose(patientId: $patientId) { closed } }`)

const REASONS: Record<EmergencyReason, string> = { EMERGENCY_TREATMENT: 'Emergency treatment', BREAK_THE_GLASS: 'The record is needed and the policy hides it' }

/** The way to open a chart in an emergency, for those who treat; nobody else is shown it. `of`: whose chart, where several are offered. */
export function OpenInEmergency({ patientId, of, onOpened }: { patientId: string; of?: string; onOpened: () => void }) {
  const { session } = useSession()
  const [asking, setAsking] = useState(false)
  if (!may(session, 'emergency')) return null
  return (
    <>
      <Button variant="text" onClick={() => setAsking(true)} aria-label={of ? `Emergency access … to the chart of ${of}` : undefined}>Emergency access …</Button>
      {asking && <EmergencyDialog patientId={patientId} onClose={() => setAsking(false)} onOpened={() => { setAsking(false); onOpened() }} />}
    </>
  )
}

function EmergencyDialog({ patientId, onClose, onOpened }: { patientId: string; onClose: () => void; onOpened: () => void }) {
  const id = useId()
  const announce = useAnnounce()
  const [, open] = useMutation(Open)
  const [reason, setReason] = useState<EmergencyReason>('EMERGENCY_TREATMENT')
  const [explanation, setExplanation] = useState('')
  const [refused, setRefused] = useState('')
  const [busy, setBusy] = useState(false)
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setBusy(true)
    const { error } = await open({ input: { patientId: `Patient/${patientId}`, reason, explanation } })
    setBusy(false)
    if (error) {
      setRefused(error.graphQLErrors.map((e) => e.message).join('. ') || 'The server cannot be reached')
      return
    }
    announce('The chart is open in an emergency, for an hour')
    onOpened()
  }
  return (
    <Dialog open onClose={onClose} aria-labelledby={`${id}-title`} maxWidth="xs" fullWidth>
      <form onSubmit={(event) => { void submit(event) }}>
        <DialogTitle id={`${id}-title`}>Open this chart in an emergency</DialogTitle>
        <DialogContent className={css.form}>
          <p>For 60 minutes you see this chart, and what is restricted or sensitive in it. It is recorded with your name and reviewed.</p>
          {refused && <p role="alert" className={css.refused}>Not opened: {refused}</p>}
          <div>
            <label htmlFor={`${id}-reason`}>Reason</label>
            <NativeSelect input={<OutlinedInput />} inputProps={{ id: `${id}-reason` }} value={reason} onChange={(e) => setReason(e.target.value as EmergencyReason)}>
              {(Object.keys(REASONS) as EmergencyReason[]).map((one) => <option key={one} value={one}>{REASONS[one]}</option>)}
            </NativeSelect>
          </div>
          <div>
            <label htmlFor={`${id}-why`}>Why, in your words</label>
            <OutlinedInput id={`${id}-why`} required multiline minRows={2} value={explanation} onChange={(e) => setExplanation(e.target.value)} inputProps={{ maxLength: 1000 }} />
          </div>
        </DialogContent>
        <DialogActions>
          <Button variant="text" onClick={onClose}>Cancel</Button>
          <Button variant="contained" color="error" type="submit" disabled={busy || explanation.trim() === ''}>Open the chart</Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}

/** Says that this chart is open in an emergency and for how long, on every page of it; when the time is over the chart is read again. */
export function EmergencyBanner({ of, patientId, again }: { of: FragmentType<typeof EmergencyFragment> | undefined; patientId: string; again: () => void }) {
  const { session } = useSession()
  const treats = may(session, 'emergency')
  const [, close] = useMutation(Close)
  const [now, setNow] = useState(() => Date.now())
  const [failed, setFailed] = useState(false)
  const grant = read(EmergencyFragment, of)?.breakGlassOpened.find((one) => one.patientId === `Patient/${patientId}`)
  const until = grant ? Date.parse(grant.expiresAt) : 0
  useEffect(() => {
    if (!until) return
    const timer = setInterval(() => {
      setNow(Date.now())
      if (Date.now() >= until) {
        clearInterval(timer)
        again()
      }
    }, 1000)
    return () => clearInterval(timer)
  }, [until, again])
  // It may have been opened or ended in another window meanwhile.
  useEffect(() => {
    if (!treats) return
    const look = () => { if (document.visibilityState === 'visible') again() }
    document.addEventListener('visibilitychange', look)
    return () => document.removeEventListener('visibilitychange', look)
  }, [treats, again])
  if (!grant || until <= now) return null
  const end = async () => {
    const { error } = await close({ patientId: `Patient/${patientId}` })
    setFailed(Boolean(error))
    if (!error) again()
  }
  const minutes = Math.floor((until - now) / 60_000)
  return (
    <div className={css.open} role="region" aria-label="Emergency access">
      <GppMaybeOutlined sx={{ fontSize: 20 }} aria-hidden />
      <strong>Emergency access: {minutes === 0 ? 'less than a minute' : minutes === 1 ? '1 minute' : `${minutes} minutes`} left</strong>
      <span className={css.grow}>This chart, and what is restricted or sensitive in it, is shown to you. All of it is recorded and reviewed.</span>
      {failed && <span role="alert">It could not be ended. Try again.</span>}
      <Button variant="outlined" onClick={() => { void end() }}>End it now</Button>
    </div>
  )
}
