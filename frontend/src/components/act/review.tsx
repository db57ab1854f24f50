import Button from '@mui/material/Button'
import { useRef, useState } from 'react'
import { graphql, read, type FragmentType } from '../../gql'
import type { ReviewedList } from '../../gql/graphql'
import { useAnnounce } from '../../hooks/use-announce'
import { formatDateTime } from '../../lib/date'
import { patientName } from '../clinical/person'
import { Dates } from '../ui/dates'
import { useReadAgain, useTrouble } from '../ui/part'
import { commonOutcome, useAct, type Outcome } from './act'
import css from './act.module.css'

export const ListReviewStamp = graphql(`
  fragment ListReviewStamp on ListReview { id at changesSince by { display node { __typename ... on Practitioner { names { display family given prefix } } } } }
`)
const ReviewList = graphql(`
  mutation ReviewList($input: ListReviewInput!) {
    listReview(input: $input) {
      outcome {
        __typename
        ... on ListReviewed { review { id at } }
        ... on ListChanged { unseen { id ... on Condition { code { text } } ... on AllergyIntolerance { substance { text } } } gone }
        ... on Stale { id currentVersion } ... on NotPermitted { message } ... on Invalid { issues { text expression } }
      }
    }
  }
`)

interface Props {
  list: ReviewedList
  of: FragmentType<typeof ListReviewStamp> | null | undefined
  patient: string
  /** All that is on the list as it is shown; null while a part of it is not shown, for which `hidden` says what to do. */
  seen: readonly { id: string; versionId: string }[] | null
  hidden: string
  acting: boolean
}

const changes = (n: number | null | undefined): string => (typeof n !== 'number' ? 'what has changed since is not counted' : n === 0 ? 'no change since' : n === 1 ? '1 change since' : `${n} changes since`)

/** Who looked a list through last and what has changed since, and the act of saying so. It is said of what is shown: what came meanwhile is named, and nothing is recorded. */
export function Reviewed({ list, of, patient, seen, hidden, acting }: Props) {
  const act = useAct()
  const again = useReadAgain()
  const announce = useAnnounce()
  const trouble = useTrouble('listReview')
  const key = useRef<string>(null)
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState('')
  const stamp = read(ListReviewStamp, of)
  const by = stamp?.by?.display ?? (stamp?.by?.node?.__typename === 'Practitioner' ? patientName(stamp.by.node.names[0]) : null)
  const mark = async () => {
    if (!seen) return
    key.current ??= crypto.randomUUID()
    setBusy(true)
    const outcome = await act(ReviewList, { input: { patient, list, seen: seen.map(({ id, versionId }) => ({ id, versionId })), idempotencyKey: key.current } }, ({ listReview: { outcome: o } }): Outcome => commonOutcome(o) ?? (o.__typename === 'ListChanged'
      ? { kind: 'refused', problems: [{ text: `The list is not what is shown any more${changed(o)}. Nothing was recorded. Read it again.` }] }
      : { kind: 'saved', told: 'The list is marked as reviewed' }))
    setBusy(false)
    if (outcome.kind === 'saved') { key.current = null; setProblem(''); announce(outcome.told); again() }
    else if (outcome.kind === 'refused') setProblem(outcome.problems.map((p) => p.text).join(' '))
  }
  return (
    <div className={css.strip}>
      <span><Dates of={stamp ? `Reviewed by ${by ?? 'somebody not named'}, ${stamp.at ? formatDateTime(stamp.at) : 'time not recorded'}; ${changes(stamp.changesSince)}` : trouble === 'forbidden' ? 'Whether it was reviewed: you may not see this.' : trouble ? 'Whether it was reviewed: not loaded.' : 'Not reviewed yet'} /></span>
      {problem && <><strong role="alert">{problem}</strong><Button variant="outlined" onClick={() => { key.current = null; setProblem(''); again() }}>Read it again</Button></>}
      {acting && !problem && (seen ? <Button variant="outlined" disabled={busy} onClick={() => { void mark() }}>Mark list reviewed</Button> : <small>{hidden}</small>)}
    </div>
  )
}

interface Changed { unseen: readonly ({ __typename?: string; code?: { text: string } | null; substance?: { text: string } | null } | object)[]; gone: readonly string[] }
function changed({ unseen, gone }: Changed): string {
  const names = unseen.flatMap((one) => ('code' in one && one.code?.text) || ('substance' in one && one.substance?.text) || [])
  return [names.length > 0 && `: ${names.join(', ')}`, gone.length > 0 && `; ${gone.length} no longer on it`].filter(Boolean).join('')
}
