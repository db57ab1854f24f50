import ToggleButton from '@mui/material/ToggleButton'
import ToggleButtonGroup from '@mui/material/ToggleButtonGroup'
import { lazy, Suspense, useState } from 'react'
import { useSearchParams } from 'react-router'
import { useClient } from 'urql'
import { ActStrip, RowActs } from '../../components/act/acts'
import { useMistake } from '../../components/act/mistake'
import { Flag } from '../../components/clinical/flag'
import { codeOf, isAbnormal, ObservationRow, rangeOf, valueOf } from '../../components/clinical/observation'
import { Trend } from '../../components/clinical/trend'
import { Boundary } from '../../components/ui/boundary'
import { Part } from '../../components/ui/part'
import { Pages } from '../../components/ui/record-table'
import { Section } from '../../components/ui/section'
import { Empty, Loading } from '../../components/ui/states'
import { useMay } from '../../hooks/use-may'
import { useAsOf } from '../../contexts/patient'
import { graphql, read, type FragmentType } from '../../gql'
import type { ObservationRowFragment, VitalPageFragment } from '../../gql/graphql'
import { formatDateTime } from '../../lib/date'
import type { GrowthRecord } from './growth/growth'
import { sheet, type Measured } from './sheet'
import { VitalsEntry } from './vitals-entry'
import css from './vitals.module.css'

export const VitalPage = graphql(`
  fragment VitalPage on ObservationConnection {
    nodes { id versionId code { text codings { system code } } ...ObservationRow }
    pageInfo { hasNextPage endCursor }
    totalCount
  }
`)
export const VitalRecord = graphql(`
  fragment VitalRecord on Patient { age { value unit } vitals(first: 60) { ...VitalPage } }
`)
const MoreVitals = graphql(`
  query MoreVitals($id: ID!, $after: String!, $asOf: Instant) { patient(id: $id, asOf: $asOf) { id vitals(first: 60, after: $after) { ...VitalPage } } }
`)

interface Sign { row: ObservationRowFragment; versionId: string; asked: string | null }
function measured(node: VitalPageFragment['nodes'][number]): Measured<Sign> {
  const row = read(ObservationRow, node)
  const code = codeOf(node.code)
  return { id: node.id, code: code?.split('|').at(-1) ?? '', title: node.code?.text ?? 'Not named', unit: valueOf(row).unit, at: row.effectiveAt ?? '', of: { row, versionId: node.versionId, asked: code } }
}

/** The references are large; they come with the first child whose growth is looked at. */
const GrowthView = lazy(async () => ({ default: (await import('./growth/growth')).GrowthView }))

/** Vital signs as a sheet; of who is under twenty, the growth chart too. Which of the two is shown stands in the address. */
export function VitalsView({ of, patientId }: { of: (FragmentType<typeof VitalRecord> & FragmentType<typeof GrowthRecord>) | undefined; patientId: string }) {
  const [query, setQuery] = useSearchParams()
  const age = read(VitalRecord, of)?.age
  const young = !!age && (age.unit !== 'YEARS' || age.value < 20)
  const growth = young && query.get('view') === 'growth'
  const show = (to: string | null) => setQuery((before) => {
    const next = new URLSearchParams(before)
    if (to === 'growth') next.set('view', to)
    else next.delete('view')
    return next
  }, { replace: true })
  return (
    <>
      {young && (
        <div className={css.views}>
          <ToggleButtonGroup exclusive size="small" value={growth ? 'growth' : 'sheet'} aria-label="Show by" onChange={(_, to: string | null) => { if (to) show(to) }}>
            <ToggleButton value="sheet">Sheet</ToggleButton>
            <ToggleButton value="growth">Growth</ToggleButton>
          </ToggleButtonGroup>
        </div>
      )}
      {growth && of
        ? <section aria-label="Growth"><Boundary what="Growth"><Suspense fallback={<Loading rows={10} label="Growth" />}><GrowthView of={of} /></Suspense></Boundary></section>
        : <VitalsSheet of={of} patientId={patientId} />}
    </>
  )
}

