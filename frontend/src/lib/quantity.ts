/** Numbers as they were recorded: digits are never added or dropped, thousands are set apart. */
export function formatDecimal(value: string): string {
  const match = /^(-?)(\d+)(\.\d+)?$/.exec(value)
  if (!match) return value
  const [, sign = '', whole = '', fraction = ''] = match
  return `${sign ? '−' : ''}${whole.replace(/\B(?=(\d{3})+(?!\d))/g, ',')}${fraction}`
}

/** A change with its sign: `+0.8`, `−3`, `0`. */
export function formatChange(value: string): string {
  const text = formatDecimal(value)
  return value.startsWith('-') || /^0(\.0+)?$/.test(value) ? text : `+${text}`
}
