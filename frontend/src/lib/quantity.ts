/** Numbers as they were recorded: digits are never added or dropped, thousands are set apart. */
export function formatDecimal(value: string): string {
  const match = /^(-?)(\d+)(\.\d+)?$/.exec(value)
  if (!match) return value
  const [, sign = '', whole = '', fraction = ''] = match
  return `${sign ? '−' : ''}${whole.replace(/\B(?=(\d{3})+(?!\d))/g, ',')}${fraction}`
}

const RAISED: Readonly<Record<string, string>> = { 0: '⁰', 1: '¹', 2: '²', 3: '³', 4: '⁴', 5: '⁵', 6: '⁶', 7: '⁷', 8: '⁸', 9: '⁹', '-': '⁻' }
const raised = (text: string) => Array.from(text, (sign) => RAISED[sign] ?? sign).join('')

/** A unit as people write it, for showing only: `10*3/uL` is `×10³/µL`, `mL/min/1.73m2` is `mL/min/1.73 m²`. Source: UCUM 1.0, its case sensitive codes. */
export function formatUnit(unit: string): string {
  return unit
    .replace(/^10[*^](-?\d+)/, (_, power: string) => `×10${raised(power)}`)
    .replace(/\{1\.73_m2\}|1\.73 ?m2\b/, '1.73\u00a0m²')
    // What stands in braces is a word, not a unit: `{score}`, `{beats}/min`.
    .replace(/\{([^{}]+)\}/g, (_, words: string) => words.replaceAll('_', ' '))
    .replace(/(^|[/.])(c?m)([23])(?=$|[/.])/g, (_, before: string, metre: string, power: string) => `${before}${metre}${raised(power)}`)
    .replace(/(^|\/)u(?=(?:L|mol)\b)/g, '$1µ')
}

/** A change with its sign: `+0.8`, `−3`, `0`. */
export function formatChange(value: string): string {
  const text = formatDecimal(value)
  return value.startsWith('-') || /^0(\.0+)?$/.test(value) ? text : `+${text}`
}

/** Words with each number kept on one line with what it counts: `100 mg` does not break. The text itself stays as it was written. */
export const unbroken = (text: string): string => text.replace(/(\d) (?=[\p{L}%°])/gu, '$1\u00a0')
