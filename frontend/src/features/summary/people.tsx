import { patientName } from '../../components/clinical/person'
import { conceptText, Status } from '../../components/clinical/status'
import { Part } from '../../components/ui/part'
import { Section } from '../../components/ui/section'
import { Empty } from '../../components/ui/states'
import { graphql, read, type FragmentType } from '../../gql'
import { formatDay, formatPeriod } from '../../lib/date'
import { hidden, Named } from './row'
import css from './summary.module.css'

export const CareTeamFragment = graphql(`
  fragment CareTeam on Patient { careTeam { team { id } teamName member { id display reference } roles { text } period { start end } } }
`)

/** Who is in a team that is in force, and has not left it. */
export function CareTeam({ of, to }: { of: FragmentType<typeof CareTeamFragment> | undefined; to: string }) {
  const team = read(CareTeamFragment, of)?.careTeam?.filter((m) => !m.period?.end)
  return (
    <Section title="Care team" note={team ? `${team.length}` : ''} to={to}>
      <Part of={team} name="careTeam" what="Care team" rows={2}>
        {(members) => (members.length === 0 ? <Empty>No care team is recorded.</Empty> : (
          <ul>
            {members.map((m, i) => (
              <li key={`${m.team.id ?? ''} ${i}`} className={css.row}>
                <span><Named to={to} record={m.team.id}>{m.member?.display ?? m.member?.reference ?? 'Not recorded'}</Named><small>{[conceptText(m.roles), m.teamName].filter(Boolean).join(' · ')}</small></span>
                <span className={css.when}>{formatPeriod(m.period, true)}</span>
              </li>
            ))}
          </ul>
        ))}
      </Part>
    </Section>
  )
}

export const ContactsFragment = graphql(`
  fragment Contacts on Patient { contacts { relationships { text } name { display family given prefix } telecom { system value } } }
`)

/** Whom to reach about the patient. */
export function Contacts({ of, to }: { of: FragmentType<typeof ContactsFragment> | undefined; to: string }) {
  const contacts = read(ContactsFragment, of)?.contacts
  return (
    <Section title="Emergency contacts" note={contacts ? `${contacts.length}` : ''} to={to}>
      <Part of={contacts} name="contacts" what="Emergency contacts" rows={1}>
        {(all) => (all.length === 0 ? <Empty>No contact is recorded.</Empty> : (
          <ul>
            {all.map((c, i) => (
              <li key={i} className={css.row}>
                <span><Named to={to}>{patientName(c.name)}</Named><small>{conceptText(c.relationships)}</small></span>
                <span className={css.when}>{c.telecom.flatMap((t) => t.value ?? []).join(', ') || 'Not recorded'}</span>
              </li>
            ))}
          </ul>
        ))}
      </Part>
    </Section>
  )
}

export const ConsentsFragment = graphql(`
  fragment Consents on Patient { consents(first: 5) { nodes { id status scope { text } category { text } rule dateTime } totalCount } }
`)

/** What the patient agreed to or refused, newest first. */
export function Consents({ of, to }: { of: FragmentType<typeof ConsentsFragment> | undefined; to: string }) {
  const list = read(ConsentsFragment, of)?.consents
  return (
    <Section title="Consents" note={list ? `${list.totalCount ?? list.nodes.length}${hidden(list.totalCount, list.nodes.length)}` : ''} to={to}>
      <Part of={list} name="consents" what="Consents" rows={2}>
        {({ nodes }) => (nodes.length === 0 ? <Empty>No consent is recorded.</Empty> : (
          <ul>
            {nodes.map((c) => (
              <li key={c.id} className={css.row}>
                <span><Named to={to} record={c.id}>{conceptText(c.scope) || 'Not recorded'}</Named><small>{conceptText(c.category)}</small></span>
                <span className={css.when}>{c.status === 'ACTIVE' ? (c.rule === 'permit' ? 'Agrees' : c.rule === 'deny' ? 'Refuses' : 'Not recorded') : <Status of={c.status} />}{c.dateTime && `, ${formatDay(c.dateTime)}`}</span>
              </li>
            ))}
          </ul>
        ))}
      </Part>
    </Section>
  )
}
