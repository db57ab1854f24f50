import Button from '@mui/material/Button'
import { useEffect, useState } from 'react'
import { plainText } from '../../lib/plain-text'
import css from './stored-file.module.css'

interface File { title?: string | null; contentType?: string | null; link: string; size?: number | null }
type Read = { text: string } | { image: string } | 'saved' | 'failed'

const shown = ['image/png', 'image/jpeg', 'image/gif']

/** A file whose bytes are on the server, fetched when they are asked for: text and pictures are shown, all else is saved. */
export function StoredFile({ of }: { of: File }) {
  const [read, setRead] = useState<Read | null>(null)
  const [busy, setBusy] = useState(false)
  useEffect(() => () => { if (read && typeof read === 'object' && 'image' in read) URL.revokeObjectURL(read.image) }, [read])
  const name = of.title ?? 'the file'
  const open = async () => {
    setBusy(true)
    setRead(await fetchFile(of).catch(() => 'failed' as const))
    setBusy(false)
  }
  return (
    <div className={css.file}>
      <p>{of.title ?? 'File without a title'} · {of.contentType ?? 'type not recorded'}{of.size != null && ` · ${Math.ceil(of.size / 1024)} KiB`}</p>
      {(read === null || typeof read === 'string') && <Button variant="outlined" onClick={() => void open()} disabled={busy}>{`Open ${name}`}</Button>}
      <div role="status">
        {read === 'failed' && `${name} could not be read: it is not for your role, or the server does not answer.`}
        {read === 'saved' && `${name} is saved among your downloads.`}
      </div>
      {read && typeof read === 'object' && ('text' in read ? <p className={css.text}>{read.text}</p> : <img src={read.image} alt={name} className={css.image} />)}
    </div>
  )
}

/** The Binary as a resource: its bytes alone would have to be asked for in their own type, which may be one that FHIR uses too. */
async function fetchFile(of: File): Promise<Read> {
  const response = await fetch(of.link, { credentials: 'same-origin', headers: { Accept: 'application/fhir+json' } })
  if (!response.ok) return 'failed'
  const binary: unknown = await response.json()
  const data = typeof binary === 'object' && binary !== null && 'data' in binary && typeof binary.data === 'string' ? binary.data : ''
  const text = plainText({ contentType: of.contentType, data })
  if (text !== null) return { text }
  const type = of.contentType ?? 'application/octet-stream'
  const url = URL.createObjectURL(new Blob([Uint8Array.from(atob(data), (c) => c.charCodeAt(0))], { type }))
  if (shown.includes(type)) return { image: url }
  const link = document.createElement('a')
  link.href = url
  link.download = of.title ?? 'document'
  link.click()
  URL.revokeObjectURL(url)
  return 'saved'
}
