import CloudOffOutlined from '@mui/icons-material/CloudOffOutlined'
import HourglassEmptyOutlined from '@mui/icons-material/HourglassEmptyOutlined'
import { useLostSince, type LiveState } from '../../contexts/live'
import { momentOf } from '../../lib/date'
import css from './live-note.module.css'

/** Whether what is shown keeps up with the record. */
export function LiveNote({ of }: { of: LiveState }) {
  const since = useLostSince()
  return (
    <span role="status" className={css.note}>
      {of === 'open' && <><span className={css.dot} aria-hidden /> Live</>}
      {of === 'held' && <span className={css.warned}><HourglassEmptyOutlined sx={{ fontSize: 16 }} aria-hidden /> The record has changed. It is shown when this form is closed.</span>}
      {of === 'lost' && <span className={css.warned}><CloudOffOutlined sx={{ fontSize: 16 }} aria-hidden /> <strong>Live updates paused{since !== null && ` since ${momentOf(since)}`}.</strong> No connection to the server. What is shown may be old. It is tried again by itself; what you wrote is kept.</span>}
    </span>
  )
}
