import Button from '@mui/material/Button'
import { useEffect, useRef, useState } from 'react'
import { useClient } from 'urql'
import { useForms } from '../../components/act/acts'
import { useMistake } from '../../components/act/mistake'
import { scoresOf, scoreText } from '../../components/clinical/score'
import { Status } from '../../components/clinical/status'
import { Trend } from '../../components/clinical/trend'
import { Moment } from '../../components/ui/moment'
import { newestFirst } from '../../components/ui/count'
import { Part } from '../../components/ui/part'
import { Pages, RecordTable } from '../../components/ui/record-table'
import { Section } from '../../components/ui/section'
import { Empty } from '../../components/ui/states'
import { useAsOf } from '../../contexts/patient'
import { graphql, read, type FragmentType } from '../../gql'
import type { QuestionnaireFormsFragment, QuestionnairePageFragment, QuestionnaireRecordFragment } from '../../gql/graphql'
import { useInSight } from '../../hooks/use-in-sight'
import { useMay } from '../../hooks/use-may'
import { formatDateTime } from '../../lib/date'
import { CompareDialog, type Side } from './compare'
import { answerWords } from './comparison'
import { Filling, type Begun } from './filling'
import css from './questionnaires.module.css'
import { Scores, UrgentAnswer, type Score } from './scores'

export const QuestionnairePage = graphql(`
  fragment QuestionnairePage on QuestionnaireResponseConnection {
    nodes {
      id versionId status questionnaire title authored author { id display } source { id display }
      items { parent linkId text values { kind text boolean number coding { system code display } quantity { value unit code } } }
    }
    pageInfo { hasNextPage endCursor }
    totalCount
  }
`)
export const QuestionnaireRecord = graphql(`
  fragment QuestionnaireRecord on Patient {
    questionnaireResponses(first: 40) { ...QuestionnairePage }
    tasks(status: [REQUESTED, RECEIVED, ACCEPTED, READY, IN_PROGRESS, ON_HOLD], first: 20) { nodes { id priority code { text } description focus { id } } }
    questionnaireScores(first: 60) { nodes { id status code { codings { code } } effectiveAt value { ... on Quantity { value } } derivedFrom { id } } }
  }
`)
/** What can be filled in, and how it is scored. */
export const QuestionnaireForms = graphql(`
  fragment QuestionnaireForms on Query {
    questionnaires(first: 100) { nodes { id url title } pageInfo { hasNextPage } }
    scoreInstruments { name panel total largest source urgentItem lowestAnswer bands { least says } }
  }
`)
const MoreQuestionnaires = graphql(`
  query MoreQuestionnaires($id: ID!, $after: String!, $asOf: Instant) { patient(id: $id, asOf: $asOf) { id questionnaireResponses(first: 40, after: $after) { ...QuestionnairePage } } }
`)

type Response = QuestionnairePageFragment['nodes'][number]
type Task = NonNullable<QuestionnaireRecordFragment['tasks']>['nodes'][number]
type Forms = QuestionnaireFormsFragment['questionnaires']['nodes']

const bare = (canonical: string) => canonical.split('|')[0] ?? canonical
/** What a response's form is called: by itself, by the form that is here, or by the end of its address. */
function titleOf(r: Response, forms: Forms): string {
  const named = r.questionnaire && forms.find((f) => f.url === bare(r.questionnaire ?? '') || f.id === r.questionnaire)
  return r.title ?? (named ? named.title : null) ?? (r.questionnaire ? bare(r.questionnaire).split('/').at(-1) : null) ?? 'Form not recorded'
}
const writer = (r: Response) => r.author?.display ?? (r.author ? 'somebody whose name is not stated' : 'somebody not recorded')
const struck = (r: Response) => r.status === 'ENTERED_IN_ERROR'
const answerer = (r: Response) => (r.source?.id?.startsWith('Patient/') ? 'the patient' : r.source?.display ?? 'somebody not recorded')
/** One and the same form under the address by which it is known here. */
const formOf = (r: Response, forms: Forms): string | null => { const address = r.questionnaire && bare(r.questionnaire); return address ? forms.find((f) => f.url === address || f.id === address)?.id ?? address : null }

