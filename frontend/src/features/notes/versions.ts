import { isJson, items, textAt, type Json } from '../../lib/fhir'

/** A version of a note or of an addendum to it, as it was stored. `document` names which of them, `reason` why it was written. */
export interface Version { document: string; version: string; at: string; told: string; reason?: string; fhir: Json }
/** A part of a note that is compared: a section, or what the note says of itself. */
export interface Part { key: string; title: string; text: string }

/** The words of a narrative: line breaks and blocks become line ends. As the server reads it. */
export function narrativeText(div: string): string {
  const words = div.replace(/<(?:br|\/p|\/tr|\/li|\/div|\/h[1-6])\b[^>]*>/g, '\n').replace(/<\/t[dh]>/g, '\t').replace(/<[^>]*>/g, '')
  return words.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replace(/&(?:apos|#39);/g, "'").replaceAll('&#160;', '\u00a0').replaceAll('&amp;', '&').trim()
}

const all = (sections: readonly Json[]): Json[] => sections.flatMap((s) => [s, ...all(items(s.section))])
const codeOf = (section: Json): string => (isJson(section.code) ? textAt(items(section.code.coding)[0], 'code') : '')

/** What stands in each part once these versions are stored: of each document the newest that is not later than the one at `at`. The note comes first, then its addenda. */
export function partsAt(versions: readonly Version[], at: number): Part[] {
  const newest = new Map<string, Version>()
  for (const one of versions.slice(0, at + 1)) newest.set(one.document, one)
  const main = versions[0]?.document
  return [...newest.values()].toSorted((a, b) => Number(b.document === main) - Number(a.document === main)).flatMap(({ document, fhir }) => {
    const name = document === main ? '' : `${textAt(fhir, 'title') || 'Addendum'}: `
    return [
      { key: `${document} title`, title: `${name}Title`, text: textAt(fhir, 'title') },
      { key: `${document} status`, title: `${name}Status`, text: textAt(fhir, 'status').replaceAll('-', ' ') },
      ...all(items(fhir.section)).map((s, i) => ({ key: `${document} ${codeOf(s) || textAt(s, 'title') || i}`, title: `${name}${textAt(s, 'title') || 'Section'}`, text: isJson(s.text) ? narrativeText(textAt(s.text, 'div')) : '' })),
    ]
  })
}

/** Every part that either side has, in the order of the later one; what only the earlier one has follows. */
export function paired(before: readonly Part[], after: readonly Part[]): { title: string; before: string; after: string }[] {
  const find = (parts: readonly Part[], key: string) => parts.find((p) => p.key === key)?.text ?? ''
  return [
    ...after.map((p) => ({ title: p.title, before: find(before, p.key), after: p.text })),
    ...before.filter((p) => !after.some((one) => one.key === p.key)).map((p) => ({ title: p.title, before: p.text, after: '' })),
  ]
}
