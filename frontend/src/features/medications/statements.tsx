import { useClient } from 'urql'
import { ActStrip, RowActs, type ActItem } from '../../components/act/acts'
import { useMistake } from '../../components/act/mistake'
import { Drug } from '../../components/clinical/drug'
import { visitName } from '../../components/clinical/encounter-class'
import { patientName } from '../../components/clinical/person'
import { Status } from '../../components/clinical/status'
import { Dates } from '../../components/ui/dates'
import { Part } from '../../components/ui/part'
import { Pages, RecordTable } from '../../components/ui/record-table'
import { Section } from '../../components/ui/section'
import { Empty } from '../../components/ui/states'
import { useAsOf } from '../../contexts/patient'
import { useMay } from '../../hooks/use-may'
import { graphql, read, type FragmentType } from '../../gql'
import type { MedicationStatementStatus, StatementPageFragment } from '../../gql/graphql'
import { formatDay, formatPeriod, today } from '../../lib/date'
import { Dose } from './dose'
import { isOver } from './line'
import { StatementFields, useStatementForms, type Speaker } from './statement-forms'
import css from './medications.module.css'

export const StatementPage = graphql(`
  fragment StatementPage on MedicationStatementConnection {
    nodes { id effectiveAt assertedAt informationSource { id display } encounter { id } reasons { text } reasonReferences { display reference } notes { text } ...StatementFields }
    pageInfo { hasNextPage endCursor }
    totalCount
  }
`)
export const StatementRecord = graphql(`
  fragment StatementRecord on Patient {
    medicationStatements(first: 15, status: [ACTIVE, INTENDED, ON_HOLD]) { ...StatementPage }
    pastStatements: medicationStatements(first: 10, status: [COMPLETED, STOPPED, NOT_TAKEN]) { ...StatementPage }
    otherStatements: medicationStatements(first: 5, status: [UNKNOWN, ENTERED_IN_ERROR]) { ...StatementPage }
    relatedPersons(first: 20) { nodes { id active relationships { text } names { display family given prefix } } }
    toldIn: encounters(first: 20) { nodes { id status class { code display } types { text } period { start } } }
  }
`)
const MoreStatements = graphql(`
  query MoreStatements($id: ID!, $status: [MedicationStatementStatus!]!, $after: String!, $asOf: Instant) { patient(id: $id, asOf: $asOf) { id medicationStatements(first: 50, status: $status, after: $after) { ...StatementPage } } }
`)

type Node = StatementPageFragment['nodes'][number]
type Which = 'now' | 'past' | 'other'
const STATES: Readonly<Record<Which, MedicationStatementStatus[]>> = { now: ['ACTIVE', 'INTENDED', 'ON_HOLD'], past: ['COMPLETED', 'STOPPED', 'NOT_TAKEN'], other: ['UNKNOWN', 'ENTERED_IN_ERROR'] }
const PARTS: Readonly<Record<Which, 'medicationStatements' | 'pastStatements' | 'otherStatements'>> = { now: 'medicationStatements', past: 'pastStatements', other: 'otherStatements' }

/** What the lists of what the patient takes or took without our prescription have in common. */
export function useStatements(of: FragmentType<typeof StatementRecord> | undefined, patientId: string) {
  const client = useClient()
  const asOf = useAsOf()
  const acting = useMay('taken')
  const record = read(StatementRecord, of)
  const speakers: Speaker[] = (record?.relatedPersons?.nodes ?? []).flatMap((p) => (p.active === false ? [] : [{ id: p.id, name: [patientName(p.names[0]), p.relationships[0]?.text.toLowerCase()].filter(Boolean).join(', ') }]))
  const visits = (record?.toldIn?.nodes ?? []).map((v) => ({ id: v.id, name: visitName(v), ongoing: v.status === 'IN_PROGRESS' }))
  const forms = useStatementForms(patientId, speakers, visits)
  const mistake = useMistake()
  const more = (which: Which) => async (after: string) => {
    const { data } = await client.query(MoreStatements, { id: patientId, status: STATES[which], after, asOf }, { requestPolicy: 'network-only' }).toPromise()
    return read(StatementPage, data?.patient?.medicationStatements)
  }
  const acts = (node: Node): ActItem[] => {
    const s = read(StatementFields, node)
    return !acting || s.status === 'ENTERED_IN_ERROR' ? [] : [
      { name: 'Change', form: () => forms.update(s) }, ...(STATES.past.includes(s.status ?? 'UNKNOWN') ? [] : [{ name: 'Stopped', form: () => forms.stop(s) }]), { name: 'Entered in error', form: () => mistake(s, s.medication?.text ?? 'The statement') },
    ]
  }
  const speaker = (node: Node) => speakers.find((s) => s.id === node.informationSource?.id)?.name ?? (node.informationSource?.id?.startsWith('Patient/') ? 'The patient' : node.informationSource?.display) ?? 'Not recorded'
  const visit = (node: Node) => visits.find((v) => v.id === node.encounter?.id)?.name ?? 'an earlier visit'
  return { record, acts, more, speaker, visit, strip: acting ? [{ name: 'Record what is taken', form: forms.record }] : [], asOf }
}
type Statements = ReturnType<typeof useStatements>

