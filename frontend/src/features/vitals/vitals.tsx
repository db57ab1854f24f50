import WarningAmberOutlined from '@mui/icons-material/WarningAmberOutlined'
import ToggleButton from '@mui/material/ToggleButton'
import ToggleButtonGroup from '@mui/material/ToggleButtonGroup'
import { lazy, Suspense, useState, type KeyboardEvent } from 'react'
import { useLocation, useSearchParams } from 'react-router'
import { useClient } from 'urql'
import { ActStrip, RowActs } from '../../components/act/acts'
import { useMistake } from '../../components/act/mistake'
import { Flags } from '../../components/clinical/flag'
import { codeOf, flagsOf, hasNumber, isAbnormal, ObservationRow, rangeOf, valueOf } from '../../components/clinical/observation'
import { Trend } from '../../components/clinical/trend'
import { nameOfSign } from '../../components/clinical/vital-signs'
import { Boundary } from '../../components/ui/boundary'
import { newsParts, NEWS2_SOURCE, NEWS2_URGENT } from '../../components/clinical/news2'
import { Moment } from '../../components/ui/moment'
import { Part } from '../../components/ui/part'
import { Pages } from '../../components/ui/record-table'
import { Section } from '../../components/ui/section'
import { Empty, Loading } from '../../components/ui/states'
import { useFitting } from '../../hooks/use-fitting'
import { useMay } from '../../hooks/use-may'
import { useAsOf } from '../../contexts/patient'
import { graphql, read, type FragmentType } from '../../gql'
import type { ObservationRowFragment, VitalPageFragment, VitalRecordFragment } from '../../gql/graphql'
import { axisTime, formatDateTime, localInput, localNow, withOffset } from '../../lib/date'
import { ColumnCell, ColumnForm, ColumnHead, type Writing } from './column'
import { Computed } from './computed'
import { Elsewhere } from './elsewhere'
import { FlowsheetRecord, FlowsheetTemplates, FlowsheetView } from './flowsheet'
import type { GrowthRecord } from './growth/growth'
import { MOMENTS, MOMENTS_WRITING } from './moments'
import { personOf } from './person'
import { sheet, withRows, type Measured } from './sheet'
import { spanOf, stretchOf, untilOf, type Span, type Stretch } from './span'
import { scoreOf, type MomentScore, type Person, type Reading } from './score'
import { StretchBar, stretchKeys, stretchWords, type Goal } from './stretch'
import { ROWS, scoreOfColumn, useVitalsColumn, writtenIn } from './vitals-entry'
import css from './vitals.module.css'

export const VitalPage = graphql(`
  fragment VitalPage on ObservationConnection {
    nodes { id versionId code { text codings { system code } } derivedFrom { id } value { __typename ... on Quantity { value code comparator } ... on Concept { codings { system code } } } components { code { codings { code } } value { __typename ... on Quantity { value code } } referenceRanges { low { value } high { value } text } } ...ObservationRow }
    pageInfo { hasNextPage endCursor }
    totalCount
  }
`)
export const VitalRecord = graphql(`
  fragment VitalRecord on Patient {
    vitals(first: 80, date: $date) { ...VitalPage }
    earlyWarning { value band at monitoring dueAt }
    ...ScoredPerson
  }
`)
export const VitalsOf = graphql(`
  fragment VitalsOf on Patient { age { value unit } }
`)
const MoreVitals = graphql(`
  query MoreVitals($id: ID!, $after: String!, $date: DateRange, $asOf: Instant) { patient(id: $id, asOf: $asOf) { id vitals(first: 80, after: $after, date: $date) { ...VitalPage } } }
`)
const LastVital = graphql(`
  query LastVital($id: ID!, $asOf: Instant) { patient(id: $id, asOf: $asOf) { id vitals(first: 1) { nodes { id effectiveAt } } } }
`)

interface Sign { row: ObservationRowFragment; range: string; versionId: string; asked: string | null; computed: boolean; readings: readonly Reading[] }
function measured(node: VitalPageFragment['nodes'][number]): Measured<Sign> {
  const row = read(ObservationRow, node)
  const code = codeOf(node.code)
  return { id: node.id, code: code?.split('|').at(-1) ?? '', title: node.code ? nameOfSign(node.code.text) : 'Not named', unit: valueOf(row).unit, at: row.effectiveAt ?? '', of: { row, range: rangeOf(row, node.components), versionId: node.versionId, asked: code, computed: node.derivedFrom.length > 0, readings: row.status === 'ENTERED_IN_ERROR' ? [] : readingsOf(node) } }
}
/** What a score reads of it: itself, and each of its parts. */
function readingsOf({ code, value, components }: VitalPageFragment['nodes'][number]): Reading[] {
  const codes = (of: typeof code | (typeof components)[number]['code']) => of?.codings.flatMap((k) => k.code ?? []) ?? []
  const quantity = (of: { __typename: string; value?: string | null; code?: string | null; comparator?: string | null } | null | undefined) => (of?.__typename === 'Quantity' && of.value && !of.comparator ? { number: Number(of.value), ucum: of.code ?? '' } : { number: null, ucum: '' })
  return [
    { codes: codes(code), ...quantity(value), answers: value?.__typename === 'Concept' ? value.codings.flatMap((k) => (k.system === 'http://loinc.org' && k.code) || []) : [] },
    ...components.map((part) => ({ codes: codes(part.code), ...quantity(part.value), answers: [] })),
  ]
}