/** Forms that were filled in, newest first, with their scores; one is read or filled in beside the list. */
export function QuestionnairesView({ of, offered, patientId }: { of: FragmentType<typeof QuestionnaireRecord> | undefined; offered: FragmentType<typeof QuestionnaireForms> | undefined; patientId: string }) {
  const client = useClient()
  const asOf = useAsOf()
  const may = useMay('chart')
  const [open, setOpen] = useState<string | null>(null)
  const list = useInSight(open)
  const [begun, setBegun] = useState<Begun | null>(null)
  const [trend, setTrend] = useState<{ code: string; title: string } | null>(null)
  const more = async (after: string) => {
    const { data } = await client.query(MoreQuestionnaires, { id: patientId, after, asOf }, { requestPolicy: 'network-only' }).toPromise()
    return read(QuestionnairePage, data?.patient?.questionnaireResponses)
  }
  const record = read(QuestionnaireRecord, of)
  const able = read(QuestionnaireForms, offered)
  const forms = able?.questionnaires.nodes ?? []
  const instruments = able?.scoreInstruments ?? []
  const urgent = record?.tasks?.nodes.filter((t) => t.priority === 'URGENT' || t.priority === 'STAT') ?? []
  const scores = scoresOf(record?.questionnaireScores?.nodes ?? [], instruments)
  return (
    <Part of={record?.questionnaireResponses} name="questionnaireResponses" what="Questionnaires" rows={10}>
      {(masked) => {
        const first = read(QuestionnairePage, masked)
        return (
          <Pages first={first} more={more} what="questionnaires">
            {(nodes) => {
              const shown = nodes.find((r) => r.id === open)
              return (
                <div className={begun || shown ? css.both : undefined}>
                  <div className={css.list} ref={list}>
                    {may && !begun && <Choose forms={forms} more={able?.questionnaires.pageInfo.hasNextPage ?? false} onBegin={(canonical, title) => setBegun({ key: `${canonical} new`, canonical, title, response: null })} />}
                    <Part of={record?.tasks} name="tasks" what="Urgent tasks" rows={1}>{() => null}</Part>
                    <Part of={record?.questionnaireScores} name="questionnaireScores" what="Scores" rows={2}>{() => <Scores of={scores} onTrend={setTrend} />}</Part>
                    <Section title="Questionnaires" note={newestFirst(first.totalCount ?? first.nodes.length)}>
                      {nodes.length === 0 ? <Empty>No questionnaire has been filled in.</Empty> : (
                        <RecordTable label="Questionnaires" columns={['Questionnaire', 'Answered', 'Score', 'Status']}>
                          {nodes.map((r) => {
                            const score = scores.find((s) => s.response === r.id)
                            const title = titleOf(r, forms)
                            return (
                              <tr key={r.id} data-place={r.id} className={open === r.id ? css.chosen : undefined}>
                                <th scope="row">
                                  <button type="button" className={css.link} aria-current={open === r.id || undefined} disabled={!!begun} onClick={() => setOpen(r.id)}>{struck(r) ? <s>{title}</s> : title}</button>
                                  {urgent.some((t) => t.focus?.id === r.id) && <small className={css.flag}>Urgent: to be dealt with</small>}
                                </th>
                                <td>{r.authored ? <Moment at={r.authored} /> : 'Not recorded'}<small>written down by {writer(r)}</small></td>
                                <td>{score ? <><span className="whole">{scoreText(score)}</span><small>{score.band}</small></> : '–'}</td>
                                <td>{r.status === 'IN_PROGRESS' ? <span className={css.draft}>In progress</span> : <Status of={r.status} />}</td>
                              </tr>
                            )
                          })}
                        </RecordTable>
                      )}
                    </Section>
                  </div>
                  {begun && <Filling key={begun.key} begun={begun} patient={patientId} instruments={instruments} onDone={(id) => { setBegun(null); setOpen(id ?? null) }} />}
                  {!begun && shown && (
                    <Reader
                      key={shown.id} of={shown} title={titleOf(shown, forms)} others={nodes.filter((r) => formOf(r, forms) !== null && formOf(r, forms) === formOf(shown, forms))} scores={scores} score={scores.find((s) => s.response === shown.id)} tasks={urgent.filter((t) => t.focus?.id === shown.id)} onClose={() => setOpen(null)}
                      onChange={shown.questionnaire ? () => setBegun({ key: shown.id, canonical: shown.questionnaire ?? '', title: titleOf(shown, forms), response: { id: shown.id, versionId: shown.versionId, status: shown.status ?? null, items: shown.items } }) : undefined}
                    />
                  )}
                  {trend && <Trend key={trend.code} patient={patientId} code={trend.code} title={trend.title} onClose={() => setTrend(null)} />}
                </div>
              )
            }}
          </Pages>
        )
      }}
    </Part>
  )
}

/** Above so many forms they are found by their names. */
const FEW = 6

