import { newestScores, scoresOf, scoreText } from '../../components/clinical/score'
import { Status } from '../../components/clinical/status'
import { Part } from '../../components/ui/part'
import { Section } from '../../components/ui/section'
import { Empty } from '../../components/ui/states'
import { useAsOf } from '../../contexts/patient'
import { graphql, read, type FragmentType } from '../../gql'
import { formatDay } from '../../lib/date'
import { hidden, Named, Struck } from './row'
import css from './summary.module.css'

export const NotesFragment = graphql(`
  fragment Notes on Patient { notes(first: 5) { nodes { id status title type { text } date authors { display } awaitsCosignature } totalCount } }
`)

/** The newest notes. */
export function Notes({ of, to }: { of: FragmentType<typeof NotesFragment> | undefined; to: string }) {
  const list = read(NotesFragment, of)?.notes
  return (
    <Section title="Notes" note={list ? `${list.totalCount ?? list.nodes.length}${hidden(list.totalCount, list.nodes.length)}` : ''} to={to}>
      <Part of={list} name="notes" what="Notes" rows={3}>
        {({ nodes }) => (nodes.length === 0 ? <Empty>No note is recorded.</Empty> : (
          <ul>
            {nodes.map((n) => (
              <li key={n.id} className={css.row}>
                <span>
                  <Struck when={n.status === 'ENTERED_IN_ERROR'}><Named to={to} record={n.id}>{n.title ?? n.type?.text ?? 'Note of a kind not recorded'}</Named></Struck>
                  {n.awaitsCosignature ? <> <Status of="PRELIMINARY" said="Waits for the second signature" /></> : n.status !== 'FINAL' && <> <Status of={n.status} said={n.status === 'PRELIMINARY' ? 'Not signed' : undefined} /></>}
                </span>
                <span className={css.when}>{n.date ? formatDay(n.date) : 'Not recorded'}</span>
                <small>{n.authors.flatMap((a) => a.display ?? []).join(', ') || 'Author not recorded'}</small>
              </li>
            ))}
          </ul>
        ))}
      </Part>
    </Section>
  )
}

export const ScoresFragment = graphql(`
  fragment Scores on Patient {
    questionnaireScores(first: 20) { nodes { id status code { codings { code } } effectiveAt value { ... on Quantity { value } } derivedFrom { id } } pageInfo { hasNextPage } }
  }
`)
export const InstrumentsFragment = graphql(`
  fragment Instruments on Query { scoreInstruments { name panel total largest source bands { least says } } }
`)

/** The newest score of each questionnaire that is scored. */
export function Scores({ of, by, to }: { of: FragmentType<typeof ScoresFragment> | undefined; by: FragmentType<typeof InstrumentsFragment> | undefined; to: string }) {
  const list = read(ScoresFragment, of)?.questionnaireScores
  const instruments = read(InstrumentsFragment, by)?.scoreInstruments ?? []
  return (
    <Section title="Questionnaires" note={list ? `newest score of each${list.pageInfo.hasNextPage ? ` in the last ${list.nodes.length}` : ''}` : ''} to={to}>
      <Part of={list} name="questionnaireScores" what="Questionnaires" rows={2}>
        {({ nodes }) => {
          const scores = newestScores(scoresOf(nodes, instruments))
          return scores.length === 0 ? <Empty>No score of a questionnaire is recorded.</Empty> : (
            <ul>
              {scores.map((s) => (
                <li key={s.id} className={css.row}>
                  <span>
                    <Named to={to} record={s.response}>{s.instrument.name}</Named> <strong>{scoreText(s)}</strong>{s.amended && <> <Status of="AMENDED" /></>}
                    <small title={s.instrument.source}>{s.band}</small>
                  </span>
                  <span className={css.when}>{s.at ? formatDay(s.at) : 'Not recorded'}</span>
                </li>
              ))}
            </ul>
          )
        }}
      </Part>
    </Section>
  )
}

export const GapsFragment = graphql(`
  fragment Gaps on Patient { careGaps { year measure { id title source } } }
`)

/** What quality measures ask of this patient this year and is not on record. It is of now only: a chart of the past has none. */
export function Gaps({ of }: { of: FragmentType<typeof GapsFragment> | undefined }) {
  const asOf = useAsOf()
  const gaps = read(GapsFragment, of)?.careGaps
  return (
    <Section title="Gaps in care" note={gaps ? `${gaps.length}, computed now` : ''}>
      {asOf ? <Empty>Gaps in care are computed of now only. In a chart of the past none are shown.</Empty> : (
        <Part of={gaps} name="careGaps" what="Gaps in care" rows={1}>
          {(all) => (all.length === 0 ? <Empty>No quality measure asks for anything that is not on record.</Empty> : (
            <ul>
              {all.map(({ year, measure }) => (
                <li key={measure.id} className={css.row}>
                  <span>{measure.title}<small title={measure.source}>Not on record in {year}</small></span>
                  <span className={css.when}>{measure.id}</span>
                </li>
              ))}
            </ul>
          ))}
        </Part>
      )}
    </Section>
  )
}
