import Button from '@mui/material/Button'
import { useState } from 'react'
import { useNavigate } from 'react-router'
import { useClient, useQuery } from 'urql'
import { formatDay } from '../../lib/date'
import { graphql } from '../../gql'
import type { PatientFilter, PersonLookupQuery } from '../../gql/graphql'
import { useSession } from '../../contexts/session'
import { useAnnounce } from '../../hooks/use-announce'
import { may } from '../../lib/permissions'
import { OpenInEmergency } from './emergency'
import css from './emergency.module.css'

const Sight = graphql(`query WhomOneSees { me { principal seesOnlyTreated } }`)
const LookUp = graphql(`query PersonLookup($name: String, $number: String) { personLookup(name: $name, number: $number) { patientId name birthDate number } }`)

type Card = PersonLookupQuery['personLookup'][number]
interface Answer { of: string; cards: Card[] | null; trouble: string }

/**
 * Where one sees only whom one treats: looks a person up by name or number among all others. An act of its own, not done while one types,
 * for it is in the audit of whom it finds.
 */
export function Strangers({ filter }: { filter: PatientFilter }) {
  const navigate = useNavigate()
  const { session } = useSession()
  const client = useClient()
  const announce = useAnnounce()
  const treats = may(session, 'emergency')
  const [{ data }] = useQuery({ query: Sight, pause: !treats })
  const [answer, setAnswer] = useState<Answer | null>(null)
  const [busy, setBusy] = useState(false)
  const sought = filter.name ? { name: filter.name, number: null } : filter.identifier ? { name: null, number: filter.identifier } : null
  if (!treats || !data?.me.seesOnlyTreated) return null
  const of = JSON.stringify(sought)
  const lookUp = async () => {
    setBusy(true)
    const { data: found, error } = await client.query(LookUp, sought ?? {}, { requestPolicy: 'network-only' }).toPromise()
    setBusy(false)
    const trouble = error ? error.graphQLErrors.map((e) => e.message).join('. ') || 'The server cannot be reached' : ''
    setAnswer({ of, cards: found?.personLookup ?? null, trouble })
    if (found) announce(`${found.personLookup.length} others`)
  }
  const shown = answer?.of === of ? answer : null
  return (
    <section className={css.strangers} aria-label="Others on record">
      <p>
        You see the patients in your care. {sought ? '' : 'Search for a name or a number to look somebody else up.'}
        {sought && <Button variant="text" disabled={busy} onClick={() => { void lookUp() }}>Look up among all others …</Button>}
      </p>
      {shown?.trouble && <p role="alert" className={css.refused}>Not looked up: {shown.trouble}</p>}
      {shown?.cards?.length === 0 && <p>Nobody else of that name or number is on record, or you may not know of them.</p>}
      {shown?.cards && shown.cards.length > 0 && (
        <ul>
          {shown.cards.map((card) => {
            const fhirId = card.patientId.replace(/^Patient\//, '')
            return (
              <li key={card.patientId}>
                <strong>{card.name ?? 'Without a name'}</strong>
                <span>{card.birthDate ? formatDay(card.birthDate) : 'Birth date not recorded'}</span>
                <span>{card.number ?? 'No number'}</span>
                <OpenInEmergency patientId={fhirId} of={card.name ?? undefined} onOpened={() => { void navigate(`/patients/${fhirId}/clinical/summary`) }} />
              </li>
            )
          })}
        </ul>
      )}
    </section>
  )
}
