import { useMemo, useState, type KeyboardEvent } from 'react'
import { useClient } from 'urql'
import { commonOutcome, useAct, type FieldSpec } from '../../components/act/act'
import { ActStrip, RowActs } from '../../components/act/acts'
import { useMistake } from '../../components/act/mistake'
import { Flag } from '../../components/clinical/flag'
import { Sparkline } from '../../components/clinical/sparkline'
import { flagsOf, isAbnormal } from '../../components/clinical/observation'
import { Trend } from '../../components/clinical/trend'
import { Moment } from '../../components/ui/moment'
import { Part } from '../../components/ui/part'
import { Section } from '../../components/ui/section'
import { Empty, Loading } from '../../components/ui/states'
import { useAsOf } from '../../contexts/patient'
import { useFitting } from '../../hooks/use-fitting'
import { useMay } from '../../hooks/use-may'
import { graphql, read, type FragmentType } from '../../gql'
import type { FlowsheetRecordFragment, FlowsheetTemplatesFragment } from '../../gql/graphql'
import { formatDateTime, formatDay, localInput } from '../../lib/date'
import { formatChange, formatDecimal } from '../../lib/quantity'
import { balances, daySums, INTAKE, OUTPUT } from './balance'
import { NEWS2_NUMBERS } from '../../components/clinical/news2'
import { ColumnCell, ColumnForm, ColumnHead, notBelieved, recorded, useColumn, type Column, type Writing } from './column'
import { Elsewhere } from './elsewhere'
import { WITH_COURSE, WITH_COURSE_WRITING } from './moments'
import { personOf } from './person'
import { extremeWords, isExtreme, type Person } from './score'
import { isWithin, type Stretch } from './span'
import { StretchBar, stretchKeys, stretchWords, type Goal } from './stretch'
import { Computed } from './computed'
import css from './vitals.module.css'

export const FlowsheetTemplates = graphql(`
  fragment FlowsheetTemplates on Query { flowsheetTemplates { id title rows { name unit isComputed fluid code { system code } } } }
`)
export const FlowsheetRecord = graphql(`
  fragment FlowsheetRecord on Patient {
    flowsheet(template: $template, date: $date) {
      template { id title } times
      rows { parameter { name unit isComputed fluid code { system code } } cells { at value interpretation observation { id versionId derivedFrom { id } } } }
      excluded { at reason unit }
    }
    ...ScoredPerson
  }
`)
const LastOfSheet = graphql(`
  query LastOfSheet($id: ID!, $codes: [String!]!, $asOf: Instant) { patient(id: $id, asOf: $asOf) { id observations(filter: { codes: $codes, status: [REGISTERED, PRELIMINARY, FINAL, AMENDED, CORRECTED, UNKNOWN] }, first: 1) { nodes { id effectiveAt } } } }
`)
const RecordFlowsheet = graphql(`
  mutation RecordFlowsheet($input: FlowsheetRecordInput!) {
    flowsheetRecord(input: $input) {
      outcome {
        __typename
        ... on FlowsheetSaved { observations { id interpretation components { interpretation } code { text } } }
        ... on ImplausibleValue { values { input value unit least most source } }
        ... on Stale { id currentVersion } ... on NotPermitted { message } ... on Invalid { issues { text expression } }
      }
    }
  }
`)

export type Template = FlowsheetTemplatesFragment['flowsheetTemplates'][number]
type Rows = NonNullable<FlowsheetRecordFragment['flowsheet']>
interface Shown { template: Template; stretch: Stretch; now: string; reading: boolean; go: (to: Goal) => void }
/** A pressure stands in the parts of a measurement that has a code of its own. */
const PANELS: Readonly<Record<string, string>> = { '8480-6': 'http://loinc.org|85354-9', '8462-4': 'http://loinc.org|85354-9' }

