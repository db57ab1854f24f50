import ToggleButton from '@mui/material/ToggleButton'
import ToggleButtonGroup from '@mui/material/ToggleButtonGroup'
import { lazy, Suspense, useState } from 'react'
import { useSearchParams } from 'react-router'
import { useClient } from 'urql'
import { ActStrip, RowActs } from '../../components/act/acts'
import { useMistake } from '../../components/act/mistake'
import { Flags } from '../../components/clinical/flag'
import { codeOf, flagsOf, hasNumber, isAbnormal, ObservationRow, rangeOf, valueOf } from '../../components/clinical/observation'
import { Trend } from '../../components/clinical/trend'
import { Boundary } from '../../components/ui/boundary'
import { Moment } from '../../components/ui/moment'
import { Part } from '../../components/ui/part'
import { Pages } from '../../components/ui/record-table'
import { Section } from '../../components/ui/section'
import { Empty, Loading } from '../../components/ui/states'
import { useFitting } from '../../hooks/use-fitting'
import { useMay } from '../../hooks/use-may'
import { useAsOf } from '../../contexts/patient'
import { graphql, read, type FragmentType } from '../../gql'
import type { ObservationRowFragment, VitalPageFragment } from '../../gql/graphql'
import { dayAfter, formatDateTime, localInput, today, withOffset } from '../../lib/date'
import { Elsewhere } from './elsewhere'
import { FlowsheetRecord, FlowsheetTemplates, FlowsheetView } from './flowsheet'
import type { GrowthRecord } from './growth/growth'
import { MOMENTS } from './moments'
import { sheet, type Measured } from './sheet'
import { dayOf, spanOf, stretchOf } from './span'
import { VitalsEntry } from './vitals-entry'
import css from './vitals.module.css'

export const VitalPage = graphql(`
  fragment VitalPage on ObservationConnection {
    nodes { id versionId code { text codings { system code } } components { referenceRanges { low { value } high { value } text } } ...ObservationRow }
    pageInfo { hasNextPage endCursor }
    totalCount
  }
`)
export const VitalRecord = graphql(`
  fragment VitalRecord on Patient { vitals(first: 50) { ...VitalPage } }
`)
export const VitalsOf = graphql(`
  fragment VitalsOf on Patient { age { value unit } }
`)
const MoreVitals = graphql(`
  query MoreVitals($id: ID!, $after: String!, $asOf: Instant) { patient(id: $id, asOf: $asOf) { id vitals(first: 50, after: $after) { ...VitalPage } } }
`)

interface Sign { row: ObservationRowFragment; range: string; versionId: string; asked: string | null }
function measured(node: VitalPageFragment['nodes'][number]): Measured<Sign> {
  const row = read(ObservationRow, node)
  const code = codeOf(node.code)
  return { id: node.id, code: code?.split('|').at(-1) ?? '', title: node.code?.text ?? 'Not named', unit: valueOf(row).unit, at: row.effectiveAt ?? '', of: { row, range: rangeOf(row, node.components), versionId: node.versionId, asked: code } }
}

/** The references are large; they come with the first child whose growth is looked at. */
const GrowthView = lazy(async () => ({ default: (await import('./growth/growth')).GrowthView }))

type Templates = FragmentType<typeof FlowsheetTemplates>
/** Which flowsheet an address asks for, and of which days; null for vital signs, which have a sheet of their own, and growth. */
export function flowsheetIn(query: URLSearchParams): { template: string; date: { low: string | null; high: string } } | null {
  const view = query.get('view')
  if (view === null || view === 'growth') return null
  const { first, last } = stretchIn(query)
  return { template: view, date: { low: first && withOffset(`${first}T00:00`), high: withOffset(`${dayAfter(last, 1)}T00:00`) } }
}
const stretchIn = (query: URLSearchParams) => {
  const past = query.get('asOf')
  return stretchOf(spanOf(query.get('span')), dayOf(query.get('until'), past ? localInput(past).slice(0, 10) || today() : today()))
}

