import { useEffect, useState } from 'react'
import { flushSync } from 'react-dom'
import { useMedia } from './use-media'

/** Text as a string of CSS. */
const quoted = (text: string): string => `"${text.replace(/["\\\n\r\f<]/g, (c) => `\\${c.charCodeAt(0).toString(16)} `)}"`

/**
 * Says what stands in the margins of every printed page, by boxes such as `top-left`; a value is text, or `content` of CSS in a list. The rule is read anew when a print begins,
 * so that it can tell the time. Nothing is said by a browser that has no margin boxes: Chromium has them since 131.
 * Source: CSS Paged Media Module Level 3, 5 "Page-Margin Boxes".
 */
export function usePrintMargins(boxes: () => Readonly<Record<string, string | readonly string[]>>): void {
  useEffect(() => {
    if (!('adoptedStyleSheets' in document)) return undefined
    const sheet = new CSSStyleSheet()
    const say = () => sheet.replaceSync(`@page { ${Object.entries(boxes()).map(([box, of]) => `@${box} { font: 9pt system-ui, "Noto Sans", sans-serif; content: ${typeof of === 'string' ? quoted(of) : of.join(' ')}; }`).join(' ')} }`)
    say()
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet]
    window.addEventListener('beforeprint', say)
    return () => {
      window.removeEventListener('beforeprint', say)
      document.adoptedStyleSheets = document.adoptedStyleSheets.filter((one) => one !== sheet)
    }
  }, [boxes])
}

/** Whether this browser prints margin boxes. */
export function hasMargins(): boolean {
  if (typeof CSSStyleSheet === 'undefined' || !('replaceSync' in CSSStyleSheet.prototype)) return false
  const sheet = new CSSStyleSheet()
  sheet.replaceSync('@page { @top-left { content: "x"; } }')
  const [page] = sheet.cssRules
  return !!page && page.cssText.includes('top-left')
}

/** Whether the page is being printed: known before its sheets are counted, so that none is left over of what the screen showed. */
export function usePrinting(): boolean {
  const media = useMedia('print')
  const [begun, setBegun] = useState(false)
  useEffect(() => {
    const begin = () => flushSync(() => setBegun(true))
    const end = () => setBegun(false)
    window.addEventListener('beforeprint', begin)
    window.addEventListener('afterprint', end)
    return () => {
      window.removeEventListener('beforeprint', begin)
      window.removeEventListener('afterprint', end)
    }
  }, [])
  return media || begun
}