/** The references are large; they come with the first child whose growth is looked at. */
const GrowthView = lazy(async () => ({ default: (await import('./growth/growth')).GrowthView }))

type Templates = FragmentType<typeof FlowsheetTemplates>
/** Which flowsheet an address asks for, and of which days; null for vital signs, which have a sheet of their own, and growth. */
export function flowsheetIn(query: URLSearchParams, now: string): { template: string; date: ReturnType<typeof dateIn> } | null {
  const view = query.get('view')
  if (view === null || view === 'growth') return null
  return { template: view, date: dateIn(stretchIn(query, now, 'week')) }
}
/** Of what time vital signs are asked for; null for all. */
export const vitalsDateIn = (query: URLSearchParams, now: string): ReturnType<typeof dateIn> | null => {
  const stretch = stretchIn(query, now, 'all')
  return stretch.from === null && stretch.until === null ? null : dateIn(stretch)
}
const dateIn = ({ from, to }: Stretch) => ({ low: from && withOffset(from), high: to && withOffset(to) })
const stretchIn = (query: URLSearchParams, now: string, span: Span): Stretch => stretchOf(spanOf(query.get('span'), span), untilOf(query.get('until')), now)
/** The moment up to which anything is on record: now, or that as of which the chart is shown. */
export const latestIn = (query: URLSearchParams): string => {
  const past = query.get('asOf')
  return (past && localInput(past).slice(0, 16)) || localNow()
}

/** Vital signs as a sheet, the other flowsheets, and of who is under twenty the growth chart. Which of them is shown stands in the address; `record` or `sheet` is what was read for it. */
export function VitalsView({ of, record, sheet, house, patientId, now, reading }: {
  of: FragmentType<typeof VitalsOf> | undefined; record?: FragmentType<typeof VitalRecord> & FragmentType<typeof GrowthRecord>; sheet?: FragmentType<typeof FlowsheetRecord>
  house: Templates | undefined; patientId: string; now: string; reading: boolean
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
  const move = (usual: Span) => ({ span, until }: Goal) => go({ ...(span && { span: span === usual ? null : span }), ...(until !== undefined && { until }) })
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
        : template ? <FlowsheetView key={template.id} of={sheet} patientId={patientId} template={template} stretch={stretchIn(query, now, 'week')} now={now} reading={reading} go={move('week')} />
        : asked !== null && asked !== 'growth' && !reading && sheets.length > 0 ? <Empty>There is no flowsheet of that name. Choose one above.</Empty>
        : asked !== null && asked !== 'growth' ? <Loading rows={8} label="Flowsheet" />
        : <VitalsSheet of={record} patientId={patientId} stretch={stretchIn(query, now, 'all')} now={now} go={move('all')} reading={reading} />}
    </>
  )
}