/** Vital signs as a sheet, the other flowsheets, and of who is under twenty the growth chart. Which of them is shown stands in the address; `record` or `sheet` is what was read for it. */
export function VitalsView({ of, record, sheet, house, patientId, reading }: {
  of: FragmentType<typeof VitalsOf> | undefined; record?: FragmentType<typeof VitalRecord> & FragmentType<typeof GrowthRecord>; sheet?: FragmentType<typeof FlowsheetRecord>
  house: Templates | undefined; patientId: string; reading: boolean
}) {
  const [query, setQuery] = useSearchParams()
  const age = read(VitalsOf, of)?.age
  const young = !!age && (age.unit !== 'YEARS' || age.value < 20)
  const sheets = read(FlowsheetTemplates, house)?.flowsheetTemplates.filter((t) => t.id !== 'vitals') ?? []
  const asked = query.get('view')
  const template = sheets.find((t) => t.id === asked)
  const growth = young && asked === 'growth'
  const go = (to: Record<string, string | null>) => setQuery((before) => {
    const next = new URLSearchParams(before)
    for (const [name, value] of Object.entries(to)) if (value === null) next.delete(name); else next.set(name, value)
    return next
  }, { replace: true })
  return (
    <>
      {(young || sheets.length > 0) && (
        <div className={css.views}>
          <ToggleButtonGroup exclusive size="small" value={growth ? 'growth' : template?.id ?? 'sheet'} aria-label="Show by" onChange={(_, to: string | null) => { if (to) go({ view: to === 'sheet' ? null : to }) }}>
            <ToggleButton value="sheet">{sheets.length > 0 ? 'Vital signs' : 'Sheet'}</ToggleButton>
            {sheets.map((t) => <ToggleButton key={t.id} value={t.id}>{t.title}</ToggleButton>)}
            {young && <ToggleButton value="growth">Growth</ToggleButton>}
          </ToggleButtonGroup>
        </div>
      )}
      {growth && record
        ? <section aria-label="Growth"><Boundary what="Growth"><Suspense fallback={<Loading rows={10} label="Growth" />}><GrowthView of={record} /></Suspense></Boundary></section>
        : template ? <FlowsheetView key={template.id} of={sheet} patientId={patientId} template={template} stretch={stretchIn(query)} reading={reading} go={({ span, until }) => go({ ...(span && { span: span === 'week' ? null : span }), ...(until && { until }) })} />
        : asked !== null && asked !== 'growth' && !reading && sheets.length > 0 ? <Empty>There is no flowsheet of that name. Choose one above.</Empty>
        : asked !== null && asked !== 'growth' ? <Loading rows={8} label="Flowsheet" />
        : <VitalsSheet of={record} patientId={patientId} reading={reading} />}
    </>
  )
}

/** Vital signs as a sheet of time and kind, where new ones are taken down. */
function VitalsSheet({ of, patientId, reading }: { of: FragmentType<typeof VitalRecord> | undefined; patientId: string; reading: boolean }) {
  const client = useClient()
  const asOf = useAsOf()
  const acting = useMay('chart')
  const [entry, setEntry] = useState(false)
  const [open, setOpen] = useState<{ code: string; title: string } | null>(null)
  const more = async (after: string) => {
    const { data } = await client.query(MoreVitals, { id: patientId, after, asOf }, { requestPolicy: 'network-only' }).toPromise()
    return read(VitalPage, data?.patient?.vitals)
  }
  const vitals = read(VitalRecord, of)?.vitals
  // The answer at hand is of another view.
  if (vitals === undefined && reading) return <Loading rows={8} label="Vital signs" />
  return (
    <div className={open ? css.withTrend : undefined}>
      <div className={css.main}>
        <Part of={vitals} name="vitals" what="Vital signs" rows={8}>
          {(masked) => {
            const first = read(VitalPage, masked)
            return (
              <>
                <ActStrip note="Newest first; a range is the one reported last" items={acting && !entry ? [{ name: 'Record vital signs', run: () => setEntry(true) }] : []} />
                {entry && <VitalsEntry patient={patientId} onDone={() => setEntry(false)} />}
                <Section title="Vital signs" note={`${first.totalCount ?? first.nodes.length} measurements, newest first`}>
                  <Pages first={first} more={more} what="measurements">
                    {(nodes, load) => (nodes.length === 0 ? <Empty>No vital sign is recorded.</Empty> : <Sheet of={nodes.map(measured)} more={load !== null} onOpen={setOpen} acting={acting} />)}
                  </Pages>
                </Section>
              </>
            )
          }}
        </Part>
      </div>
      {open && <div className={css.trend}><Trend key={open.code} patient={patientId} code={open.code} title={open.title} beside onClose={() => setOpen(null)} /></div>}
    </div>
  )
}

