import Button from '@mui/material/Button'
import Dialog from '@mui/material/Dialog'
import DialogActions from '@mui/material/DialogActions'
import DialogContent from '@mui/material/DialogContent'
import DialogTitle from '@mui/material/DialogTitle'
import { useEffect, useId, useState } from 'react'
import { useClient } from 'urql'
import { meta, readVersions, writer, type Read } from '../../components/act/versions'
import { scoreText } from '../../components/clinical/score'
import { Status } from '../../components/clinical/status'
import { Dates } from '../../components/ui/dates'
import { RecordTable } from '../../components/ui/record-table'
import { Empty, Loading, NotLoaded } from '../../components/ui/states'
import { useHold } from '../../contexts/live'
import { useAsOf, useOpenChart } from '../../contexts/patient'
import { useSession } from '../../contexts/session'
import { formatDateTime } from '../../lib/date'
import { difference, type Run } from '../../lib/difference'
import { isJson, textAt, type Json } from '../../lib/fhir'
import { maySeeMakers } from '../../lib/permissions'
import { formatChange } from '../../lib/quantity'
import { itemsOf, pairs, type Pair, type Said } from './comparison'
import css from './questionnaires.module.css'
import type { Score } from './scores'

/** A response that can stand on either side, or an earlier version of one; `score` is null where there is none, or none is kept. */
export interface Side { id: string; version: string; at: string | null; status: string | null; answeredBy: string; writtenBy: string; questionnaire: string | null; items: readonly Said[]; score: Score | null }
interface Choice extends Side { key: string; told: string; head: string; earlier: boolean; reason: string | null }

const dated = (at: string | null) => (at ? formatDateTime(at) : 'date not recorded')
const inError = (side: Side) => side.status === 'ENTERED_IN_ERROR'

/** `of` beside another response to the same form, or beside an earlier version of itself: question by question, with the scores. */
export function CompareDialog({ title, of, others, onClose }: { title: string; of: Side; others: readonly Side[]; onClose: () => void }) {
  const chart = useOpenChart()
  useHold()
  return (
    <Dialog open onClose={onClose} aria-labelledby="compared" fullWidth maxWidth="lg">
      <DialogTitle id="compared">Compare: {title}</DialogTitle>
      {chart && <p className={css.whose}><Dates of={chart.line} /></p>}
      <DialogContent tabIndex={0}><Compare of={of} others={others} /></DialogContent>
      <DialogActions><Button variant="contained" onClick={onClose}>Close</Button></DialogActions>
    </Dialog>
  )
}

/** An earlier version of a response as one side. What is not known of it is not told of the newest. */
function earlier(of: Side, version: Json, by: string, reason: string | undefined): Choice {
  const number = textAt(meta(version), 'versionId')
  const at = textAt(meta(version), 'lastUpdated')
  const name = (field: string) => { const who = version[field]; return isJson(who) ? (textAt(who, 'reference').startsWith('Patient/') ? 'the patient' : textAt(who, 'display') || 'somebody whose name is not stated') : 'somebody not recorded' }
  return {
    id: of.id, version: number, at: textAt(version, 'authored') || null, status: textAt(version, 'status').toUpperCase().replaceAll('-', '_') || null, answeredBy: name('source'), writtenBy: name('author'),
    questionnaire: textAt(version, 'questionnaire') || null, items: itemsOf(version), score: null,
    key: `version ${number}`, told: `Version ${number} of this one, ${dated(at || null)}, ${by}`, head: `Version ${number}, ${dated(at || null)}`, earlier: true, reason: reason ?? null,
  }
}
const whole = (side: Side, told: string): Choice => ({ ...side, key: side.id, told: `${told}${inError(side) ? ', entered in error' : side.status === 'IN_PROGRESS' ? ', in progress' : ''}`, head: dated(side.at), earlier: false, reason: null })

function Compare({ of: opened, others: offered }: { of: Side; others: readonly Side[] }) {
  const [of] = useState(opened)
  const [others] = useState(offered)
  const client = useClient()
  const asOf = useAsOf()
  const told = maySeeMakers(useSession().session)
  const id = useId()
  const [read, setRead] = useState<Read | 'loading' | 'failed'>('loading')
  const [chosen, setChosen] = useState<{ from?: string; to?: string }>({})
  const [only, setOnly] = useState(false)
  useEffect(() => {
    let current = true
    void readVersions(client, of.id, told).then((found) => { if (current) setRead(found) })
    return () => { current = false }
  }, [client, of.id, told])
  const again = () => { setRead('loading'); void readVersions(client, of.id, told).then(setRead) }

  const mine = whole(of, `This one, ${dated(of.at)}`)
  const theirs = others.map((side) => whole(side, `Answers of ${dated(side.at)}`))
  // In a chart of the past nothing is told of what came after it.
  const versions = read === 'loading' || read === 'failed' ? [] : read.versions.filter((v) => textAt(meta(v), 'versionId') !== of.version && (!asOf || Date.parse(textAt(meta(v), 'lastUpdated')) <= Date.parse(asOf)))
    .map((v) => { const number = textAt(meta(v), 'versionId'); const maker = read.makers.get(number); return earlier(of, v, writer(maker, read.accounts?.get(number)), maker?.reason) })
  const all = [mine, ...theirs, ...versions]
  // Those that were answered before this one come first: the list has the newest first.
  const before = theirs.find((side) => !inError(side) && (side.at ?? '') < (of.at ?? '')) ?? theirs.find((side) => !inError(side)) ?? (read === 'loading' ? undefined : versions[0])
  const [from, to] = [all.find((side) => side.key === chosen.from) ?? before, all.find((side) => side.key === chosen.to) ?? mine]
  const choice = (name: 'from' | 'to', label: string, value: Choice | undefined) => (
    <div>
      <label htmlFor={`${id}${name}`}>{label}</label>
      <select id={`${id}${name}`} value={value?.key ?? ''} onChange={(e) => setChosen({ ...chosen, [name]: e.target.value })}>
        {!value && <option value="">Nothing to choose from</option>}
        <option value={mine.key}>{mine.told}</option>
        {theirs.length > 0 && <optgroup label="Other answers to this questionnaire">{theirs.map((side) => <option key={side.key} value={side.key}>{side.told}</option>)}</optgroup>}
        {versions.length > 0 && <optgroup label="Earlier versions of this one">{versions.map((side) => <option key={side.key} value={side.key}>{side.told}</option>)}</optgroup>}
      </select>
    </div>
  )
  return (
    <div className={css.compare}>
      <div className={css.sides}>{choice('from', 'From', from)}{choice('to', 'To', to)}</div>
      {read === 'loading' && <Loading rows={1} label="versions" />}
      {read === 'failed' && <NotLoaded what="Earlier versions" onRetry={again} />}
      {from ? <Sides from={from} to={to} only={only} setOnly={setOnly} /> : read !== 'loading' && <Empty>There is nothing to compare with: these are the only answers to this questionnaire that are loaded, in their only version.</Empty>}
    </div>
  )
}

