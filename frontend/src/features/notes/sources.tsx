import { useCallback } from 'react'
import { useQuery } from 'urql'
import { NotLoaded } from '../../components/ui/states'
import { useAsOf, useReadAnew } from '../../contexts/patient'
import { graphql } from '../../gql'
import type { NoteSourcesQuery } from '../../gql/graphql'
import { formatDateTime } from '../../lib/date'
import css from './notes.module.css'

/** Asked for when a note is opened: the list of notes does not carry what stands behind each. */
const NoteSources = graphql(`
  query NoteSources($id: ID!, $asOf: Instant) {
    node(id: $id, asOf: $asOf) {
      id
      ... on Note {
        sections {
          sources {
            id display
            node {
              __typename id
              ... on Observation { code { text } effectiveAt }
              ... on MedicationRequest { medication { text } authoredOn }
              ... on MedicationStatement { medication { text } assertedAt }
              ... on Condition { code { text } recordedAt }
              ... on AllergyIntolerance { substance { text } recordedAt }
              ... on Note { title date authors { display } }
            }
          }
        }
      }
    }
  }
`)

type Found = NonNullable<NoteSourcesQuery['node']>
type Source = Extract<Found, { sections: unknown }>['sections'][number]['sources'][number]

const dated = (what: string, at: string | null | undefined) => `${what} ${at ? formatDateTime(at) : 'at a time not recorded'}`
/** A record in one line: of what kind, what it is of, and when. */
function lineOf({ id, display, node }: Source): { kind: string; text: string } {
  switch (node?.__typename) {
    case 'Observation': return { kind: 'Result', text: `${node.code?.text ?? 'not named'}, ${dated('measured', node.effectiveAt)}` }
    case 'MedicationRequest': return { kind: 'Prescription', text: `${node.medication?.text ?? 'not named'}, ${dated('written', node.authoredOn)}` }
    case 'MedicationStatement': return { kind: 'Reported medication', text: `${node.medication?.text ?? 'not named'}, ${dated('told', node.assertedAt)}` }
    case 'Condition': return { kind: 'Problem', text: `${node.code?.text ?? 'not named'}, ${dated('recorded', node.recordedAt)}` }
    case 'AllergyIntolerance': return { kind: 'Allergy', text: `${node.substance?.text ?? 'not named'}, ${dated('recorded', node.recordedAt)}` }
    case 'Note': return { kind: 'Note', text: [node.title ?? 'not named', dated('of', node.date), node.authors.flatMap((a) => a.display ?? []).join(', ')].filter(Boolean).join(', ') }
    default: return { kind: 'Record', text: `${display ?? id ?? 'not named'}, which is not here any more, or which you may not see` }
  }
}

/** The records behind a note's sections, in the order of the sections; null while they are on their way. */
export function useSources(note: string, has: boolean): { of: readonly (readonly Source[])[] | null; failed: boolean; again: () => void } {
  const asOf = useAsOf()
  const [{ data, error }, again] = useQuery({ query: NoteSources, variables: { id: note, asOf }, pause: !has })
  useReadAnew(useCallback(() => { if (has) again({ requestPolicy: 'network-only' }) }, [has, again]))
  const found = data?.node
  return { of: found && 'sections' in found ? found.sections.map((s) => s.sources) : null, failed: !!error && !found, again: () => again({ requestPolicy: 'network-only' }) }
}

/** From which records the data in a section were taken. How they stood then is in the text itself. */
export function Sources({ count, of, failed, again }: { count: number; of: readonly Source[] | undefined; failed: boolean; again: () => void }) {
  if (count === 0) return null
  if (failed) return <NotLoaded what="Where the data are from" onRetry={again} />
  return (
    <details className={css.sources}>
      <summary>{count === 1 ? 'Taken from 1 record, as it stood then' : `Taken from ${count} records, as they stood then`}</summary>
      {!of ? <p>Reading …</p> : <ul>{of.map((one, i) => { const { kind, text } = lineOf(one); return <li key={one.id ?? i}><span>{kind}</span> {text}</li> })}</ul>}
    </details>
  )
}