/** What the patient takes (`now`) or took (`past`) without our prescription, as somebody told it, or what nobody can tell of it. */
export function StatementsView({ of, which }: { of: Statements; which: Which }) {
  return (
    <Part of={of.record?.[PARTS[which]]} name={PARTS[which]} what={which === 'now' ? 'Reported medications' : which === 'past' ? 'Reported past medications' : 'Statements, unknown and errors'} rows={which === 'other' ? 1 : 3}>
      {(masked) => {
        const first = read(StatementPage, masked)
        const count = `${first.totalCount ?? first.nodes.length}`
        const pages = (label: string, empty: string) => (
          <Pages first={first} more={of.more(which)} what="statements">
            {(nodes) => (nodes.length === 0 ? <Empty>{empty}</Empty> : <Table of={of} nodes={nodes} label={label} />)}
          </Pages>
        )
        if (which === 'other') return first.nodes.length > 0 && <Section title="Statements, unknown and entered in error" note={count}>{pages('Statements, unknown and entered in error', '')}</Section>
        if (which === 'past') return <><h3 className={css.kind}>Reported, {count}</h3>{pages('Reported past medications', 'No reported medication is recorded as over.')}</>
        return (
          <>
            <ActStrip note="What the patient takes without a prescription of ours; it orders nothing" items={of.strip} />
            <Pages first={first} more={of.more('now')} what="statements">
              {(nodes) => {
                const ended = nodes.filter((n) => isOver(read(StatementFields, n).effectivePeriod?.end, of.asOf?.slice(0, 10) ?? today()))
                const now = nodes.filter((n) => !ended.includes(n))
                return (
                  <>
                    <Section title="Reported medications" note={`${now.length}, those still taken are among the current medications too`}>
                      {now.length === 0 ? <Empty>{nodes.length === 0 ? 'Nothing is recorded as taken without a prescription.' : 'Nothing that still goes on.'}</Empty> : <Table of={of} nodes={now} label="Reported medications" />}
                    </Section>
                    {ended.length > 0 && <Section title="Ended, though it is not recorded as stopped" note={`${ended.length}`}><Table of={of} nodes={ended} label="Ended, though it is not recorded as stopped" /></Section>}
                  </>
                )
              }}
            </Pages>
          </>
        )
      }}
    </Part>
  )
}

function Table({ of, nodes, label }: { of: Statements; nodes: readonly Node[]; label: string }) {
  return (
    <RecordTable label={label} columns={['Medicine, DOSE, what for', 'Start and stop', 'Told by', 'Status', 'Acts']} widths={WIDTHS}>
      {nodes.map((node) => {
        const s = read(StatementFields, node)
        const drug = s.medication?.text ?? 'Medicine not named'
        return (
          <tr key={s.id}>
            <th scope="row">{s.status === 'ENTERED_IN_ERROR' ? <s><Drug of={drug} /></s> : <Drug of={drug} />}<Dose of={{ ...node, dosageText: s.dosageText }} />{node.notes.map((n) => <small key={n.text}>{n.text}</small>)}</th>
            <td><Dates of={node.effectiveAt ? formatDay(node.effectiveAt) : formatPeriod(s.effectivePeriod, STATES.now.includes(s.status ?? 'UNKNOWN')) || 'Not recorded'} /></td>
            <td>{of.speaker(node)}{node.assertedAt && <small>{formatDay(node.assertedAt)}</small>}{node.encounter && <small>in {of.visit(node)}</small>}</td>
            <td><Status of={s.status} /></td>
            <td><RowActs of={drug} place={s.id} items={of.acts(node)} /></td>
          </tr>
        )
      })}
    </RecordTable>
  )
}

/** The columns of all tables of medicines, which stand under each other. */
export const WIDTHS = [46, 16, 21, 12, 5]