/** Vital signs as a sheet of time and kind, where new ones are taken down. */
function VitalsSheet({ of, patientId, stretch, now, go, reading }: { of: FragmentType<typeof VitalRecord> | undefined; patientId: string; stretch: Stretch; now: string; go: (to: Goal) => void; reading: boolean }) {
  const client = useClient()
  const asOf = useAsOf()
  const acting = useMay('chart')
  const [open, setOpen] = useState<{ code: string; title: string } | null>(null)
  const date = stretch.from === null && stretch.until === null ? null : dateIn(stretch)
  const asked = JSON.stringify(date)
  const [answered, setAnswered] = useState(asked)
  if (!reading && answered !== asked) setAnswered(asked)
  const more = async (after: string) => {
    const { data } = await client.query(MoreVitals, { id: patientId, after, date, asOf }, { requestPolicy: 'network-only' }).toPromise()
    return read(VitalPage, data?.patient?.vitals)
  }
  const record = read(VitalRecord, of)
  const vitals = record?.vitals
  const person = personOf(record)
  const { open: write, column, strip, dialog } = useVitalsColumn(patientId, person, acting)
  const newest = async () => {
    const { data } = await client.query(LastVital, { id: patientId, asOf }, { requestPolicy: 'network-only' }).toPromise()
    const at = data?.patient?.vitals?.nodes[0]?.effectiveAt
    return at ? localInput(at).slice(0, 16) : null
  }
  // The answer at hand is of another view, or of another time.
  const waits = reading && (vitals === undefined || answered !== asked)
  const shown = { onOpen: setOpen, acting, person, column, onKeyDown: stretchKeys({ stretch, now, go }) }
  const words = date ? `, ${stretchWords(stretch)}` : ''
  return (
    <div className={open ? css.withTrend : undefined}>
      <div className={css.main}>
        <div ref={strip} className={css.acts}><ActStrip note="Newest first; a range is the one reported last" items={acting && !column ? [{ name: 'Record vital signs', run: write }] : []} /></div>
        <StretchBar stretch={stretch} now={now} go={go} newest={newest} />
        {asOf === null && !waits && <Due of={record?.earlyWarning} now={now} />}
        {waits ? <Loading rows={8} label="Vital signs" /> : <Part of={vitals} name="vitals" what="Vital signs" rows={8}>
          {(masked) => {
            const first = read(VitalPage, masked)
            return (
              <Section title="Vital signs" note={`${first.totalCount ?? first.nodes.length} measurements${words}, newest first`}>
                <Pages first={first} more={more} what="measurements">
                  {(nodes, load) => (nodes.length === 0 && !column ? <Empty>{words ? `No vital sign is recorded${words}. “All” shows what was recorded before.` : 'No vital sign is recorded.'}</Empty>
                    : <Sheet key={asked} of={nodes.map(measured)} more={load !== null} {...shown} />)}
                </Pages>
              </Section>
            )
          }}
        </Part>}
        {/* Its column can be written also while what is on record is read, or cannot be. */}
        {column && (waits || !vitals) && <Section title="New vital signs"><Sheet of={[]} more={false} {...shown} /></Section>}
      </div>
      {dialog}
      {open && <div className={css.trend}><Trend key={open.code} patient={patientId} code={open.code} title={open.title} beside onClose={() => setOpen(null)} /></div>}
    </div>
  )
}