function Sides({ from, to, only, setOnly }: { from: Choice; to: Choice; only: boolean; setOnly: (to: boolean) => void }) {
  if (from.key === to.key) return <Empty>This is one and the same; choose another beside it.</Empty>
  const rows = pairs(from.items, to.items)
  const questions = rows.filter((row) => !row.group)
  const differing = questions.filter((row) => row.differs)
  const shown = only ? rows.filter((row) => row.differs || (row.group && rows.some((one) => one.differs && one.key.startsWith(`${row.key}/`)))) : rows
  return (
    <>
      {from.questionnaire !== to.questionnaire && <p className={css.legend}>The two were answered on different versions of the form.</p>}
      {[from, to].map((side) => side.reason && <p key={side.key} className={css.legend}>Reason for version {side.version}: {side.reason}</p>)}
      <p role="status" className={css.legend}>{differing.length === 0 ? 'No answers differ.' : `${differing.length} of ${questions.length} answers differ. What only one side says is underlined.`}</p>
      {differing.length > 0 && <label className={css.check}><input type="checkbox" checked={only} onChange={(e) => setOnly(e.target.checked)} /> Only what differs</label>}
      <RecordTable label="Comparison" columns={['Question', `From: ${from.head}`, `To: ${to.head}`]} widths={[40, 30, 30]}>
        {[
          (from.score ?? to.score) && <Scored key="score" from={from} to={to} />,
          <tr key="status"><th scope="row">Status</th>{[from, to].map((side) => <td key={side.key}><Status of={side.status} /><small>Answered by {side.answeredBy}, written down by {side.writtenBy}</small></td>)}</tr>,
          ...shown.map((row) => <Row key={row.key} of={row} struck={[inError(from), inError(to)]} />),
        ]}
      </RecordTable>
    </>
  )
}

function Scored({ from, to }: { from: Choice; to: Choice }) {
  const { instrument } = (to.score ?? from.score) as Score
  const change = from.score && to.score && from.score.instrument === to.score.instrument ? Number(to.score.value) - Number(from.score.value) : null
  return (
    <tr className={change ? css.differs : undefined}>
      <th scope="row">{instrument.name} score{change ? <small className={css.mark}>differs</small> : null}</th>
      {[from, to].map((side) => (
        <td key={side.key}>
          {side.score ? <><strong className="whole">{scoreText(side.score)}</strong> {side.score.band}{side === to && change !== null && <> (<strong className="whole">{change === 0 ? 'no change' : formatChange(String(change))}</strong>)</>}</> : <span className={css.absent}>{side.earlier ? 'Not kept of an earlier version' : 'No score'}</span>}
        </td>
      ))}
    </tr>
  )
}

function Row({ of: { depth, text, asked, group, before, after, differs }, struck }: { of: Pair; struck: readonly [boolean, boolean] }) {
  const indent = { paddingLeft: `${16 + depth * 16}px` }
  if (group) return <tr className={css.section}><th scope="rowgroup" colSpan={3} style={indent}>{text}</th></tr>
  const runs = differs && before !== null && after !== null ? difference(before, after) : []
  const side = (answer: string | null, other: Run['kind'], wrong: boolean) => {
    if (answer === null) return <span className={css.absent}>No answer</span>
    const said = runs.length > 0 ? runs.filter((run) => run.kind !== other).map((run, at) => (run.kind === 'same' ? <span key={at}>{run.text}</span> : <mark key={at}>{run.text}</mark>)) : differs ? <mark>{answer}</mark> : answer
    return wrong ? <s>{said}</s> : said
  }
  return (
    <tr className={differs ? css.differs : undefined}>
      <th scope="row" style={indent}>{text}{asked && <small>Asked before as: {asked}</small>}{differs && <small className={css.mark}>differs</small>}</th>
      <td>{side(before, 'in', struck[0])}</td>
      <td>{side(after, 'out', struck[1])}</td>
    </tr>
  )
}
