import ContentCopyOutlined from '@mui/icons-material/ContentCopyOutlined'
import Button from '@mui/material/Button'
import { useState } from 'react'
import { useAnnounce } from '../../hooks/use-announce'
import css from './copy-button.module.css'

/** Puts a text on the clipboard and says so; where the browser does not let a page do it, the text stands there to be taken by hand. `note`: what the text leaves out. */
export function CopyButton({ name, text, note = '' }: { name: string; text: string; note?: string }) {
  const announce = useAnnounce()
  const [copied, setCopied] = useState<{ text: string; by: 'page' | 'hand' } | null>(null)
  // A text that has changed since is not the one that was copied.
  const done = copied?.text === text ? copied.by : null
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text)
      setCopied({ text, by: 'page' })
      announce(`${name}: copied.${note && ` ${note}`}`)
    } catch {
      setCopied({ text, by: 'hand' })
    }
  }
  return (
    <>
      <Button variant="outlined" startIcon={<ContentCopyOutlined />} onClick={() => { void copy() }}>{name}</Button>
      {done === 'page' && <span className={css.done}>Copied.{note && ` ${note}`}</span>}
      {done === 'hand' && (
        <label className={css.hand}>
          This page may not write to the clipboard. Copy it from here.{note && ` ${note}`}
          <textarea readOnly rows={5} value={text} onFocus={(event) => event.currentTarget.select()} />
        </label>
      )}
    </>
  )
}