/** One of the flowsheets the house has: rows by moment over a stretch of time, where a new column is taken down. `reading`: an answer is on its way. */
export function FlowsheetView({ of, patientId, template, stretch, now, reading, go }: Shown & { of: FragmentType<typeof FlowsheetRecord> | undefined; patientId: string }) {
  const client = useClient()
  const acting = useMay('chart')
  const asOf = useAsOf()
  const [open, setOpen] = useState<{ code: string; title: string } | null>(null)
  // The answer at hand may be of another view.
  const record = read(FlowsheetRecord, of)
  const shown = record?.flowsheet
  const { open: write, column, strip, dialog } = useFlowsheetColumn(patientId, template, personOf(record), acting)
  const days = stretchWords(stretch)
  const bare = template.rows.map((parameter) => ({ parameter, cells: [] }))
  const drawn = { title: template.title, note: HINTS[template.id], acting, column, onOpen: setOpen, onKeyDown: stretchKeys({ stretch, now, go }) }
  const waits = shown === undefined && reading
  const newestOf = async () => {
    const codes = template.rows.flatMap(({ code }) => [`${code.system ?? ''}|${code.code ?? ''}`, ...(PANELS[code.code ?? ''] ? [PANELS[code.code ?? ''] ?? ''] : [])])
    const { data } = await client.query(LastOfSheet, { id: patientId, codes: [...new Set(codes)], asOf }, { requestPolicy: 'network-only' }).toPromise()
    const at = data?.patient?.observations?.nodes[0]?.effectiveAt
    return at ? localInput(at).slice(0, 16) : null
  }
  return (
    <div className={open ? css.withTrend : undefined}>
      <div className={css.main}>
        <div ref={strip} className={css.acts}><ActStrip note="Newest first; each row in one unit" items={acting && !column ? [{ name: `Record ${template.title.toLowerCase()}`, run: write }] : []} /></div>
        <StretchBar stretch={stretch} now={now} go={go} newest={newestOf} />
        {waits ? <Loading rows={8} label={template.title} /> : <Part of={shown} name="flowsheet" what={template.title} rows={8}>
          {(sheet) => {
            // What is shown is of this sheet and these days, also while another answer is on its way.
            const within = (at: string) => isWithin(stretch, at)
            const own = sheet.template.id === template.id
            const times = own ? sheet.times.filter(within) : []
            if (times.length === 0 && reading && !column) return <Loading rows={8} label={template.title} />
            const left = sheet.excluded.filter((e) => !e.at || within(e.at))
            return (
              <>
                <Section title={template.title} note={`${times.length === 1 ? 'one time' : `${times.length} times`} with something of it, ${days}`}>
                  {times.length === 0 && !column ? <Empty>Nothing of this sheet is recorded, {days}. “All” shows what was recorded before.</Empty>
                    : <Sheet rows={own ? sheet.rows : bare} times={times.toReversed()} {...drawn} />}
                  {left.length > 0 && <p className={css.hint}>{left.length === 1 ? 'One record is' : `${left.length} records are`} left out: {[...new Set(left.map((e) => REASONS[e.reason] ?? e.reason.toLowerCase().replaceAll('_', ' ')))].join(', ')}.</p>}
                </Section>
                {times.length > 0 && own && <DaySums rows={sheet.rows} stretch={stretch} now={now} />}
              </>
            )
          }}
        </Part>}
        {/* Its column can be written also while what is on record is read, or cannot be. */}
        {column && !shown && <Section title={`New: ${template.title.toLowerCase()}`}><Sheet rows={bare} times={[]} {...drawn} /></Section>}
      </div>
      {dialog}
      {open && <div className={css.trend}><Trend key={open.code} patient={patientId} code={open.code} title={open.title} beside onClose={() => setOpen(null)} /></div>}
    </div>
  )
}

const WAYS: Readonly<Record<'INTAKE' | 'OUTPUT', string>> = { INTAKE: 'In', OUTPUT: 'Out' }
const REASONS: Readonly<Record<string, string>> = { ENTERED_IN_ERROR: 'entered in error', NO_NUMERIC_VALUE: 'without a number', COMPARATOR: 'only told to be above or below a number', NO_DATE: 'without a time', UNIT_NOT_CONVERTIBLE: 'in a unit that is not the row’s' }

/** The newest of a row's values that are in the sheet. `times` begin with the newest. */
function newest(cells: Rows['rows'][number]['cells'], times: readonly string[]) {
  const found = times.flatMap((at) => cells.filter((cell) => cell.at === at))[0]
  return found && { at: found.at, text: formatDecimal(found.value), flags: flagsOf(found), interpretation: found.interpretation }
}

/** Rows that stand below each other and went the same way; of a sheet without fluids all of them. */
function byWay(rows: Rows['rows']): { way: Rows['rows'][number]['parameter']['fluid']; rows: Rows['rows'] }[] {
  return rows.reduce<ReturnType<typeof byWay>>((groups, row) => {
    const last = groups.at(-1)
    if (last && last.way === row.parameter.fluid) last.rows.push(row)
    else groups.push({ way: row.parameter.fluid, rows: [row] })
    return groups
  }, [])
}

