import { useState } from 'react'
import { graphql } from '../../gql'
import type { RecordEnterInErrorInput } from '../../gql/graphql'
import { useAct } from '../../hooks/use-act'
import { useAnnounce } from '../../hooks/use-announce'
import { ActDialog } from '../form/act-dialog'
import { TextField } from '../form/fields'

const EnterInError = graphql(`
  mutation EnterInError($input: RecordEnterInErrorInput!) {
    recordEnterInError(input: $input) {
      outcome { __typename ... on EnteredInError { record { id versionId } } ... on Invalid { issues { expression text } } ... on Stale { currentVersion } ... on NotPermitted { permission } }
    }
  }
`)

/** Marks an entry as recorded by mistake. It stays visible, struck through, and says why. */
export function MistakeDialog({ id, version, what, onClose }: { id: string; version: string; what: string; onClose: () => void }) {
  const announce = useAnnounce()
  const [reason, setReason] = useState('')
  const { send, busy, result } = useAct(EnterInError, (data) => data.recordEnterInError.outcome, ['EnteredInError'], () => { announce(`${what} is marked as entered in error`); onClose() })
  return (
    <ActDialog title={`Entered in error: ${what}`} submit="Mark as entered in error" busy={busy} dirty={!!reason} result={result} onClose={onClose}
      onSubmit={() => { void send({ id, expectedVersion: version, reason } satisfies Omit<RecordEnterInErrorInput, 'idempotencyKey'>) }}>
      <p>It stays in the record, struck through, with your reason.</p>
      <TextField label="Reason" value={reason} onChange={setReason} required rows={2} />
    </ActDialog>
  )
}
