import { graphql } from '../../gql'
import type { Interpretation, ObservationRowFragment } from '../../gql/graphql'
import { formatDecimal, formatUnit } from '../../lib/quantity'

/** What one result is shown by, wherever it stands. */
export const ObservationRow = graphql(`
  fragment ObservationRow on Observation {
    id effectiveAt interpretation status
    value { __typename ... on Quantity { value unit comparator } ... on Concept { text } ... on Text { text } ... on BooleanValue { boolean } ... on IntegerValue { integer } ... on Range { low { value unit } high { value unit } } ... on Ratio { numerator { value unit } denominator { value unit } } }
    components { code { text } interpretation value { __typename ... on Quantity { value unit } ... on Concept { text } } }
    dataAbsentReason { text }
    referenceRanges { low { value } high { value } text }
  }
`)

const side = (q: { value?: string | null; unit?: string | null } | null | undefined): string => (q?.value ? `${formatDecimal(q.value)}${q.unit ? ` ${formatUnit(q.unit)}` : ''}` : '')

/** The value of a result in words, its unit apart. */
export function valueOf({ value, components, dataAbsentReason }: ObservationRowFragment): { text: string; unit: string } {
  switch (value?.__typename) {
    case 'Quantity': return { text: `${value.comparator ?? ''}${value.value ? formatDecimal(value.value) : 'Not recorded'}`, unit: formatUnit(value.unit ?? '') }
    case 'Concept': case 'Text': return { text: value.text, unit: '' }
    case 'BooleanValue': return { text: value.boolean ? 'Yes' : 'No', unit: '' }
    case 'IntegerValue': return { text: String(value.integer), unit: '' }
    case 'Range': return { text: [side(value.low), side(value.high)].filter(Boolean).join(' to '), unit: '' }
    case 'Ratio': return { text: [side(value.numerator), side(value.denominator)].filter(Boolean).join(' : '), unit: '' }
    default: {
      const parts = components.flatMap((c) => (c.value?.__typename === 'Quantity' && c.value.value ? [c.value] : []))
      const unit = parts[0]?.unit ?? ''
      // Systolic and diastolic pressure read as a pair; parts in unlike units do not.
      if (parts.length > 0 && parts.length === components.length && parts.every((p) => (p.unit ?? '') === unit)) return { text: parts.map((p) => formatDecimal(p.value ?? '')).join('/'), unit: formatUnit(unit) }
      const named = components.map((c) => `${c.code?.text ?? 'Part'}: ${c.value?.__typename === 'Quantity' ? side(c.value) : c.value?.__typename === 'Concept' ? c.value.text : 'not recorded'}`)
      if (named.length > 0) return { text: named.join('; '), unit: '' }
      return { text: dataAbsentReason?.text ?? 'Not recorded', unit: '' }
    }
  }
}

interface Simple { __typename: string; value?: string | null; unit?: string | null; comparator?: string | null; text?: string }
/** A number with its unit, or words; null for a value of another kind, for lists that ask for no more. */
export const simpleValue = (of: Simple | null | undefined): string | null =>
  of?.__typename === 'Quantity' ? (of.value ? `${of.comparator ?? ''}${side(of)}` : null) : of?.__typename === 'Concept' || of?.__typename === 'Text' ? of.text ?? null : null

/** Whether it has a number, of its own or in a part: only then there is a line to draw over time. */
export const hasNumber = ({ value, components }: ObservationRowFragment): boolean => [value, ...components.map((part) => part.value)].some((of) => of?.__typename === 'Quantity' && !!of.value)

type Ranged = Pick<ObservationRowFragment, 'referenceRanges'>
function ownRange({ referenceRanges }: Ranged): string {
  const range = referenceRanges[0]
  if (!range) return ''
  const [low, high] = [range.low?.value, range.high?.value]
  if (low && high) return `${formatDecimal(low)}–${formatDecimal(high)}`
  if (low) return `≥ ${formatDecimal(low)}`
  if (high) return `≤ ${formatDecimal(high)}`
  return range.text ?? ''
}
/** The reference range of a result, or those of its parts where each has one, such as blood pressure. Parts are asked for only where such results stand: of each result they would cost too much. */
export function rangeOf(of: Ranged, parts: readonly Ranged[] = []): string {
  const ranges = parts.map(ownRange)
  return ownRange(of) || (ranges.every(Boolean) ? ranges.join(' / ') : '')
}

interface Coded { codings: readonly { system?: string | null; code?: string | null }[] }
/** The code a trend is asked by, as `system|code`. */
export const codeOf = (code: Coded | null | undefined): string | null => {
  const coding = code?.codings[0]
  return coding?.code ? (coding.system ? `${coding.system}|${coding.code}` : coding.code) : null
}

const SEVERITY = ['CRITICAL_HIGH', 'CRITICAL_LOW', 'CRITICAL_ABNORMAL', 'HIGH', 'LOW', 'ABNORMAL', 'POSITIVE']
const place = (of: Interpretation | null | undefined): number => { const at = SEVERITY.indexOf(of ?? ''); return at < 0 ? SEVERITY.length : at }
interface Interpreted { interpretation?: Interpretation | null; components?: readonly { interpretation?: Interpretation | null }[] }
/** How a result is not as expected: of itself, or, where it says nothing of that, in its parts, such as systolic pressure. The worst first, each once. */
export function flagsOf({ interpretation, components = [] }: Interpreted): Interpretation[] {
  const own = [interpretation, ...(place(interpretation) < SEVERITY.length ? [] : components.map((part) => part.interpretation))]
  return [...new Set(own.flatMap((of) => (of && place(of) < SEVERITY.length ? [of] : [])))].sort((a, b) => place(a) - place(b))
}
/** Critical first, then abnormal, then the rest. */
export const severity = (row: Interpreted): number => place(flagsOf(row)[0])
export const isAbnormal = (row: Interpreted): boolean => flagsOf(row).length > 0
/** Whether what it says can kill. */
export const isCritical = (row: Interpreted): boolean => flagsOf(row).some((flag) => flag.startsWith('CRITICAL'))
