import CloudOffOutlined from '@mui/icons-material/CloudOffOutlined'
import HourglassEmptyOutlined from '@mui/icons-material/HourglassEmptyOutlined'
import type { LiveState } from '../../contexts/live'
import css from './live-note.module.css'

/** Whether what is shown keeps up with the record. */
export function LiveNote({ of }: { of: LiveState }) {
  return (
    <span role="status" className={css.note}>
      {of === 'open' && <><span className={css.dot} aria-hidden /> Live</>}
      {of === 'held' && <span className={css.warned}><HourglassEmptyOutlined sx={{ fontSize: 16 }} aria-hidden /> The record has changed. It is shown when this form is closed.</span>}
      {of === 'lost' && <span className={css.warned}><CloudOffOutlined sx={{ fontSize: 16 }} aria-hidden /> <strong>No connection to the server.</strong> What is shown may be old. It is tried again by itself; what you wrote is kept.</span>}
    </span>
  )
}
