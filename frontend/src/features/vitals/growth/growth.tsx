import ToggleButton from '@mui/material/ToggleButton'
import ToggleButtonGroup from '@mui/material/ToggleButtonGroup'
import { useState, type ReactNode } from 'react'
import { usePrinting } from '../../../hooks/use-print'
import { useTrouble, NotPermitted, useReadAgain } from '../../../components/ui/part'
import { Empty, Loading, NotLoaded } from '../../../components/ui/states'
import { graphql, read, type FragmentType } from '../../../gql'
import type { GrowthRecordFragment } from '../../../gql/graphql'
import { GrowthChart } from './chart'
import { CORRECTION_SOURCE, correctionOf } from './correction'
import { agesNear, ageWords, percentileText, pointsOf, zText, type Point } from './points'
import { referenceOf, type Measure, type Sex, type Source } from './reference'
import css from './growth.module.css'

/** All of a child's measurements that a reference is there for, in the units of the references. A height taken lying has a code of its own. */
export const GrowthRecord = graphql(`
  fragment GrowthRecord on Patient {
    gender birthDate
    grownWeight: trend(code: "LOINC|29463-7", unit: "kg") { ...Grown }
    grownHeight: trend(code: "LOINC|8302-2", unit: "cm") { ...Grown }
    grownLength: trend(code: "LOINC|8306-3", unit: "cm") { ...Grown }
    grownHead: trend(code: "LOINC|9843-4", unit: "cm") { ...Grown }
    grownBmi: trend(code: "LOINC|39156-5", unit: "kg/m2") { ...Grown }
    gestation: trend(code: "LOINC|76516-4", unit: "wk") { points { at value } }
  }
`)
const Grown = graphql(`
  fragment Grown on Trend { points { at value observation { id } } excluded { observationId reason } }
`)

interface Kind { measure: Measure; name: string; title: string; unit: string; fields: readonly (keyof GrowthRecordFragment & `grown${string}`)[] }
const WEIGHT: Kind = { measure: 'weight', name: 'Weight', title: 'Weight', unit: 'kg', fields: ['grownWeight'] }
const KINDS: readonly Kind[] = [
  WEIGHT,
  { measure: 'height', name: 'Length and height', title: 'Length or height', unit: 'cm', fields: ['grownHeight', 'grownLength'] },
  { measure: 'head', name: 'Head', title: 'Head circumference', unit: 'cm', fields: ['grownHead'] },
  { measure: 'bmi', name: 'BMI', title: 'Body mass index', unit: 'kg/m²', fields: ['grownBmi'] },
]

/** Growth of a child against the published references: as curves, or as a table with the same numbers. */
export function GrowthView({ of }: { of: FragmentType<typeof GrowthRecord> }) {
  const record = read(GrowthRecord, of)
  const [kind, setKind] = useState<Kind>(WEIGHT)
  const [chosen, setChosen] = useState<Sex | null>(null)
  const sex = record.gender === 'MALE' ? 'male' : record.gender === 'FEMALE' ? 'female' : chosen
  // The answer of before the growth was asked for still stands.
  if (!('grownWeight' in record)) return <Loading rows={10} label="Growth" />
  const choice = (
    <>
        <ToggleButtonGroup exclusive size="small" value={kind.measure} aria-label="Measure" onChange={(_, to: Measure | null) => { const next = KINDS.find((k) => k.measure === to); if (next) setKind(next) }}>
          {KINDS.map((k) => <ToggleButton key={k.measure} value={k.measure}>{k.name}</ToggleButton>)}
        </ToggleButtonGroup>
        {record.gender !== 'MALE' && record.gender !== 'FEMALE' && (
          <ToggleButtonGroup exclusive size="small" value={chosen} aria-label="Reference of" onChange={(_, to: Sex | null) => { if (to) setChosen(to) }}>
            <ToggleButton value="female">Girls</ToggleButton>
            <ToggleButton value="male">Boys</ToggleButton>
          </ToggleButtonGroup>
        )}
    </>
  )
  if (record.birthDate && record.birthDate.length >= 10 && sex) return <Measured key={`${kind.measure} ${sex}`} kind={kind} sex={sex} born={record.birthDate} record={record} choice={choice} />
  return (
    <>
      <div className={css.tools}>{choice}</div>
      {!record.birthDate || record.birthDate.length < 10 ? <Empty>The references go by age in days, and the day of birth is not recorded.</Empty>
        : <Empty>The references are of girls and of boys. Choose which one is to be shown.</Empty>}
    </>
  )
}

/** Ages in months as a span of the chart. */
const span = ({ from, to }: { from: number; to: number }): string => (from >= 24 ? `${from / 12} to ${to / 12} years` : `${from} to ${to} months`)