/** Rows by moment, as many moments at once as fit. Of fluids the balance stands below, computed from the totals that end together. */
function Sheet({ rows, times, title, note, acting, column, onOpen, onKeyDown }: { rows: Rows['rows']; times: readonly string[]; title: string; note: string | undefined; acting: boolean; column: Writing | null; onOpen: (what: { code: string; title: string }) => void; onKeyDown: (event: KeyboardEvent) => void }) {
  const mistake = useMistake()
  const [from, setFrom] = useState(0)
  const { count, hold } = useFitting(column ? WITH_COURSE_WRITING : WITH_COURSE)
  const start = Math.min(from, Math.max(0, times.length - 1))
  const shown = times.slice(start, start + count)
  const of = (code: string) => rows.find((row) => row.parameter.code.code === code)?.cells
  const [intake, output] = [of(INTAKE), of(OUTPUT)]
  const balance = intake && output ? balances(intake, output) : null
  return (
    <ColumnForm column={column} note={note}>
      {times.length > count && (
        <p className={css.pager}>
          <span>Times {start + 1} to {Math.min(times.length, start + count)} of {times.length}</span>
          <button type="button" disabled={start === 0} onClick={() => setFrom(Math.max(0, start - count))}>Newer</button>
          <button type="button" disabled={start + count >= times.length} onClick={() => setFrom(start + count)}>Older</button>
        </p>
      )}
      <div ref={hold} className={css.scroll} tabIndex={0} role="group" aria-label={`${title}, sheet`} onKeyDown={onKeyDown}>
        <table className={css.table} data-writing={!!column || undefined} aria-label={title}>
          <thead><tr><th scope="col">Measurement</th><th scope="col" className={css.unit}>Unit</th><th scope="col" className={css.course}>Course</th>{column && <ColumnHead column={column} />}{shown.map((at) => <th key={at} scope="col" className={css.value}><Moment at={at} /></th>)}</tr></thead>
          {byWay(rows).map(({ way, rows: of }) => (
            <tbody key={of[0]?.parameter.code.code}>
              {way && <tr className={css.way}><th scope="rowgroup" colSpan={3 + (column ? 1 : 0) + shown.length}>{WAYS[way]}</th></tr>}
              {of.map(({ parameter: { name, unit, code, isComputed }, cells }) => (
                <tr key={code.code}>
                  <th scope="row">{cells.length > 0 ? <button type="button" className={css.link} onClick={() => onOpen({ code: `${code.system ?? ''}|${code.code ?? ''}`, title: name })}>{name}</button> : name}{isComputed && <small><Computed /></small>}{column && <small className={css.unitHere}>{unit}</small>}</th>
                  <td className={css.unit}>{unit}</td>
                  <td className={css.course}><Sparkline code={code.code ?? null} points={cells.filter((cell) => times.includes(cell.at))} last={newest(cells, times)?.interpretation ?? null} /></td>
                  {column && <ColumnCell column={column} of={[column.signs.find((sign) => sign.name === code.code)]} computed={isComputed} />}
                  {times.length === 0 ? null : !cells.some((cell) => times.includes(cell.at)) ? <td colSpan={shown.length} className={css.none}>{times.length === 1 ? 'Not recorded' : `Not recorded at any of the ${times.length} times`}</td> : !cells.some((cell) => shown.includes(cell.at)) ? <Elsewhere columns={shown.length} latest={newest(cells, times)} unit={unit} /> : shown.map((at) => (
                    <td key={at} className={css.value}>
                      {cells.filter((cell) => cell.at === at).map((cell) => (
                        <div key={cell.observation.id} className={css.cell}>
                          <span className={isAbnormal(cell) ? css.strong : undefined}>{!isComputed && cell.observation.derivedFrom.length > 0 && <><Computed short /> </>}{formatDecimal(cell.value)}</span>
                          <span className={css.beside}>
                            {isAbnormal(cell) && <span className={css.flag}><Flag of={cell.interpretation} /></span>}
                            <RowActs of={`${name}, ${formatDateTime(at)}`} place={cell.observation.id} items={acting ? [{ name: 'Entered in error', form: () => mistake(cell.observation, name) }] : []} />
                          </span>
                        </div>
                      ))}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          ))}
          {balance && (
            <tbody>
              <tr className={css.computed}>
                <th scope="row">Balance, intake less urine<small><Computed /></small>{column && <small className={css.unitHere}>mL</small>}</th>
                <td className={css.unit}>mL</td>
                <td className={css.course}><Sparkline points={[...balance].map(([at, value]) => ({ at, value }))} /></td>
                {column && <ColumnCell column={column} of={[]} computed />}
                {shown.map((at) => {
                  const told = balance.get(at)
                  return <td key={at} className={css.value}>{told !== undefined && <div className={css.cell}><span>{formatChange(told)}</span></div>}</td>
                })}
              </tr>
            </tbody>
          )}
        </table>
      </div>
      {rows.some(({ parameter, cells }) => !parameter.isComputed && cells.some((cell) => shown.includes(cell.at) && cell.observation.derivedFrom.length > 0)) && <p className={css.hint}><Computed /> from other measurements, not taken itself.</p>}
      {balance && <p className={css.hint}>A total is of the 24 hours that end at its time. A balance is computed where intake and urine end at the same time; other losses are not in it.</p>}
    </ColumnForm>
  )
}

/** What went in and came out by calendar day, added up from the volumes of this time; nothing where the sheet has none of these. */
function DaySums({ rows, stretch, now }: { rows: Rows['rows']; stretch: Stretch; now: string }) {
  const sources = rows.flatMap(({ parameter: { fluid }, cells }) => (fluid ? [{ way: fluid, volumes: cells.filter((cell) => isWithin(stretch, cell.at)) }] : []))
  if (sources.length === 0) return null
  const sums = daySums(sources, (at) => localInput(at).slice(0, 10))
  return (
    <Section title="Fluids by day" note="computed">
      {!sums ? <p className={css.hint}>The days are not added up: a volume is written in a way that cannot be.</p> : (
        <>
          <div className={css.scroll} tabIndex={0} role="group" aria-label="Fluids by day, sheet">
            <table className={`${css.table} ${css.days}`} aria-label="Fluids by day">
              <thead><tr><th scope="col">Day</th><th scope="col" className={css.value}>In (mL)</th><th scope="col" className={css.value}>Out (mL)</th><th scope="col" className={css.value}>Balance (mL)</th><th scope="col" className={css.value}>Entries</th></tr></thead>
              <tbody>
                {sums.map(({ day, intake, output, balance, entries }) => (
                  <tr key={day}><th scope="row">{formatDay(day)} <span className={css.unit}>{partOf(day, stretch, now)}</span></th><td className={css.value}>{formatDecimal(intake)}</td><td className={css.value}>{formatDecimal(output)}</td><td className={css.value}>{formatChange(balance)}</td><td className={css.value}>{entries}</td></tr>
                ))}
              </tbody>
            </table>
          </div>
          <p className={css.hint}>Added up from all volumes of the time chosen above, by calendar day. What nobody wrote down is not in it.</p>
        </>
      )}
    </Section>
  )
}
/** Which part of a day is added up, where it is not all of it. */
function partOf(day: string, { from, until }: Stretch, now: string): string {
  const begins = from?.startsWith(day) && !from.endsWith('T00:00') ? `from ${from.slice(11)}` : ''
  const ends = until?.startsWith(`${day}T`) ? `until ${until.slice(11)}` : day === now.slice(0, 10) ? 'until now' : ''
  return [begins, ends].filter(Boolean).join(' ')
}

/** Takes down one column of a flowsheet, by its own rows. A number of NEWS2 is asked about when it is extreme, as in the sheet of vital signs. */
function useFlowsheetColumn(patient: string, template: Template, person: Person, may: boolean): ReturnType<typeof useColumn> {
  const act = useAct()
  const fields = useMemo(() => template.rows.filter((row) => !row.isComputed).map(fieldOf), [template])
  const boundsOf = (name: string) => NEWS2_NUMBERS.find(({ loinc }) => loinc.includes(name))
  const ask = (name: string, value: string, at: string) => {
    const part = boundsOf(name)?.name
    return part && isExtreme(part, value, at, person) ? extremeWords(part) : null
  }
  const send = ({ takenAt, note, value, key }: Column) => {
    const values = fields.flatMap((field) => { const text = value(field.name); return text ? [{ code: field.name, value: text }] : [] })
    const fieldAt = (place: string) => fields.find((f) => f.name === values[Number(/values\[(\d+)\]/.exec(place)?.[1] ?? -1)]?.code)
    return act(RecordFlowsheet, { input: { patient, template: template.id, takenAt, values, note, idempotencyKey: key } }, ({ flowsheetRecord: { outcome } }) => {
      if (outcome.__typename === 'Invalid') return { kind: 'refused', problems: outcome.issues.map(({ text, expression }) => { const field = fieldAt(expression[0] ?? ''); return { field: field?.name ?? /^input\.(\w+)/.exec(expression[0] ?? '')?.[1], text: field ? `${field.label}: ${text}` : text } }) }
      return commonOutcome(outcome) ?? (outcome.__typename === 'ImplausibleValue'
        ? { kind: 'refused', problems: outcome.values.map((v) => notBelieved(fieldAt(v.input), v)) }
        : { kind: 'saved', told: outcome.__typename === 'FlowsheetSaved' ? recorded(outcome.observations) : '' })
    })
  }
  return useColumn({ may, signs: fields, ask, boundsOf, send })
}
const fieldOf = (row: Template['rows'][number]): FieldSpec => ({ name: row.code.code ?? '', label: row.name, unit: row.unit, kind: 'number' })

const HINTS: Readonly<Record<string, string>> = {
  neurological: 'The total of the coma scale is computed when all three of its parts are told. Leave it out then.',
  'intake-output': 'Intake and urine are totals of the 24 hours that end at the time of the column.',
}