/** `more`: not all is loaded, newest first. What was taken at the last moment of `of`, or without a time, may then be missing, and is not told as not taken. */
function Sheet({ of, more, onOpen, acting, person, column, onKeyDown }: { of: readonly Measured<Sign>[]; more: boolean; onOpen: (what: { code: string; title: string }) => void; acting: boolean; person: Person; column: Writing | null; onKeyDown: (event: KeyboardEvent) => void }) {
  const mistake = useMistake()
  const { hash } = useLocation()
  const { rows: taken, times } = sheet(of)
  const rows = column ? withRows(taken, ROWS) : taken
  // What the address names is among the columns.
  const [from, setFrom] = useState(() => Math.max(0, times.indexOf(of.find((one) => `#${one.id}` === hash)?.at ?? '')))
  const [said, setSaid] = useState('')
  const { count, hold } = useFitting(column ? MOMENTS_WRITING : MOMENTS)
  const start = Math.min(from, Math.max(0, times.length - 1))
  const shown = times.slice(start, start + count)
  const cut = new Set(more ? [of.at(-1)?.at, ''] : [])
  const whole = shown.filter((at) => !cut.has(at))
  const scores = shown.map((at) => ({ at, score: scoreOf(of.filter((one) => one.at === at).flatMap((one) => one.of.readings), at, person) }))
  const own = column && scoreOfColumn(column, person)
  const scored = !!column || scores.some(({ score }) => score)
  return (
    <ColumnForm column={column}>
      {times.length > count && (
        <p className={css.pager}>
          <span>Times {start + 1} to {Math.min(times.length, start + count)} of {times.length}{more && ' loaded'}</span>
          <button type="button" disabled={start === 0} onClick={() => setFrom(Math.max(0, start - count))}>Newer</button>
          <button type="button" disabled={start + count >= times.length} onClick={() => setFrom(start + count)}>Older</button>
        </p>
      )}
      <div ref={hold} className={css.scroll} tabIndex={0} role="group" aria-label="Vital signs, sheet" onKeyDown={onKeyDown}>
        <table className={css.table} data-writing={!!column || undefined} aria-label="Vital signs">
          <thead><tr><th scope="col">Sign</th><th scope="col" className={css.unit}>Unit</th>{column && <ColumnHead column={column} />}{shown.map((at) => <th key={at} scope="col" className={css.value}>{at ? <Moment at={at} /> : 'Time not recorded'}</th>)}</tr></thead>
          <tbody>
            {rows.map((row) => {
              const newestFirst = times.flatMap((at) => row.at.get(at) ?? [])
              const latest = newestFirst.find((one) => one.of.row.status !== 'ENTERED_IN_ERROR')
              const asked = newestFirst.some((one) => hasNumber(one.of.row)) ? newestFirst[0]?.of.asked : null
              const range = newestFirst.find((one) => one.of.range)?.of.range
              const among = shown.some((at) => row.at.has(at))
              const written = writtenIn(row.key)
              return (
                <tr key={row.key}>
                  <th scope="row">{asked ? <button type="button" className={css.link} onClick={() => onOpen({ code: asked, title: row.title })}>{row.title}</button> : <span className={css.name}>{row.title}</span>}{range && <small>Range {range}</small>}{newestFirst.length > 0 && newestFirst.every((one) => one.of.computed) && <small><Computed /></small>}{column && <small className={css.unitHere}>{row.unit}</small>}</th>
                  <td className={css.unit}>{row.unit}</td>
                  {column && <ColumnCell column={column} of={written?.signs ?? []} pair={row.title} computed={written?.signs.length === 0} />}
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
            {scored && (
              <tr className={css.computed}>
                <th scope="row">NEWS2<small><Computed /></small>{column && <small className={css.unitHere}>points</small>}</th>
                <td className={css.unit}>points</td>
                {column && <ColumnCell column={column} of={[]} computed>{own?.score ? <div className={css.cell}><ScoreCell of={own.score} at={own.at} say={setSaid} /></div> : undefined}</ColumnCell>}
                {scores.map(({ at, score }) => <td key={at} className={css.value}><div className={css.cell}>{cut.has(at) ? <span className={css.none}>Not loaded</span> : <ScoreCell of={score} at={at} say={setSaid} />}</div></td>)}
              </tr>
            )}
          </tbody>
        </table>
      </div>
      {scored && <p className={css.hint} aria-live="polite">{said || <span className={css.screen}>Press a NEWS2 to read its parts.</span>} Saturation on scale 1. {NEWS2_SOURCE}; from 16 years, not in pregnancy.</p>}
    </ColumnForm>
  )
}

/** When the next set of signs is due by what the newest one says; one that is late is marked. */
function Due({ of, now }: { of: VitalRecordFragment['earlyWarning'] | undefined; now: string }) {
  if (!of?.value || !of.at || (!of.dueAt && !of.monitoring)) return null
  const overdue = !!of.dueAt && Date.parse(of.dueAt) < axisTime(now)
  return (
    <p className={css.due} data-warning={overdue || NEWS2_URGENT.includes(of.band ?? '') || undefined}>
      {(overdue || NEWS2_URGENT.includes(of.band ?? '')) && <WarningAmberOutlined sx={{ fontSize: 16 }} aria-hidden />}
      <span>{of.dueAt && `Next set of vital signs ${overdue ? 'overdue since' : 'due by'} ${formatDateTime(of.dueAt)}. `}NEWS2 was {of.value}{of.band && `, ${of.band.toLowerCase()},`} at {formatDateTime(of.at)}{of.monitoring && `: ${of.monitoring}`} (Royal College of Physicians 2017, chart 4).</span>
    </p>
  )
}

/** More names of what is missing would make the row of the score as high as all the others. */
const FEW = 2
/** In words what a score is made of, or why there is none. */
function scoreWords(score: NonNullable<MomentScore>): string {
  switch (score.kind) {
    case 'inapplicable': return `not applicable: ${score.why}`
    case 'missing': return `not computable: ${score.what.length > FEW ? `${score.what.length} parts missing: ` : ''}no ${score.what.join(', no ')}`
    default: return `${score.assumed.length > 0 ? 'at least ' : ''}${score.score.value}, ${score.score.risk.toLowerCase()}${score.score.risk === 'Low to medium' ? ', 3 in one part' : ''}: ${newsParts(score.score)}${score.assumed.length > 0 ? `. Not recorded then and counted as none: ${score.assumed.join(', ')}` : ''}`
  }
}

function ScoreCell({ of: score, at, say }: { of: MomentScore; at: string; say: (words: (was: string) => string) => void }) {
  if (!score) return null
  const words = scoreWords(score)
  const told = `NEWS2 of ${formatDateTime(at)}: ${words}.`
  const tell = () => say((was) => (was === told ? '' : told))
  if (score.kind === 'inapplicable') return <span className={`${css.none} ${css.words}`}>{words}</span>
  const short = score.kind === 'missing' ? (score.what.length > FEW ? `not computable: ${score.what.length} parts missing` : words) : `${score.assumed.length > 0 ? '≥ ' : ''}${score.score.value}`
  return (
    <>
      <button type="button" className={`${css.link} ${css.score}`} data-missing={score.kind === 'missing' || undefined} aria-label={`NEWS2, ${formatDateTime(at)}: ${words}`} onClick={tell}>{short}</button>
      <span className={css.beside}>{score.kind === 'score' && score.score.risk !== 'Low' && <small className={score.score.risk === 'High' ? css.high : css.none}>{score.score.risk === 'Low to medium' ? '3 in one' : score.score.risk.toLowerCase()}</small>}</span>
    </>
  )
}
