import Button from '@mui/material/Button'
import Dialog from '@mui/material/Dialog'
import DialogActions from '@mui/material/DialogActions'
import DialogContent from '@mui/material/DialogContent'
import DialogTitle from '@mui/material/DialogTitle'
import OutlinedInput from '@mui/material/OutlinedInput'
import ToggleButton from '@mui/material/ToggleButton'
import ToggleButtonGroup from '@mui/material/ToggleButtonGroup'
import { useState, type FormEvent } from 'react'
import { useClient, useMutation, useQuery } from 'urql'
import { Moment } from '../../components/ui/moment'
import { isForbidden, NotPermitted } from '../../components/ui/part'
import { Pages, RecordTable } from '../../components/ui/record-table'
import { Empty, Loading, NotLoaded } from '../../components/ui/states'
import { graphql } from '../../gql'
import type { EmergenciesQuery } from '../../gql/graphql'
import { formatDateTime } from '../../lib/date'
import css from './administration.module.css'

const Emergencies = graphql(`
  query Emergencies($reviewed: Boolean!, $after: String) {
    breakGlassReviews(reviewed: $reviewed, first: 50, after: $after) {
      nodes { id login name patientId reason explanation openedAt expiresAt endedAt review { at by justified note } }
      pageInfo { hasNextPage endCursor }
    }
  }
`)
const ReviewEmergency = graphql(`mutation ReviewEmergency($input: BreakGlassReviewInput!) { breakGlassReview(input: $input) { grant { id } } }`)

type Emergency = EmergenciesQuery['breakGlassReviews']['nodes'][number]

/** Charts that were opened in an emergency, and what was said of it afterwards. */
export function EmergenciesView() {
  const client = useClient()
  const [reviewed, setReviewed] = useState(false)
  const [{ data, error, fetching }, again] = useQuery({ query: Emergencies, variables: { reviewed, after: null }, requestPolicy: 'network-only' })
  const more = async (after: string) => (await client.query(Emergencies, { reviewed, after }, { requestPolicy: 'network-only' }).toPromise()).data?.breakGlassReviews
  const [of, setOf] = useState<Emergency | null>(null)
  const retry = () => again({ requestPolicy: 'network-only' })
  if (!data) {
    if (fetching) return <Loading rows={6} label="emergency accesses" />
    return isForbidden(error) ? <NotPermitted what="Emergency accesses" /> : <NotLoaded what="Emergencies" onRetry={retry} />
  }
  return (
    <div className={css.list}>
      <div className={css.count}>
        <ToggleButtonGroup exclusive value={reviewed} aria-label="Which emergency accesses" onChange={(_, value: boolean | null) => { if (value !== null) setReviewed(value) }}>
          <ToggleButton value={false}>To review</ToggleButton>
          <ToggleButton value>Reviewed</ToggleButton>
        </ToggleButtonGroup>
      </div>
      {data.breakGlassReviews.nodes.length === 0 ? <Empty>{reviewed ? 'No emergency access has been reviewed.' : 'No emergency access waits for a review.'}</Empty> : (
        <Pages first={data.breakGlassReviews} more={more} what="emergency accesses">{(nodes) => (
          <RecordTable label="Emergency accesses" columns={['Opened', 'Who', 'Whose chart', 'Why', reviewed ? 'Said of it' : 'Acts']}>
            {nodes.map((one) => (
              <tr key={one.id}>
                <th scope="row"><Moment at={one.openedAt} /><small className={css.sub}>until {formatDateTime(one.endedAt ?? one.expiresAt)}</small></th>
                <td>{one.name}<small className={css.sub}>{one.login}</small></td>
                <td><code>{one.patientId}</code></td>
                <td>{one.explanation}<small className={css.sub}>{one.reason === 'EMERGENCY_TREATMENT' ? 'emergency treatment' : 'break the glass'}</small></td>
                <td>
                  {one.review
                    ? <>{one.review.justified ? 'Justified' : <strong>Not justified</strong>}<small className={css.sub}>{one.review.by}, {formatDateTime(one.review.at)}{one.review.note ? `: ${one.review.note}` : ''}</small></>
                    : <Button variant="text" onClick={() => setOf(one)} aria-label={`Review of ${one.name}, ${formatDateTime(one.openedAt)}`}>Review</Button>}
                </td>
              </tr>
            ))}
          </RecordTable>
        )}</Pages>
      )}
      {of && <ReviewForm of={of} onClose={() => setOf(null)} onDone={() => { setOf(null); retry() }} />}
    </div>
  )
}

function ReviewForm({ of, onClose, onDone }: { of: Emergency; onClose: () => void; onDone: () => void }) {
  const [, review] = useMutation(ReviewEmergency)
  const [note, setNote] = useState('')
  const [refused, setRefused] = useState('')
  const say = async (justified: boolean) => {
    const { error } = await review({ input: { id: of.id, justified, note: note.trim() || null } })
    if (error) setRefused(error.graphQLErrors.map((e) => e.message).join('. ') || 'The server cannot be reached')
    else onDone()
  }
  return (
    <Dialog open onClose={onClose} aria-labelledby="review" maxWidth="xs" fullWidth>
      <form onSubmit={(event: FormEvent) => event.preventDefault()}>
        <DialogTitle id="review">Review of an emergency</DialogTitle>
        <DialogContent className={css.form}>
          <p>{of.name} opened {of.patientId} on {formatDateTime(of.openedAt)}: “{of.explanation}”. What was read then is in the audit, by patient and user.</p>
          {refused && <p role="alert" className={css.refused}>{refused}</p>}
          <div><label htmlFor="review-note">Note</label><OutlinedInput fullWidth id="review-note" value={note} onChange={(e) => setNote(e.target.value)} inputProps={{ maxLength: 1000 }} /></div>
        </DialogContent>
        <DialogActions>
          <Button variant="text" onClick={onClose}>Cancel</Button>
          <Button variant="outlined" color="error" onClick={() => { void say(false) }}>Not justified</Button>
          <Button variant="contained" onClick={() => { void say(true) }}>Justified</Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}
