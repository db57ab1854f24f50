import { Flag } from '../../components/clinical/flag'
import { Sparkline } from '../../components/clinical/sparkline'
import { Empty } from '../../components/ui/states'
import { graphql, read, type FragmentType } from '../../gql'
import type { ResultRowFragment as ResultRowData } from '../../gql/graphql'
import { formatDateTime, formatDay } from '../../lib/date'
import { formatChange, formatDecimal } from '../../lib/quantity'
import { Section } from './section'
import css from './summary.module.css'

export const ResultRowFragment = graphql(`
  fragment ResultRow on LatestResult {
    code { text codings { system code } }
    change
    series { at value }
    observation {
      id effectiveAt interpretation status
      value { __typename ... on Quantity { value unit comparator } ... on Concept { text } ... on Text { text } ... on BooleanValue { boolean } ... on IntegerValue { integer } }
      components { code { text } value { __typename ... on Quantity { value unit } } }
      referenceRanges { low { value } high { value } text }
    }
  }
`)

export const VitalsFragment = graphql(`
  fragment Vitals on Patient { vitals: latestResults(category: VITAL_SIGNS, first: 12) { ...ResultRow } }
`)
export const LabsFragment = graphql(`
  fragment Labs on Patient { labs: latestResults(category: LABORATORY, first: 25) { ...ResultRow } }
`)

/** The value of a result in words, its unit apart. */
function valueOf({ observation: { value, components } }: ResultRowData): { text: string; unit: string } {
  switch (value?.__typename) {
    case 'Quantity': return { text: `${value.comparator ?? ''}${value.value ? formatDecimal(value.value) : 'Not recorded'}`, unit: value.unit ?? '' }
    case 'Concept': case 'Text': return { text: value.text, unit: '' }
    case 'BooleanValue': return { text: value.boolean ? 'Yes' : 'No', unit: '' }
    case 'IntegerValue': return { text: String(value.integer), unit: '' }
    default: {
      const parts = components.flatMap((c) => (c.value?.__typename === 'Quantity' && c.value.value ? [c.value] : []))
      const unit = parts[0]?.unit ?? ''
      // Systolic and diastolic pressure read as a pair; parts in unlike units do not.
      if (parts.length > 0 && parts.every((p) => (p.unit ?? '') === unit)) return { text: parts.map((p) => formatDecimal(p.value ?? '')).join('/'), unit }
      return { text: 'Not shown here', unit: '' }
    }
  }
}

function rangeOf({ observation: { referenceRanges } }: ResultRowData): string {
  const range = referenceRanges[0]
  if (!range) return ''
  const [low, high] = [range.low?.value, range.high?.value]
  if (low && high) return `${formatDecimal(low)}–${formatDecimal(high)}`
  if (low) return `≥ ${formatDecimal(low)}`
  if (high) return `≤ ${formatDecimal(high)}`
  return range.text ?? ''
}

const SEVERITY = ['CRITICAL_HIGH', 'CRITICAL_LOW', 'CRITICAL_ABNORMAL', 'HIGH', 'LOW', 'ABNORMAL', 'POSITIVE']
const rank = (row: ResultRowData): number => {
  const at = SEVERITY.indexOf(row.observation.interpretation ?? '')
  return at < 0 ? SEVERITY.length : at
}

/** The code a trend is asked by. */
export const codeOf = (row: ResultRowData): string | null => {
  const coding = row.code.codings[0]
  return coding?.code ? (coding.system ? `${coding.system}|${coding.code}` : coding.code) : null
}

function Table({ rows, label, onOpen }: { rows: readonly ResultRowData[]; label: string; onOpen: (row: ResultRowData) => void }) {
  return (
    <table className={css.table} aria-label={label}>
      <thead><tr><th scope="col">Test</th><th scope="col" className={css.number}>Value</th><th scope="col">Unit</th><th scope="col">Flag</th><th scope="col">Range</th><th scope="col" className={css.number}>Change</th><th scope="col">Trend</th><th scope="col" className={css.number}>Taken</th></tr></thead>
      <tbody>
        {rows.map((row) => {
          const { text, unit } = valueOf(row)
          const { effectiveAt, id, status } = row.observation
          return (
            <tr key={id}>
              <th scope="row">{codeOf(row) ? <button type="button" className={css.link} onClick={() => onOpen(row)}>{row.code.text}</button> : row.code.text}{status === 'PRELIMINARY' && <small> preliminary</small>}</th>
              <td className={css.number}><strong>{text}</strong></td>
              <td className={css.unit}>{unit}</td>
              <td><Flag of={row.observation.interpretation} /></td>
              <td className={css.unit}>{rangeOf(row)}</td>
              <td className={css.number}>{row.change ? formatChange(row.change) : ''}</td>
              <td><Sparkline points={row.series} /></td>
              <td className={css.number} title={effectiveAt ? formatDateTime(effectiveAt) : undefined}>{effectiveAt ? formatDay(effectiveAt) : 'Not recorded'}</td>
            </tr>
          )
        })}
      </tbody>
    </table>
  )
}

interface Opens { onOpen: (row: ResultRowData) => void }

/** The newest of each vital sign. */
export function Vitals({ of, onOpen }: { of: FragmentType<typeof VitalsFragment> } & Opens) {
  const rows = read(VitalsFragment, of).vitals.map((row) => read(ResultRowFragment, row))
  return (
    <Section title="Vitals" note="newest of each">
      {rows.length === 0 ? <Empty>No vital sign is recorded.</Empty> : <Table rows={rows} label="Vital signs" onOpen={onOpen} />}
    </Section>
  )
}

/** The newest of each laboratory result, abnormal ones first. */
export function Labs({ of, onOpen }: { of: FragmentType<typeof LabsFragment> } & Opens) {
  const rows = read(LabsFragment, of).labs.map((row) => read(ResultRowFragment, row)).toSorted((a, b) => rank(a) - rank(b))
  return (
    <Section title="Latest results" note="newest of each, abnormal first">
      {rows.length === 0 ? <Empty>No laboratory result is recorded.</Empty> : <Table rows={rows} label="Laboratory results" onOpen={onOpen} />}
    </Section>
  )
}
