import CheckOutlined from '@mui/icons-material/CheckOutlined'
import WarningAmberOutlined from '@mui/icons-material/WarningAmberOutlined'
import Button from '@mui/material/Button'
import { useEffect, useState } from 'react'
import { Moment } from '../../components/ui/moment'
import { Loading } from '../../components/ui/states'
import { useAnnounce } from '../../hooks/use-announce'
import { isWell, readHealth, type Health, type HealthName } from '../../lib/health'
import css from './settings.module.css'

const NAMES: Record<HealthName, string> = { live: 'Server', ready: 'Ready for work' }
/** What each answer means, by what the server asks itself before it gives it. */
const MEANS: Record<HealthName, { well: string; ill: string }> = {
  live: { well: 'It answers.', ill: 'It does not answer as it should.' },
  ready: { well: 'Its database answers within half a second, and it is not being stopped.', ill: 'Its database does not answer within half a second, or it is being stopped. It does not say which.' },
}

interface Checked { at: string; all: readonly Health[] }
const check = async (): Promise<Checked> => { const all = await readHealth(); return { at: new Date().toISOString(), all } }

/** Whether the system works, by its own word, and when it was asked. */
export function SystemHealth() {
  const announce = useAnnounce()
  const [checked, setChecked] = useState<Checked | null>(null)
  const [busy, setBusy] = useState(false)
  useEffect(() => {
    let current = true
    void check().then((found) => { if (current) setChecked(found) })
    return () => { current = false }
  }, [])
  const again = async () => {
    setBusy(true)
    const found = await check()
    setChecked(found)
    setBusy(false)
    announce(found.all.every(isWell) ? 'System: all is well' : 'System: not all is well')
  }
  return (
    <section aria-labelledby="health" className={css.part}>
      <h2 id="health">System</h2>
      {!checked ? <Loading rows={2} label="system health" /> : (
        <>
          <ul className={css.sessions} aria-label="System health">
            {checked.all.map((one) => {
              const well = isWell(one)
              return (
                <li key={one.name}>
                  <strong className={well ? css.well : css.ill}>{well ? <CheckOutlined sx={{ fontSize: 16 }} aria-hidden /> : <WarningAmberOutlined sx={{ fontSize: 16 }} aria-hidden />} {NAMES[one.name]}: {one.status === null ? 'no answer' : one.word || `status ${one.status}`}</strong>
                  <small>{one.status === null ? 'The server could not be reached from this browser.' : MEANS[one.name][well ? 'well' : 'ill']} Asked in {one.ms} ms.</small>
                </li>
              )
            })}
          </ul>
          <p className={css.checked}>Checked at <Moment at={checked.at} seconds />. <Button variant="outlined" disabled={busy} onClick={() => { void again() }}>Check again</Button></p>
        </>
      )}
    </section>
  )
}
