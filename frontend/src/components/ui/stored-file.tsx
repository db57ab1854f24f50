import Button from '@mui/material/Button'
import { useEffect, useRef, useState } from 'react'
import { plainText } from '../../lib/plain-text'
import css from './stored-file.module.css'

interface File { title?: string | null; contentType?: string | null; link?: string | null; data?: string | null; size?: number | null }
type Read = { text: string } | { image: string } | { pdf: string } | { save: string } | 'failed'

const IMAGES = ['image/png', 'image/jpeg', 'image/gif']
const urlOf = (read: Read | null): string | null => (read === null || read === 'failed' || 'text' in read ? null : 'image' in read ? read.image : 'pdf' in read ? read.pdf : read.save)

/** A file of a document, read when it is asked for: text, pictures and PDFs are shown here and can be printed; all can be saved. */
export function StoredFile({ of }: { of: File }) {
  const [read, setRead] = useState<Read | null>(null)
  const [busy, setBusy] = useState(false)
  const url = urlOf(read)
  useEffect(() => () => { if (url) URL.revokeObjectURL(url) }, [url])
  const name = of.title ?? 'the file'
  const open = async () => {
    setBusy(true)
    setRead(await readFile(of).catch(() => 'failed' as const))
    setBusy(false)
  }
  return (
    <div className={css.file}>
      <p>{of.title ?? 'File without a title'} · {of.contentType ?? 'type not recorded'}{of.size != null && ` · ${Math.ceil(of.size / 1024)} KiB`}</p>
      {(read === null || read === 'failed') && <Button variant="outlined" onClick={() => void open()} disabled={busy}>{`Open ${name}`}</Button>}
      <div role="status">{read === 'failed' && `${name} could not be read: it is not for your role, or the server does not answer.`}</div>
      {read !== null && read !== 'failed' && (
        'text' in read ? <Words of={read.text} />
          : 'pdf' in read ? <Pdf url={read.pdf} name={name} />
          : 'image' in read ? <><div className={css.tools}><Button variant="outlined" onClick={() => window.print()}>Print</Button><Save url={read.image} name={name} /></div><img src={read.image} alt={name} className={css.image} /></>
          : <p className={css.tools}>A file of this type cannot be shown here. <Save url={read.save} name={name} /></p>
      )}
    </div>
  )
}

/** Text as it was written. */
export function Words({ of }: { of: string }) {
  return <><div className={css.tools}><Button variant="outlined" onClick={() => window.print()}>Print</Button></div><p className={css.text}>{of}</p></>
}

const Save = ({ url, name }: { url: string; name: string }) => <Button variant="outlined" component="a" href={url} download={name}>Save</Button>

/** A PDF by the browser's own viewer; where the browser has none, or the house does not let a page show one, it can be saved. */
function Pdf({ url, name }: { url: string; name: string }) {
  const frame = useRef<HTMLIFrameElement>(null)
  const [shown, setShown] = useState(navigator.pdfViewerEnabled)
  useEffect(() => {
    const refused = (e: SecurityPolicyViolationEvent) => { if (e.effectiveDirective === 'frame-src' && e.blockedURI.startsWith('blob')) setShown(false) }
    document.addEventListener('securitypolicyviolation', refused)
    return () => document.removeEventListener('securitypolicyviolation', refused)
  }, [])
  if (!shown) return <p className={css.tools}>This browser shows no PDF in the page. <Save url={url} name={name} /></p>
  return (
    <>
      <div className={css.tools}><Button variant="outlined" onClick={() => frame.current?.contentWindow?.print()}>Print</Button><Save url={url} name={name} /></div>
      {/* In a sandbox the browser's viewer does not run. The bytes are of the type PDF whatever they are, so no page can come of them. */}
      {/* oxlint-disable-next-line react/iframe-missing-sandbox */}
      <iframe ref={frame} src={url} title={name} className={css.frame} />
    </>
  )
}

/** The bytes in base64. A Binary is read as a resource: its bytes alone would have to be asked for in their own type, which may be one that FHIR uses too. */
async function bytesOf({ link, data }: File): Promise<string | null> {
  if (!link) return data ?? null
  const response = await fetch(link, { credentials: 'same-origin', headers: { Accept: 'application/fhir+json' } })
  if (!response.ok) return null
  const binary: unknown = await response.json()
  return typeof binary === 'object' && binary !== null && 'data' in binary && typeof binary.data === 'string' ? binary.data : ''
}

async function readFile(of: File): Promise<Read> {
  const data = await bytesOf(of)
  if (data === null) return 'failed'
  const text = plainText({ contentType: of.contentType, data })
  if (text !== null) return { text }
  const type = of.contentType?.split(';')[0]?.trim().toLowerCase() ?? 'application/octet-stream'
  const url = URL.createObjectURL(new Blob([Uint8Array.from(atob(data.replace(/\s+/g, '')), (c) => c.charCodeAt(0))], { type }))
  return IMAGES.includes(type) ? { image: url } : type === 'application/pdf' ? { pdf: url } : { save: url }
}
