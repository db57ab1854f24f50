import { useRef, useState } from 'react'
import { useMutation, type TypedDocumentNode } from 'urql'
import { readOutcome, type Outcome, type Result } from '../lib/act'

/**
 * One act of a form. Its idempotency key is made when the form opens and kept while nobody knows whether it was recorded, so that sending it
 * again cannot record it twice. `done` names the members of the outcome that mean success.
 */
export function useAct<D, I extends object, O extends Outcome>(
  document: TypedDocumentNode<D, { input: I }>, pick: (data: D) => O, done: readonly string[], onDone: (outcome: O) => void,
) {
  const [, run] = useMutation<D, { input: I }>(document)
  const [busy, setBusy] = useState(false)
  const [result, setResult] = useState<Result<O> | null>(null)
  const key = useRef(crypto.randomUUID())
  const send = async (input: Omit<I, 'idempotencyKey'>) => {
    setBusy(true)
    // The variables of a document are its own; the key is one of them in every act.
    const { data, error } = await run({ input: { ...input, idempotencyKey: key.current } as unknown as I })
    const read = readOutcome(data ? pick(data) : null, error, done)
    setBusy(false)
    setResult(read.kind === 'done' ? null : read)
    if (read.kind === 'done') onDone(read.outcome)
  }
  return { send, busy, result }
}