function Choose({ forms, more, onBegin }: { forms: Forms; more: boolean; onBegin: (canonical: string, title: string) => void }) {
  const [find, setFind] = useState('')
  const many = forms.length > FEW
  const fitting = forms.filter((f) => (f.title ?? '').toLowerCase().includes(find.trim().toLowerCase()))
  return (
    <Section title="Fill in a questionnaire" note="It is kept as in progress while you write">
      <div className={css.choose}>
        {many && <label>Find <input type="search" value={find} onChange={(e) => setFind(e.target.value)} /></label>}
        {fitting.map((f) => <Button key={f.id} variant="outlined" onClick={() => onBegin(f.id, f.title ?? f.id)}>{f.title ?? f.id}</Button>)}
        {forms.length === 0 && <Empty>No questionnaire is in use here. One that is imported by FHIR appears here.</Empty>}
        {forms.length > 0 && fitting.length === 0 && <Empty>No questionnaire of that name.</Empty>}
        {more && <span className={css.source}>The first {forms.length} are listed.</span>}
      </div>
    </Section>
  )
}

interface ReaderProps { of: Response; title: string; others: readonly Response[]; scores: readonly Score[]; score: Score | undefined; tasks: readonly Task[]; onChange: (() => void) | undefined; onClose: () => void }

function Reader({ of, title, others, scores, score, tasks, onChange, onClose }: ReaderProps) {
  const may = useMay('chart')
  const mistake = useMistake()
  const { open, dialog } = useForms()
  const [comparing, setComparing] = useState(false)
  const close = useRef<HTMLButtonElement>(null)
  useEffect(() => close.current?.focus(), [])
  const depth = (at: number): number => { const parent = of.items[at]?.parent; return parent === null || parent === undefined ? 0 : 1 + depth(parent) }
  /** Which of several groups of one question it is, as the form says it. */
  const nth = (at: number): string => {
    const all = of.items.flatMap((item, i) => (item.linkId && item.linkId === of.items[at]?.linkId && item.parent === of.items[at]?.parent ? [i] : []))
    return all.length > 1 && of.items[at]?.values.length === 0 ? `: ${all.indexOf(at) + 1}` : ''
  }
  const begun = of.status === 'IN_PROGRESS'
  const side = (r: Response): Side => ({ id: r.id, version: r.versionId, at: r.authored ?? null, status: r.status ?? null, answeredBy: answerer(r), writtenBy: writer(r), questionnaire: r.questionnaire ?? null, items: r.items.map((item) => ({ ...item, values: item.values.map((v) => ({ text: answerWords(v) })) })), score: scores.find((s) => s.response === r.id) ?? null })
  return (
    <aside className={css.pane} aria-label={title} onKeyDown={(e) => { if (e.key === 'Escape' && !dialog && !comparing) onClose() }}>
      <div className={css.head}>
        <h2>{title}</h2>
        {may && onChange && begun && <Button variant="contained" onClick={onChange}>Go on</Button>}
        {may && onChange && (of.status === 'COMPLETED' || of.status === 'AMENDED') && <Button variant="outlined" onClick={onChange}>Amend</Button>}
        {may && !struck(of) && <Button variant="outlined" color="error" onClick={() => open(mistake(of, title))}>Entered in error</Button>}
        <Button variant="outlined" onClick={() => setComparing(true)}>Compare</Button>
        <Button variant="outlined" onClick={() => window.print()}>Print</Button>
        <Button ref={close} variant="outlined" onClick={onClose}>Close</Button>
      </div>
      <div className={css.by}>
        <span>{of.authored ? formatDateTime(of.authored) : 'Date not recorded'} · <Status of={of.status} /></span>
        <span>Answered by {answerer(of)}, written down by {of.author?.display ?? (of.author ? 'staff, name not stated' : 'somebody not recorded')}</span>
      </div>
      {score && !struck(of) && (
        <p className={css.sum}><strong>{score.value}</strong> of {score.instrument.largest} <span className={css.band}>{score.band}</span>{score.amended ? ' (amended)' : ''}<small className={css.source}>{score.instrument.source}</small></p>
      )}
      {tasks.map((t) => <UrgentAnswer key={t.id} what={t.code?.text ?? 'Something is to be done.'} more={`${t.description ?? ''}. The task is open.`} />)}
      <dl className={struck(of) ? css.struck : css.answers}>
        {of.items.map((item, at) => (
          <div key={at} style={{ marginLeft: `${depth(at) * 1}rem` }} className={item.values.length === 0 ? css.title : undefined}>
            <dt>{item.text ?? item.linkId ?? 'Item'}{nth(at)}</dt>
            <dd>{item.values.map(answerWords).join(', ')}</dd>
          </div>
        ))}
      </dl>
      {of.items.length === 0 && <Empty>Nothing is answered yet.</Empty>}
      {dialog}
      {comparing && <CompareDialog title={title} of={side(of)} others={others.filter((r) => r.id !== of.id).map(side)} onClose={() => setComparing(false)} />}
    </aside>
  )
}