/** `more`: not all is loaded, newest first. What was taken at the last moment of `of`, or without a time, may then be missing, and is not told as not taken. */
function Sheet({ of, more, onOpen, acting }: { of: readonly Measured<Sign>[]; more: boolean; onOpen: (what: { code: string; title: string }) => void; acting: boolean }) {
  const mistake = useMistake()
  const [from, setFrom] = useState(0)
  const { rows, times } = sheet(of)
  const { count, hold } = useFitting(MOMENTS)
  const start = Math.min(from, Math.max(0, times.length - 1))
  const shown = times.slice(start, start + count)
  const cut = new Set(more ? [of.at(-1)?.at, ''] : [])
  const whole = shown.filter((at) => !cut.has(at))
  return (
    <>
      {times.length > count && (
        <p className={css.pager}>
          <span>Moments {start + 1} to {Math.min(times.length, start + count)} of {times.length}{more && ' loaded'}</span>
          <button type="button" disabled={start === 0} onClick={() => setFrom(Math.max(0, start - count))}>Newer</button>
          <button type="button" disabled={start + count >= times.length} onClick={() => setFrom(start + count)}>Older</button>
        </p>
      )}
      <div ref={hold} className={css.scroll} tabIndex={0} role="group" aria-label="Vital signs, sheet">
        <table className={css.table} aria-label="Vital signs">
          <thead><tr><th scope="col">Sign</th><th scope="col">Unit</th>{shown.map((at) => <th key={at} scope="col" className={css.value}>{at ? <Moment at={at} /> : 'Time not recorded'}</th>)}</tr></thead>
          <tbody>
            {rows.map((row) => {
              const newestFirst = times.flatMap((at) => row.at.get(at) ?? [])
              const latest = newestFirst.find((one) => one.of.row.status !== 'ENTERED_IN_ERROR')
              const asked = newestFirst.some((one) => hasNumber(one.of.row)) ? newestFirst[0]?.of.asked : null
              const range = newestFirst.find((one) => one.of.range)?.of.range
              const among = shown.some((at) => row.at.has(at))
              return (
                <tr key={row.key}>
                  <th scope="row">{asked ? <button type="button" className={css.link} onClick={() => onOpen({ code: asked, title: row.title })}>{row.title}</button> : <span className={css.name}>{row.title}</span>}{range && <small>Range {range}</small>}</th>
                  <td className={css.unit}>{row.unit}</td>
                  {!among && whole.length > 0 && <Elsewhere columns={whole.length} latest={latest && { at: latest.at, text: valueOf(latest.of.row).text, flags: flagsOf(latest.of.row) }} unit={row.unit} />}
                  {shown.filter((at) => among || cut.has(at)).map((at) => (
                    <td key={at} className={css.value}>
                      {cut.has(at) && !row.at.has(at) && <div className={css.cell}><span className={css.none}>Not loaded</span></div>}
                      {(row.at.get(at) ?? []).map(({ id, of: { row: o, range: own, versionId } }) => {
                        const wrong = o.status === 'ENTERED_IN_ERROR'
                        return (
                          <div key={id} className={css.cell} title={own ? `Range ${own}` : undefined}>
                            {wrong ? <s>{valueOf(o).text}</s> : <span className={[isAbnormal(o) && css.strong, !hasNumber(o) && css.words].filter(Boolean).join(' ') || undefined}>{valueOf(o).text}</span>}
                            <span className={css.beside}>
                              {!wrong && isAbnormal(o) && <span className={css.flag}><Flags of={flagsOf(o)} /></span>}
                              <RowActs of={`${row.title}, ${formatDateTime(at)}`} place={id} items={acting && !wrong ? [{ name: 'Entered in error', form: () => mistake({ id, versionId }, row.title) }] : []} />
                            </span>
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
