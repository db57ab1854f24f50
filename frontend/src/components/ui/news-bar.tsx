import Button from '@mui/material/Button'
import css from './record-table.module.css'

/** What has come to a list since it was shown, and the way to it; see `useSettled`. */
export function NewsBar({ of, what, onShow }: { of: number; what: string; onShow: () => void }) {
  return of > 0 && <p role="status" className={css.news}>{of} new or changed: <Button variant="outlined" aria-label={`Show ${what} as they are now`} onClick={onShow}>Show</Button></p>
}
