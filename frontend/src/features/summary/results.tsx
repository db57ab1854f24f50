import { Fragment } from 'react'
import { Link } from 'react-router'
import { Flags } from '../../components/clinical/flag'
import { placeOfTest } from '../../components/clinical/laboratory'
import { codeOf, flagsOf, hasNumber, isAbnormal, isCritical, ObservationRow, rangeOf, severity, valueOf } from '../../components/clinical/observation'
import { Sparkline } from '../../components/clinical/sparkline'
import { Unit } from '../../components/clinical/unit'
import { placeOfSign } from '../../components/clinical/vital-signs'
import { Moment } from '../../components/ui/moment'
import { Part } from '../../components/ui/part'
import { Section } from '../../components/ui/section'
import { Empty } from '../../components/ui/states'
import { useAsOf } from '../../contexts/patient'
import { graphql, read, type FragmentType } from '../../gql'
import { axisTime, formatDateTime, formatDay, isRecent } from '../../lib/date'
import { formatChange } from '../../lib/quantity'
import css from './summary.module.css'

export const LatestRow = graphql(`
  fragment LatestRow on LatestResult {
    code { text codings { system code } }
    change
    series { at value }
    components { series { at value } }
    observation { components { referenceRanges { low { value } high { value } text } } ...ObservationRow }
  }
`)
export const VitalsFragment = graphql(`
  fragment Vitals on Patient { vitals: latestResults(category: VITAL_SIGNS, first: 12) { ...LatestRow } }
`)
export const LabsFragment = graphql(`
  fragment Labs on Patient { labs: latestResults(category: LABORATORY, first: 26) { ...LatestRow } }
`)

/** `open`: the code whose trend is open. */
interface Opens { open: string | undefined; onOpen: (what: { code: string; title: string }) => void }
type Latest = readonly FragmentType<typeof LatestRow>[]

/** Shares of the columns in hundredths: two tables stand under each other. */
const WIDTHS = [23, 9, 11, 7, 12, 8, 14, 16]

type Row = ReturnType<typeof rowOf>
const rowOf = (one: Latest[number]) => { const row = read(LatestRow, one); return { ...row, observation: read(ObservationRow, row.observation), parts: row.observation.components } }
const signOf = (row: Row) => placeOfSign(codeOf(row.code)?.split('|').at(-1) ?? '')

function Table({ of, label, order, most = of.length, to, open, onOpen }: { of: Latest; label: string; order: (a: Row, b: Row) => number; most?: number; to: string } & Opens) {
  const asOf = useAsOf()
  const now = asOf ? axisTime(asOf) : undefined
  const rows = of.map(rowOf).sort(order).slice(0, most)
  return (
    <table className={css.table} aria-label={label}>
      <colgroup>{WIDTHS.map((width, i) => <col key={i} style={{ width: `${width}%` }} />)}</colgroup>
      <thead><tr><th scope="col">Test</th><th scope="col" className={css.number}>Value</th><th scope="col">Unit</th><th scope="col">Flag</th><th scope="col">Range</th><th scope="col" className={css.number}>Change</th><th scope="col" title="The 30 days up to the newest value, or all values shown where these days have fewer than three">Trend</th><th scope="col" className={css.number}>Taken</th></tr></thead>
      <tbody>
        {rows.map(({ code, change, series, components, observation, parts }) => {
          const { text, unit } = valueOf(observation)
          const { effectiveAt, id, status } = observation
          const asked = codeOf(code)
          // Of what is told in words only there is nothing to draw over time.
          const drawn = hasNumber(observation) || [series, ...components.map((part) => part.series)].some((line) => line.length > 0)
          return (
            <tr key={id} aria-current={asked !== null && asked === open ? 'true' : undefined}>
              <th scope="row">{asked && drawn ? <button type="button" className={css.link} onClick={() => onOpen({ code: asked, title: code.text })}>{code.text}</button> : <span className={css.name}>{code.text}</span>}{status === 'PRELIMINARY' && <small> preliminary</small>}</th>
              <td className={hasNumber(observation) ? css.number : css.words}>{isAbnormal(observation) ? <strong className={isCritical(observation) ? css.critical : css.abnormal}>{text}</strong> : text}</td>
              <td className={css.unit}><Unit of={unit} /></td>
              <td><Flags of={flagsOf(observation)} /></td>
              <td className={css.range}>{rangeOf(observation, parts).split(' / ').map((one, i) => <Fragment key={i}>{i > 0 && ' / '}<span className="whole">{one}</span></Fragment>)}</td>
              <td className={css.number}>{change ? formatChange(change) : ''}</td>
              <td><Sparkline code={asked} points={series} parts={components.map((part) => part.series)} low={observation.referenceRanges[0]?.low?.value} high={observation.referenceRanges[0]?.high?.value} last={observation.interpretation} /></td>
              <td className={css.taken} title={effectiveAt ? formatDateTime(effectiveAt) : undefined}><Link to={`${to}#${id}`} className={css.day}>{!effectiveAt ? 'Not recorded' : isRecent(effectiveAt, now) ? <Moment at={effectiveAt} /> : <span className="whole">{formatDay(effectiveAt)}</span>}</Link></td>
            </tr>
          )
        })}
      </tbody>
    </table>
  )
}

/** The newest of each vital sign. */
export function Vitals({ of, to, open, onOpen }: { of: FragmentType<typeof VitalsFragment> | undefined; to: string } & Opens) {
  return (
    <Section title="Vitals" note="newest of each" to={to}>
      <Part of={read(VitalsFragment, of)?.vitals} name="vitals" what="Vitals" rows={6}>
        {(rows) => (rows.length === 0 ? <Empty>No vital sign is recorded.</Empty> : <Table of={rows} label="Vital signs" order={(a, b) => signOf(a) - signOf(b)} to={to} open={open} onOpen={onOpen} />)}
      </Part>
    </Section>
  )
}

/** How many kinds of results are drawn; one more is asked for, which tells whether there are more. */
const KINDS = 25

/** The newest of each laboratory result, abnormal ones first among those that are here. */
export function Labs({ of, to, open, onOpen }: { of: FragmentType<typeof LabsFragment> | undefined; to: string } & Opens) {
  const labs = read(LabsFragment, of)?.labs
  const more = (labs?.length ?? 0) > KINDS
  return (
    <Section title="Latest results" note={`newest of each${more ? ` of ${KINDS} kinds` : ''}, abnormal first${more ? '; more kinds are on record' : ''}`} to={to}>
      <Part of={labs} name="labs" what="Results" rows={10}>
        {(rows) => (rows.length === 0 ? <Empty>No laboratory result is recorded.</Empty> : <Table of={rows} label="Laboratory results" order={(a, b) => severity(a.observation) - severity(b.observation) || placeOfTest(codeOf(a.code)) - placeOfTest(codeOf(b.code))} most={KINDS} to={to} open={open} onOpen={onOpen} />)}
      </Part>
    </Section>
  )
}
