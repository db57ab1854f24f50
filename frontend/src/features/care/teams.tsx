import { useClient } from 'urql'
import { RowActs, type ActItem } from '../../components/act/acts'
import { useMessageForms } from '../../components/act/message'
import { useMistake } from '../../components/act/mistake'
import { patientName } from '../../components/clinical/person'
import { conceptText, Status } from '../../components/clinical/status'
import { Dates } from '../../components/ui/dates'
import { Part } from '../../components/ui/part'
import { Pages, RecordTable } from '../../components/ui/record-table'
import { Section } from '../../components/ui/section'
import { Empty } from '../../components/ui/states'
import { useAsOf, useOpenChart } from '../../contexts/patient'
import { useMay } from '../../hooks/use-may'
import { graphql, read, type FragmentType } from '../../gql'
import type { TeamFieldsFragment } from '../../gql/graphql'
import { formatPeriod } from '../../lib/date'
import { TeamFields, useTeamForms, type Member, type Relative } from './team-forms'

export const TeamPage = graphql(`
  fragment TeamPage on CareTeamConnection { nodes { id notes { text } ...TeamFields } pageInfo { hasNextPage endCursor } totalCount }
`)
export const TeamRecord = graphql(`
  fragment TeamRecord on Patient {
    careTeams(first: 25) { ...TeamPage }
    relatedPersons(first: 50) { nodes { id active relationships { text } names { display family given prefix } } totalCount }
  }
`)
const MoreTeams = graphql(`
  query MoreTeams($id: ID!, $after: String!, $asOf: Instant) { patient(id: $id, asOf: $asOf) { id careTeams(first: 25, after: $after) { ...TeamPage } } }
`)
const over = (t: TeamFieldsFragment) => t.status === 'INACTIVE' || t.status === 'ENTERED_IN_ERROR'
const plural = (members: number) => (members === 1 ? 'one member in current teams' : `${members} members in current teams`)
const left = (m: Member) => !!m.period?.end

/** People of the patient's side who can be in a team. */
const relativesOf = (of: FragmentType<typeof TeamRecord> | undefined): Relative[] =>
  (read(TeamRecord, of)?.relatedPersons?.nodes ?? []).flatMap((p) => (p.active === false ? [] : [{ id: p.id, name: [patientName(p.names[0]), p.relationships[0]?.text.toLowerCase()].filter(Boolean).join(', ') }]))

/** What is done about teams as a whole, and what people write to them. */
export function useTeamActs(of: FragmentType<typeof TeamRecord> | undefined, patientId: string): ActItem[] {
  const acting = useMay('chart')
  const writes = useMay('message')
  const chart = useOpenChart()
  const forms = useTeamForms(patientId, relativesOf(of))
  const messages = useMessageForms()
  return [...(acting ? [{ name: 'Make a care team', form: forms.create }] : []), ...(writes ? [{ name: 'Write a message', form: () => messages.write({ id: patientId, name: chart?.line.split(' · ')[0] || 'this patient' }) }] : [])]
}

/** Who cares for the patient together: teams in force first, each with who is in it, and below them those that ended. */
export function TeamsView({ of, patientId }: { of: FragmentType<typeof TeamRecord> | undefined; patientId: string }) {
  const record = read(TeamRecord, of)
  const client = useClient()
  const asOf = useAsOf()
  const acting = useMay('chart')
  const relatives = relativesOf(of)
  const forms = useTeamForms(patientId, relatives)
  const mistake = useMistake()
  const more = async (after: string) => {
    const { data } = await client.query(MoreTeams, { id: patientId, after, asOf }, { requestPolicy: 'network-only' }).toPromise()
    return read(TeamPage, data?.patient?.careTeams)
  }
  const named = new Map(relatives.map((r) => [r.id, r.name]))
  const who = (m: Member) => m.member?.display ?? (m.member?.id ? named.get(m.member.id) ?? (m.member.id.startsWith('Patient/') ? 'The patient' : undefined) : undefined) ?? m.member?.reference ?? 'Not recorded'
  const acts = (t: TeamFieldsFragment): ActItem[] => (!acting || t.status === 'ENTERED_IN_ERROR' ? [] : [
    ...(over(t) ? [] : [{ name: 'Somebody joins', form: () => forms.join(t) }, { name: 'Change', form: () => forms.rename(t) }, { name: 'End the team', form: () => forms.end(t) }]),
    { name: 'Entered in error', form: () => mistake(t, t.name ?? 'The care team') },
  ])
  return (
    <Part of={record?.careTeams} name="careTeams" what="Care teams" rows={4}>
      {(masked) => (
        <Pages first={read(TeamPage, masked)} more={more} what="care teams">
          {(nodes) => {
            const teams = nodes.map((node) => ({ team: read(TeamFields, node), notes: node.notes }))
            const [now, before] = [teams.filter(({ team }) => !over(team)), teams.filter(({ team }) => over(team))]
            const table = (rows: typeof teams, label: string) => (
              <RecordTable label={label} columns={['Team and members', 'Role', 'Status', 'When', 'Acts']}>
                {rows.flatMap(({ team: t, notes }) => {
                  const name = t.name ?? 'Care team'
                  const members = [...t.members].sort((a, b) => Number(left(a)) - Number(left(b)))
                  return [
                    <tr key={t.id}>
                      <th scope="row" colSpan={2}>{t.status === 'ENTERED_IN_ERROR' ? <s>{name}</s> : name}<small>{t.members.filter((m) => !left(m)).length} in the team</small>{notes.map((n) => <small key={n.text}>{n.text}</small>)}</th>
                      <td><Status of={t.status} /></td>
                      <td><Dates of={formatPeriod(t.period, !over(t)) || 'Not recorded'} /></td>
                      <td><RowActs of={name} place={t.id} items={acts(t)} /></td>
                    </tr>,
                    ...members.map((m, i) => (
                      <tr key={`${t.id} ${i}`}>
                        <td>{left(m) ? <s>{who(m)}</s> : who(m)}</td>
                        <td>{conceptText(m.roles) || 'Not recorded'}</td>
                        <td>{left(m) ? 'Has left' : 'In the team'}</td>
                        <td><Dates of={formatPeriod(m.period ?? (left(m) ? null : t.period), !left(m)) || 'Not recorded'} /></td>
                        <td>{acting && !over(t) && !left(m) && (m.member?.id ?? m.member?.reference) ? <RowActs of={`${who(m)} in ${name}`} place={t.id} items={[{ name: 'Leaves the team', form: () => forms.leave(t, m) }]} /> : null}</td>
                      </tr>
                    )),
                  ]
                })}
              </RecordTable>
            )
            return (
              <>
                <Section title="Care team" note={plural(now.flatMap(({ team }) => team.members.filter((m) => !left(m))).length)}>
                  {now.length === 0 ? <Empty>No care team is recorded.</Empty> : table(now, 'Care team')}
                </Section>
                {before.length > 0 && <Section title="Care teams that ended" note={`${before.length}`}>{table(before, 'Care teams that ended')}</Section>}
              </>
            )
          }}
        </Pages>
      )}
    </Part>
  )
}
