import CloudOffOutlined from '@mui/icons-material/CloudOffOutlined'
import HourglassEmptyOutlined from '@mui/icons-material/HourglassEmptyOutlined'
import { useLostSince, type LiveState } from '../../contexts/live'
import { momentOf } from '../../lib/date'
import { useReadAt } from './part'
import css from './live-note.module.css'

/** Whether what is shown keeps up with the record. */
export function LiveNote({ of }: { of: LiveState }) {
  const since = useLostSince()
  const at = useReadAt()
  return (
    <span className={css.note}>
      <span role="status">
      {of === 'open' && <span className={css.live}><span className={css.dot} aria-hidden /> <span>Live</span></span>}
      {of === 'held' && <span className={css.warned}><HourglassEmptyOutlined sx={{ fontSize: 16 }} aria-hidden /> The record has changed. It is shown when this form is closed.</span>}
      {of === 'lost' && <span className={css.warned}><CloudOffOutlined sx={{ fontSize: 16 }} aria-hidden /> <strong>Live updates paused{since !== null && ` since ${momentOf(since)}`}.</strong> No connection to the server. What is shown may be old. It is tried again by itself; what you wrote is kept.</span>}
      </span>
      {/* Apart from what is announced: it changes with each reading. */}
      {of === 'open' && at !== null && <span>read at {momentOf(at)}</span>}
    </span>
  )
}
