/** What went in less what came out, of totals that end at the same moment. Volumes are decimal texts in one unit. */
export interface Volume { at: string; value: string }

/** Sources of the codes: see the flowsheet's own rows. LOINC, totals of 24 hours. */
export const INTAKE = '9108-2'
export const OUTPUT = '9192-6'

const places = (text: string): number => text.split('.')[1]?.length ?? 0

/** Exact, with as many decimals as the longer of the two; null where a text is no plain decimal. */
export function difference(a: string, b: string): string | null {
  if (![a, b].every((text) => /^-?\d+(\.\d+)?$/.test(text))) return null
  const digits = Math.max(places(a), places(b))
  const scaled = (text: string) => BigInt(text.replace('.', '') + '0'.repeat(digits - places(text)))
  const of = scaled(a) - scaled(b)
  const text = (of < 0n ? -of : of).toString().padStart(digits + 1, '0')
  return `${of < 0n ? '-' : ''}${digits > 0 ? `${text.slice(0, -digits)}.${text.slice(-digits)}` : text}`
}

/** By moment. Where one of the two is missing, or there are several, nothing is told. */
export function balances(intake: readonly Volume[], output: readonly Volume[]): Map<string, string> {
  const only = (all: readonly Volume[], at: string) => { const found = all.filter((v) => v.at === at); return found.length === 1 ? found[0]?.value : undefined }
  return new Map([...new Set(intake.map((v) => v.at))].flatMap((at) => {
    const [taken, given] = [only(intake, at), only(output, at)]
    const told = taken !== undefined && given !== undefined ? difference(taken, given) : null
    return told === null ? [] : [[at, told] as const]
  }))
}

/** Volumes of single moments, by which way they went. */
export interface Source { way: 'INTAKE' | 'OUTPUT'; volumes: readonly Volume[] }
export interface DaySum { day: string; intake: string; output: string; balance: string; entries: number }

const sum = (a: string, b: string): string | null => difference(a, b.startsWith('-') ? b.slice(1) : `-${b}`)

/** What went in and came out by day, the newest first; `dayOf` says which day a moment is in. Null where a volume is no plain decimal: a sum without it would be a wrong one. */
export function daySums(sources: readonly Source[], dayOf: (at: string) => string): DaySum[] | null {
  const days = new Map<string, { intake: string; output: string; entries: number }>()
  for (const { way, volumes } of sources) {
    for (const { at, value } of volumes) {
      const day = days.get(dayOf(at)) ?? { intake: '0', output: '0', entries: 0 }
      const [intake, output] = way === 'INTAKE' ? [sum(day.intake, value), day.output] : [day.intake, sum(day.output, value)]
      if (intake === null || output === null) return null
      days.set(dayOf(at), { intake, output, entries: day.entries + 1 })
    }
  }
  return [...days].toSorted(([a], [b]) => b.localeCompare(a)).map(([day, of]) => ({ day, ...of, balance: difference(of.intake, of.output) ?? '' }))
}
