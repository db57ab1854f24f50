/** The words of an attachment that is plain text in UTF-8 and holds its bytes; null for any other. */
export function plainText({ contentType, data }: { contentType?: string | null; data?: string | null }): string | null {
  if (!data || !contentType) return null
  const [type = '', ...parameters] = contentType.toLowerCase().split(';').map((part) => part.trim())
  const charset = parameters.find((p) => p.startsWith('charset='))?.slice('charset='.length).replaceAll('"', '') ?? 'utf-8'
  if (type !== 'text/plain' || !['utf-8', 'us-ascii'].includes(charset)) return null
  try {
    const bytes = Uint8Array.from(atob(data.replace(/\s+/g, '')), (c) => c.charCodeAt(0))
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return null
  }
}
