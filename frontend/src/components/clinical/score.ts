import { formatDecimal } from '../../lib/quantity'

/** How a questionnaire is scored, as its publication says. */
export interface ScoredBy { name: string; panel: string; total: string; largest: number; bands: readonly { least: number; says: string }[] }
interface Sum { id: string; status?: string | null; code?: { codings: readonly { code?: string | null }[] } | null; effectiveAt?: string | null; value?: object | null; derivedFrom?: readonly { id?: string | null }[] }
export interface Score<I extends ScoredBy> { id: string; at: string | null; value: string; band: string; instrument: I; response: string | null; amended: boolean }

/** The sums on record that hold, newest first, with what their instrument says of them. */
export function scoresOf<I extends ScoredBy>(observations: readonly Sum[], instruments: readonly I[]): readonly Score<I>[] {
  return observations.flatMap((o) => {
    const instrument = instruments.find((i) => o.code?.codings.some((c) => c.code === i.total))
    const value = o.value && 'value' in o.value && typeof o.value.value === 'string' ? o.value.value : null
    if (!instrument || !value || o.status === 'ENTERED_IN_ERROR') return []
    const band = instrument.bands.findLast((b) => b.least <= Number(value))?.says ?? ''
    return [{ id: o.id, at: o.effectiveAt ?? null, value, band, instrument, response: o.derivedFrom?.find((r) => r.id?.startsWith('QuestionnaireResponse/'))?.id ?? null, amended: o.status === 'AMENDED' || o.status === 'CORRECTED' }]
  })
}

export const scoreText = (s: Score<ScoredBy>): string => `${formatDecimal(s.value)} of ${s.instrument.largest}`

/** The newest sum of each instrument. */
export const newestScores = <I extends ScoredBy>(of: readonly Score<I>[]): readonly Score<I>[] => of.filter((s, i) => of.findIndex((other) => other.instrument === s.instrument) === i)
