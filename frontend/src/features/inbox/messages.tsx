import Button from '@mui/material/Button'
import { useState } from 'react'
import { Link } from 'react-router'
import { useForms } from '../../components/act/acts'
import { useMessageForms, type About, type Waiting } from '../../components/act/message'
import { patientName } from '../../components/clinical/person'
import { Moment } from '../../components/ui/moment'
import { useReadAgain } from '../../components/ui/part'
import { Pages, RecordTable } from '../../components/ui/record-table'
import { Section } from '../../components/ui/section'
import { Empty } from '../../components/ui/states'
import { useActed } from '../../contexts/live'
import { graphql, read, type FragmentType } from '../../gql'
import type { CorrespondentFragment, MessagePageFragment } from '../../gql/graphql'
import { useAnnounce } from '../../hooks/use-announce'
import { recordsOf, tab } from './about'
import { WhoElse } from './who-else'
import css from './inbox.module.css'

const Correspondent = graphql(`
  fragment Correspondent on ResourceRef { id display node { __typename ... on Practitioner { names { display } } ... on CareTeam { name } ... on Organization { name } } }
`)
export const MessagePage = graphql(`
  fragment MessagePage on WorklistConnection {
    nodes {
      title priority since
      patient { id display node { __typename ... on Patient { mrn birthDate name { display family given prefix } } } }
      node { __typename id versionId ... on Task { owner { id } focus { id node { __typename ... on Message { id text sender { ...Correspondent } recipients { ...Correspondent } inReplyTo { id } about { id display } } } } } }
    }
    pageInfo { hasNextPage endCursor }
    totalCount
  }
`)

type Item = MessagePageFragment['nodes'][number]

function nameOf({ display, node, id }: CorrespondentFragment): string {
  const own = node?.__typename === 'Practitioner' ? node.names[0]?.display : node?.__typename === 'CareTeam' || node?.__typename === 'Organization' ? node.name : null
  return own ?? display ?? id ?? 'Not named'
}
const correspondent = (of: FragmentType<typeof Correspondent>): About[] => { const one = read(Correspondent, of); return one.id ? [{ id: one.id, name: nameOf(one) }] : [] }

/** Messages that nobody has said to have read, newest first, a page at a time; opened where they stand, read and answered. */
export function Messages({ of, more, me, acting }: { of: MessagePageFragment; more: (after: string) => Promise<MessagePageFragment | null | undefined>; me: string | null; acting: boolean }) {
  const forms = useForms()
  const messages = useMessageForms()
  const total = of.totalCount ?? of.nodes.length
  return (
    <Section title="Messages" note={`${total} unread${total > of.nodes.length ? ', the newest are loaded first' : ''}`}>
      {acting && <div className={css.write}><Button variant="contained" onClick={() => forms.open(messages.write())}>Write a message</Button></div>}
      <Pages first={of} more={more} what="messages" still>
        {(nodes) => (nodes.length === 0 ? <Empty>No message waits to be read by you, your roles and your teams.</Empty> : (
          <RecordTable label="Messages" columns={['Message', 'From', 'About', 'Sent', 'Acts']}>
            {nodes.map((item) => <Message key={item.node.id} of={item} me={me} reply={(waiting) => forms.open(messages.reply(waiting))} markRead={messages.markRead} />)}
          </RecordTable>
        ))}
      </Pages>
      {forms.dialog}
    </Section>
  )
}

const URGENT: Record<string, string> = { URGENT: 'Urgent', ASAP: 'As soon as possible', STAT: 'At once' }

interface Acts { reply: (of: Waiting) => void; markRead: ReturnType<typeof useMessageForms>['markRead'] }

function Message({ of: { title, priority, since, patient, node }, me, reply, markRead }: { of: Item; me: string | null } & Acts) {
  const again = useReadAgain()
  const announce = useAnnounce()
  const acted = useActed()
  const [open, setOpen] = useState(false)
  const [trouble, setTrouble] = useState('')
  const [key] = useState(() => crypto.randomUUID())
  const focus = node.__typename === 'Task' ? node.focus?.node : null
  const message = focus?.__typename === 'Message' ? focus : null
  const subject = title ?? 'No subject'
  const sender = message?.sender ? correspondent(message.sender)[0] : undefined
  const recipients = message?.recipients.flatMap(correspondent) ?? []
  const pool = node.__typename === 'Task' && node.owner?.id !== me ? recipients.find((r) => r.id === node.owner?.id)?.name : undefined
  const who = patient?.node?.__typename === 'Patient' ? patient.node : null
  const records = recordsOf(message?.about ?? [], patient?.id ?? null)
  const seen = async () => {
    const outcome = await markRead(node.id, node.versionId, key)
    const told = outcome.kind === 'saved' ? outcome.told : outcome.kind === 'refused' ? outcome.problems.map((p) => p.text).join(' ') : 'Somebody else has read it meanwhile.'
    announce(told)
    if (outcome.kind === 'refused') setTrouble(told)
    else { acted(); again() }
  }
  return (
    <>
      <tr>
        <th scope="row">
          <button type="button" className={css.subject} aria-expanded={open} onClick={() => setOpen(!open)}>{subject}</button>
          {priority && URGENT[priority] && <small className={css.urgent}>{URGENT[priority]}</small>}
          {pool && <small>to {pool}</small>}
        </th>
        <td>{sender?.name ?? 'Not recorded'}</td>
        <td className={css.about}>
          {patient?.id ? <Link to={tab(patient.id, 'summary')}>{who ? patientName(who.name) : patient.display ?? 'Open the chart'}</Link> : 'No patient'}
          {who && <WhoElse of={who} />}
          {records.map(({ key, text, to }) => <small key={key}>{to ? <Link to={to}>{text}</Link> : text}</small>)}
        </td>
        <td>{since ? <Moment at={since} /> : 'Not recorded'}</td>
        <td>
          <div className={css.acts}>
            {sender && message && sender.id !== me && <Button variant="outlined" aria-label={`Answer ${subject}`} onClick={() => reply({ task: node.id, versionId: node.versionId, message: message.id, subject, sender, others: recipients.filter((r) => r.id !== me && r.id !== sender.id), patient: patient?.id ?? null })}>Answer</Button>}
            <Button variant="outlined" aria-label={`Mark as read ${subject}`} onClick={() => { void seen() }}>Mark as read</Button>
          </div>
          {trouble && <span role="alert" className={css.late}>{trouble}</span>}
        </td>
      </tr>
      {open && (
        <tr>
          <td colSpan={5} className={css.text}>
            {message ? <>{message.inReplyTo.length > 0 && <small>An answer to a message of before</small>}<p>{message.text}</p><small>To {recipients.map((r) => r.name).join(', ') || 'nobody named'}</small></> : 'What it says is not shown to you.'}
          </td>
        </tr>
      )}
    </>
  )
}
