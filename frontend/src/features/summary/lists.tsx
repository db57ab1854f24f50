import { dangerousFirst, noneKnown, saysNone } from '../../components/clinical/allergy'
import { Drug } from '../../components/clinical/drug'
import { encounterClass } from '../../components/clinical/encounter-class'
import { reasons, saysWhy } from '../../components/clinical/reasons'
import { conceptText, Status } from '../../components/clinical/status'
import { Dates } from '../../components/ui/dates'
import { Part } from '../../components/ui/part'
import { Section } from '../../components/ui/section'
import { Empty } from '../../components/ui/states'
import { graphql, read, type FragmentType } from '../../gql'
import { formatDay, formatPeriod } from '../../lib/date'
import { doseLine } from '../../lib/dose-words'
import { hidden, Named, Struck } from './row'
import css from './summary.module.css'

export const ProblemsFragment = graphql(`
  fragment Problems on Patient {
    conditions(first: 20, filter: { clinicalStatus: [ACTIVE, RECURRENCE, RELAPSE] }) {
      nodes { id code { text } verificationStatus onsetAt recordedAt severity { text } }
      totalCount
    }
  }
`)

/** Problems that are there now, and how sure they are where they are not confirmed. */
export function Problems({ of, to }: { of: FragmentType<typeof ProblemsFragment> | undefined; to: string }) {
  const list = read(ProblemsFragment, of)?.conditions
  return (
    <Section title="Problems" note={list ? `${list.totalCount ?? list.nodes.length} active${hidden(list.totalCount, list.nodes.length)}` : ''} to={to}>
      <Part of={list} name="conditions" what="Problems" rows={5}>
        {({ nodes }) => (nodes.length === 0 ? <Empty>No active problem is recorded.</Empty> : (
        <ul>
          {nodes.map((c) => (
            <li key={c.id} className={css.row}>
              <span>
                <Struck when={c.verificationStatus === 'ENTERED_IN_ERROR'}><Named to={to} record={c.id}>{c.code?.text ?? 'Not recorded'}</Named></Struck>
                {c.verificationStatus && c.verificationStatus !== 'CONFIRMED' && <> <Status of={c.verificationStatus} /></>}
                {c.severity && <small> {c.severity.text}</small>}
              </span>
              <span className={css.when}>{c.onsetAt ?? c.recordedAt ? formatDay(c.onsetAt ?? c.recordedAt ?? '') : 'Not recorded'}</span>
            </li>
          ))}
        </ul>
      ))}
      </Part>
    </Section>
  )
}

export const AllergiesFragment = graphql(`
  fragment Allergies on Patient {
    allergies(first: 20, filter: { clinicalStatus: [ACTIVE] }) {
      status
      nodes { id substance { text } criticality clinicalStatus recordedAt fhir reactions { severity manifestations { text } } }
      pageInfo { hasNextPage }
    }
  }
`)

/** What the patient reacts to; none known is not the same as not recorded. */
export function Allergies({ of, to }: { of: FragmentType<typeof AllergiesFragment> | undefined; to: string }) {
  const list = read(AllergiesFragment, of)?.allergies
  const present = list?.nodes.filter((a) => !saysNone(a.fhir)) ?? []
  const stated = list?.nodes.filter((a) => saysNone(a.fhir)) ?? []
  return (
    <Section title="Allergies" note={list?.status === 'KNOWN' ? `${present.length}${list.pageInfo.hasNextPage ? ', more not shown' : ''}` : ''} to={to}>
      <Part of={list} name="allergies" what="Allergies" rows={3}>
        {({ status, nodes, pageInfo }) => (
          status === 'NOT_ASKED' ? <Empty>Not recorded</Empty>
            : status === 'NONE_KNOWN' ? <Empty><Dates of={noneKnown(nodes)} /></Empty>
            : (
              <>
                {present.length === 0 ? !pageInfo.hasNextPage && <Empty>No allergy is recorded as present.</Empty> : (
                  <ul>
                    {dangerousFirst(present).map((a) => {
                      const signs = a.reactions.flatMap((r) => r.manifestations.map((m) => m.text))
                      return (
                        <li key={a.id} className={css.row}>
                          <span><Named to={to} record={a.id}><Drug of={a.substance?.text ?? 'Not recorded'} /></Named>{signs.length > 0 && ` – ${signs.join(', ')}`} {a.criticality === 'HIGH' && <span className={css.danger}>High criticality</span>}</span>
                          <span className={css.when}>{a.recordedAt ? formatDay(a.recordedAt) : 'Not recorded'}</span>
                        </li>
                      )
                    })}
                  </ul>
                )}
                {/* That none of a kind is known is no allergy, and stands behind them. */}
                {stated.length > 0 && <p className={css.stated}><Dates of={noneKnown(stated)} /></p>}
              </>
            )
        )}
      </Part>
    </Section>
  )
}