function Measured({ kind, sex, born, record, choice }: { kind: Kind; sex: Sex; born: string; record: GrowthRecordFragment; choice: ReactNode }) {
  const again = useReadAgain()
  const printing = usePrinting()
  const unread = useTrouble('gestation')
  const troubles = [useTrouble(kind.fields[0] ?? ''), useTrouble(kind.fields[1] ?? '')]
  const trends = kind.fields.map((field) => record[field])
  const known = trends.map((masked) => read(Grown, masked)).filter((trend) => !!trend)
  const correction = correctionOf(record.gestation?.points ?? [])
  const { points, undated } = pointsOf(kind.measure, sex, born, known.flatMap((trend) => trend.points), correction)
  const latest = points.findLast((p) => p.place)
  const [view, setView] = useState<'chart' | 'table'>('chart')
  const [source, setSource] = useState<Source | null>(null)
  const [whole, setWhole] = useState(false)
  const instead = troubles.includes('forbidden') ? <NotPermitted what={kind.title} />
    : troubles.includes('failed') ? <NotLoaded what={kind.title} onRetry={again} />
    : points.length === 0 ? <Empty>No {kind.title.toLowerCase()} with a day and a number is recorded.</Empty> : null
  if (instead) return <><div className={css.tools}>{choice}</div>{instead}</>
  const shown = source ?? latest?.place?.source ?? 'WHO'
  const reference = referenceOf(shown, kind.measure)
  const within = points.filter((p) => p.place?.source === shown)
  const near = agesNear(reference, within)
  const zoomed = near.from > reference.from || near.to < reference.to
  const beyond = points.filter((p) => !p.place)
  const other = points.length - within.length - beyond.length
  const left = known.flatMap((trend) => trend.excluded).length + undated
  return (
    <>
      <div className={css.tools}>
        {choice}
        <ToggleButtonGroup exclusive size="small" value={view} aria-label="Show as" onChange={(_, to: 'chart' | 'table' | null) => { if (to) setView(to) }}>
          <ToggleButton value="chart">Chart</ToggleButton>
          <ToggleButton value="table">Table</ToggleButton>
        </ToggleButtonGroup>
        {view === 'chart' && (
          <ToggleButtonGroup exclusive size="small" value={shown} aria-label="Reference" onChange={(_, to: Source | null) => { if (to) setSource(to) }}>
            <ToggleButton value="WHO">{referenceOf('WHO', kind.measure).name}</ToggleButton>
            <ToggleButton value="CDC">{referenceOf('CDC', kind.measure).name}</ToggleButton>
          </ToggleButtonGroup>
        )}
        {view === 'chart' && zoomed && (
          <ToggleButtonGroup exclusive size="small" value={whole ? 'whole' : 'near'} aria-label="Ages" onChange={(_, to: 'near' | 'whole' | null) => { if (to) setWhole(to === 'whole') }}>
            <ToggleButton value="near">{span(near)}</ToggleButton>
            <ToggleButton value="whole">All ages</ToggleButton>
          </ToggleButtonGroup>
        )}
        <strong>{sex === 'male' ? 'Boys' : 'Girls'}</strong>
      </div>
      {view === 'chart' && <GrowthChart key={shown} title={kind.title} unit={kind.unit} measure={kind.measure} sex={sex} reference={reference} ages={whole ? reference : near} points={within} />}
      {/* A printed chart has its table with it. */}
      {(view === 'table' || printing) && <Table kind={kind} points={points} corrected={points.some((p) => p.corrected !== null)} />}
      <p className={css.note}>
        {view === 'chart' && other > 0 && `${other === 1 ? 'One measurement stands' : `${other} measurements stand`} in the other reference. `}
        {beyond.length > 0 && `${beyond.length === 1 ? 'One measurement is' : `${beyond.length} measurements are`} out of the range of the references, so no percentile is told: ${beyond.map((p) => `${p.text} ${kind.unit} on ${p.when}`).join(', ')}. `}
        {left > 0 && `${left === 1 ? 'One record is' : `${left} records are`} left out: without a day, without a number, in another unit or entered in error. `}
        {latest?.place?.ofNinetyFifth !== undefined && `The latest is ${latest.place.ofNinetyFifth.toFixed(0)} % of the 95th percentile; above it percentiles of this reference tell little apart. `}
        Ages are in months of 30.4375 days. {correction
          ? `${correction.told}; up to 24 months the age that counts is corrected by that, and the ring or the first column is the age since birth. ${CORRECTION_SOURCE} `
          : unread ? 'The gestational age at birth could not be read, so ages are not corrected for birth before term. '
          : record.gestation?.points.length ? 'Born at term by the gestational age on record, so ages are not corrected. ' : 'No gestational age at birth is recorded, so ages are not corrected for birth before term. '}
        {kind.measure === 'height' && 'Below two years the reference is of length, taken lying; after that of height, standing. '}
        L, M and S: {reference.published}
      </p>
    </>
  )
}

function Table({ kind, points, corrected }: { kind: Kind; points: readonly Point[]; corrected: boolean }) {
  return (
    <div className={css.scroll} tabIndex={0} role="group" aria-label="Growth, table">
      <table className={css.table} aria-label={kind.title}>
        <thead><tr><th scope="col">Taken</th><th scope="col" className={css.number}>Age</th>{corrected && <th scope="col" className={css.number}>Corrected (months)</th>}<th scope="col" className={css.number}>Value ({kind.unit})</th><th scope="col" className={css.number}>Percentile</th><th scope="col" className={css.number}>z</th><th scope="col">Reference</th></tr></thead>
        <tbody>
          {points.toReversed().map((p) => (
            <tr key={p.id}>
              <th scope="row">{p.when}</th>
              <td className={css.number}>{ageWords(p.months)}</td>
              {corrected && <td className={css.number}>{p.corrected === null ? '–' : p.corrected.toFixed(1).replace('-', '−')}</td>}
              <td className={css.number}>{p.text}</td>
              <td className={css.number}>{p.place ? percentileText(p.place.percentile) : '–'}</td>
              <td className={css.number}>{p.place ? zText(p.place.z) : '–'}</td>
              <td>{p.place ? referenceOf(p.place.source, kind.measure).name : p.corrected !== null && p.corrected < 0 ? 'Before the day of term' : 'Out of the range of the references'}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
