import Button from '@mui/material/Button'
import NativeSelect from '@mui/material/NativeSelect'
import OutlinedInput from '@mui/material/OutlinedInput'
import { useId, useState, type KeyboardEvent } from 'react'
import { useMutation, useQuery, type CombinedError } from 'urql'
import { graphql } from '../../gql'
import type { SavedQueriesQuery, SavedQueryKind } from '../../gql/graphql'
import { useAnnounce } from '../../hooks/use-announce'
import { formatDateTime } from '../../lib/date'
import { Empty, Loading, NotLoaded } from '../ui/states'
import css from './saved-queries.module.css'

const SavedQueriesDocument = graphql(`query SavedQueries($kind: SavedQueryKind!) { savedQueries(kind: $kind) { name text savedAt } }`)
const SaveQuery = graphql(`mutation SaveQuery($input: SavedQuerySaveInput!) { savedQuerySave(input: $input) { queries { name text savedAt } } }`)
const RemoveQuery = graphql(`mutation RemoveQuery($input: SavedQueryRemoveInput!) { savedQueryRemove(input: $input) { queries { name text savedAt } } }`)

const words = (error: CombinedError): string => error.graphQLErrors.map((e) => e.message).join('. ') || 'the server cannot be reached'

/**
 * Questions of one's own, kept on the server under a name: what is asked may name patients, so nothing of it stays in the browser.
 * `text`: what would be kept; null while there is nothing that could be, for the reason `why`.
 */
export function SavedQueries({ kind, text, why = '', what, onOpen }: { kind: SavedQueryKind; text: string | null; why?: string; what: string; onOpen: (text: string) => void }) {
  const id = useId()
  const announce = useAnnounce()
  const [{ data, error, fetching }, again] = useQuery({ query: SavedQueriesDocument, variables: { kind }, requestPolicy: 'cache-and-network' })
  const [{ fetching: saving }, save] = useMutation(SaveQuery)
  const [{ fetching: removing }, remove] = useMutation(RemoveQuery)
  /** What the last change left; it is newer than what was read before. */
  const [changed, setChanged] = useState<SavedQueriesQuery['savedQueries'] | null>(null)
  const [chosen, setChosen] = useState('')
  const [name, setName] = useState('')
  const [refused, setRefused] = useState('')
  const own = changed ?? data?.savedQueries
  if (!own) return error ? <NotLoaded what={`Saved ${what}`} onRetry={() => again({ requestPolicy: 'network-only' })} /> : fetching ? <Loading rows={1} label={`saved ${what}`} /> : null
  const shown = own.find((one) => one.name === chosen) ?? own[0]
  const called = name.trim()
  const replaces = own.some((one) => one.name === called)
  const busy = saving || removing
  const keep = async () => {
    if (text === null || !called) return
    setRefused('')
    const answer = await save({ input: { kind, name: called, text } })
    const kept = answer.data?.savedQuerySave.queries
    if (!kept) { setRefused(`Not saved: ${answer.error ? words(answer.error) : 'the server gave no answer'}.`); return }
    setChanged(kept)
    setChosen(called)
    setName('')
    announce(`“${called}” saved`)
  }
  const drop = async (which: string) => {
    setRefused('')
    const answer = await remove({ input: { kind, name: which } })
    const kept = answer.data?.savedQueryRemove.queries
    if (!kept) { setRefused(`Not removed: ${answer.error ? words(answer.error) : 'the server gave no answer'}.`); return }
    setChanged(kept)
    announce(`“${which}” removed`)
  }
  const press = (event: KeyboardEvent) => { if (event.key === 'Enter') { event.preventDefault(); void keep() } }
  return (
    <div className={css.saved}>
      {shown ? (
        <div className={css.row}>
          <label htmlFor={`${id}-which`}>Saved {what}</label>
          <NativeSelect value={shown.name} onChange={(e) => setChosen(e.target.value)} inputProps={{ id: `${id}-which` }}>
            {own.map((one) => <option key={one.name} value={one.name}>{`${one.name} (${formatDateTime(one.savedAt)})`}</option>)}
          </NativeSelect>
          <Button variant="outlined" onClick={() => onOpen(shown.text)}>Open</Button>
          <Button variant="text" disabled={busy} onClick={() => { void drop(shown.name) }}>Remove</Button>
        </div>
      ) : <Empty>You have saved no {what}. They are kept on the server, and only you see them.</Empty>}
      <div className={css.row}>
        <label htmlFor={`${id}-name`}>Save as</label>
        <OutlinedInput id={`${id}-name`} value={name} onChange={(e) => setName(e.target.value)} onKeyDown={press} inputProps={{ maxLength: 100, autoComplete: 'off' }} />
        <Button variant="outlined" disabled={busy || text === null || !called} onClick={() => { void keep() }}>{replaces ? 'Replace' : 'Save'}</Button>
        {text === null && <span>{why}</span>}
        {replaces && <span>One of that name is there. It is replaced.</span>}
      </div>
      {refused && <p role="alert" className={css.refused}>{refused}</p>}
    </div>
  )
}