export const MedicationsFragment = graphql(`
  fragment Medications on Patient {
    currentMedications(first: 30) {
      nodes { id status medication { text } dosageText reasons { text } reasonReferences { display reference } requests { id authoredOn } statements { id assertedAt } }
      totalCount
    }
  }
`)

/** When the newest source was written. */
const said = (m: { requests: readonly { authoredOn?: string | null }[]; statements: readonly { assertedAt?: string | null }[] }) =>
  [m.requests[0]?.authoredOn, m.statements[0]?.assertedAt].flatMap((at) => at ?? []).sort().at(-1)

/** What is taken now or paused, from prescriptions and statements. */
export function Medications({ of, to }: { of: FragmentType<typeof MedicationsFragment> | undefined; to: string }) {
  const list = read(MedicationsFragment, of)?.currentMedications
  return (
    <Section title="Medications" note={list ? `${list.totalCount ?? list.nodes.length} current${hidden(list.totalCount, list.nodes.length)}` : ''} to={to}>
      <Part of={list} name="currentMedications" what="Medications" rows={6}>
        {({ nodes }) => (nodes.length === 0 ? <Empty>No current medication is recorded.</Empty> : (
        <ul>
          {nodes.map((m) => (
            <li key={m.id} className={css.row}>
              <span>
                <Named to={to} record={m.id}><Drug of={m.medication?.text ?? 'Medicine not named'} /></Named>
                {m.dosageText ? ` – ${doseLine(m.dosageText)}` : ' – dose not recorded'}
                {!saysWhy(m) && reasons(m) && ` – ${reasons(m)}`}
                {m.status === 'ON_HOLD' && <> <span className={css.held}>Held</span></>}
              </span>
              <span className={css.when}>{said(m) ? formatDay(said(m) ?? '') : 'Not recorded'}</span>
            </li>
          ))}
        </ul>
      ))}
      </Part>
    </Section>
  )
}

export const EncountersFragment = graphql(`
  fragment Encounters on Patient {
    encounters(first: 8) {
      nodes { id status class { code display } types { text } reasons { text } reasonReferences { display reference } period { start end } serviceProvider { display } }
      totalCount
    }
  }
`)

/** A visit of any other status did not take place as it reads, or not yet. */
const TOOK_PLACE = ['FINISHED', 'IN_PROGRESS']

/** Visits and stays, newest first. */
export function Encounters({ of, to }: { of: FragmentType<typeof EncountersFragment> | undefined; to: string }) {
  const list = read(EncountersFragment, of)?.encounters
  return (
    <Section title="Encounters" note={list ? `${list.totalCount ?? list.nodes.length}${hidden(list.totalCount, list.nodes.length)}` : ''} to={to}>
      <Part of={list} name="encounters" what="Encounters" rows={4}>
        {({ nodes }) => (nodes.length === 0 ? <Empty>No encounter is recorded.</Empty> : (
        <ul>
          {nodes.map((e) => (
            <li key={e.id} className={css.row}>
              <span><Struck when={e.status === 'ENTERED_IN_ERROR'}><Named to={to} record={e.id}>{encounterClass(e.class)}</Named></Struck>{!TOOK_PLACE.includes(e.status ?? '') && <> <Status of={e.status} /></>}</span>
              <span className={css.when}>{formatPeriod(e.period, e.status === 'IN_PROGRESS') || 'Not recorded'}</span>
              <small>{[conceptText(e.types[0]), reasons(e), e.serviceProvider?.display].filter(Boolean).join(' · ')}</small>
            </li>
          ))}
        </ul>
      ))}
      </Part>
    </Section>
  )
}

export const ImmunizationsFragment = graphql(`
  fragment Immunizations on Patient {
    immunizations(first: 10) { nodes { id status vaccine { text } occurredAt occurrenceText } totalCount }
  }
`)

/** Vaccines given, and those that were not. */
export function Immunizations({ of, to }: { of: FragmentType<typeof ImmunizationsFragment> | undefined; to: string }) {
  const list = read(ImmunizationsFragment, of)?.immunizations
  return (
    <Section title="Immunizations" note={list ? `${list.totalCount ?? list.nodes.length}${hidden(list.totalCount, list.nodes.length)}` : ''} to={to}>
      <Part of={list} name="immunizations" what="Immunizations" rows={4}>
        {({ nodes }) => (nodes.length === 0 ? <Empty>No immunization is recorded.</Empty> : (
        <ul>
          {nodes.map((i) => (
            <li key={i.id} className={css.row}>
              <span><Struck when={i.status === 'ENTERED_IN_ERROR'}><Named to={to} record={i.id}>{i.vaccine?.text ?? 'Not recorded'}</Named></Struck>{i.status !== 'COMPLETED' && <> <Status of={i.status} said={i.status === 'NOT_DONE' ? 'Not given' : undefined} /></>}</span>
              <span className={css.when}>{i.occurredAt ? formatDay(i.occurredAt) : i.occurrenceText ?? 'Not recorded'}</span>
            </li>
          ))}
        </ul>
      ))}
      </Part>
    </Section>
  )
}
