import MoreVert from '@mui/icons-material/MoreVert'
import Button from '@mui/material/Button'
import IconButton from '@mui/material/IconButton'
import Menu from '@mui/material/Menu'
import MenuItem from '@mui/material/MenuItem'
import { useState, type ReactNode } from 'react'
import { useAnnounce } from '../../hooks/use-announce'
import { useReadAgain } from '../ui/part'
import { ActDialog, type ActForm } from './act-dialog'
import css from './act.module.css'
import { VersionsDialog } from './versions'

/** One thing that can be done: a form that opens, or something else. */
export interface ActItem { name: string; form?: () => ActForm; run?: () => void }

/** The open form of a screen, if any; saving reads the screen again. */
export function useForms(): { open: (form: ActForm) => void; dialog: ReactNode } {
  const announce = useAnnounce()
  const again = useReadAgain()
  const [form, setForm] = useState<ActForm | null>(null)
  return {
    open: setForm,
    dialog: form && <ActDialog form={form} onClose={() => setForm(null)} onSaved={(told) => { setForm(null); announce(told); again() }} />,
  }
}

/** What can be done on this page, above its lists. */
export function ActStrip({ note, items, more }: { note: ReactNode; items: readonly ActItem[]; more?: ReactNode }) {
  const { open, dialog } = useForms()
  if (items.length === 0) return null
  return (
    <div className={css.strip}>
      <span>{note}</span>
      {items.map((item, i) => <Button key={item.name} variant={i === 0 ? 'contained' : 'outlined'} onClick={() => { if (item.form) open(item.form()); else item.run?.() }}>{item.name}</Button>)}
      {more}
      {dialog}
    </div>
  )
}

/** What can be done with one row, and its history. The row is found by its `place`, as by a link from the summary. */
export function RowActs({ of, place, items }: { of: string; place: string; items: readonly ActItem[] }) {
  const { open, dialog } = useForms()
  const [anchor, setAnchor] = useState<HTMLElement | null>(null)
  const [history, setHistory] = useState(false)
  const choose = (act: () => void) => () => { setAnchor(null); act() }
  return (
    <>
      <IconButton data-place={place} aria-label={`Acts for ${of}`} aria-haspopup="menu" aria-expanded={!!anchor} onClick={(e) => setAnchor(e.currentTarget)}><MoreVert sx={{ fontSize: 18 }} /></IconButton>
      {anchor && (
        <Menu open anchorEl={anchor} onClose={() => setAnchor(null)}>
          {items.map((item) => <MenuItem key={item.name} onClick={choose(() => { if (item.form) open(item.form()); else item.run?.() })}>{item.name}</MenuItem>)}
          <MenuItem onClick={choose(() => setHistory(true))}>History</MenuItem>
        </Menu>
      )}
      {dialog}
      {history && <VersionsDialog place={place} title={of} onClose={() => setHistory(false)} />}
    </>
  )
}