/** Vital signs as a sheet of time and kind, where new ones are taken down. */
function VitalsSheet({ of, patientId }: { of: FragmentType<typeof VitalRecord> | undefined; patientId: string }) {
  const client = useClient()
  const asOf = useAsOf()
  const acting = useMay('chart')
  const [entry, setEntry] = useState(false)
  const [open, setOpen] = useState<{ code: string; title: string } | null>(null)
  const more = async (after: string) => {
    const { data } = await client.query(MoreVitals, { id: patientId, after, asOf }, { requestPolicy: 'network-only' }).toPromise()
    return read(VitalPage, data?.patient?.vitals)
  }
  return (
    <>
      <Part of={read(VitalRecord, of)?.vitals} name="vitals" what="Vital signs" rows={8}>
        {(masked) => {
          const first = read(VitalPage, masked)
          return (
            <>
              <ActStrip note="Newest first; ranges as each was reported" items={acting && !entry ? [{ name: 'Take down vital signs', run: () => setEntry(true) }] : []} />
              {entry && <VitalsEntry patient={patientId} onDone={() => setEntry(false)} />}
              <Section title="Vital signs" note={`${first.totalCount ?? first.nodes.length} measurements, newest first`}>
                <Pages first={first} more={more} what="measurements">
                  {(nodes) => (nodes.length === 0 ? <Empty>No vital sign is recorded.</Empty> : <Sheet of={nodes.map(measured)} onOpen={setOpen} acting={acting} />)}
                </Pages>
              </Section>
            </>
          )
        }}
      </Part>
      {open && <Trend key={open.code} patient={patientId} code={open.code} title={open.title} onClose={() => setOpen(null)} />}
    </>
  )
}

const SHOWN = 8

function Sheet({ of, onOpen, acting }: { of: readonly Measured<Sign>[]; onOpen: (what: { code: string; title: string }) => void; acting: boolean }) {
  const mistake = useMistake()
  const [from, setFrom] = useState(0)
  const { rows, times } = sheet(of)
  const shown = times.slice(from, from + SHOWN)
  return (
    <>
      {times.length > SHOWN && (
        <p className={css.pager}>
          <span>Moments {from + 1} to {Math.min(times.length, from + SHOWN)} of {times.length}</span>
          <button type="button" disabled={from === 0} onClick={() => setFrom(Math.max(0, from - SHOWN))}>Newer</button>
          <button type="button" disabled={from + SHOWN >= times.length} onClick={() => setFrom(from + SHOWN)}>Older</button>
        </p>
      )}
      <div className={css.scroll} tabIndex={0} role="group" aria-label="Vital signs, sheet">
        <table className={css.table} aria-label="Vital signs">
          <thead><tr><th scope="col">Sign</th><th scope="col">Unit</th>{shown.map((at) => <th key={at} scope="col" className={css.value}>{at ? formatDateTime(at) : 'Time not recorded'}</th>)}</tr></thead>
          <tbody>
            {rows.map((row) => {
              const asked = [...row.at.values()][0]?.[0]?.of.asked
              return (
                <tr key={row.key}>
                  <th scope="row">{asked ? <button type="button" className={css.link} onClick={() => onOpen({ code: asked, title: row.title })}>{row.title}</button> : row.title}</th>
                  <td className={css.unit}>{row.unit}</td>
                  {shown.map((at) => (
                    <td key={at} className={css.value}>
                      {(row.at.get(at) ?? []).map(({ id, of: { row: o, versionId } }) => {
                        const wrong = o.status === 'ENTERED_IN_ERROR'
                        const range = rangeOf(o)
                        return (
                          <div key={id} className={css.cell} title={range ? `Range ${range}` : undefined}>
                            {wrong ? <s>{valueOf(o).text}</s> : <span className={isAbnormal(o) ? css.strong : undefined}>{valueOf(o).text}</span>}
                            <span className={css.flag}>{!wrong && <Flag of={o.interpretation} />}</span>
                            <RowActs of={`${row.title}, ${formatDateTime(at)}`} place={id} items={acting && !wrong ? [{ name: 'Entered in error', form: () => mistake({ id, versionId }, row.title) }] : []} />
                          </div>
                        )
                      })}
                    </td>
                  ))}
                </tr>
              )
            })}
          </tbody>
        </table>
      </div>
    </>
  )
}
