import { useEffect, useState } from 'react'
import css from './enrol.module.css'

/** Modules of free space around a code. Source: ISO/IEC 18004, section 6.3.8. */
const QUIET = 4

/** A text as a QR code, drawn here and sent nowhere. Nothing while its drawing is loaded, and nothing when it cannot be: the text is told beside it. */
export function QrCode({ text, label }: { text: string; label: string }) {
  const [modules, setModules] = useState<boolean[][] | null>(null)
  useEffect(() => {
    let current = true
    void import('qr').then(({ encodeQR }) => { if (current) setModules(encodeQR(text, 'raw', { ecc: 'medium', border: QUIET })) }).catch(() => undefined)
    return () => { current = false }
  }, [text])
  if (!modules) return null
  const path = modules.flatMap((row, y) => row.flatMap((dark, x) => (dark ? [`M${x} ${y}h1v1h-1z`] : []))).join('')
  return (
    <svg className={css.qr} role="img" aria-label={label} viewBox={`0 0 ${modules.length} ${modules.length}`} shapeRendering="crispEdges">
      <rect width="100%" height="100%" fill="#FFFFFF" />
      <path d={path} fill="#000000" />
    </svg>
  )
}
